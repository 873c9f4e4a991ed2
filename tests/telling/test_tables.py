"""The tables of outcomes and of predictions out of records: a row for each thing, and the figures of the document."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor.judging.verdict import judge
from advisor.records import Cost, Outcome
from advisor.telling.tables import out_of_fold_table, outcomes_table
from tests.telling.made_document import ON_GPU, ROWS, classes, regression, told


def test_the_table_of_outcomes_has_a_row_a_fold_and_a_row_a_candidate():
    case = regression(0.76, costs={"realmlp": Cost(2.0, 0.5, 3.0, **ON_GPU)})
    table = outcomes_table(case, began=-100.0)
    folds, candidates = (table[table["kind"] == kind] for kind in ("fold", "candidate"))
    assert (len(folds), len(candidates)) == (5 * 5, 5)
    net = candidates[candidates["learner"] == "realmlp"].iloc[0]
    assert json.loads(net["params"]) == {"width": 64} and (net["ending"], net["folds"], net["stage"]) == (
        "complete", 5, "tuned",
    )  # fmt: skip
    assert net["seconds"] == pytest.approx(5 * 2.5) and net["error"] > 0 and net["score"] == net["error"]
    assert (net["started_at"], net["ended_at"]) == (100.0, 104.0 + 2.5)
    board = {row["learner"]: row["error"] for row in told(case)["leaderboard"]}
    assert net["error"] == pytest.approx(board["realmlp"])
    own = folds[folds["learner"] == "realmlp"]
    assert set(own["device_name"]) == {"a GPU"} and list(own["number"]) == list(range(5))
    assert list(own["started_at"]) == [100.0, 101.0, 102.0, 103.0, 104.0]


def test_a_candidate_that_did_not_finish_has_no_error():
    case = regression(0.3)
    key, outcome = next((k, o) for k, o in case.outcomes.items() if o.candidate.learner == "linear")
    left = Outcome(outcome.candidate, {0: outcome.results[0]}, "given_up", "it fell behind")
    table = outcomes_table(replace(case, outcomes={**case.outcomes, key: left}), 0.0)
    row = table[(table["kind"] == "candidate") & (table["learner"] == "linear")].iloc[0]
    assert pd.isna(row["error"]) and (row["ending"], row["message"]) == ("given_up", "it fell behind")


def test_out_of_fold_predictions_are_those_of_champions_and_blends():
    case = regression(0.76)
    verdict = judge(case, case)
    table = out_of_fold_table(case, verdict.champions)
    assert list(table.columns) == ["row", "repeat", "fold", "which", "learner", "target", "prediction"]
    models = ("blend", "classical", "classical_blend", "neural")
    assert dict(table.groupby("which").size()) == dict.fromkeys(models, ROWS)
    wide = table.pivot(index="row", columns="which", values="prediction")
    blend = verdict.champions["blend"]
    by_hand = sum(
        blend.members[candidate.learner] * case.matrix.predictions[column][0]
        for column, key in enumerate(case.columns)
        if (candidate := case.outcomes[key].candidate).learner in blend.members
        and candidate.params == blend.params[candidate.learner]
    )
    assert wide["blend"].to_numpy() == pytest.approx(by_hand, rel=1e-5)
    error = np.sqrt(np.mean((wide["neural"] - case.dataset.target[wide.index]) ** 2))
    assert error == pytest.approx(next(r["error"] for r in told(case)["leaderboard"] if r["learner"] == "realmlp"))


def test_out_of_fold_probabilities_are_named_by_their_class():
    case = classes(1.0)
    table = out_of_fold_table(case, judge(case, case).champions)
    assert list(table.columns)[-2:] == ["p_no", "p_yes"] and set(table["target"]) == {"no", "yes"}
    assert (table["p_no"] + table["p_yes"]).to_numpy() == pytest.approx(1.0, abs=1e-5)


def test_where_nothing_finished_the_tables_are_empty():
    case = replace(regression(0.3), matrix=None)
    table = out_of_fold_table(case, judge(regression(0.3), regression(0.3)).champions)
    assert len(table) == 0 and "prediction" in table.columns


def test_the_times_of_a_run_that_went_on_begin_with_the_first_fit_of_the_earlier_one():
    case = regression(0.76, costs={"realmlp": Cost(2.0, 0.5, 3.0)})
    table = outcomes_table(case, began=3_000.0)
    assert table["started_at"].min() == 0.0 and table["ended_at"].min() > 0.0
