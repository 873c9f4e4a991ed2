"""The profile: it has the modality's findings and its own, and everything said is JSON-safe."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor.modalities.tabular import MODALITY
from advisor.profiling import profile, profile_dict, profile_text
from advisor.records import Dataset, Finding, Profile
from tests.modalities.clean_table import ROWS, TARGETS, clean, dataset_of


def looked_at(table: pd.DataFrame, target: str = "answer", **options: str) -> Profile:
    return profile(dataset_of(table, target, **options), MODALITY)


def found(table: pd.DataFrame, code: str, target: str = "answer", **options: str) -> Finding:
    findings = {finding.code: finding for finding in looked_at(table, target, **options).findings}
    assert code in findings, f"{code} is not among {sorted(findings)}"
    return findings[code]


def codes(table: pd.DataFrame, target: str = "answer", **options: str) -> set[str]:
    return {finding.code for finding in looked_at(table, target, **options).findings}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("seed", range(5))
def test_clean_tables_raise_no_alarm(seed, target):
    loud = [f for f in looked_at(clean(seed), target).findings if f.severity != "info"]
    assert not loud


def test_findings_come_by_their_code_whoever_found_them():
    table = pd.DataFrame({"side": np.repeat(["left", "right"], 200), "answer": ["yes", "no"] * 200})
    table["country"] = "DE"
    told = [finding.code for finding in looked_at(table).findings]
    assert {"D01", "D02", "D03"} <= set(told) and told == sorted(told)


def test_equal_inputs_with_other_targets_bound_what_can_be_had():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"side": np.repeat(["left", "right"], 200), "answer": rng.choice(["yes", "no"], 400)})
    finding = found(table, "D02")
    assert finding.severity == "warning"
    assert finding.evidence["rows"] == 400
    assert 0.4 < finding.evidence["irreducible_error"] <= 0.5
    table["value"] = np.where(table["side"] == "left", 0.0, 10.0) + rng.normal(size=400)
    expected = 1 / (1 + 25)
    assert found(table, "D02", "value").evidence["irreducible_error"] == pytest.approx(expected, rel=0.2)


def test_rare_classes_are_named():
    table = clean(0)
    table.loc[:3, "grade"] = "unheard"
    finding = found(table, "T01", "grade")
    assert finding.severity == "warning"
    assert finding.evidence["classes"] == {"unheard": 4}


def test_heavy_tails_are_found():
    table = clean(0, 2000)
    table["value"] = np.exp(3 * table["value"])
    assert found(table, "T02", "value").severity == "warning"
    assert "T02" not in codes(clean(0, 2000), "value")


def stated(target: np.ndarray, classes: tuple[str, ...] = ()) -> Dataset:
    """A dataset whose target was stated badly, which the reading of files may refuse before the profile sees it."""
    inputs = pd.DataFrame({"a": np.random.default_rng(0).normal(size=len(target))})
    task = "multiclass" if classes else "regression"
    return Dataset("bad", "tabular", task, inputs, target, "y", classes)


@pytest.mark.parametrize(
    ("dataset", "severity", "way_out"),
    [
        (stated(np.ones(100)), "severe", "--target"),
        (stated(np.random.default_rng(0).permutation(100.0 + np.arange(100))), "severe", "--target"),
        (stated(np.arange(100) % 2.0), "severe", "--task binary"),
        (stated(np.arange(100) % 4.0), "warning", "--task multiclass"),
        (stated(np.arange(100) // 2, tuple(str(n) for n in range(50))), "severe", "--target"),
        (stated(np.arange(900) % 60, tuple(f"{n}.5" for n in range(60))), "warning", "--task regression"),
    ],
)
def test_a_target_that_cannot_be_learnt_as_stated(dataset, severity, way_out):
    finding = next(finding for finding in profile(dataset, MODALITY).findings if finding.code == "T03")
    assert finding.severity == severity
    assert way_out in finding.advice


def test_facts_of_the_target_and_columns():
    table = clean(0)
    facts = looked_at(table, "answer").target
    assert [entry["name"] for entry in facts["classes"]] == ["no", "yes"]
    assert sum(entry["count"] for entry in facts["classes"]) == ROWS
    seen = looked_at(table, "value")
    assert seen.target["mean"] == pytest.approx(table["value"].mean())
    assert seen.target["quantiles"]["0.5"] == pytest.approx(table["value"].median())
    assert seen.encoded_columns == 5 + 3
    assert seen.rows == ROWS and len(seen.columns) == 6 and sum(seen.kinds.values()) == 6


def test_the_fingerprint_changes_with_the_data_and_only_with_it():
    table = clean(0)
    before = looked_at(table).fingerprint
    assert looked_at(table.copy()).fingerprint == before
    changed = table.copy()
    changed.loc[5, "height"] += 1e-9
    assert looked_at(changed).fingerprint != before
    assert looked_at(table.rename(columns={"height": "Height"})).fingerprint != before
    assert looked_at(table.iloc[::-1]).fingerprint != before
    assert looked_at(table.assign(colour=table["colour"].astype("category"))).fingerprint == before


def test_rows_without_a_target_are_part_of_the_data():
    data = Dataset("made", "tabular", "regression", pd.DataFrame({"a": np.arange(50.0)}), np.arange(50.0) % 7, "y")
    prints = {
        profile(replace(data, unlabelled=rows), MODALITY).fingerprint
        for rows in (None, data.inputs.head(2), data.inputs.head(3), data.inputs.head(3).copy())
    }
    assert len(prints) == 3


ODD = ["<script>alert(1)</script>", "naïve Größe", "a,b", "it's", "年齢", "", " ", "tab\there", "100%", "{x}", "-flag"]


@pytest.mark.parametrize("target", TARGETS)
def test_odd_names_and_values_are_json_safe_and_printable(target):
    table = clean(0)
    for place, name in enumerate(ODD):
        if name.strip():
            table[name] = np.where(np.arange(ROWS) % (place + 3) == 0, np.nan, table["height"])
    table["void"] = np.nan
    table["huge"] = table["height"] * 1e300
    table["tiny text"] = [f"é{n}\x1b[31m" for n in range(ROWS)]
    seen = looked_at(table, target)
    told = json.loads(json.dumps(profile_dict(seen), allow_nan=False))
    assert told["rows"] == ROWS and told["columns"] == len(told["column_facts"])
    assert all(set(f) == {"code", "severity", "message", "advice", "evidence"} for f in told["findings"])
    text = profile_text(seen)
    assert "\x1b" not in text and "\t" not in text
    assert "年齢" in text


@pytest.mark.parametrize("value", [1e300, -1e308, 0.0])
def test_targets_at_the_edge_of_floats_are_told(value):
    with np.errstate(over="ignore", invalid="ignore"):
        target = np.random.default_rng(0).normal(size=200) * value
        target[0] = 1.0
        seen = profile(stated(target), MODALITY)
    json.dumps(profile_dict(seen), allow_nan=False)
    assert profile_text(seen)


@pytest.mark.parametrize("rows", [2, 3, 10])
def test_tiny_tables_are_looked_at(rows):
    dataset = Dataset(
        "tiny", "tabular", "binary", pd.DataFrame({"a": np.arange(float(rows))}), np.arange(rows) % 2, "y", ("0", "1")
    )
    assert profile(dataset, MODALITY).rows == rows


def test_a_table_without_columns_is_looked_at():
    dataset = Dataset("bare", "tabular", "regression", pd.DataFrame(index=range(50)), np.random.rand(50), "y")
    assert profile(dataset, MODALITY).encoded_columns == 0


def test_long_tables_of_columns_are_cut():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 70)), columns=[f"c{n}" for n in range(70)])
    table["answer"] = ["yes", "no"] * 30
    text = profile_text(looked_at(table))
    assert "c39" in text and "c40" not in text and "and 30 more columns" in text


def test_looking_at_data_loads_no_learner():
    code = (
        "import sys, advisor.profiling, advisor.modalities.tabular\n"
        "heavy = {'torch', 'xgboost', 'lightgbm', 'catboost', 'optuna', 'mlflow'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


KNOWN = {
    "Diabetes130US": ("S03", "patient_nbr"),
    "electricity": ("S01", "date"),
    "beijing_pm25": ("S01", "hour"),
    "payment_fraud": ("L01", "accountAgeDays"),
    "irish": ("L01", "Educational_level"),
    "keggdirected": ("D01", "copies"),
}
QUIET = ("adult", "credit-g", "telco_customer_churn", "diabetes_pima", "letter", "iris", "kin8nm", "wine_sklearn")


@pytest.mark.parametrize("name", [*KNOWN, *QUIET])
def test_real_tables(shared_data, name):
    index = pd.read_csv(shared_data / "index.csv").set_index("name").loc[name]
    dataset = MODALITY.read(shared_data / index["file"], target=index["target"], task=index["task"])
    severe = {f.code: f.message for f in profile(dataset, MODALITY).findings if f.severity == "severe"}
    if name in QUIET:
        assert not severe
    else:
        code, word = KNOWN[name]
        assert word in severe[code]


def test_what_was_lost_in_reading_is_a_finding():
    table = clean(0)
    table.iloc[3, 0] = np.inf
    assert "Infinite values" in found(table, "R01").message


def test_what_the_rows_could_show_is_guessed_before_any_training():
    few, many = (profile(replace(stated(np.arange(rows) * 1.0), target=np.random.rand(rows)), MODALITY)
                 for rows in (200, 3_200))  # fmt: skip
    seen = [profile_dict(each)["detectable_gain_guess"] for each in (few, many)]
    assert np.log1p(-seen[0]) == pytest.approx(4 * np.log1p(-seen[1]))
    assert f"a gain of about {seen[0]:.0%}".replace("%", " %") in profile_text(few)
