"""Everyone is told; what was known is given back; and no tracker, dead or slow, holds anything up."""

import json
import socket
import time
from dataclasses import replace

import numpy as np
import pytest
from mlflow import MlflowClient

from advisor.errors import Interrupted, Terminated, Unwritable, UserError
from advisor.records import Budget, Candidate, FoldResult, Outcome
from advisor.telling import folders, tracking
from advisor.telling.chronicle import Chronicle
from advisor.telling.progress import Silence
from advisor.whole import sum_of
from tests.made_case import made_case

TARGET = np.random.default_rng(0).normal(size=60)
CASE = made_case(TARGET, {"linear": ("classical", TARGET + 0.1), "realmlp": ("neural", TARGET + 0.2)})
PLAN = replace(CASE.plan, sizes=(60, 5, 1))
SECRET = "advisor compare a.csv --tracking-uri postgresql://me:hunter2@db/runs"


class Heard(Silence):
    """Remembers what it was told."""

    def __init__(self):
        self.notes, self.results, self.stages, self.closed = [], [], [], False

    def note(self, text):
        self.notes.append(text)

    def close(self):
        self.closed = True

    def result(self, result):
        self.results.append((result.candidate.key, result.fold))

    def stage(self, name, tasks, seconds_left):
        self.stages.append((name, tasks))


def a_result(fold=0, learner="linear", state="done", **params):
    if state != "done":
        return FoldResult(Candidate(learner, "classical", params), fold, state)
    rows = len(PLAN.folds.parts[fold].test)
    return FoldResult(
        Candidate(learner, "classical", params), fold, state, predictions=np.zeros(rows), losses=np.zeros(rows),
        error=0.5,
    )  # fmt: skip


def begin(folder, command="advisor compare a.csv", show=None):
    return Chronicle(folder, PLAN, show or Heard(), command, key=bytes(32))


def track(chronicle, uri):
    chronicle.track(uri, "advisor", CASE.dataset, CASE.profile, Budget(60.0, 5))


def wait_for_its_run(chronicle):
    deadline = time.monotonic() + 120
    while chronicle.where()["run_id"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return chronicle.where()


def test_what_finished_is_known_to_the_next_run_and_told_again_without_being_written_twice(tmp_path):
    with begin(tmp_path) as first:
        first.tell(a_result(0))
        first.tell(a_result(1, depth=3))
        first.tell(a_result(2, state="failed"))
    show = Heard()
    with begin(tmp_path, show=show) as again:
        known = again.known()
        assert set(known) == {("linear-default", 0), (a_result(depth=3).candidate.key, 1)}
        before = (tmp_path / "ledger.jsonl").read_bytes()
        for result in known.values():
            again.tell(result)
        assert (tmp_path / "ledger.jsonl").read_bytes() == before
    assert show.results == list(known)


def test_a_run_that_goes_on_says_what_it_has_and_what_was_damaged(tmp_path):
    with begin(tmp_path) as first:
        for fold in range(3):
            first.tell(a_result(fold))
    ledger = tmp_path / "ledger.jsonl"
    ledger.write_bytes(ledger.read_bytes().replace(b'"fold": 1', b'"fold": 7'))
    show = Heard()
    with begin(tmp_path, show=show) as again:
        assert set(again.known()) == {("linear-default", 0), ("linear-default", 2)}
        assert again.notes() == (), "an answer does not depend on how often a run was interrupted"
    assert show.notes == [
        "The run's ledger is damaged: 1 entry put aside into ledger.damaged, and done again.",
        f"Going on with the run in {str(tmp_path)!r}: it has 2 finished fits, on 60 rows as it was begun.",
    ]


def test_a_model_that_is_not_what_was_written_is_made_again_and_one_that_was_not_kept_is_not_missed(tmp_path):
    (tmp_path / "folds").mkdir()
    with begin(tmp_path) as first:
        for fold in range(3):
            file = tmp_path / f"folds/linear-default-{fold}.joblib"
            file.write_bytes(b"a model")
            first.tell(replace(a_result(fold), model=f"folds/{file.name}", model_sum=sum_of(file)))
    (tmp_path / "folds" / "linear-default-1.joblib").write_bytes(b"a nodel")
    (tmp_path / "folds" / "linear-default-2.joblib").unlink()
    show = Heard()
    with begin(tmp_path, show=show) as again:
        assert set(again.known()) == {("linear-default", 0), ("linear-default", 2)}
    assert show.notes[0] == "Models of the run are damaged: 1 file not as written, whose fits are done again."


def test_a_run_that_rests_on_something_else_is_refused_before_anything_is_written(tmp_path):
    with begin(tmp_path) as first:
        first.tell(a_result(0))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    other = replace(PLAN, identity={"seed": "1"})
    folders.remember(tmp_path, replace(PLAN, identity={"seed": "0"}))
    before["plan.json"] = (tmp_path / "plan.json").read_bytes()
    show = Heard()
    with pytest.raises(UserError, match=r"cannot go on: seed was 0 and is 1\. Ask for what it was begun with"):
        Chronicle(tmp_path, other, show, "advisor compare a.csv")
    assert show.closed, "a live display gives the cursor back"
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    begin(tmp_path).__exit__(None, None, None)


def test_nobody_else_is_let_into_a_folder_while_a_run_is_going_there(tmp_path):
    with begin(tmp_path), pytest.raises(UserError, match="is still going"):
        begin(tmp_path)
    begin(tmp_path).__exit__(None, None, None)


@pytest.mark.parametrize(("problem", "status"), [(KeyboardInterrupt, 130), (Terminated, 143)])
def test_the_system_ends_a_run_as_ctrl_c_does(tmp_path, problem, status):
    with pytest.raises(Interrupted, match="Go on with: advisor compare") as caught, begin(tmp_path):
        raise problem
    assert caught.value.exit_status == status


def test_a_full_disk_says_how_to_go_on(tmp_path):
    with pytest.raises(Unwritable) as caught, begin(tmp_path, "advisor compare a.csv --out here"):
        raise Unwritable("'here/ledger.jsonl' cannot be written (No space left on device).")
    assert str(caught.value) == (
        "'here/ledger.jsonl' cannot be written (No space left on device). What finished is kept; make room. "
        "Go on with: advisor compare a.csv --out here --resume"
    )


@pytest.fixture
def with_a_model(tmp_path):
    """A run of one fold whose model is a pickle and was sealed with a key of zeros."""
    (tmp_path / "folds").mkdir()
    (tmp_path / "folds" / "linear-default-0.joblib").write_bytes(b"weights")
    with Chronicle(tmp_path, CASE.plan, Heard(), "advisor compare a.csv", key=bytes(32)) as first:
        model = tmp_path / "folds" / "linear-default-0.joblib"
        first.tell(replace(a_result(0), model=f"folds/{model.name}", model_sum=sum_of(model)))
    return tmp_path


def test_pickles_of_folds_are_sealed_and_known_to_their_owner(with_a_model):
    with Chronicle(with_a_model, CASE.plan, Heard(), "advisor compare a.csv", key=bytes(32)) as again:
        assert [result.model for result in again.known().values()] == ["folds/linear-default-0.joblib"]


@pytest.mark.parametrize("key", [b"1" * 32, None])
def test_pickles_of_folds_of_somebody_else_come_in_only_where_they_are_trusted(with_a_model, key):
    with pytest.raises(UserError, match=r"1 were not made by you .* add --trust"):
        Chronicle(with_a_model, CASE.plan, Heard(), "advisor compare a.csv", key=key)
    with Chronicle(with_a_model, CASE.plan, Heard(), "advisor compare a.csv", key=key, trust=True) as again:
        assert len(again.known()) == 1
    if key is not None:  # from then on they are one's own
        Chronicle(with_a_model, CASE.plan, Heard(), "advisor compare a.csv", key=key).__exit__(None, None, None)
    (with_a_model / "folds" / "linear-default-0.joblib").unlink()
    Chronicle(with_a_model, CASE.plan, Heard(), "advisor compare a.csv", key=key).__exit__(None, None, None)


def test_models_of_folds_that_run_no_code_come_in_whoever_made_them(tmp_path):
    (tmp_path / "folds").mkdir()
    model = tmp_path / "folds" / "linear-default-0.npz"
    model.write_bytes(b"weights")
    with Chronicle(tmp_path, CASE.plan, Heard(), "advisor compare a.csv", key=bytes(32)) as first:
        first.tell(replace(a_result(0), model=f"folds/{model.name}", model_sum=sum_of(model)))
    with Chronicle(tmp_path, CASE.plan, Heard(), "advisor compare a.csv", key=b"1" * 32) as again:
        assert len(again.known()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"predictions": np.zeros(3)}, {"losses": np.zeros((2, 2))}, {"predictions": None}, {"error": None},
        {"predictions": np.zeros((12, 2))}, {"fold": 99},
    ],
)  # fmt: skip
def test_a_result_that_does_not_fit_its_fold_is_done_again(tmp_path, changed):
    with begin(tmp_path) as first:
        first.tell(replace(a_result(0), **changed))
        first.tell(a_result(1))
    show = Heard()
    with begin(tmp_path, show=show) as again:
        assert [fold for _, fold in again.known()] == [1]
    assert any("1 entry of the ledger fit no fold" in note for note in show.notes)


def test_a_ledger_that_names_a_file_elsewhere_as_a_model_is_not_gone_on_with(tmp_path):
    with begin(tmp_path) as first:
        first.tell(replace(a_result(0, "../away"), model="folds/../away-default-0.joblib"))
    with pytest.raises(UserError, match="as a model of the run; begin anew"):
        Chronicle(tmp_path, CASE.plan, Heard(), "advisor compare a.csv", trust=True)


def test_the_display_is_told_of_stages_results_and_notes(tmp_path):
    show = Heard()
    with begin(tmp_path, show=show) as chronicle:
        chronicle.stage("default configurations", 10, 50.0)
        chronicle.tell(a_result(0))
        chronicle.ended(Outcome(a_result().candidate, {}, "complete"))
        chronicle.note("mind the gap")
        assert chronicle.notes() == ("mind the gap",)
        assert chronicle.where() is None
        assert chronicle.finish({}, None, CASE.dataset, 1.0) is None
    assert (show.stages, show.results, show.notes) == (
        [("default configurations", 10)], [("linear-default", 0)], ["mind the gap"],
    )  # fmt: skip


def test_a_whole_comparison_is_in_mlflow_without_its_password(tmp_path, uri):
    show = Heard()
    with begin(tmp_path, SECRET, show) as chronicle:
        track(chronicle, uri)
        for fold in (0, 1):
            chronicle.tell(a_result(fold))
        chronicle.ended(Outcome(a_result().candidate, {0: a_result(0), 1: a_result(1)}, "complete"))
        known = wait_for_its_run(chronicle)
        assert known["run_id"] and known["experiment"] == "advisor"
        (tmp_path / "verdict.json").write_text(json.dumps({"mlflow": known}))
        told = chronicle.finish({"answer": "worth_it"}, None, CASE.dataset, 120.0)
    assert told["run_id"] == known["run_id"] and show.notes == []
    client = MlflowClient(uri)
    run = client.get_run(known["run_id"])
    assert run.info.status == "FINISHED" and run.data.tags["answer"] == "worth_it"
    assert run.data.params["command"] == "advisor compare a.csv --tracking-uri postgresql://db/runs"
    assert "verdict.json" in [file.path for file in client.list_artifacts(known["run_id"])]
    (trial,) = client.search_runs([run.info.experiment_id], "tags.kind = 'trial'")
    assert [point.step for point in client.get_metric_history(trial.info.run_id, "error")] == [0, 1]
    everything = str([each.to_dictionary() for each in client.search_runs([run.info.experiment_id])])
    assert "hunter2" not in everything


@pytest.fixture
def silent():
    """The address of a server that takes whatever it is sent and answers nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_a_store_that_does_not_answer_is_told_by_advisor_track(tmp_path, silent, uri):
    show = Heard()
    with begin(tmp_path, f"advisor compare a.csv --tracking-uri http://me:hunter2@{silent}", show) as chronicle:
        track(chronicle, f"http://me:hunter2@{silent}")
        chronicle.tell(a_result(0))
        chronicle.ended(Outcome(a_result().candidate, {}, "complete"))
        where = chronicle.where()
        assert where == {"tracking_uri": f"http://{silent}", "experiment": "advisor", "run_id": None}
        assert chronicle.finish({}, None, CASE.dataset, 0.3) == where
    assert show.notes == [
        f"Not all of the run is in MLflow yet: http://{silent} did not take it in time. This sends the rest: "
        f"advisor track {tmp_path}"
    ]
    chronicle._run._teller.join(60)
    assert b"hunter2" not in b"".join(file.read_bytes() for file in tmp_path.glob("*") if file.is_file())
    # Nothing has heard of the run yet, so another store may.
    sent, refused, told = tracking.replay(tmp_path, uri, lambda: None)
    assert sent > 5 and refused == []
    run = MlflowClient(uri).get_run(told["run_id"])
    assert run.info.status == "FINISHED"
    assert len(MlflowClient(uri).search_runs([run.info.experiment_id], "tags.kind = 'trial'")) == 1


def test_a_store_that_cannot_be_used_is_told_early_and_never_at_the_end(tmp_path):
    show = Heard()
    with begin(tmp_path, show=show) as chronicle:
        track(chronicle, "http://me:hunter2@127.0.0.1:9")
        chronicle._run._teller.join(60)
        with pytest.raises(UserError, match="--no-tracking"):
            chronicle.tell(a_result(0))
        where = chronicle.where()
        assert where["tracking_uri"] == "http://127.0.0.1:9" and where["run_id"] is None
        assert chronicle.finish({}, None, CASE.dataset, 5.0) == where
    assert len(show.notes) == 1 and "127.0.0.1:9" in show.notes[0] and "hunter2" not in show.notes[0]


def test_ctrl_c_says_how_to_go_on(tmp_path):
    with pytest.raises(Interrupted, match=r"Go on with: advisor compare a\.csv --out .* --resume$"), begin(tmp_path):
        raise KeyboardInterrupt
    with (
        pytest.raises(Interrupted, match=r"Go on with: advisor compare a\.csv --out here --resume$"),
        begin(tmp_path, "advisor compare a.csv --out here --resume"),
    ):
        raise KeyboardInterrupt


def test_the_line_to_go_on_with_has_no_password_and_says_so(tmp_path):
    with pytest.raises(Interrupted) as caught, begin(tmp_path, f"{SECRET} --out here"):
        raise KeyboardInterrupt
    assert str(caught.value) == (
        "Interrupted; what finished is kept. Put the password back and go on with: "
        "advisor compare a.csv --tracking-uri postgresql://db/runs --out here --resume"
    )


def test_a_failure_ends_the_mlflow_run(tmp_path, uri):
    with pytest.raises(ZeroDivisionError), begin(tmp_path) as chronicle:
        track(chronicle, uri)
        run_id = wait_for_its_run(chronicle)["run_id"]
        raise ZeroDivisionError("no division")
    run = MlflowClient(uri).get_run(run_id)
    assert (run.info.status, run.data.tags["message"]) == ("FAILED", "no division")
