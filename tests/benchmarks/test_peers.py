import sys
from pathlib import Path

import draws
import lines
import numpy as np
import pandas as pd
import peers
import peers_page
import pytest
import truth
from draws import Draw
from peers import Case, Judge

from advisor.measuring.metrics import METRICS


def line(draw="500-a-2", peer="catboost", error=0.2, seconds=120.0, rows=500, fit_seconds=100.0, members=()):
    """A finished peer on a draw whose constant errs 0.5."""
    return {
        "key": f"{draw}-{peer}-{seconds:g}", "draw": draw, "dataset": draw.split("-")[1], "rows": rows, "peer": peer,
        "rows_learnt_from": 500, "metric": "roc_auc", "dummy": 0.5, "error": error, "budget_seconds": seconds,
        "cores": 2, "fit_seconds": fit_seconds, "fit_cpu_seconds": 50.0, "predict_seconds_per_1000": 0.25,
        "predict_seconds_of_one": 0.002, "model_mb": 1.5, "members": list(members), "versions": {"catboost": "1.2"},
        "code": "abc", "load": 1.0, "status": "ok",
    }  # fmt: skip


def test_a_case_is_a_draw_a_peer_and_a_budget():
    draw = Draw("nursery", 500, 2)
    keys = {Case(draw, peer, seconds).key for peer in peers.PEERS for seconds in (30.0, 120.0, 600.0)}
    assert "500-nursery-2-catboost-120" in keys and len(keys) == 3 * len(peers.PEERS)
    assert Case(Draw("nursery", None, 2), "tabm", 600.0).key == "whole-nursery-2-tabm-600"


def test_what_has_a_line_is_not_run_again_and_what_failed_is_when_told(tmp_path):
    path = tmp_path / "peers.jsonl"
    cases = [Case(Draw(table, 500), "catboost", 120.0) for table in "abc"]
    lines.append(path, {"key": cases[0].key, "status": "ok"})
    lines.append(path, {"key": cases[1].key, "status": "failed", "message": "stopped"})
    assert peers.missing(path, cases, again=False) == cases[2:]
    assert peers.missing(path, cases, again=True) == cases[1:]
    assert peers.missing(path, [Case(Draw("a", 500), "catboost", 600.0)], again=False)


def test_thirty_draws_are_planned_whatever_the_machine_has():
    sizes = [("binary", 3_000)] * 20 + [("multiclass", 3_000)] * 20 + [("regression", 3_000)] * 20
    index = pd.DataFrame([(f"t{i}", task, rows) for i, (task, rows) in enumerate(sizes)],
                         columns=["name", "task", "rows"])  # fmt: skip
    assert [draw.rows for draw in peers.planned(index)] == [500] * 20 + [None] * 10
    assert len(peers.planned(index, "draws")) == 20 and len(peers.planned(index, "tables")) == 10


def test_errors_do_not_depend_on_the_order_in_which_a_peer_names_its_classes():
    judge = Judge(("no", "yes"), METRICS["roc_auc"], np.array([0, 1, 1, 0]))
    said = np.array([[0.9, 0.1], [0.2, 0.8], [0.4, 0.6], [0.7, 0.3]])
    assert judge.error(said, ("no", "yes")) == 0.0
    assert judge.error(said, ("yes", "no")) == 1.0
    three = Judge(("a", "b", "c"), METRICS["log_loss"], np.array([0, 2, 1]))
    said = np.array([[0.7, 0.1, 0.2], [0.1, 0.6, 0.3], [0.2, 0.2, 0.6]])
    shuffled = three.error(said[:, [2, 0, 1]], ("c", "a", "b"))
    assert shuffled == three.error(said, ("a", "b", "c")) == pytest.approx(-np.log([0.7, 0.3, 0.2]).mean())


def test_a_class_that_a_peer_does_not_know_has_no_chance():
    said = np.array([[0.6, 0.4]])
    assert peers.aligned(said, ("c", "a"), ("a", "b", "c")).tolist() == [[0.4, 0.0, 0.6]]
    with pytest.raises(ValueError, match="nobody asked"):
        peers.aligned(said, ("a", "z"), ("a", "b"))


def test_predictions_that_are_missing_or_not_finite_are_no_result():
    judge = Judge((), METRICS["rmse"], np.array([1.0, 3.0]))
    assert judge.error(np.array([1.0, 1.0]), ()) == pytest.approx(np.sqrt(2))
    with pytest.raises(ValueError, match="1 predictions of 2 rows"):
        judge.error(np.array([1.0]), ())
    with pytest.raises(FloatingPointError):
        judge.error(np.array([1.0, np.nan]), ())


def test_files_are_the_same_whatever_pandas_calls_its_texts(tmp_path):
    rows = pd.DataFrame({
        "number": [1.5, None, 2.0], "whole": [1, 2, 3], "word": ["a", None, "b"], "flag": [True, False, True],
        "mixed": np.array([1, "x", None], dtype=object), "kind": pd.Categorical(["u", "v", None]),
    }, index=[5, 6, 7])  # fmt: skip
    peers.neutral(rows).to_parquet(tmp_path / "rows.parquet", index=False)
    from pyarrow import parquet

    read = parquet.read_table(tmp_path / "rows.parquet").to_pandas(ignore_metadata=True)
    assert list(read["number"].isna()) == [False, True, False] and read["whole"].tolist() == [1, 2, 3]
    assert read["flag"].tolist() == [True, False, True]
    for name, wanted in {"word": ["a", None, "b"], "mixed": ["1", "x", None], "kind": ["u", "v", None]}.items():
        assert [None if cell is None or cell != cell else cell for cell in read[name]] == wanted


def test_a_peer_that_does_not_end_is_stopped_and_one_that_fails_says_why(tmp_path):
    with pytest.raises(TimeoutError, match="stopped after"):
        peers.alone([sys.executable, "-c", "import time; time.sleep(60)"], tmp_path, 0.5)
    with pytest.raises(RuntimeError, match="exit code 1: ValueError: no luck"):
        peers.alone([sys.executable, "-c", "raise ValueError('no luck')"], tmp_path, 60)
    peers.alone([sys.executable, "-c", "import os; assert 'OMP_NUM_THREADS' not in os.environ"], tmp_path, 60)


def test_a_peer_in_its_own_process_errs_as_it_does_here(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=700), "word": rng.choice(["a", "b", None], 700)})
    frame["kind"] = np.where(frame["size"] + (frame["word"] == "a") > 0.3, "up", "down").astype(object)
    frame.loc[[3, 600], "kind"] = "rare"
    monkeypatch.setattr(draws, "table", lambda name: (frame, "kind", "binary"))
    monkeypatch.setattr(draws, "split", lambda rows, draw: (rows.head(400), rows.tail(300).reset_index(drop=True)))
    draw = Draw("made", 400, 2)
    judge, about = peers.write_draw(draw, tmp_path)
    assert judge.classes == ("down", "up") and about["rows_learnt_from"] == 399 and about["rows_judged"] == 299
    train = pd.read_parquet(tmp_path / "train.parquet")
    assert set(train["kind"]) == {"down", "up"} and "kind" not in pd.read_parquet(tmp_path / "new.parquet")
    found = peers.run_case(Case(draw, "catboost", 60.0), tmp_path, judge, about, Path(sys.executable), 1)
    dataset = peers.walk.read(frame.head(400), "kind", task="binary")
    rest = truth.unseen(dataset, frame.tail(300))
    known = frame.head(400).query("kind != 'rare'").drop(columns="kind")
    here = judge.metric.error(rest.target, truth.plain_catboost(dataset, known, rest.rows))
    assert found["error"] == pytest.approx(here, rel=0.01) and found["error"] < 0.2
    assert found["model_mb"] > 0 and found["fit_seconds"] > 0 and found["peer"] == "catboost"
    assert not (tmp_path / "catboost").exists()


@pytest.mark.parametrize(
    ("model", "said"),
    [("CatBoost_r177_BAG_L1", "CatBoost"), ("LightGBMXT_BAG_L1", "LightGBM"), ("LightGBM_BAG_L2", "LightGBM"),
     ("NeuralNetFastAI_r191", "NeuralNetFastAI"), ("ExtraTreesEntr", "ExtraTrees"), ("CatBoost_c1", "CatBoost"),
     ("12_LightGBM_BoostOnErrors", "LightGBM"), ("3_Default_Xgboost_Stacked", "Xgboost"),
     ("extra_trees", "extra_trees")],
)  # fmt: skip
def test_models_are_counted_by_what_they_are(model, said):
    assert peers_page.kind(model) == said


def test_every_figure_is_computed_from_the_lines(tmp_path):
    path = tmp_path / "peers.jsonl"
    best = {"model": "CatBoost_BAG_L1", "weight": 0.75}, {"model": "XGBoost_BAG_L1", "weight": 0.25}, {
        "model": "LightGBM_BAG_L1", "weight": None}  # fmt: skip
    for each in (
        line(), line("500-b-2"), line(peer="advisor", error=0.18), line("500-b-2", "advisor", 0.18),
        line(peer="autogluon_best", error=0.1, fit_seconds=140.0, members=best),
        line("500-b-2", "autogluon_best", 0.4, members=best), line("whole-c-2", rows=None),
        line("500-a-2", "advisor", 0.16, seconds=600.0), line("500-a-2", "catboost", 0.2, seconds=600.0),
    ):  # fmt: skip
        lines.append(path, each)
    lines.append(path, {"key": "500-b-2-tabm-120", "status": "failed", "message": "TimeoutError: stopped"})
    peers_page.page(path, tmp_path / "peers.md")
    page = (tmp_path / "peers.md").read_text(encoding="utf-8")
    for said in (
        "## 2 draws of 500 rows, 120 s", "## 1 whole tables, 120 s", "## 1 draws of 500 rows, 600 s",
        "| this product | 2 of 2 | -10.0 % (0.0) | 2 of 2 | -10.0 % (a) | - | - | 100 (100) | 0 | 50 | 0.250 | 2.0 |",
        "| AutoGluon, best_quality | 2 of 2 | +0.0 % (69.3) | 1 of 2 | +100.0 % (b) | +11.1 % (77.0) | 1 of 2 | "
        "120 (140) | 1 |",
        "| CatBoost as shipped | 2 of 2 | - | - | - | +11.1 % (0.0) | 0 of 2 |",
        "- AutoGluon, best_quality: CatBoost 75 %, XGBoost 25 %",
        "| a | 500 | roc_auc | 0.18 | **0.1** | 0.2 |", "| b | 500 | roc_auc | **0.18** | 0.4 | 0.2 |",
        "Failed: 500-b-2-tabm-120 (TimeoutError: stopped).",
    ):  # fmt: skip
        assert said in page


def test_a_peer_is_compared_where_both_have_finished():
    found = peers_page.by_draw([line(), line("500-b-2"), line("500-b-2", "tabm", 0.1)])
    assert peers_page.against(found, "tabm", "catboost") == {"500-b-2": pytest.approx(np.log(0.5))}
    assert peers_page.against(found, "tabm", "advisor") == {}
