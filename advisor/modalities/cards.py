"""The catalogue: one card a data set, read from datasets/*.toml; a card holds no data, only what it is and where."""

from __future__ import annotations

import hashlib
import socket
import tomllib
import warnings
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pandas as pd

from advisor.errors import UserError, did_you_mean
from advisor.records import Task
from advisor.wording import shortened

BESIDE_THE_PACKAGE = Path(__file__).resolve().parents[2] / "datasets"
INSIDE_THE_WHEEL = Path(__file__).resolve().parents[1] / "dataset_cards"
SECONDS_WITHOUT_AN_ANSWER = 20.0


@dataclass(frozen=True)
class Card:
    """What is known about one data set before it is read.

    `rows` and `columns` count the table without its target. Exactly one of `openml_id` and `sklearn_loader` (a function
    of `sklearn.datasets` that needs no network) is set; `checksum`, for the latter only, is `checksum(load(card))`.
    """

    name: str
    title: str
    target: str
    task: Task
    source: str
    licence: str
    rows: int
    columns: int
    description: str
    openml_id: int | None = None
    sklearn_loader: str | None = None
    checksum: str | None = None


@cache
def cards() -> tuple[Card, ...]:
    """Return all cards, by name."""
    folder = INSIDE_THE_WHEEL if INSIDE_THE_WHEEL.is_dir() else BESIDE_THE_PACKAGE
    paths = sorted(folder.glob("*.toml"))
    return tuple(Card(name=path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))) for path in paths)


def find(name: str) -> Card:
    """Return the card called `name`; a UserError names the near ones."""
    known = {card.name: card for card in cards()}
    if name not in known:
        raise UserError(f"No data set of the catalogue is called {shortened(name)!r}. {did_you_mean(name, known)}")
    return known[name]


def load(card: Card) -> pd.DataFrame:
    """Return the table of `card` with its target among the columns, shape (rows, columns + 1).

    Bundled sets come from scikit-learn without a network, their classes by name; the others are fetched from OpenML and
    kept in scikit-learn's data folder. Raises UserError where OpenML cannot be reached or has changed the table.
    """
    if card.sklearn_loader is not None:
        return _bundled(card.sklearn_loader)
    assert card.openml_id is not None, f"the card of {card.name} names no place to read it from"
    frame, _ = load_openml(card.openml_id)
    if card.target not in frame:
        raise UserError(
            f"The table {card.openml_id} of OpenML has no column {card.target!r}, the target of {card.name}; "
            f"name the target yourself: openml:{card.openml_id} --target COLUMN."
        )
    return frame


def load_openml(data_id: int) -> tuple[pd.DataFrame, str | None]:
    """Fetch a data set of OpenML; return its table, target included, and its default target where it names just one.

    Raises UserError in one sentence where there is no network, no such data set, or nothing that fits a table.
    """
    from sklearn.datasets import fetch_openml

    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS_WITHOUT_AN_ANSWER)  # the fetcher sets none; a firewall may drop packets
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a failed first try is retried, and the last one is told below
            bunch = fetch_openml(data_id=data_id, as_frame=True, parser="auto", n_retries=2, delay=1.0)
    except (OSError, HTTPException) as error:
        raise UserError(
            f"The data set {data_id} could not be fetched from OpenML ({_reason(error)}); "
            "check the network, or give the path of a file instead."
        ) from error
    except ValueError as error:
        raise UserError(f"OpenML has no table under the number {data_id} ({_reason(error)}).") from error
    finally:
        socket.setdefaulttimeout(before)
    targets = list(bunch.target_names or ())
    return bunch.frame, targets[0] if len(targets) == 1 else None


def checksum(frame: pd.DataFrame) -> str:
    """Return the SHA-256, in hexadecimal, of `frame` written as CSV with ten significant digits."""
    text = frame.to_csv(index=False, lineterminator="\n", float_format="%.10g")
    return hashlib.sha256(text.encode()).hexdigest()


def _bundled(loader: str) -> pd.DataFrame:
    import sklearn.datasets

    bunch: Any = getattr(sklearn.datasets, loader)(as_frame=True)
    names = [str(name) for name in bunch.get("target_names", ())]
    if not names:
        return pd.DataFrame(bunch.frame)
    return pd.DataFrame(bunch.frame).assign(target=bunch.target.map(dict(enumerate(names))).astype("category"))


def _reason(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
