import lines
import pytest
import report
import synthetic
import trained
from cases import LARGE, PUBLISHED, is_scored

BETTER = {"classical": 0.20, "neural": 0.10, "catboost": 0.22, "dummy": 0.50}
WORSE = {"classical": 0.10, "neural": 0.20, "catboost": 0.11, "dummy": 0.50}


def t1_line(dataset, answer, errors, p_worth, rows=10_000, spent=15.0):
    net = errors["neural"] < errors["classical"]
    return {
        "key": f"t1-{dataset}-{rows}-0", "part": "t1", "dataset": dataset, "metric": "roc_auc", "rows": rows, "seed": 0,
        "code": "abc", "learners": ["forest", "mlp"],
        "answer": answer, "p_worth": p_worth, "min_gain": 0.02, "status": "ok", "rows_used": rows,
        "gain": {"estimate": 0.1, "low": 0.4, "high": 0.6}, "budget_seconds": 60.0, "spent_seconds": spent,
        "workers": 2,
        "family_seconds": {"classical": 10.0, "neural": 14.0}, "splits": {"judged": 4},
        "recommended": {"learner": "x", "family": "neural" if answer == "worth_it" else "classical"},
        "champions": {"classical": {"learner": "forest", "score": 0.75}, "neural": {"learner": "mlp", "score": 0.5}},
        "looks": [{"stage": "landmarks"}, {"stage": "tuned"}],
        "truth": {
            "errors": errors, "theta": 0.7 if net else -0.7, "se": 0.01, "theta_min": 0.02,
            "class": "worth_it" if net else "not_worth_it",
        },
    }  # fmt: skip


def t2_line(entry, answer):
    return {
        "key": f"t2-{entry.dataset}", "part": "t2", "dataset": entry.dataset, "metric": entry.metric, "answer": answer,
        "code": "abc", "learners": ["forest", "mlp", "realmlp"],
        "champions": {"classical": {"learner": "forest"}, "neural": None},
        "p_worth": 0.5, "gain": {"estimate": None}, "rows_used": 900, "status": "ok",
        "recommended": {"family": "neural" if answer == "worth_it" else "classical"},
    }  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results") / "verdicts"
    own = [name for name in LARGE if is_scored(name)]
    answers = [("worth_it", BETTER, 0.99), ("not_worth_it", WORSE, 0.01), ("not_worth_it", BETTER, 0.04)]
    for name, (answer, errors, p) in zip(own[:3], answers, strict=True):
        lines.append(folder / "t1.jsonl", t1_line(name, answer, errors, p))
    unscored = next(name for name in LARGE if not is_scored(name))
    lines.append(folder / "t1.jsonl", t1_line(unscored, "worth_it", WORSE, 0.99))
    for entry in [entry for entry in PUBLISHED if is_scored(entry.dataset) and entry.verdict == "nn"][:2]:
        lines.append(folder / "t2.jsonl", t2_line(entry, "worth_it"))
    for key, line in enumerate(
        [synthetic.tally(world, range(2)) for world in synthetic.worlds((300,))]
        + [trained.tally("noise", "rmse", 300, 2), trained.tally("findings", "copy", 300, 2)]
    ):
        lines.append(folder / "t3.jsonl", {"key": str(key), **line})
    lines.append(folder / "commands.jsonl", {"key": "python run.py", **report.machine()})
    lines.append(folder / "ablations.jsonl", {"key": f"t1-{own[0]}-10000-0", "answers": {"no looks": "not_worth_it"}})
    report.write(folder)
    assert (folder / "power.svg").is_file() and (folder / "calibration.svg").is_file()
    return (folder.parent / "verdicts.md").read_text(encoding="utf-8")


def test_it_says_which_nets_the_budget_paid_for_and_which_commit_ran(page):
    assert "- 10,000 rows (3 comparisons): mlp 3" in page
    assert "in so many comparisons: mlp 2, realmlp 2" in page
    assert "- T1: 4 cases with commit abc" in page


def test_the_third_for_choosing_thresholds_is_not_scored(page):
    assert "4 cases were run, of which 3 from 3 data sets are scored" in page


@pytest.mark.parametrize(
    "row",
    [
        "| T1: wrong among decided at most 3 % | 1 of 3: 33.3 %",
        "| T1: mean regret at most 1.5 %, where plain rules pay 5-8 % | 16.67 %",
        "| T1: cost of an answer at most 40 % of the full protocol from 10,000 rows on | 33.33 % [33.33, 33.33] | yes |"
        " 3 answers; of the budget: 25.00 % [25.00, 25.00] |",
        "| seed 0 |  | 3 | 3 of 3: 100.0 %",
        "The 90 % interval of the gain holds the truth: 2 of 3: 66.7 % [9.4, 99.2] (by the look that ended the run: "
        "tuned 2 of 3)",
        "| forest / mlp | 0.75, 0.8 | 0.5, 0.9 | yes |",
        "By the look that ended the case: defaults ",
        "| decided | 3 | 25.00 % [25.00, 25.00] | 33.33 % [33.33, 33.33] |",
        "| always the net | 3 | 16.67 %",
        "| always the classical champion | 3 | 33.33 %",
        "| rule: no looks | 1 | 50.00 %",
        "- agreement among decided (a published tie counts as not worth it): 2 of 2: 100.0 %",
        "| noise | signal seen in pure noise, 300 rows |",
        "| copy | 2 of 2: 100.0 %",
    ],
)
def test_every_figure_is_computed_from_the_lines(page, row):
    assert row in page


def test_nothing_that_was_not_measured_is_called_met(page):
    assert "| T3: false worth it, the same pipeline twice (trained) at most 5 % | 0 of 0 | not measured |" in page


def test_few_cases_do_not_establish_an_aim(page):
    noise = next(text for text in page.splitlines() if text.startswith("| T3: signal seen in noise"))
    assert noise.split("|")[3].strip() in ("as it looks", "no")
