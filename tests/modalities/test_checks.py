"""What is planted in a table is found, and nothing is found in a clean one."""

import numpy as np
import pandas as pd
import pytest

from advisor.measuring.association import (
    held_out_skill,
    likeness_of_neighbours,
    likeness_within,
    rank_auc,
)
from advisor.modalities.tabular import MODALITY
from advisor.modalities.tabular.checks import CHECKS
from advisor.modalities.tabular.checks.entities import names_an_entity
from advisor.modalities.tabular.checks.families import families
from advisor.records import Finding
from tests.modalities.clean_table import ROWS, TARGETS, clean, dataset_of


def checked(table: pd.DataFrame, target: str = "answer", **options: str) -> tuple[Finding, ...]:
    dataset = dataset_of(table, target, **options)
    return MODALITY.checks(dataset, MODALITY.facts(dataset))


def found(table: pd.DataFrame, code: str, target: str = "answer", **options: str) -> Finding:
    findings = {finding.code: finding for finding in checked(table, target, **options)}
    assert code in findings, f"{code} is not among {sorted(findings)}"
    return findings[code]


def codes(table: pd.DataFrame, target: str = "answer", **options: str) -> set[str]:
    return {finding.code for finding in checked(table, target, **options)}


@pytest.mark.parametrize("target", TARGETS)
def test_pure_noise_with_many_levels_is_no_leak(target):
    table = clean(0)
    rng = np.random.default_rng(1)
    table["street"] = [f"street {number}" for number in rng.integers(0, 300, ROWS)]
    table["code"] = [f"x{number}" for number in rng.permutation(ROWS)]
    assert not {"L01", "L02"} & codes(table, target)


def test_codes_are_unique_and_in_order_and_those_of_the_findings():
    names = [code for code, _ in CHECKS]
    assert names == sorted(set(names))
    assert [code for code, check in CHECKS if not (check.__doc__ or "").startswith(code)] == []


def test_copies_of_rows_are_severe_where_values_are_fine_and_expected_where_they_are_coarse():
    table = clean(0)
    twice = pd.concat([table, table.iloc[:200]], ignore_index=True)
    finding = found(twice, "D01")
    assert finding.severity == "severe"
    assert finding.evidence["rows"] == 200
    coarse = clean(0)[["age", "colour", "answer"]]
    assert found(coarse, "D01").severity == "info"
    assert "D01" not in codes(table)


def test_constant_columns_are_named_and_gaps_are_a_value():
    table = clean(0)
    table["country"], table["empty"] = "DE", np.nan
    table["ticked"] = np.where(np.arange(ROWS) % 3 == 0, 1.0, np.nan)
    finding = found(table, "D03")
    assert finding.evidence["columns"] == ["country", "empty"]
    assert "'country' has the same value in every row. The column 'empty' has no filled cell." in finding.message


@pytest.mark.parametrize(
    "names",
    [np.random.default_rng(0).permutation(ROWS) + 1000, [f"case-{n * 37 % ROWS}" for n in range(ROWS)]],
)
def test_names_of_rows_are_found(names):
    finding = found(clean(0).assign(nummer=names), "D04")
    assert finding.evidence["columns"] == ["nummer"]
    assert "--drop nummer" in finding.advice


def test_amounts_with_words_among_them_name_no_row():
    amounts = clean(0).assign(dose=[f"{n}.5" if n % 4 else f"below {n}" for n in range(len(clean(0)))])
    assert "D04" not in codes(amounts)
    assert "D04" in codes(amounts.assign(dose=[f"{n}-{n}.5" for n in range(len(amounts))]))
    assert "D04" not in codes(amounts.assign(dose=[f"Decimal('{n}.5')" for n in range(len(amounts))]))


@pytest.mark.parametrize("name", ["day", "month", "Year", "minute"])
def test_texts_under_the_name_of_a_part_of_a_time_are_texts(name):
    rng = np.random.default_rng(0)
    words = ["rain", "sun", "walk", "home", "late", "early", "tired", "happy", "work", "friends", "music"]
    diary = [" ".join(rng.choice(words, 9)) for _ in range(len(clean(0)))]
    assert "D06" in codes(clean(0).assign(**{name: diary}))


def test_many_levels_and_texts_are_found():
    rng = np.random.default_rng(0)
    table = clean(0).assign(town=[f"town{n}" for n in rng.integers(0, 150, ROWS)])
    words = ["the", "a", "quick", "brown", "fox", "jumps", "over", "lazy", "dog", "again", "and", "then"]
    table["note"] = [" ".join(rng.choice(words, 7)) for _ in range(ROWS)]
    assert found(table, "D05").evidence["columns"] == ["town"]
    assert found(table, "D06").evidence["columns"] == ["note"]


def remarks(seed: int, rows: int = ROWS) -> list[str]:
    words = ["the", "a", "quick", "brown", "fox", "jumps", "over", "lazy", "dog", "again", "and", "then"]
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, 9)) for _ in range(rows)]


def test_texts_that_repeat_another_one_but_for_numbers_and_signs_are_found():
    table = clean(0).assign(note=remarks(0))
    assert "D08" not in codes(table)
    mails = [f"Dear {n} friend, you surely WON {n} pounds once more today!!" for n in range(90)]
    finding = found(table.assign(note=[*mails, *remarks(0)[90:]]), "D08")
    assert finding.severity == "severe" and finding.evidence["texts"] == 89 and finding.evidence["disputed"] == 1
    assert "1 of them has more than one class" in finding.message
    assert found(table.assign(note=[*mails[:12], *remarks(0)[12:]]), "D08").severity == "warning"
    names = [f"Maruti Swift Dzire {model}" for model in np.random.default_rng(0).integers(0, 200, ROWS)]
    assert "D08" not in codes(table.assign(note=names)), "names of things are written alike"


def test_texts_that_differ_in_a_word_of_many_are_found():
    rng = np.random.default_rng(0)
    words = [f"{one}{two}" for one in "bdfgklmn" for two in "aeiou"]
    notes = [list(rng.choice(words, 30)) for _ in range(ROWS)]
    assert "D08" not in codes(clean(0).assign(note=[" ".join(note) for note in notes]))
    for place in range(50):
        notes[place] = [*notes[ROWS - 1 - place]]
        notes[place][rng.integers(30)] = f"name{'abcdefghij'[place % 10]}"
    finding = found(clean(0).assign(note=[" ".join(note) for note in notes]), "D08")
    assert finding.evidence["texts"] == 50


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        ([], []),
        (["", "one", "one two"], [0, 1, 2]),
        (["one two three four", "one two three four", "four three two one"], [0, 0, 1]),
        ([f"我们非常喜欢这家餐厅的菜品和服务环境也{word}下次还会再来" for word in ("很好", "不好")], [0, 0]),
        (["a b c d e f g", "a b c d e f g" + " h" * 20], [0, 1]),
    ],
)  # fmt: skip
def test_families_of_texts(texts, wanted):
    assert families(texts).tolist() == wanted


def test_texts_of_which_a_few_repeat_do_not_drift():
    rng = np.random.default_rng(0)
    notes = np.array(remarks(0), dtype=object)
    notes[rng.integers(0, ROWS, 9)] = notes[rng.integers(0, ROWS, 9)]
    assert "S04" not in codes(clean(0)[["answer"]].assign(note=notes))


HALVES = ["1" if n % 2 else "0" for n in range(ROWS)]


@pytest.mark.parametrize(
    ("classes", "written", "evidence"),
    [
        (("0", "1"), "label={}", {"share": 1}),
        (("no", "yes"), "answer: {}", {"share": 1}),
        (("5", "1"), "Rating: {}, and that is it", {"share": 1}),
        (("-", "+"), "", None),
        (("0", "1"), "{} of them", {"word": "0", "texts": ROWS // 2}),
        (("ham", "spam"), "<x-flag-{}>", {"share": 1}),
    ],
)
def test_codes_and_short_names_of_classes_in_texts_are_found(classes, written, evidence):
    table = clean(0).assign(cls=[classes[int(code)] for code in HALVES])
    table["note"] = [f"{text} {written.format(label)}" for text, label in zip(remarks(0), table["cls"], strict=True)]
    told = [finding.evidence for finding in checked(table, "cls") if finding.code == "L05"]
    assert (not told) if evidence is None else told[0] == told[0] | evidence


def test_a_word_that_only_one_class_has_is_found():
    table = clean(0).assign(cls=["spam" if code == "1" else "ham" for code in HALVES])
    flagged = [f"X-Flag-Yes {text}" if code == "1" else text for text, code in zip(remarks(0), HALVES, strict=True)]
    finding = found(table.assign(note=flagged), "L05", "cls")
    assert finding.evidence["word"] == "x-flag-yes" and finding.evidence["class"] == "spam"
    once = [flagged[0] + " x-flag-yes", *flagged[1:]]
    assert "L05" not in codes(table.assign(note=once), "cls"), "another has it, too"
    rare = table.assign(cls=["spam" if n < 15 else "ham" for n in range(ROWS)])
    few = [f"x-flag-yes {text}" if n < 15 else text for n, text in enumerate(remarks(0))]
    assert "L05" not in codes(rare.assign(note=few), "cls"), "fifteen may be chance"


def test_texts_that_repeat_are_found_in_languages_without_blanks():
    letters = [chr(0x4E00 + n) for n in range(200)]
    rng = np.random.default_rng(0)
    notes = ["".join(rng.choice(letters, 30)) for _ in range(ROWS)]
    assert "D08" not in codes(clean(0).assign(note=notes))
    mails = [f"亲爱的{n}号朋友、您赢得了{n}元大奖、请马上联系我们。" for n in range(90)]
    assert found(clean(0).assign(note=[*mails, *notes[90:]]), "D08").evidence["texts"] == 89


def test_texts_that_name_their_class_are_found():
    table = clean(0)
    told = table.assign(note=[f"{text} [{grade}]" for text, grade in zip(remarks(0), table["grade"], strict=True)])
    assert found(told, "L05", "grade").evidence["right"] == 1
    some = np.where(np.arange(ROWS) % 3 == 0, told["note"], remarks(0))
    assert "L05" not in codes(table.assign(note=some), "grade"), "a third of them may well speak of it"
    wrong = table.assign(note=[f"{text} {grade}" for text, grade in zip(remarks(0), table["grade"][::-1], strict=True)])
    assert "L05" not in codes(wrong, "grade")
    assert "L05" not in codes(table.assign(note=remarks(0)), "grade")


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


def test_a_day_of_birth_is_no_time_of_a_row():
    table = timed().rename(columns={"date": "Date of birth"})
    assert "S01" not in codes(table)


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


def test_what_is_left_out_where_time_is_short_is_said():
    """The rows drift, which takes a forest to see; a constant column does not."""
    table = clean(0)
    table["age"] = np.arange(ROWS) + np.random.default_rng(0).normal(0, ROWS / 4, ROWS)
    table["one"] = 1
    assert {"S04", "D03"} <= codes(table)
    dataset = dataset_of(table, "answer")
    quick = MODALITY.checks(dataset, MODALITY.facts(dataset), thorough=False)
    assert [finding.code for finding in quick][:2] == ["R07", "D03"] and "S04" not in {each.code for each in quick}
    assert quick[0].evidence["checks"] == ["L03", "S04"] and "first rows of another kind" in quick[0].message


def test_cells_of_many_numbers_are_no_repeated_texts():
    rows = np.random.default_rng(0).random((len(clean(0)), 9)).round(2)
    assert "D08" not in codes(clean(0).assign(vector=[f"[{' '.join(map(str, row))}] at unit" for row in rows]))
