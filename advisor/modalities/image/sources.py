"""Any source of pictures to cells that can be read one by one, and what is to be said of each."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import NewRowsWarning, UserError, did_you_mean
from advisor.modalities.image import arrays, folder
from advisor.modalities.image.decode import DATA, ENDINGS
from advisor.modalities.tabular import frames
from advisor.modalities.tabular.files import Wish, raw_table
from advisor.wording import shortened, some

COLUMN, CLASS = "image", "class"
SHOWN = 3


@dataclass(frozen=True)
class RawPictures:
    """Pictures as their source has them: `cells` are paths, bytes or arrays, `column` is what it calls them.

    `target` is None where the source has none; `white` is that of decode.decoded; `others` has the columns beside them.
    `by_folder` tells that the target is the names of folders.
    """

    cells: Sequence[Any]
    target: pd.Series | None
    name: str
    source: str
    column: str = COLUMN
    white: float | None = None
    others: pd.DataFrame | None = None
    decimal: str | None = None
    by_folder: bool = False
    notes: tuple[str, ...] = ()

    def shown(self, place: int) -> str:
        """Name a picture for people."""
        cell = self.cells[place]
        return Path(cell).name if isinstance(cell, (str, Path)) else f"number {place + 1}"


def raw_pictures(source: Any, target: Any, image: str | None, wish: Wish) -> RawPictures:
    """Return what a source holds: a folder with a folder a class, a .npz file, pictures of Python with a target, or a
    table whose column `image` has paths. Raises UserError where it is none of these or lacks what it needs."""
    if image is not None:
        return _of_table(source, target, image, wish)
    if isinstance(source, (str, Path)):
        path = Path(source)
        if path.is_dir():
            if target not in (None, CLASS):
                raise UserError(f"The target of a folder of pictures is the names of its folders; leave --target out "
                                f"({shortened(str(target))!r}).")  # fmt: skip
            found = folder.by_class(path)
            goal: pd.Series | None = pd.Series(found.labels, name=CLASS, dtype=object)
            name = path.resolve().name
            return RawPictures(found.paths, goal, name, str(path), by_folder=True, notes=found.notes)
        if path.suffix.lower() in ENDINGS:
            raise UserError(
                f"{path.name!r} is one picture; name a folder that has a folder of pictures for each class."
            )
        pictures, values, goal_name, white = arrays.of_file(path, None if target is None else str(target))
        goal = None if values is None else pd.Series(values, name=goal_name)
        return RawPictures(list(pictures), goal, path.stem, str(path), white=white)
    if target is None or isinstance(target, str):
        raise UserError("Give the targets of these pictures as the second argument: a Series or array, one a picture.")
    values = np.asarray(target)
    if values.ndim != 1 or len(values) != len(source):
        raise UserError(f"There are {len(source)} pictures and targets of shape {values.shape}; give one a picture.")
    goal = pd.Series(values, name=str(getattr(target, "name", None) or "target"))
    return RawPictures(list(source), goal, "pictures", type(source).__name__, white=arrays.white_of_all(source))


def new_pictures(source: Any, names: Iterable[str]) -> pd.DataFrame:
    """Return new pictures without a target as a frame whose one column, the first of `names`, has a cell each.

    The source is of any kind that `raw_pictures` takes, or a folder of pictures or a single one; rows of files bear
    their names.
    """
    column = next(iter(names), COLUMN)
    if isinstance(source, (str, Path)):
        path = Path(source)
        if path.is_dir():
            paths = folder.all_pictures(path)
            if not paths:
                raise UserError(f"{shortened(str(path), 200)!r} holds no picture; name a folder of pictures.")
            if others := folder.not_read(path):
                told = some([each.name for each in others], SHOWN)
                are = "1 file is" if len(others) == 1 else f"{len(others):,} files are"
                warnings.warn(NewRowsWarning(f"{are} of a form that is not read and left out: {told}."), stacklevel=2)
            return _frame(column, [str(each) for each in paths], [str(each.relative_to(path)) for each in paths])
        if path.suffix.lower() in ENDINGS:
            return _frame(column, [str(path)], [path.name])
        if path.suffix.lower() == ".npz":
            return _frame(column, list(arrays.of_file(path, None)[0]), None)
        table = raw_table(source, known=(column,)).frame
        return _frame(column, _paths(table, column, path.parent), None)
    if frames.is_table(source):
        return _frame(column, _paths(frames.named(frames.frame_of(source)), column, Path()), None)
    return _frame(column, list(source), None)


def _frame(column: str, cells: Sequence[Any], index: Sequence[str] | None) -> pd.DataFrame:
    own = pd.RangeIndex(len(cells)) if index is None else pd.Index(index, name="file")
    return pd.DataFrame({column: pd.Series(list(cells), dtype=object, index=own)})


def _of_table(source: Any, target: Any, image: str, wish: Wish) -> RawPictures:
    table = raw_table(source, wish)
    frame, goal_name = table.frame, table.target if target is None else target
    if not isinstance(goal_name, str):
        raise UserError(f"Name the column to predict with --target. {did_you_mean('', frame.columns)}")
    for role, wanted in (("image", image), ("target", goal_name)):
        if wanted not in frame.columns:
            raise UserError(f"The {role} column {shortened(wanted)!r} is not in the table. "
                            f"{did_you_mean(wanted, frame.columns)}")  # fmt: skip
    if image == goal_name:
        raise UserError(f"The column {image!r} cannot be the pictures and the target at once; name another one.")
    home = Path(source).parent if isinstance(source, (str, Path)) else Path()
    cells = _paths(frame, image, home)
    return RawPictures(cells, frame[goal_name], table.name, table.source, image, others=frame, decimal=table.decimal,
                       notes=table.notes)  # fmt: skip


def _paths(frame: pd.DataFrame, column: str, home: Path) -> list[Any]:
    """Return the cells of a column of paths, which are relative to the folder `home`."""
    if column not in frame.columns:
        raise UserError(f"The new rows have no column {column!r}, which holds the pictures; there are "
                        f"{some(list(frame.columns), SHOWN)}.")  # fmt: skip
    return [str(home / cell.strip()) if isinstance(cell, str) and not DATA.match(cell) else cell
            for cell in frame[column].tolist()]  # fmt: skip
