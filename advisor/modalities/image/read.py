"""A source of pictures to a Dataset; whatever cannot be read is counted and named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError
from advisor.modalities.image.checks import facts_tell
from advisor.modalities.image.decode import Picture, Unreadable, are_grey, as_text, decoded
from advisor.modalities.image.new_rows import Schema
from advisor.modalities.image.sources import COLUMN, RawPictures, raw_pictures
from advisor.modalities.tabular import frames
from advisor.modalities.tabular.read import groups_of, times_of, wish_of
from advisor.modalities.tabular.target import read_target
from advisor.records import Dataset, Finding
from advisor.wording import counted, listed, percent, some

EXAMPLE_ROWS = 5
SHOWN = 3
# A class that loses more than this share of its pictures is another class than the one that was meant.
MANY = 0.1


def read(
    source: Any,
    target: Any = None,
    task: str = "auto",
    group: Any = None,
    time: Any = None,
    drop: Iterable[Any] = (),
    name: str | None = None,
    image: str | None = None,
    read_as: Mapping[Any, str] | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
    header: int | None = None,
    sheet: str | None = None,
) -> Dataset:
    """Read pictures into a Dataset of modality 'image': its inputs have one column of arrays (height, width, 3), uint8.

    `image` names the column of a table that has their paths, relative to its folder; group, time and what says how
    tables are read are for such alone, and its other columns are left out. A folder needs no target. Pictures are
    turned as their cameras say and scaled down once, to a longer side of 128 pixels. Raises UserError with one sentence
    for whatever the person can mend.
    """
    wish = wish_of(read_as, decimal, encoding, header, sheet)
    raw = raw_pictures(source, target, image, wish)
    asked = {"--group": group, "--time": time, "--drop": [*drop] or None, "--read": read_as or None,
             "--decimal": decimal, "--encoding": encoding, "--header": header, "--sheet": sheet}  # fmt: skip
    given = [flag for flag, value in asked.items() if value is not None]
    if raw.others is None and given:
        raise UserError(f"{listed(given)} {'is' if len(given) == 1 else 'are'} for tables, and these pictures come "
                        "without one; leave it out, or name a table of paths with --image.")  # fmt: skip
    if raw.target is None:
        raise UserError(f"{raw.name!r} has no targets; put them beside the pictures, as an array 'y'.")
    found, gone = _all_decoded(raw)
    kept = np.flatnonzero([picture is not None for picture in found])
    if not len(kept):
        raise UserError(f"None of {counted(len(found), 'picture')} can be read ({next(iter(gone.values()))}); check "
                        "the files.")  # fmt: skip
    if raw.target.iloc[kept].nunique() < 2 <= raw.target.nunique():
        label = raw.target.iloc[next(iter(gone))]
        raise UserError(
            f"{counted(len(gone), 'picture')} cannot be read ({next(iter(gone.values()))}), all of {label!r} among "
            "them, so that one class is left; check the files."
        )
    given_kind = "category" if raw.by_folder and task != "regression" else None
    goal = read_target(frames.plain(raw.target).iloc[kept].reset_index(drop=True), task, decimal=raw.decimal,
                       asked=wish.kinds.get(str(raw.target.name), given_kind))  # fmt: skip
    rows = kept[goal.keep]
    pictures = [picture for place in rows if (picture := found[place]) is not None]
    inputs = frame_of([picture.pixels for picture in pictures])
    notes = [*raw.notes, *goal.notes]
    groups = times = None
    group, time = (None if each is None else frames.name_of(each) for each in (group, time))
    if raw.others is not None:
        _check(raw, group, time)
        if group is not None:
            groups = groups_of(frames.plain(raw.others[group]).iloc[rows], notes)
        if time is not None:
            times = times_of(frames.plain(raw.others[time]).iloc[rows], raw.decimal, None)
        unused = [each for each in raw.others.columns if each not in (raw.column, raw.target.name, group, time)]
        if unused:
            notes.append(f"Pictures alone are learnt from: {some(unused, SHOWN)} of the table "
                         f"{'was' if len(unused) == 1 else 'were'} left out.")  # fmt: skip
    facts = pd.DataFrame([picture.facts for picture in pictures])
    told = (_of_unreadable(raw, gone, bool(goal.classes)), facts_tell(facts, goal.values, len(goal.classes)))
    return Dataset(
        name=name or raw.name,
        modality="image",
        task=goal.task,
        inputs=inputs,
        target=goal.values,
        target_name=str(raw.target.name),
        classes=goal.classes,
        groups=groups,
        times=times,
        group_name=group,
        time_name=time,
        source=raw.source,
        schema=Schema(raw.column, raw.white, are_grey(inputs[COLUMN])),
        example=pd.DataFrame({raw.column: [as_text(pixels) for pixels in inputs[COLUMN].head(EXAMPLE_ROWS)]}),
        notes=tuple(notes),
        findings=(*goal.findings, *(finding for finding in told if finding is not None)),
    )


def frame_of(pictures: Sequence[np.ndarray]) -> pd.DataFrame:
    """Return pictures (n arrays of height, width, 3) as the inputs of a Dataset."""
    column = np.empty(len(pictures), dtype=object)
    column[:] = pictures
    return pd.DataFrame({COLUMN: column})


def _all_decoded(raw: RawPictures) -> tuple[list[Picture | None], dict[int, str]]:
    """Return every picture, None where there is none, and why, by its place."""
    gone: dict[int, str] = {}

    def one(place: int) -> Picture | None:
        try:
            return decoded(raw.cells[place], raw.white)
        except Unreadable as problem:
            gone[place] = str(problem)
            return None

    with ThreadPoolExecutor() as pool:  # Pillow lets others work while it reads
        found = list(pool.map(one, range(len(raw.cells))))
    return found, dict(sorted(gone.items()))


def _of_unreadable(raw: RawPictures, gone: Mapping[int, str], by_class: bool) -> Finding | None:
    """R06: pictures that cannot be read; a warning where one of the classes loses more than a tenth of its own."""
    if not gone or raw.target is None:
        return None
    shown = [f"{raw.shown(place)!r} ({why})" for place, why in gone.items()]
    are = "1 picture cannot be read and was" if len(gone) == 1 else f"{len(gone):,} pictures cannot be read and were"
    message = f"{are} left out: {listed(shown, SHOWN)}."
    losses = {}
    if by_class:
        whole = Counter(raw.target)
        lost = Counter(raw.target.iloc[list(gone)])
        losses = {str(label): lost[label] / whole[label] for label in lost if lost[label] > MANY * whole[label]}
    if losses:
        worst = max(losses, key=lambda label: losses[label])
        message += f" The class {worst!r} lost {percent(losses[worst])} of its pictures."
    many = bool(losses) or len(gone) > MANY * len(raw.cells)
    return Finding(
        "R06", "warning" if many else "info", message, "Mend these files, or take them away.",
        {"pictures": len(gone), "share": len(gone) / len(raw.cells), "classes": losses},
    )  # fmt: skip


def _check(raw: RawPictures, group: str | None, time: str | None) -> None:
    assert raw.others is not None and raw.target is not None
    for role, wanted in (("group", group), ("time", time)):
        if wanted is not None and (wanted not in raw.others.columns or wanted in (raw.column, raw.target.name)):
            raise UserError(f"The {role} column {wanted!r} is not in the table, or is its pictures or target; name "
                            "another column.")  # fmt: skip
