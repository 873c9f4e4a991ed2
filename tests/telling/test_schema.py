"""verdict.json against its schema: every complete document passes, every broken one is caught."""

import json
from collections.abc import Callable
from importlib.resources import files

import pytest
from jsonschema import Draft202012Validator, ValidationError

from tests.telling.report.example import ANSWERS, TASKS, document, priced

SCHEMA = json.loads((files("advisor") / "verdict.schema.json").read_text(encoding="utf-8"))


def no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def check(text: str) -> None:
    """Read the text of a verdict.json as strictly as a browser would, and hold it against the schema."""
    Draft202012Validator(SCHEMA).validate(json.loads(text, parse_constant=no_constant))


def broken(change: Callable[[dict], object]) -> str:
    verdict = document()
    change(verdict)
    return json.dumps(verdict)


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("task", TASKS)
def test_complete_documents_pass(answer: str, task: str):
    check(json.dumps(document(answer, task), allow_nan=False))


@pytest.mark.parametrize("answer", ["worth_it", "not_worth_it", "too_close_to_call"])
def test_documents_with_prices_pass(answer: str):
    check(json.dumps(priced(document(answer)), allow_nan=False))


@pytest.mark.parametrize(
    "change",
    [
        lambda verdict: verdict.update(note="added"),
        lambda verdict: verdict["gain"].update(theta=0.084),
        lambda verdict: verdict.update(would_change="There was no time to ask."),
        lambda verdict: verdict.update(mlflow=None),
        lambda verdict: verdict["recommended"].update(learner=None, family=None, score=None, fitted_on=None, rows=None),
        lambda verdict: verdict["recommended"].update(one=None, peak_memory_mb=None, cut_short=["catboost"]),
        lambda verdict: verdict["mlflow"].update(run_id=None),
        lambda verdict: verdict["readings"].update(in_company=None),
        lambda verdict: verdict.update(how=None),
    ],
)
def test_what_may_be_added_or_left_open_passes(change: Callable[[dict], object]):
    check(broken(change))


@pytest.mark.parametrize("key", sorted(document()))
def test_no_key_may_be_missing(key: str):
    with pytest.raises(ValidationError, match=f"'{key}' is a required property"):
        check(broken(lambda verdict: verdict.pop(key)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_json_number_is_caught(value: float):
    with pytest.raises(ValueError, match="is no JSON"):
        check(broken(lambda verdict: verdict["leaderboard"][0].update(score=value)))


@pytest.mark.parametrize(
    "change",
    [
        lambda verdict: verdict.update(answer="maybe"),
        lambda verdict: verdict.update(schema=2),
        lambda verdict: verdict.update(sentence=""),
        lambda verdict: verdict.update(p_worth=1.2),
        lambda verdict: verdict.update(p_worth="0.9"),
        lambda verdict: verdict["gain"].pop("level"),
        lambda verdict: verdict.update(how="together"),
        lambda verdict: verdict["readings"].pop("in_company"),
        lambda verdict: verdict["readings"]["alone"].pop("without"),
        lambda verdict: verdict["readings"]["alone"]["with"].update(members=["mlp"]),
        lambda verdict: verdict["recommended"].update(fitted_on="a few rows"),
        lambda verdict: verdict["recommended"].pop("members"),
        lambda verdict: verdict["recommended"].pop("one"),
        lambda verdict: verdict["recommended"].update(cut_short="catboost"),
        lambda verdict: verdict["recommended"].update(folds_because="a whim"),
        lambda verdict: verdict["recommended"].update(peak_memory_mb=-1.0),
        lambda verdict: verdict["leaderboard"][0].pop("cut_short"),
        lambda verdict: verdict["leaderboard"][0].update(did_not_learn="no"),
        lambda verdict: verdict.update(rows_used=0),
        lambda verdict: verdict["budget"].update(until="noon"),
        lambda verdict: verdict["gain"].update(estimate=1.5),
        lambda verdict: verdict["recommended"].update(family="tree"),
        lambda verdict: verdict["champions"].pop("blend"),
        lambda verdict: verdict["champions"]["classical"].pop("params"),
        lambda verdict: verdict["leaderboard"][0].pop("latency_p99_ms"),
        lambda verdict: verdict["leaderboard"][0].update(trials=2.5),
        lambda verdict: verdict["leaderboard"][0].update(error=-0.1),
        lambda verdict: verdict.update(skipped=["linear"]),
        lambda verdict: verdict.update(would_change=""),
        lambda verdict: verdict["findings"][0].update(severity="bad"),
        lambda verdict: verdict["profile"].update(task="ranking"),
        lambda verdict: verdict["splits"].update(folds=0),
        lambda verdict: verdict["budget"].update(overrun_pct=None),
        lambda verdict: verdict["mlflow"].pop("run_id"),
        lambda verdict: verdict["environment"].update(seed="0"),
    ],
)
def test_wrong_values_are_caught(change: Callable[[dict], object]):
    with pytest.raises(ValidationError):
        check(broken(change))
