"""Findings about free texts: that there are some, that some are there more than once, and that they name classes."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd

from advisor.estimators.words import UNSPACED, count_words
from advisor.modalities.tabular.checks.families import families
from advisor.modalities.tabular.checks.survey import Survey
from advisor.records import Finding
from advisor.wording import columns, counted, have, percent, shortened

# From these shares of the rows on copies flatter scores by a little, and by much.
FEW_COPIES, MANY_COPIES = 0.01, 0.1
# Shorter ones, such as names of things, are written alike by themselves.
FEWEST_WORDS = 8
# Of more texts only those are told that are the same but for capitals, numbers and signs.
MOST_TEXTS = 100_000
# A text names its class where so many of those with a class's name are of that class, and so many have one.
SURE_SHARE, FEWEST_SHARE, SHORTEST_LABEL = 0.9, 0.5, 3
MOST_CLASSES = 50
# So many texts with a word, and so many without, are no chance; and what stands around words.
FEWEST_TELLING, _BRACKETS = 20, ".,;:!?()[]{}<>\"'"
_ANNOUNCED = "label|class|target|answer|category|rating|score|sentiment|grade|outcome"
# Marks above letters of Thai are no letters to Python, and no signs to people.
_NOUGHT = re.compile(r"\b0\b")
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
    """D08: texts that are another one but for capitals, numbers, signs and a word of many; both sides of a fold would
    hold the same.

    Rows that are copies in every column are D01's matter, too; here it is the text alone that counts.
    """
    found: dict[str, tuple[int, int, str]] = {}
    target = survey.dataset.target
    for name in _names(survey):
        bare = [_bare(text) for text in survey.dataset.inputs[name].fillna("")]
        level, distinct = pd.factorize(np.array(bare, dtype=object))
        if len(distinct) <= MOST_TEXTS:
            level = families(distinct.tolist())[level]
        # Cells of numbers alone are no texts: all are one but for these.
        long = np.array([count_words(_NOUGHT.sub("", text)) >= FEWEST_WORDS for text in bare])
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
        f"another one but for capitals, numbers, signs and a word of many, as {example!r}{labels}.",
        "Remove them before comparing, or name a column that tells which belong together with --group: scores are too "
        "good where the same text is learnt from and asked for.",
        {"columns": list(found), "texts": extra, "share": share, "disputed": disputed},
    )  # fmt: skip


def labels_in_texts(survey: Survey) -> Finding | None:
    """L05: texts that name their own class, as where a label was pasted in front of a text, or tell it by one word."""
    if not survey.class_count:
        return None
    for name in _names(survey):
        texts = survey.dataset.inputs[name].iloc[survey.sample]
        filled = texts.notna().to_numpy()
        told, target = [text.casefold() for text in texts[filled]], survey.sample_target[filled].astype(np.int64)
        finding = _naming(survey, name, told, target) or _telling_word(survey, name, told, target)
        if finding is not None:
            return finding
    return None


def _naming(survey: Survey, name: str, texts: list[str], target: np.ndarray) -> Finding | None:
    """Tell of texts of which most name one class, and nearly always their own."""
    classes = [label.casefold() for label in survey.dataset.classes]
    if len(classes) > MOST_CLASSES or not texts:
        return None
    # A short name or a number says so only behind a word that announces it.
    said = re.compile(
        rf"\b(?:{_ANNOUNCED}|{re.escape(survey.dataset.target_name.casefold())})\s?[:=]\s?\W?([\w.+-]*\w)"
    )
    bare = [f" {_SIGNS.sub(' ', text)} " for text in texts]
    announced = [set(said.findall(text)) for text in texts]
    named = np.zeros((len(texts), len(classes)), dtype=bool)
    for place, label in enumerate(classes):
        if len(label) >= SHORTEST_LABEL and not label.isdigit():
            wanted = f" {_SIGNS.sub(' ', label).strip()} "
            named[:, place] = [wanted in text for text in bare]
        else:
            named[:, place] = [label in values for values in announced]
    one = named.sum(axis=1) == 1
    if one.mean() < FEWEST_SHARE:
        return None
    right = named[one].argmax(axis=1) == target[one]
    # By chance the commonest class would be named as often as it is there.
    usual = np.bincount(target).max() / len(target)
    if right.mean() < max(SURE_SHARE, (1 + usual) / 2):
        return None
    share = float(one.mean())
    return Finding(
        "L05", "warning",
        f"{percent(share)} of the texts of column {name!r} name one class, and {percent(float(right.mean()))} of these "
        "are of it.",
        "Make sure that the label will be in new texts, too; else take it out of them.",
        {"column": name, "share": share, "right": float(right.mean())},
    )  # fmt: skip


def _telling_word(survey: Survey, name: str, texts: list[str], target: np.ndarray) -> Finding | None:
    """Tell of a word that is in every text of a class and in none of the others."""
    words = [{word.strip(_BRACKETS) for word in text.split()} - {""} for text in texts]
    of_class = {code: [words[place] for place in np.flatnonzero(target == code)] for code in np.unique(target)}
    counts = Counter(word for own in words for word in own)
    for code, own in of_class.items():
        if min(len(own), len(words) - len(own)) < FEWEST_TELLING:
            continue
        alone = [word for word in set.intersection(*own) if counts[word] == len(own)]
        if alone:
            word, label = max(alone, key=lambda each: (len(each), each)), survey.dataset.classes[code]
            return Finding(
                "L05", "warning",
                f"Every text of column {name!r} that is of class {label!r} has the word {shortened(word)!r}, and no "
                "other has: it alone tells the class.",
                "Make sure that the word will be in new texts, too; else take it out of them.",
                {"column": name, "word": word, "class": label, "texts": len(own)},
            )  # fmt: skip
    return None


def _names(survey: Survey) -> list[str]:
    return [column.name for column in survey.columns if column.kind == "text"]


def _bare(text: str) -> str:
    """Return the words of a text alone, with a nought for every number."""
    return _SIGNS.sub(" ", _NUMBER.sub("0", text.casefold())).strip()
