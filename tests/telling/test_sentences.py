"""What is said of an answer: every reason has its words, and every answer the sentence that its figures ask for."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import advisor
from advisor.judging.verdict import judge
from advisor.records import Budget, Reason
from advisor.telling import sentences
from advisor.telling.sentences import SAYINGS, reason, sentence
from tests.made_case import made_case

ROWS = 800
# Figures of every kind that a reason may carry; a saying takes those that it needs.
FIGURES = {
    "rows": 1200, "ruled_out": 0.1, "confidence": 0.95, "left_out": ["tabm", "realmlp"], "learners": ["realmlp"],
    "learner": "catboost", "why": "too slow", "late": True, "family": "neural", "judged": 1, "fewest": 2,
    "message": "A leak.",
    "advice": "Drop it.", "method": "row by row", "repeats": 3, "used": 10_000, "planned": 5, "margin": 0.035,
    "asked": 0.02, "steps": 2, "months": 12.0, "gain": -0.03, "gains": [0.01, -0.02], "regret": 0.004, "best": "blend",
}  # fmt: skip


def codes() -> set[str]:
    """Read the codes of all reasons that are made anywhere in the package off its source."""
    found: set[str] = set()
    for file in Path(advisor.__file__).parent.rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            calls = [
                node.args[0]
                for node in ast.walk(function)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Reason"
            ]
            found |= {text for call in calls for text in _texts(call, function)}
    return found


def _texts(expression: ast.expr, function: ast.FunctionDef) -> set[str]:
    """Return the texts that an expression may be: those in its branches, and those of the names that it uses."""
    if isinstance(expression, ast.Constant):
        return {expression.value} if isinstance(expression.value, str) else set()
    if isinstance(expression, ast.IfExp):
        return _texts(expression.body, function) | _texts(expression.orelse, function)
    assert isinstance(expression, ast.Name), f"a code must be a text or a name: {ast.unparse(expression)}"
    given = [
        node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == expression.id for target in node.targets)
    ]
    assert given, f"where does {expression.id} come from?"
    return {text for value in given for text in _texts(value, function)}


def test_every_reason_has_words_and_all_words_a_reason():
    assert codes() == set(SAYINGS)


@pytest.mark.parametrize(
    ("code", "figures"),
    [
        ("side_missing", {"family": "neural"}),
        ("too_few_folds", {"judged": 1, "fewest": 2}),
        ("folds_left", {"judged": 2, "planned": 5}),
        ("no_strong_net", {"left_out": []}),
    ],
)
def test_more_time_is_promised_where_it_would_help_and_a_failure_is_told(code, figures):
    failed = reason(Reason(code, {**figures, "why": "mlp: fold 1: ValueError: no", "late": False}))
    assert "(mlp: fold 1: ValueError: no)" in failed and "budget" not in failed
    assert "arger" in reason(Reason(code, {**figures, "why": "", "late": True}))


@pytest.mark.parametrize("code", sorted(SAYINGS))
def test_words_are_a_sentence(code):
    told = reason(Reason(code, FIGURES))
    assert not told[0].islower() and told[-1] in ".!?"
    assert "{" not in told and "  " not in told and "None" not in told


def test_an_unknown_reason_is_an_error():
    with pytest.raises(KeyError, match="nobody knows"):
        reason(Reason("nobody knows"))


def regression(net: float, *, other: float = 0.8, seed: int = 0, **options: object):
    """Make a Case in which lightgbm errs by `other` and realmlp by `net`, in units of the noise of the target."""
    rng = np.random.default_rng(seed)
    signal = 3 * rng.normal(size=ROWS)
    target = signal + rng.normal(size=ROWS)
    common = rng.normal(size=ROWS)

    def near(noise: float) -> np.ndarray:
        return signal + noise * (0.95 * common + 0.3 * rng.normal(size=ROWS))

    entered = {
        "dummy": ("dummy", np.full(ROWS, target.mean())),
        "linear": ("classical", near(1.2)),
        "lightgbm": ("classical", near(other)),
        "realmlp": ("neural", near(net)),
    }
    return made_case(target, entered, "rmse", min_gain=0.02, **options)


def said(case):
    verdict = judge(case, case)
    return verdict, sentence(verdict, None, case)


def test_a_net_that_pays_alone_is_named_with_whom_it_beats():
    case = regression(0.4)
    verdict, told = said(case)
    assert (verdict.answer, verdict.how) == ("worth_it", "alone")
    assert told.startswith("Worth it: realmlp alone has ")
    assert " less error (RMSE) than lightgbm, the best classical model; 90 % interval from " in told
    assert told.endswith("the chance that it saves more than 2 % is more than 99 %.")


def test_a_net_that_pays_in_company_alone_is_said_to():
    rng = np.random.default_rng(1)
    target = 3 * rng.normal(size=ROWS)

    def off() -> np.ndarray:
        return target + rng.normal(size=ROWS)

    case = made_case(
        target,
        {"linear": ("classical", off() + 0.4), "lightgbm": ("classical", off()), "realmlp": ("neural", off())},
        min_gain=0.05,
    )
    verdict, told = said(case)
    assert (verdict.answer, verdict.how) == ("worth_it", "in_company")
    assert told.startswith("Worth it beside the classical models: a blend with realmlp has ")
    assert " less error (RMSE) than the best that can be built without nets, " in told
    others = sentences.reasons(verdict, None, case, Budget(60, 10), worked=False)
    assert any(other.startswith("realmlp alone has ") for other in others)


def test_what_does_not_pay_is_said_of_both_readings():
    verdict, told = said(regression(1.6))
    assert verdict.answer == "not_worth_it"
    assert told.startswith(
        "Not worth it: neither alone nor beside the classical models does a net save more than 2 % of the error: "
    )
    assert " more error (RMSE) than lightgbm (90 % interval from " in told and "chance of more than 2 %: less" in told
    assert "; the best that can be built with nets gives them no weight and has " in told
    assert " than the best without nets (lightgbm) (90 % interval" in told


def test_what_is_certain_of_the_blend_and_only_likely_alone_is_said_so():
    case = regression(1.6)
    verdict = judge(case, case)
    alone = verdict.readings["alone"]
    unsure = replace(alone, comparison=replace(alone.comparison, p_worth=0.12, p_worth_flat=0.15))
    told = sentence(replace(verdict, readings={**verdict.readings, "alone": unsure}), None, case)
    assert told.startswith(
        "Not worth it: beside the classical models nets do not save more than 2 % of the error, and alone it is not "
        "likely: "
    )
    assert "chance of more than 2 %: 12 %" in told


def test_where_both_ways_compare_the_same_two_it_is_said_why_their_figures_differ():
    case = regression(0.4)
    verdict = judge(case, case)
    alone, company = verdict.readings["alone"], verdict.readings["in_company"]
    assert [alone.without.members, alone.with_nets.members] == [company.without.members, company.with_nets.members]
    told = sentences.reasons(verdict, None, case, Budget(60, 10), worked=False)
    assert any(each.startswith("Free to blend as well, the side with nets (realmlp) has ") for each in told)
    assert sentences.SAME_TWO in told
    blended = regression(0.74)
    assert sentences.SAME_TWO not in sentences.reasons(
        judge(blended, blended), None, blended, Budget(60, 10), worked=False
    )


def with_margins(verdict, **margins):
    """Give each reading a margin of its own, as prices do."""
    readings = {how: replace(given, min_gain=margins[how]) for how, given in verdict.readings.items()}
    return replace(verdict, readings=readings)


def test_each_reading_tells_the_margin_that_it_was_held_to():
    case = regression(1.6)
    verdict = with_margins(judge(case, case), alone=0.03, in_company=0.05)
    told = sentence(verdict, None, case)
    assert told.startswith("Not worth it: neither alone nor beside the classical models does a net save as much as ")
    assert told.index("chance of more than 3 %: ") < told.index("chance of more than 5 %: ")
    assert "2 %:" not in told
    worth = regression(0.4)
    told = sentence(with_margins(judge(worth, worth), alone=0.035, in_company=0.05), None, worth)
    assert told.endswith("the chance that it saves more than 3.5 % is more than 99 %.")


def test_a_learner_that_was_cut_short_is_said_to_be_beside_its_figures():
    _, told = said(regression(0.74, cut_short=("realmlp",)))
    assert told.startswith("Too close to call: realmlp (cut short) alone has ")
    assert "; a blend with realmlp (cut short) has " in told
    assert "lightgbm (cut short)" not in told
    classical = regression(0.74, cut_short=("lightgbm",))
    assert " than lightgbm (cut short) (90 % interval" in said(classical)[1]
    assert "(cut short)" not in said(regression(0.74))[1]


def test_an_open_answer_says_what_is_best_to_use_and_never_to_take_the_simpler():
    verdict, told = said(regression(0.74))
    assert verdict.answer == "too_close_to_call"
    assert told.startswith("Too close to call: realmlp alone has ")
    assert "Until more is known use " in told and "take the simpler" not in told
    assert told.endswith(("which is expected to be best, as blends usually are.", "more error."))


def test_accuracy_is_told_in_errors():
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, ROWS)

    def guesses(right: float) -> np.ndarray:
        hit = rng.random(ROWS) < right
        risk = np.where(hit == (target == 1), 0.9, 0.1)
        return np.column_stack([1 - risk, risk])

    case = made_case(
        target,
        {"linear": ("classical", guesses(0.7)), "realmlp": ("neural", guesses(0.95))},
        "accuracy",
    )
    _, told = said(case)
    assert "makes " in told and " fewer errors than linear" in told


def test_rows_that_were_drawn_are_told_with_the_answer():
    case = regression(0.4)
    folds = replace(case.plan.folds, rows=case.plan.folds.rows[:500])
    drawn = replace(case, plan=replace(case.plan, folds=folds))
    assert ", for 500 of 800 rows" in sentence(judge(case, case), None, drawn)


def test_without_a_side_the_answer_says_why_and_what_to_use_meanwhile():
    target = np.random.default_rng(0).normal(size=ROWS)
    alone = made_case(target, {"linear": ("classical", target + 1), "lightgbm": ("classical", target + 0.5)})
    _, told = said(alone)
    assert told.startswith("Not enough evidence: no neural net finished the folds in time.")
    assert "Until more is known use " in told


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        ((0.037, 0.117), "from 3.7 % to 12 % less"),
        ((-0.02, 0.01), "from 2.0 % more to 1.0 % less"),
        ((-0.3, -0.1), "from 30 % to 10 % more"),
        ((-3.0, -0.1), "from 4 times as much to 10 % more"),
        ((-30.0, -3.0), "from 31 times as much to 4 times as much"),
    ],
)
def test_an_interval_in_words(gain, words):
    assert sentences.less_to_more(*gain) == words
