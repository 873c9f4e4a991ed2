"""Pictures: from a folder with a folder a class, a .npz file, a table of paths, or Python."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from advisor import modalities
from advisor.contracts import Modality
from advisor.errors import did_you_mean
from advisor.modalities.arrays import are_pictures, hold_pictures
from advisor.modalities.image import features, folder
from advisor.modalities.image.checks import look_for_findings
from advisor.modalities.image.decode import ENDINGS, as_text
from advisor.modalities.image.encode import Features, Pixels, Seen, digest, values_of
from advisor.modalities.image.new_rows import TypedPictures
from advisor.modalities.image.read import read
from advisor.modalities.image.sources import COLUMN, new_pictures
from advisor.modalities.shown import label_of, rows_to_show
from advisor.modalities.tabular.encode import FrameEncoder, MatrixEncoder, NetEncoder, OrdinalEncoder
from advisor.records import Column, Dataset, Finding

# What eats tables is given features.
STYLES = {"matrix": MatrixEncoder, "ordinal": OrdinalEncoder, "frame": FrameEncoder, "net": NetEncoder}
OWN = {"pixels": Pixels, "seen": Seen}
# What is shown of the data: so many pictures, of so many pixels on their longer side.
SHOWN, THUMB = 24, 64
# Of 857 pictures in five classes xgboost took 8 s so and more than 60 s without, and was as good.
LEVELS_FOR_BOOSTED_TREES = 64


@dataclass(frozen=True)
class Image:
    """The modality of pictures; see `advisor.contracts.Modality` for what each method promises."""

    name: str = "image"
    reads: str = (
        "a folder with a folder of pictures for each class, an .npz file with the arrays 'images' and 'y', a table of "
        "paths with --image COLUMN, or a list of pictures"
    )

    def claims(self, source: Any) -> bool:
        """Tell whether `source` is a folder or file of pictures, an array of them, or a list of Pillow's."""
        if not isinstance(source, (str, Path)):
            return are_pictures(source)
        path = Path(source)
        if not modalities.is_there(path):
            return False
        if path.is_dir():
            return folder.holds_pictures(path)
        ending = path.suffix.lower()
        return ending in ENDINGS or (ending == ".npz" and hold_pictures(path))

    def read(self, source: Any, **options: Any) -> Dataset:
        """Read `source` into a Dataset; options are those of `advisor.modalities.image.read.read`."""
        return read(source, **options)

    def rows(self, source: Any, names: Collection[str] = ()) -> pd.DataFrame:
        """Return new pictures from `source` without reading one, for a model that was trained by `advisor`."""
        return new_pictures(source, names)

    def typed(self, dataset: Dataset) -> TypedPictures:
        """Return a transformer that reads raw new pictures as those of `dataset` were read."""
        return TypedPictures(dataset.schema)

    def take(self, inputs: pd.DataFrame, index: np.ndarray) -> pd.DataFrame:
        """Return the pictures at the positions `index`, under their own index, shape (len(index), 1)."""
        return inputs.take(index)

    def one_row(self, inputs: pd.DataFrame, position: int) -> pd.DataFrame:
        """Return the picture at `position` as a frame of shape (1, 1)."""
        return inputs.iloc[[position]]

    def codes(self, dataset: Dataset) -> np.ndarray:
        """Return codes (n,) that are equal for equal pictures."""
        found, _ = pd.factorize(np.array([digest(picture).hex() for picture in dataset.inputs[COLUMN]], dtype=object))
        return np.asarray(found, dtype=np.int64)

    def fingerprint(self, dataset: Dataset) -> str:
        """Return a sha256 over all pixels."""
        found = hashlib.sha256()
        for rows in (dataset.inputs, dataset.unlabelled):
            found.update(b"|")
            for picture in () if rows is None else rows[COLUMN]:
                found.update(digest(picture))
        return found.hexdigest()

    def facts(self, dataset: Dataset) -> tuple[Column, ...]:
        """Describe the one column; its size is that of what nets look at (`encode.Pixels`)."""
        return (Column(COLUMN, "image", 0.0, int(self.codes(dataset).max()) + 1, values_of(dataset.inputs[COLUMN])),)

    def values(self, dataset: Dataset, name: str) -> np.ndarray:
        """Return how bright each picture is on average, 0 to 1, shape (n,)."""
        return np.array([picture.mean() / 255.0 for picture in dataset.inputs[name]], dtype=np.float64)

    def width(self, dataset: Dataset, columns: tuple[Column, ...]) -> int:
        """Return how many features a picture has."""
        return len(features.names())

    def checks(self, dataset: Dataset, columns: tuple[Column, ...], thorough: bool = True) -> tuple[Finding, ...]:
        """Look for the findings that are about pictures; see `advisor.modalities.image.checks`."""
        return look_for_findings(dataset)

    def samples(self, dataset: Dataset) -> list[dict[str, str]]:
        """Return a few pictures, as {"label", "picture"}, the latter a text that shows it (data:image)."""
        return [{"label": label_of(dataset, row), "picture": as_text(dataset.inputs[COLUMN].iloc[row], THUMB)}
                for row in rows_to_show(dataset, SHOWN)]  # fmt: skip

    def encoder(self, style: str, **options: Any) -> Any:
        """Return an unfitted encoder: 'pixels' for arrays (n, channels, side, side), 'seen' for vectors of a trained
        net, or a table's style for features.

        `options` are parameters of `encode.Pixels`, of `encode.Seen`, or of the table's encoder.
        """
        if style in OWN:
            return OWN[style](**options)
        if style not in STYLES:
            raise ValueError(f"No encoder is called {style!r}. {did_you_mean(style, (*STYLES, *OWN))}")
        levels = LEVELS_FOR_BOOSTED_TREES if style == "frame" else None
        return Pipeline([("features", Features(levels)), ("columns", STYLES[style](**options))])


MODALITY: Modality = Image()
