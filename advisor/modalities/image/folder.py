"""A folder of pictures as people have it: which files are pictures, and which folders are classes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from advisor.errors import UserError
from advisor.modalities.image.decode import BEGINNINGS, ENDINGS
from advisor.wording import counted, listed, shortened, some

# Folders with one of these words in their names are parts that somebody has split a data set into, and no classes.
PARTS = frozenset({"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval", "holdout"})
# What other programs leave beside files.
LEFTOVERS = frozenset({"thumbs.db", "desktop.ini", "ehthumbs.db", "__macosx", "icon\r"})
# Endings of pictures in forms that are not read.
OTHER_ENDINGS = frozenset({
    ".heic", ".heif", ".avif", ".svg", ".raw", ".cr2", ".cr3", ".nef", ".arw", ".dng", ".psd", ".jp2", ".jxl", ".pdf",
})  # fmt: skip
SHOWN = 3


@dataclass(frozen=True)
class Pictures:
    """The files of a folder that look like pictures and the class of each; `notes` tell what else there is."""

    paths: list[Path]
    labels: list[str]
    notes: tuple[str, ...]


def holds_pictures(folder: Path) -> bool:
    """Tell whether there is a file below a folder that looks like a picture."""
    return any(True for _ in _pictures(folder, []))


def all_pictures(folder: Path) -> list[Path]:
    """Return every file below a folder that looks like a picture, wherever it lies, in order."""
    return sorted(_pictures(folder, []))


def not_read(folder: Path) -> list[Path]:
    """Return the files below a folder that hold pictures to people, in forms that are not read here."""
    strays: list[Path] = []
    list(_pictures(folder, strays))
    return sorted(path for path in strays if path.suffix.lower() in OTHER_ENDINGS)


def by_class(folder: Path) -> Pictures:
    """Return the pictures of a folder that has a folder a class.

    A folder around all others is looked through, and so are train and test, whose classes are joined; what lies beside
    these is no class. Raises UserError where no two folders have pictures.
    """
    strays: list[Path] = []
    top = _innermost(folder)
    notes = []
    tops = [top]
    homes = [each for each in _folders(top) if holds_pictures(each)]
    parts = [each for each in homes if _is_part(each)]
    beside = [each for each in homes if each not in parts]
    if any(_classes(each) for each in parts) and (not beside or _share_a_class(parts)):
        tops = parts
        if len(parts) > 1:
            learnt = max(parts, key=lambda each: ("train" in each.name.lower(), len(all_pictures(each))))
            others = [each.name for each in parts if each is not learnt]
            notes.append(
                f"The folders {listed([each.name for each in parts])} were taken together, since folds are drawn here; "
                f"to keep {listed(others)} apart, name {learnt.name!r} alone."
            )
        if beside:
            names = listed([each.name for each in beside])
            notes.append(f"Pictures in {names}, beside these folders, were left out.")
    paths: list[Path] = []
    labels: list[str] = []
    empty: dict[str, bool] = {}
    deeper: dict[str, None] = {}
    loose: list[Path] = []
    for each in tops:
        loose += [file for file in sorted(each.iterdir()) if file.is_file() and _looks_like_one(file)]
        strays += [file for file in each.iterdir() if file.is_file() and not _looks_like_one(file)]
        for home in _folders(each):
            found = sorted(_pictures(home, strays))
            empty[home.name] = empty.get(home.name, True) and not found
            deeper |= dict.fromkeys(home.name for file in found if file.parent != home)
            paths += found
            labels += [home.name] * len(found)
    _check(folder, labels, loose)
    if deeper:
        notes.append(f"Pictures in folders inside of {some(list(deeper), SHOWN)} count for these classes.")
    if without := [name for name, none in empty.items() if none]:
        notes.append(f"Folders without any picture are no classes: {some(without, SHOWN)}.")
    if loose:
        notes.append(f"{counted(len(loose), 'picture')} beside the folders of the classes {_were(len(loose))} left out "
                     f"({some([file.name for file in loose], SHOWN)}).")  # fmt: skip
    return Pictures(paths, labels, (*notes, *_of_strays(strays)))


def _check(folder: Path, labels: list[str], loose: list[Path]) -> None:
    classes = list(dict.fromkeys(labels))
    shown = shortened(str(folder), 200)
    if not classes and loose:
        raise UserError(
            f"{shown!r} holds {counted(len(loose), 'picture')} and no folders of classes; put those of each class into "
            "a folder of its own, or name a table of paths and a target, with --image."
        )
    if len(classes) < 2:
        only = f"the pictures of {classes[0]!r} alone" if classes else "no picture"
        raise UserError(f"{shown!r} holds {only}; it needs a folder of pictures for each of two classes or more.")


def _innermost(folder: Path) -> Path:
    """Return the folder that has the classes, below folders that hold one folder each."""
    inside = [each for each in _folders(folder) if holds_pictures(each)]
    if len(inside) == 1 and not any(_looks_like_one(file) for file in folder.iterdir() if file.is_file()):
        return _innermost(inside[0]) if _classes(inside[0]) or len(_folders(inside[0])) == 1 else folder
    return folder


def _classes(folder: Path) -> bool:
    return sum(holds_pictures(each) for each in _folders(folder)) > 1


def _is_part(folder: Path) -> bool:
    return bool(PARTS & set(re.findall(r"[^\W\d_]+", folder.name.lower())))


def _share_a_class(parts: list[Path]) -> bool:
    names = [{each.name for each in _folders(part)} for part in parts]
    return len(parts) > 1 and bool(set.intersection(*names))


def _folders(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not _is_leftover(each.name))


def _is_leftover(name: str) -> bool:
    return name.startswith(".") or name.lower() in LEFTOVERS


def _pictures(folder: Path, strays: list[Path]) -> Iterator[Path]:
    """Yield the files below a folder that look like pictures; the others are added to `strays`."""
    for place, folders, files in os.walk(folder):
        strays += [Path(place, name) for name in folders if _is_leftover(name)]
        folders[:] = [name for name in folders if not _is_leftover(name)]
        for name in files:
            path = Path(place, name)
            if _looks_like_one(path):
                yield path
            else:
                strays.append(path)


def _looks_like_one(path: Path) -> bool:
    """Tell whether a file has the ending of a picture, or begins like one whatever its ending."""
    if _is_leftover(path.name):
        return False
    if path.suffix.lower() in ENDINGS:
        return True
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(BEGINNINGS)
    except OSError:
        return False


def _of_strays(strays: list[Path]) -> Iterator[str]:
    hidden = [path.name for path in strays if _is_leftover(path.name)]
    others = [path.name for path in strays if not _is_leftover(path.name)]
    if hidden:
        yield (
            f"{counted(len(hidden), 'hidden file')} of other programs {_were(len(hidden))} left out "
            f"({some(list(dict.fromkeys(hidden)), SHOWN)})."
        )
    if others:
        are = "file is no picture and was" if len(others) == 1 else "files are no pictures and were"
        yield f"{len(others):,} {are} left out ({some(list(dict.fromkeys(others)), SHOWN)})."


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
