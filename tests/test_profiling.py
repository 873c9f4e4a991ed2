"""The profile: what is planted is found, clean tables raise no alarm, and everything said is JSON-safe."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor.modalities.tabular import MODALITY
from advisor.profiling import FINDINGS, profile, profile_dict, profile_text
from advisor.profiling.association import held_out_skill, likeness_of_neighbours, likeness_within, rank_auc
from advisor.profiling.entities import names_an_entity
from advisor.profiling.wording import drop
from advisor.records import Dataset, Finding, Profile

ROWS = 600


def clean(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """A table with nothing wrong: numbers, a category, and a target of each task that depends on them."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 4)), columns=["height", "weight", "pulse", "mood"])
    table["age"] = rng.integers(18, 80, rows)
    table["colour"] = rng.choice(["red", "green", "blue"], rows)
    signal = table["height"] + table["weight"] * (table["colour"] == "red") + rng.normal(size=rows)
    table["value"] = signal
    table["answer"] = np.where(signal > 0, "yes", "no")
    table["grade"] = pd.cut(signal, [-np.inf, -1, 1, np.inf], labels=["low", "middle", "high"]).astype(str)
    return table


TARGETS = {"value": "regression", "answer": "binary", "grade": "multiclass"}


def looked_at(table: pd.DataFrame, target: str = "answer", **options: str) -> Profile:
    others = [name for name in TARGETS if name != target and name in table]
    dataset = MODALITY.read(table.drop(columns=others), target=target, task=TARGETS.get(target, "auto"), **options)
    return profile(dataset, MODALITY)


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


@pytest.mark.parametrize("target", TARGETS)
def test_pure_noise_with_many_levels_is_no_leak(target):
    table = clean(0)
    rng = np.random.default_rng(1)
    table["street"] = [f"street {number}" for number in rng.integers(0, 300, ROWS)]
    table["code"] = [f"x{number}" for number in rng.permutation(ROWS)]
    assert not {"L01", "L02"} & codes(table, target)


def test_codes_are_unique_and_in_order():
    names = [code for code, _ in FINDINGS]
    assert len(set(names)) == len(names)
    assert names == sorted(names, key=lambda code: ("DLST".index(code[0]), code))


def test_copies_of_rows_are_severe_where_values_are_fine_and_expected_where_they_are_coarse():
    table = clean(0)
    twice = pd.concat([table, table.iloc[:200]], ignore_index=True)
    finding = found(twice, "D01")
    assert finding.severity == "severe"
    assert finding.evidence["rows"] == 200
    coarse = clean(0)[["age", "colour", "answer"]]
    assert found(coarse, "D01").severity == "info"
    assert "D01" not in codes(table)


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


def test_constant_columns_are_named_and_gaps_are_a_value():
    table = clean(0)
    table["country"], table["empty"] = "DE", np.nan
    table["ticked"] = np.where(np.arange(ROWS) % 3 == 0, 1.0, np.nan)
    assert found(table, "D03").evidence["columns"] == ["country", "empty"]


@pytest.mark.parametrize(
    "names",
    [np.random.default_rng(0).permutation(ROWS) + 1000, [f"case-{n * 37 % ROWS}" for n in range(ROWS)]],
)
def test_names_of_rows_are_found(names):
    finding = found(clean(0).assign(nummer=names), "D04")
    assert finding.evidence["columns"] == ["nummer"]
    assert "--drop nummer" in finding.advice


def test_many_levels_and_texts_are_found():
    rng = np.random.default_rng(0)
    table = clean(0).assign(town=[f"town{n}" for n in rng.integers(0, 150, ROWS)])
    words = ["the", "a", "quick", "brown", "fox", "jumps", "over", "lazy", "dog", "again", "and", "then"]
    table["note"] = [" ".join(rng.choice(words, 7)) for _ in range(ROWS)]
    assert found(table, "D05").evidence["columns"] == ["town"]
    assert found(table, "D06").evidence["columns"] == ["note"]


@pytest.mark.parametrize("target", TARGETS)
def test_gaps_that_tell_the_target_are_found(target):
    table = clean(0)
    outcome = (table["value"] > 1).to_numpy()
    table["discharge"] = np.where(outcome, np.nan, table["pulse"])
    table["harmless"] = np.where(np.random.default_rng(0).random(ROWS) < 0.3, np.nan, table["pulse"])
    assert found(table, "D07", target).evidence["columns"] == ["discharge"]


def test_gaps_that_are_the_target_are_severe():
    table = clean(0)
    table["refund"] = np.where(table["answer"] == "yes", table["pulse"], np.nan)
    assert found(table, "D07").severity == "severe"


@pytest.mark.parametrize("target", TARGETS)
def test_a_column_that_nearly_is_the_target_is_a_leak(target):
    table = clean(0, 2000)
    rng = np.random.default_rng(1)
    value = table["value"] if target != "grade" else table["value"].clip(-3, 3)
    table["invoice"] = value**2 * np.sign(value) if target != "value" else value + 0.05 * rng.normal(size=len(value))
    finding = found(table, "L01", target)
    assert finding.severity == "severe"
    assert list(finding.evidence["columns"]) == ["invoice"]
    assert "--drop invoice" in finding.advice


def test_a_leak_that_is_not_monotone_is_found():
    table = clean(0, 2000)
    rng = np.random.default_rng(1)
    table["phase"] = np.where(table["answer"] == "yes", rng.uniform(0.4, 0.6, 2000), rng.uniform(0, 0.38, 2000))
    table["phase"] = np.where(rng.random(2000) < 0.5, table["phase"], 1 - table["phase"])
    assert found(table, "L01").evidence["columns"] == ["phase"]


def test_a_column_that_decides_most_rows_but_not_all_is_no_leak():
    table = clean(0, 2000)
    flip = np.random.default_rng(1).random(2000) < 0.05
    table["guess"] = np.where(flip, "yes", table["answer"])
    assert not {"L01", "L02"} & codes(table)


@pytest.mark.parametrize("target", TARGETS)
def test_a_column_that_knows_nearly_all_that_can_be_known_is_suspect(target):
    table = clean(0, 1500)
    rng = np.random.default_rng(1)
    table["estimate"] = table["value"] + 0.2 * rng.normal(size=1500)
    for name in ("height", "weight"):
        table[name] = rng.permutation(table[name])
    finding = found(table, "L03", target)
    assert finding.severity == "warning" and finding.evidence["columns"] == ["estimate"]
    assert "--drop estimate" in finding.advice


@pytest.mark.parametrize("target", TARGETS)
def test_the_strongest_of_several_columns_is_no_leak(target):
    table = clean(0, 1500)
    table["value"] = 2 * table["height"] + table["weight"] + 0.3 * table["mood"]
    table["answer"] = np.where(table["value"] > 0, "yes", "no")
    table["grade"] = pd.qcut(table["value"], 3, labels=["low", "middle", "high"]).astype(str)
    assert not {"L01", "L02", "L03"} & codes(table, target)


@pytest.mark.parametrize(
    ("target", "copy"),
    [
        ("value", lambda table: table["value"] * 1.8 + 32),
        ("value", lambda table: -np.exp(table["value"])),
        ("answer", lambda table: table["answer"].map({"yes": "J", "no": "N"})),
        ("answer", lambda table: table["answer"].map({"yes": 3, "no": 1})),
        ("grade", lambda table: table["grade"].map({"low": "C", "middle": "A", "high": "B"})),
    ],
)
def test_copies_of_the_target_are_found(target, copy):
    table = clean(0)
    table["Ergebnis"] = copy(table)
    finding = found(table, "L02", target)
    assert finding.severity == "severe"
    assert finding.evidence["columns"] == ["Ergebnis"]
    assert "L01" not in codes(table, target)


def walk(rows: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=rows).cumsum() / 5


def timed(rows: int = 1000) -> pd.DataFrame:
    table = clean(0, rows)
    trend = walk(rows)
    table["value"] = trend
    table["answer"] = np.where(trend > np.median(trend), "yes", "no")
    table["grade"] = pd.qcut(trend, 3, labels=["low", "middle", "high"]).astype(str)
    table["date"] = pd.date_range("2020-01-01", periods=rows, freq="h")
    return table


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("shuffled", [False, True])
def test_a_date_along_which_targets_are_alike_is_severe(target, shuffled):
    table = timed().sample(frac=1, random_state=0) if shuffled else timed()
    finding = found(table, "S01", target)
    assert finding.severity == "severe"
    assert "--time date" in finding.advice
    assert finding.evidence["rows_in_order"] is not shuffled


def test_a_date_that_means_nothing_is_only_mentioned():
    table = clean(0)
    days = np.random.default_rng(0).integers(0, 900, ROWS)
    table["joined"] = pd.Timestamp("2015-01-01") + pd.to_timedelta(days, unit="D")
    assert found(table, "S01").severity == "info"


def test_calendar_columns_are_joined():
    table = timed(4000)
    for part in ("year", "month", "day", "hour"):
        table[part] = getattr(table["date"].dt, part)
    finding = found(table.drop(columns="date"), "S01")
    assert finding.evidence["columns"] == ["month", "day", "hour"] or finding.evidence["columns"][0] == "year"
    assert finding.severity == "severe"


def test_a_day_of_the_month_that_starts_again_is_no_clock():
    table = clean(0, 5000)
    table["day"] = np.arange(5000) // 20 % 31 + 1
    assert "S01" not in codes(table)


def test_a_named_time_is_no_finding():
    assert "S01" not in codes(timed(), time="date")


@pytest.mark.parametrize("target", TARGETS)
def test_rows_in_blocks_of_one_origin_are_a_warning(target):
    table = timed().drop(columns="date")
    for place, name in enumerate(["height", "weight", "pulse", "mood"]):
        table[name] = walk(1000, seed=place + 1)
    assert found(table, "S02", target).severity == "warning"


@pytest.mark.parametrize("target", TARGETS)
def test_a_table_sorted_by_its_target_is_no_time_series(target):
    assert "S02" not in codes(clean(0).sort_values("value"), target)


def drifting(rows: int = 1000) -> pd.DataFrame:
    """A table whose columns each drift a little, whose target does not, and whose rows are no more alike than any."""
    table = clean(0, rows)
    late = np.linspace(-1, 1, rows)
    for place, name in enumerate(["height", "weight", "pulse", "mood"]):
        table[name] += late * (-1) ** place
    return table


def test_rows_that_change_along_the_table_are_told_by_all_columns_together():
    finding = found(drifting(), "S04")
    assert finding.severity == "info" and finding.evidence["auc"] > 0.9
    assert max(finding.evidence["columns"].values()) < finding.evidence["auc"], "no column tells as much alone"
    assert set(finding.evidence["columns"]) < {"height", "weight", "pulse", "mood"}
    assert "S04" not in codes(drifting().sample(frac=1, random_state=0))
    late = np.linspace(-1, 1, 1000) + np.random.default_rng(2).normal(size=1000) > 0
    finding = found(drifting().assign(answer=np.where(late, "yes", "no")), "S04")
    assert finding.severity == "warning" and "the target differs as well" in finding.message


def test_drift_along_a_named_time_is_mentioned_in_whatever_order_the_rows_are():
    table = drifting().assign(date=pd.date_range("2020-01-01", periods=1000, freq="h")).sample(frac=1, random_state=0)
    finding = found(table, "S04", time="date")
    assert finding.severity == "info" and "'date'" in finding.message
    assert "date" not in finding.evidence["columns"]


def test_neither_neighbours_that_are_alike_nor_a_number_of_the_row_are_drift():
    table = clean(0, 2000)
    origin = np.arange(2000) // 10
    table["pulse"] = np.random.default_rng(1).normal(size=200)[origin]  # one value for ten rows in a row
    table["running"] = np.arange(2000) // 3
    assert "S04" not in codes(table)


def test_a_sorted_target_and_named_groups_are_no_drift():
    assert "S04" not in codes(clean(0, 1000).sort_values("value"), "value")
    table = drifting()
    table["site"] = np.arange(1000) // 100
    assert "S04" not in codes(table, group="site")


def visits(rows: int = 1200) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = clean(0, rows)
    person = rng.integers(0, rows // 4, rows)
    table["patient_nbr"] = person * 7919 + 1_000_000
    habit = rng.normal(size=rows)[person] * 2
    table["value"] = habit + rng.normal(size=rows)
    table["answer"] = np.where(table["value"] > 0, "yes", "no")
    table["grade"] = pd.qcut(table["value"], 3, labels=["low", "middle", "high"]).astype(str)
    return table


@pytest.mark.parametrize("target", TARGETS)
def test_entities_with_like_targets_are_severe(target):
    finding = found(visits(), "S03", target)
    assert finding.severity == "severe"
    assert "--group patient_nbr" in finding.advice


def test_entities_are_told_by_what_is_fixed_within_them():
    table = clean(0, 1200)
    person = np.random.default_rng(0).integers(0, 400, 1200)
    table["SubjectID"] = person
    table["sex"] = np.random.default_rng(1).choice(["m", "f"], 400)[person]
    finding = found(table, "S03")
    assert finding.severity == "severe"
    assert finding.evidence["fixed_within"] == ["sex"]


def test_an_age_is_no_entity_and_neither_is_a_named_group():
    table = clean(0, 2000)
    table["value"] = table["age"] / 5 + table["height"]
    assert "S03" not in codes(table, "value")
    assert "S03" not in codes(visits(), group="patient_nbr")


@pytest.mark.parametrize(
    ("name", "entity"),
    [
        ("patient_nbr", True),
        ("RecordID", True),
        ("customerId", True),
        ("Speaker Number", True),
        ("userid", True),
        ("number_patient", False),
        ("months_as_member", False),
        ("humid", False),
        ("paid", False),
        ("Age_of_patient", False),
        ("", False),
        ("客户", False),
    ],
)
def test_names_of_entities(name, entity):
    assert names_an_entity(name) is entity


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


def test_names_are_quoted_for_a_shell():
    assert drop(["a", "b"]) == "--drop a,b"
    assert drop(["it's", "b c"]) == "--drop 'it'\"'\"'s,b c'"


def test_auc_is_the_chance_of_being_ranked_right():
    values, positive = np.array([1.0, 2.0, 2.0, 3.0, np.nan]), np.array([False, False, True, True, True])
    assert rank_auc(values, positive) == pytest.approx((0.5 + 1 + 1 + 1) / 4)
    assert rank_auc(values, np.zeros(5, dtype=bool)) == 0.5


def test_skill_is_that_on_rows_not_seen():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, 1000)
    own = np.arange(1000.0)
    assert abs(held_out_skill(own, True, target, 2) - 0.5) < 0.06
    assert held_out_skill(target.astype(float), True, target, 2) == pytest.approx(1.0)
    assert held_out_skill(rng.normal(size=1000), False, rng.normal(size=1000), 0) < 0.05
    line = rng.normal(size=1000)
    assert held_out_skill(line, False, 3 * line + 2, 0) > 0.99


def test_likeness_is_nought_by_chance_and_one_where_all_is_alike():
    rng = np.random.default_rng(0)
    level = np.repeat(np.arange(200), 5)
    own = rng.normal(size=200)
    assert abs(likeness_within(level, rng.normal(size=1000), 0)[0]) < 0.1
    assert likeness_within(level, own[level], 0)[0] == pytest.approx(1.0)
    assert likeness_within(level, own[level] + rng.normal(size=1000), 0)[0] == pytest.approx(0.5, abs=0.1)
    assert likeness_of_neighbours(np.repeat([0, 1, 2], 100), 3)[0] > 0.97
    assert abs(likeness_of_neighbours(rng.integers(0, 3, 3000), 3)[0]) < 0.06


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
