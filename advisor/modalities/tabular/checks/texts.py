"""Findings about free texts: that there are some, that some are there more than once, and that they name classes."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from advisor.estimators.words import UNSPACED, count_words
from advisor.modalities.tabular.checks.survey import Survey
from advisor.records import Finding
from advisor.wording import columns, counted, have, percent, shortened

# From these shares of the rows on copies flatter scores by a little, and by much.
FEW_COPIES, MANY_COPIES = 0.01, 0.1
# Shorter ones, such as names of things, are written alike by themselves.
FEWEST_WORDS = 8
# A text names its class where so many of those with a class's name are of that class, and so many have one.
SURE_SHARE, FEWEST_SHARE, SHORTEST_LABEL = 0.9, 0.5, 3
MOST_CLASSES = 50
# Marks above letters of Thai are no letters to Python, and no signs to people.
_NUMBER, _SIGNS = re.compile(r"\d+"), re.compile(rf"(?:(?![{UNSPACED}])[\W_])+")


def text_columns(survey: Survey) -> Finding | None:
    """D06: free text, which most learners see as its length and what it is about."""
    names = _names(survey)
    if not names:
        return None
    return Finding(
        "D06", "info",
        f"{columns(names)} {have(names)} free text. All learners get its length and what it is about; tfidf_linear, "
        "tfidf_svm, tfidf_nb and minilm read the words.",
        f"If it is none, say --read {names[0]}=category.", {"columns": names},
    )  # fmt: skip


def repeated_texts(survey: Survey) -> Finding | None:
    """D08: texts that are another one but for capitals, numbers and signs; both sides of a fold would hold the same.

    Rows that are copies in every column are D01's matter, too; here it is the text alone that counts.
    """
    found: dict[str, tuple[int, int, str]] = {}
    target = survey.dataset.target
    for name in _names(survey):
        bare = [_bare(text) for text in survey.dataset.inputs[name].fillna("")]
        level = pd.factorize(np.array(bare, dtype=object))[0]
        long = np.array([count_words(text) >= FEWEST_WORDS for text in bare])
        size = np.bincount(level)[level]
        copies = long & (size > 1)
        extra = int(copies.sum() - len(np.unique(level[copies])))
        if extra < FEW_COPIES * survey.rows:
            continue
        pairs = pd.DataFrame({"level": level[copies], "target": target[copies]})
        of_each = pairs.groupby("level")["target"].nunique() if survey.class_count else pd.Series([1])
        example = survey.dataset.inputs[name].to_numpy(object)[copies][0]
        found[name] = extra, int((of_each > 1).sum()), shortened(str(example), 60)
    if not found:
        return None
    name, (extra, disputed, example) = max(found.items(), key=lambda item: item[1][0])
    share = extra / survey.rows
    labels = f", and {counted(disputed, 'of them has', 'of them have')} more than one class" if disputed else ""
    return Finding(
        "D08", "severe" if share >= MANY_COPIES else "warning",
        f"{counted(extra, 'text')} of column {name!r} ({percent(share)}) {'repeats' if extra == 1 else 'repeat'} "
        f"another one but for capitals, numbers and signs, as {example!r}{labels}.",
        "Remove them before comparing, or name a column that tells which belong together with --group: scores are too "
        "good where the same text is learnt from and asked for.",
        {"columns": list(found), "texts": extra, "share": share, "disputed": disputed},
    )  # fmt: skip


def labels_in_texts(survey: Survey) -> Finding | None:
    """L05: texts that name their own class, as where a label was pasted in front of a text."""
    classes = survey.dataset.classes
    labels = [label for label in classes if len(label) >= SHORTEST_LABEL and not label.isdigit()]
    if len(labels) < len(classes) or len(classes) > MOST_CLASSES:
        return None
    for name in _names(survey):
        texts = [f" {_SIGNS.sub(' ', text.casefold())} " for text in survey.dataset.inputs[name].fillna("")]
        wanted = [f" {_SIGNS.sub(' ', label.casefold()).strip()} " for label in labels]
        named = np.array([[label in text for label in wanted] for text in texts])
        one = named.sum(axis=1) == 1
        if one.mean() < FEWEST_SHARE:
            continue
        right = named[one].argmax(axis=1) == survey.dataset.target[one]
        # By chance the commonest class would be named as often as it is there.
        usual = np.bincount(survey.dataset.target).max() / survey.rows
        if right.mean() >= max(SURE_SHARE, (1 + usual) / 2):
            share = float(one.mean())
            return Finding(
                "L05", "warning",
                f"{percent(share)} of the texts of column {name!r} name one class, and "
                f"{percent(float(right.mean()))} of these are of it.",
                "Make sure that the label will be in new texts, too; else take it out of them.",
                {"column": name, "share": share, "right": float(right.mean())},
            )  # fmt: skip
    return None


def _names(survey: Survey) -> list[str]:
    return [column.name for column in survey.columns if column.kind == "text"]


def _bare(text: str) -> str:
    """Return the words of a text alone, with a nought for every number."""
    return _SIGNS.sub(" ", _NUMBER.sub("0", text.casefold())).strip()
