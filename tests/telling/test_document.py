"""verdict.json out of records: complete, by the schema, and with nothing in them that is a secret."""

import json
from dataclasses import replace
from importlib.resources import files

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from advisor.judging.verdict import judge
from advisor.measuring import costs
from advisor.records import Cost, Entrant, Handed, Limits, Look, Outcome, Prices, Reason
from advisor.records.outlook import SmallerMargin
from advisor.telling import report
from advisor.telling.document import environment, licences
from advisor.telling.sentences import reason
from advisor.telling.tables import outcomes_table
from advisor.telling.tracking.text import description
from tests.made_case import made_case
from tests.telling.made_document import NOTHING_CHANGES, ON_GPU, ROWS, classes, regression, told

SCHEMA = Draft202012Validator(json.loads((files("advisor") / "verdict.schema.json").read_text(encoding="utf-8")))
SECRET = "advisor compare adult.csv --target y --tracking-uri=https://me:hunter2@mlflow.example --budget 10m"


def nothing_learnt():
    rng = np.random.default_rng(2)
    target = rng.normal(size=3000)
    guesses = {name: (family, target.mean() + 0.01 * rng.normal(size=3000))
               for name, family in (("linear", "classical"), ("realmlp", "neural"))}  # fmt: skip
    return made_case(target, {"dummy": ("dummy", np.full(3000, target.mean())), **guesses})


def no_news():
    """A net that knows what the trees know, and errs more."""
    rng = np.random.default_rng(4)
    signal = 3 * rng.normal(size=ROWS)
    target, trees = signal + rng.normal(size=ROWS), signal + rng.normal(size=ROWS)
    worse = trees + rng.normal(size=ROWS)
    return made_case(target, {"linear": ("classical", worse - 0.3), "lightgbm": ("classical", trees),
                              "realmlp": ("neural", worse)}, min_gain=0.05)  # fmt: skip


def one_side():
    target = np.random.default_rng(3).normal(size=ROWS)
    return made_case(target, {"linear": ("classical", target + 0.5), "lightgbm": ("classical", target + 0.1)})


CASES = {
    "worth it": lambda: regression(0.3),
    "in company": lambda: regression(0.76),
    "open": lambda: regression(2.0),
    "not worth it": lambda: no_news(),
    "one model": lambda: regression(0.3, limits=Limits(single=True)),
    "nets too slow": lambda: regression(
        0.3, limits=Limits(max_latency_ms=5.0), costs={"realmlp": Cost(1.0, 0.1, latency_p99_ms=50.0)}
    ),
    "in money": lambda: classes(2.0, "accuracy", prices=Prices(0.4, 20_000, 0.5, workers=2)),
    "classes": lambda: classes(1.05),
    "no signal": nothing_learnt,
    "one side": one_side,
}


@pytest.mark.parametrize(
    ("name", "answer", "how"),
    [("in company", "worth_it", "in_company"), ("open", "too_close_to_call", None), ("no signal", "no_signal", None),
     ("nets too slow", "not_worth_it", None), ("one side", "not_enough_evidence", None)],
)  # fmt: skip
def test_the_cases_are_what_they_are_called(name, answer, how):
    content = told(CASES[name]())
    assert (content["answer"], content["how"]) == (answer, how)
    assert told(no_news())["answer"] == "not_worth_it" and told(no_news())["how"] is not None


@pytest.mark.parametrize("name", CASES)
def test_a_document_keeps_to_the_schema_and_has_a_report(name, tmp_path):
    case = CASES[name]()
    content = told(case)
    text = json.dumps(content, allow_nan=False)
    SCHEMA.validate(json.loads(text))
    (tmp_path / "verdict.json").write_text(text)
    outcomes_table(case, 0.0).to_parquet(tmp_path / "outcomes.parquet")
    page = report.write(tmp_path).read_text(encoding="utf-8")
    assert content["sentence"].split(":")[0] in page
    assert content["sentence"].split(".")[0].split()[0] in report.summary_text(content)


def test_both_readings_are_told_and_the_one_that_carries_stands_above():
    content = told(regression(0.3))
    assert (content["answer"], content["how"]) == ("worth_it", "alone")
    alone, company = content["readings"]["alone"], content["readings"]["in_company"]
    assert all(content[name] == alone[name] for name in ("gain", "p_worth", "detectable_gain"))
    assert alone["without"]["members"] == {"lightgbm": 1.0} and alone["with"]["learner"] == "realmlp"
    assert set(company["without"]["members"]) <= {"linear", "lightgbm"} and "realmlp" in company["with"]["members"]
    assert alone["with"]["score"] < alone["without"]["score"]
    open_answer = told(regression(2.0))
    assert open_answer["how"] is None
    assert open_answer["gain"] == open_answer["readings"]["alone"]["gain"]


def test_one_model_alone_has_one_reading_and_no_blend():
    content = told(regression(0.3, limits=Limits(single=True)))
    assert content["readings"]["in_company"] is None
    assert content["champions"]["blend"] is None and content["champions"]["classical_blend"] is None
    assert (content["recommended"]["learner"], content["recommended"]["family"]) == ("realmlp", "neural")


def test_champions_have_their_settings_and_blends_those_of_each_member():
    champions = told(regression(0.76))["champions"]
    assert champions["classical"]["params"] == {"depth": 3}
    assert champions["neural"]["params"] == {"width": 64}
    assert champions["blend"]["params"]["lightgbm"] == {"depth": 3}
    assert sum(champions["blend"]["members"].values()) == pytest.approx(1.0)


def handed_for(case, **changes):
    wanted = judge(case, case).recommended
    members = {case.outcomes[key].candidate.learner: share for key, share in wanted.option.members.items()}
    known = {"which": wanted.which, "learner": wanted.learner, "members": members, "fitted_on": "mixed", "rows": ROWS,
             "latency_p50_ms": 2.0, "latency_p99_ms": 4.0, "model_mb": 7.0}  # fmt: skip
    return Handed(**{**known, **changes})


def test_what_was_handed_over_is_told_as_it_measures():
    case = regression(0.76)
    content = told(case, handed_for(case, problems=("linear: the worker died",)))
    used = content["recommended"]
    assert (used["family"], used["which"], used["fitted_on"], used["rows"]) == ("blend", "blend", "mixed", ROWS)
    assert (used["latency_p50_ms"], used["latency_p99_ms"], used["model_mb"]) == (2.0, 4.0, 7.0)
    assert used["problems"] == ["linear: the worker died"]
    assert used["low"] < used["score"] < used["high"]
    assert any("some members were fitted on 600 rows" in reason for reason in content["reasons"])
    unmade = told(case)["recommended"]
    assert (unmade["one"], unmade["cut_short"], unmade["folds_because"]) == (None, [], "")
    assert unmade["peak_memory_mb"] is None, "what a fold took to fit says nothing of that"
    assert unmade["fitted_on"] is None and unmade["members"] == used["members"] and unmade["latency_p50_ms"] > 0


def test_why_the_model_is_made_as_it_is_and_what_was_cut_short_are_told():
    case = regression(0.76)
    handed = handed_for(
        case, one=False, folds_because="nets_bagged", cut_short=("lightgbm",), peak_memory_mb=float("nan")
    )
    content = told(case, handed)
    SCHEMA.validate(content)
    used = content["recommended"]
    assert (used["one"], used["folds_because"], used["cut_short"]) == (False, "nets_bagged", ["lightgbm"])
    assert used["peak_memory_mb"] is None
    assert told(case, replace(handed, peak_memory_mb=88.0))["recommended"]["peak_memory_mb"] == 88.0
    assert any("when its time was up: lightgbm; " in reason for reason in content["reasons"])


def test_a_row_says_where_its_learner_was_cut_short():
    content = told(regression(0.3, cut_short=("lightgbm",)))
    SCHEMA.validate(content)
    assert {row["learner"] for row in content["leaderboard"] if row["cut_short"]} == {"lightgbm"}
    alone, champions = content["readings"]["alone"], content["champions"]
    assert (alone["without"]["cut_short"], alone["with"]["cut_short"]) == (["lightgbm"], [])
    assert (champions["classical"]["cut_short"], champions["neural"]["cut_short"]) == (["lightgbm"], [])
    assert "lightgbm (cut short)" in report.summary_text(content)


def test_a_model_of_fewer_members_has_a_score_and_a_family_of_its_own():
    case = regression(0.76)
    used = told(case, handed_for(case, learner="realmlp", members={"realmlp": 1.0}, fitted_on="all rows"))[
        "recommended"
    ]
    row = next(row for row in told(case)["leaderboard"] if row["learner"] == "realmlp")
    assert (used["learner"], used["family"], used["members"]) == ("realmlp", "neural", {"realmlp": 1.0})
    assert used["score"] == pytest.approx(row["score"])


@pytest.mark.parametrize(
    ("members", "told_as"),
    [
        ({"linear": 0.4, "lightgbm": 0.6}, ("classical_blend", "classical_blend", "blend")),
        ({"linear": 0.4, "realmlp": 0.6}, ("blend", "blend", "blend")),
        ({"linear": 1.0}, ("classical", "linear", "classical")),
        ({"realmlp": 1.0}, ("neural", "realmlp", "neural")),
    ],
)
def test_a_model_that_spared_rows_chose_is_described_by_who_is_in_it(members, told_as):
    case = regression(0.76)
    handed = handed_for(case, members=members, fitted_on="all rows", spared=1000, spared_error=0.9)
    content = told(case, handed)
    SCHEMA.validate(content)
    used = content["recommended"]
    assert (used["which"], used["learner"], used["family"]) == told_as
    assert (used["members"], used["score"], used["low"], used["regret"]) == (members, 0.9, None, None)
    assert used["reason"].startswith("1,000 rows that nobody had learnt from chose it ")


def test_another_model_than_wanted_says_why():
    case = regression(0.76)
    handed = handed_for(case, which="classical", learner="lightgbm", members={"lightgbm": 1.0}, fitted_on="all rows")
    used = told(case, handed)["recommended"]
    assert "rather than the blend of all" in used["reason"] and used["regret"] is None


def test_a_model_that_could_not_be_made_is_told_as_planned():
    case = regression(0.76)
    handed = handed_for(case, members={}, fitted_on="nothing", rows=0, problems=("lightgbm: no space left",))
    content = told(case, handed)
    assert content["recommended"]["fitted_on"] == "nothing" and len(content["recommended"]["members"]) > 1
    assert "No model could be handed over." in content["reasons"]
    SCHEMA.validate(content)


def test_what_was_noticed_while_it_ran_stands_at_the_end_of_the_reasons(tmp_path):
    note = "A fit of lightgbm took 30.0 s, 10 times as long as expected: the machine is busy."
    content = told(regression(0.3), notes=(note,))
    assert content["reasons"][-1] == note and note not in told(regression(0.3))["reasons"]
    (tmp_path / "verdict.json").write_text(json.dumps(content))
    assert note in report.write(tmp_path).read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert note in description(content)


def test_each_reading_has_the_margin_that_it_was_held_to():
    readings = told(regression(0.3))["readings"]
    assert [given["min_gain"] for given in readings.values()] == pytest.approx([0.02, 0.02])


def test_a_smaller_margin_that_would_not_help_says_why_in_words():
    why = Reason("neither_certain", {"confidence": 0.95})
    margin = SmallerMargin(reason="the margin is not what keeps the net from being worth it", because=(why,))
    changes = told(regression(0.3), changes=replace(NOTHING_CHANGES, smaller_margin=margin))["would_change"]
    assert set(changes) == {"more_rows", "gpu", "larger_budget", "smaller_margin", "pretrained"}
    assert changes["smaller_margin"]["because"] == [reason(why)]


def a_look(stage, seconds, decided, answer):
    return Look(stage, seconds, {"alone": 0.6, "in_company": 0.99}, decided, 0.975, 5, answer)


@pytest.mark.parametrize(
    ("looks", "answered"),
    [
        ((), None),
        ((a_look("tuned", 88.0, True, "worth_it"), a_look("final", 250.0, True, "worth_it")), 88.0),
        ((a_look("tuned", 88.0, False, "too_close_to_call"), a_look("final", 250.0, True, "too_close_to_call")), None),
    ],
)
def test_the_budget_tells_when_the_answer_was_known(looks, answered):
    content = told(regression(0.3), looks=looks, until="answer")
    assert content["budget"] == {
        "seconds": 300.0, "spent_seconds": 298.0, "trials": 60, "overrun_pct": 0.0, "answered_seconds": answered,
        "model_worked_on": None if answered is None else False, "until": "answer",
    }  # fmt: skip
    if looks:
        assert content["looks"][0]["p_worth"] == 0.6
        assert content["looks"][0]["readings"] == {"alone": 0.6, "in_company": 0.99}


def test_rows_that_were_drawn_are_counted():
    case = regression(0.3)
    drawn = replace(case, plan=replace(case.plan, folds=replace(case.plan.folds, rows=np.arange(450))))
    content = told(drawn)
    assert (content["rows_used"], content["profile"]["rows"]) == (450, ROWS)
    assert any("450 of 600 rows, which were drawn" in reason for reason in content["reasons"])


def test_who_failed_is_told_and_who_was_given_up_is_not_among_them():
    case = regression(0.3)
    entrants = (*case.plan.entrants, Entrant("mlp", "neural", 1.0), Entrant("knn", "classical", 1.0))
    some = next(iter(case.outcomes.values()))
    gone = {
        name: Outcome(replace(some.candidate, learner=name, family=family), {}, ending, message)
        for name, family, ending, message in (
            ("mlp", "neural", "failed", "fold 1: out of memory"), ("knn", "classical", "given_up", "it fell behind"),
        )
    }  # fmt: skip
    known = {**case.outcomes, **{outcome.candidate.key: outcome for outcome in gone.values()}}
    content = told(replace(case, plan=replace(case.plan, entrants=entrants), outcomes=known))
    assert content["failed"] == {"mlp": "fold 1: out of memory"}


def test_no_password_gets_into_the_document_or_the_report(tmp_path):
    case = regression(0.3)
    from_afar = replace(case, dataset=replace(case.dataset, source="https://me:hunter2@files.example/a.csv"))
    place = {"tracking_uri": "https://mlflow.example", "experiment": "advisor", "run_id": None}
    content = told(from_afar, command=SECRET, mlflow=place)
    SCHEMA.validate(content)
    text = json.dumps(content)
    assert "hunter2" not in text and "--tracking-uri=https://mlflow.example --budget 10m" in text
    (tmp_path / "verdict.json").write_text(text)
    page = report.write(tmp_path).read_text(encoding="utf-8")
    assert "hunter2" not in page and "had not answered yet" in page


@pytest.mark.parametrize(
    ("where", "device", "gpu"),
    [({}, "cpu", None), (ON_GPU, "cuda", "a GPU"), ({"device": "mps", "device_name": None}, "mps", None)],
)
def test_the_environment_names_the_processor_and_the_gpu_that_was_used(where, device, gpu):
    case = regression(0.3, costs={"realmlp": Cost(1.0, 0.1, **where)})
    found = environment(case.plan, case.outcomes.values(), "advisor compare made")
    assert (found["device"], found["gpu"], found["cpu"]) == (device, gpu, costs.cpu_name())


def test_the_licences_are_those_of_the_weights_that_take_part():
    plan = regression(0.3).plan
    assert licences(plan) == {}
    took_part = replace(plan, entrants=(*plan.entrants, Entrant("tabicl", "neural", 1.0)))
    assert licences(took_part) == {"tabicl": "TabICL, BSD-3-Clause"}
