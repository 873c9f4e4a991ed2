"""The catalogue: every card is whole, bundled sets are what their cards say, and OpenML's troubles are told plainly."""

import socket
from types import SimpleNamespace
from urllib.error import URLError

import pandas as pd
import pytest
import sklearn.datasets

from advisor.contracts import TASKS
from advisor.errors import UserError
from advisor.modalities import cards

BUNDLED = [card for card in cards.cards() if card.sklearn_loader]


@pytest.mark.parametrize("card", cards.cards(), ids=lambda card: card.name)
def test_a_card_names_one_place_and_says_what_it_is(card):
    assert (card.openml_id is None) != (card.sklearn_loader is None)
    assert (card.checksum is None) == (card.sklearn_loader is None)
    assert card.task in TASKS
    assert card.rows > 0 and card.columns > 0
    assert all((card.title, card.target, card.source, card.licence, card.description))


@pytest.mark.parametrize("card", BUNDLED, ids=lambda card: card.name)
def test_a_bundled_table_is_what_its_card_says(card):
    frame = cards.load(card)
    assert frame.shape == (card.rows, card.columns + 1)
    assert cards.checksum(frame) == card.checksum, "scikit-learn ships another table than the card was written for"
    if card.task == "regression":
        assert pd.api.types.is_float_dtype(frame[card.target])
    else:
        assert (frame[card.target].nunique() == 2) == (card.task == "binary")


def test_one_changed_cell_changes_the_checksum():
    frame = cards.load(cards.find("iris"))
    before = cards.checksum(frame)
    frame.iat[3, 2] += 0.1
    assert cards.checksum(frame) != before


def test_bundled_classes_have_names():
    assert set(cards.load(cards.find("breast_cancer"))["target"]) == {"malignant", "benign"}


def test_the_catalogue_has_bundled_and_fetched_sets_of_every_task():
    assert {card.task for card in BUNDLED} == set(TASKS)
    assert {card.task for card in cards.cards() if card.openml_id} == set(TASKS)
    numbers = [card.openml_id for card in cards.cards() if card.openml_id]
    assert len(numbers) == len(set(numbers)) >= 12


def test_a_misspelt_name_is_answered_with_the_near_one():
    with pytest.raises(UserError, match="Did you mean 'breast_cancer'"):
        cards.find("brest_cancer")


def answer_with(monkeypatch, result):
    """Let scikit-learn's fetcher return `result`, or raise it."""

    def fetch(**options):
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)


@pytest.mark.parametrize(
    "trouble", [URLError("Name or service not known"), TimeoutError("timed out"), ConnectionResetError()]
)
def test_no_network_is_one_sentence(monkeypatch, trouble):
    answer_with(monkeypatch, trouble)
    with pytest.raises(UserError, match="could not be fetched from OpenML") as caught:
        cards.load(cards.find("adult"))
    assert "\n" not in str(caught.value) and str(caught.value).count(". ") == 0


def test_an_unknown_number_is_one_sentence(monkeypatch):
    answer_with(monkeypatch, ValueError("Dataset with data_id 99999999 not found."))
    with pytest.raises(UserError, match="OpenML has no table under the number 99999999"):
        cards.load_openml(99999999)


def test_the_clock_of_sockets_is_left_as_it_was(monkeypatch):
    answer_with(monkeypatch, URLError("down"))
    before = socket.getdefaulttimeout()
    with pytest.raises(UserError):
        cards.load_openml(31)
    assert socket.getdefaulttimeout() == before


@pytest.mark.parametrize(("targets", "default"), [(["class"], "class"), (["a", "b"], None), ([], None)])
def test_the_default_target_is_known_only_where_there_is_one(monkeypatch, targets, default):
    frame = pd.DataFrame({"a": [1.0, 2.0], "class": ["x", "y"]})
    answer_with(monkeypatch, SimpleNamespace(frame=frame, target_names=targets))
    assert cards.load_openml(31) == (frame, default)


def test_a_table_that_lost_its_target_is_told(monkeypatch):
    answer_with(monkeypatch, SimpleNamespace(frame=pd.DataFrame({"a": [1.0]}), target_names=["a"]))
    with pytest.raises(UserError, match="no column 'class'"):
        cards.load(cards.find("adult"))
