"""The command as a person meets it: a file goes in, an answer comes out, wrong input is answered in one sentence."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import joblib
import jsonschema
import numpy as np
import pandas as pd
import psutil
import pytest

import advisor
from advisor import model_files
from advisor.cli import main
from advisor.errors import UserError
from advisor.measuring import costs

SCHEMA = json.loads((Path(advisor.__file__).parent / "verdict.schema.json").read_text())
FEW = ["--learners", "linear,tree,mlp", "--workers", "1"]
rng = np.random.default_rng(0)


def command(*words, cwd, timeout=300, **options):
    return subprocess.run(
        [sys.executable, "-m", "advisor", *map(str, words)],
        cwd=cwd, capture_output=True, text=True, timeout=timeout, env={**os.environ, "COLUMNS": "100"}, **options,
    )  # fmt: skip


def table(rows=400):
    frame = pd.DataFrame(
        {
            "<script>": rng.normal(size=rows),
            "größe": rng.choice([1.5, 2.5, np.nan], rows),
            "city": rng.choice(["Ulm", "Łódź", "São Paulo"], rows),
            "since": (pd.Timestamp("2023-05-01") + pd.to_timedelta(rng.integers(0, 500, rows), "D")).astype(str),
            "member": rng.choice([True, False], rows),
        }
    )
    signal_ = frame["<script>"] + (frame["city"] == "Ulm") + 0.5 * rng.normal(size=rows)
    frame["bought"] = np.where(signal_ > 0.4, "yes", "no")
    frame["spent"] = signal_
    frame["kind"] = pd.cut(signal_, 3, labels=["low", "mid", "high"]).astype(str)
    return frame


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished binary comparison: its folder of work, what was printed, and the run's own folder."""
    cwd = tmp_path_factory.mktemp("work")
    table().drop(columns=["spent", "kind"]).to_csv(cwd / "shop.csv", index=False)
    ran = command(
        "compare", "shop.csv", "--target", "bought", "--budget", "90s", "--trials", "2", *FEW, "--also", "tfidf_linear",
        "--out", "run", cwd=cwd,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    return cwd, ran


def test_the_answer_is_printed_and_nothing_else(finished):
    cwd, ran = finished
    verdict = json.loads((cwd / "run" / "verdict.json").read_text())
    assert verdict["sentence"].split(":")[0].lower() in " ".join(ran.stdout.lower().split())
    assert "report.html" in ran.stdout and "advisor ui" in ran.stdout
    assert "Traceback" not in ran.stderr
    told = " ".join(ran.stderr.split())
    assert f"tfidf_linear takes no part: {verdict['skipped']['tfidf_linear'].removesuffix('.')}." in told


def test_verdict_json_keeps_the_contract(finished):
    cwd, _ = finished
    text = (cwd / "run" / "verdict.json").read_text()
    assert "NaN" not in text and "Infinity" not in text
    verdict = json.loads(text)
    jsonschema.validate(verdict, SCHEMA)
    assert verdict["budget"]["spent_seconds"] > 0
    assert {row["learner"] for row in verdict["leaderboard"]} == {"dummy", "linear", "tree", "mlp"}
    assert verdict["skipped"]["catboost"] == "not among --learners"
    assert all(row["status"] == "ok" and row["score"] is not None for row in verdict["leaderboard"])
    assert verdict["champions"]["neural"]["learner"] == "mlp"
    # The whole-command run is one on a CPU, or its device stands in the row of the net.
    assert {row["device_name"] for row in verdict["leaderboard"] if row["device"] == "cpu"} <= {costs.cpu_name()}
    assert verdict["environment"]["cpu"] == costs.cpu_name()
    assert (verdict["environment"]["gpu"] is None) == (verdict["environment"]["device"] in ("cpu", "mps"))


def test_both_ways_of_asking_are_told(finished):
    cwd, _ = finished
    verdict = json.loads((cwd / "run" / "verdict.json").read_text())
    alone, in_company = verdict["readings"]["alone"], verdict["readings"]["in_company"]
    assert (alone["without"]["which"], alone["with"]["which"]) == ("classical", "neural")
    assert in_company["without"]["which"] in ("classical", "classical_blend")
    assert in_company["with"]["which"] in ("neural", "blend")
    assert verdict["how"] in (None, "alone", "in_company") and (verdict["how"] or verdict["answer"] != "worth_it")
    carrying = verdict["readings"][verdict["how"] or "alone"]
    assert verdict["gain"] == carrying["gain"] and verdict["p_worth"] == carrying["p_worth"]


def test_everything_a_run_leaves_is_there(finished):
    cwd, _ = finished
    outcomes = pd.read_parquet(cwd / "run" / "outcomes.parquet")
    assert set(outcomes["kind"]) == {"fold", "candidate"} and set(outcomes["stage"]) == {"default", "tuned"}
    candidates, folds = (outcomes[outcomes["kind"] == kind] for kind in ("candidate", "fold"))
    assert candidates["candidate"].is_unique and set(folds["candidate"]) == set(candidates["candidate"])
    assert not folds.duplicated(["candidate", "number"]).any()
    done = folds[folds["state"] == "done"].groupby("candidate").size()
    assert done.to_dict() == candidates.set_index("candidate")["folds"].to_dict()
    out_of_fold = pd.read_parquet(cwd / "run" / "oof.parquet")
    neural, classical = (
        out_of_fold.query(f"which == '{family}'")[["repeat", "row"]].apply(tuple, axis=1)
        for family in ("neural", "classical")
    )
    # A quick machine judges every row once, or once a repeat.
    assert neural.is_unique and set(neural) == set(classical) and len(neural) >= 2 * 400 / 5
    np.testing.assert_allclose(out_of_fold["p_no"] + out_of_fold["p_yes"], 1, atol=1e-6)
    page = (cwd / "run" / "report.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert (cwd / "run" / "ledger.jsonl").is_file() and (cwd / "run" / "model" / "model.npz").is_file()
    kept = json.loads((cwd / "run" / "folds" / "options.json").read_text())
    assert kept["classes"] == ["no", "yes"]
    assert set(kept["options"]) == {"dummy", "classical", "neural", "classical_blend", "blend"}
    files = {file for members in kept["options"].values() for one in members.values() for file in one["files"]}
    assert files == {f"folds/{path.name}" for path in (cwd / "run" / "folds").glob("*.npz")} - {"folds/table.npz"}
    for members in kept["options"].values():
        assert sum(one["weight"] for one in members.values()) == pytest.approx(1) and set(members) <= set(done.index)


def test_a_run_is_loaded_and_its_model_asked(finished):
    cwd, _ = finished
    advice = advisor.load(cwd / "run")
    assert advice.verdict.answer == advice.document["answer"]
    assert list(advice.leaderboard()["learner"])[-1] and "learner" in advice.leaderboard()
    rows = pd.read_csv(cwd / "shop.csv").drop(columns="bought").head(4)
    assert set(advice.best_model.predict(rows)) <= {"yes", "no"}
    assert advice.verdict.answer.replace("_", " ").split()[0] in advice._repr_html_().lower()
    copy = advice.save(cwd / "copy")
    assert advisor.load(copy).document == advice.document


def test_predictions_are_written_for_new_rows(finished, monkeypatch, capsys):
    cwd, _ = finished
    ran = command("predict", "run", "shop.csv", "-o", "new.csv", cwd=cwd)
    assert ran.returncode == 0, ran.stderr
    predictions = pd.read_csv(cwd / "new.csv")
    assert list(predictions) == ["prediction", "p_no", "p_yes"] and len(predictions) == 400
    pd.read_csv(cwd / "shop.csv").drop(columns=["city"]).to_csv(cwd / "lacks.csv", index=False)
    monkeypatch.chdir(cwd)
    assert main(["predict", "run", "lacks.csv"]) == 2
    said = capsys.readouterr().err
    assert "city" in said and "Traceback" not in said


def test_labels_that_could_be_formulas_are_written_as_text_unless_the_bytes_are_wanted(tmp_path, monkeypatch, capsys):
    class Model:
        classes_ = np.array(["=1+1", "-1"], dtype=object)
        predict = staticmethod(lambda rows: np.resize(Model.classes_, len(rows)))

        def __getitem__(self, _):
            return SimpleNamespace(rows=pd.read_csv)

    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(advisor, "load", lambda *_, **__: SimpleNamespace(best_model=Model()), raising=False)
    (tmp_path / "new.csv").write_text("a\n1\n2\n")
    for words, label in (([], "'=1+1"), (["--raw"], "=1+1")):
        assert main(["predict", "run", "new.csv", "-o", "told.csv", *words]) == 0, capsys.readouterr().err
        assert (tmp_path / "told.csv").read_text() == f"prediction\n{label}\n-1\n"


def test_models_that_somebody_else_made_are_used_without_trust_unless_they_are_pickles(
    finished, tmp_path, monkeypatch, capsys
):
    cwd, _ = finished
    shutil.copytree(cwd / "run", tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "mine"))
    predict = ["predict", "run", str(cwd / "shop.csv"), "-o"]
    for words in ([*predict, "theirs.csv"], ["model", "run", "--which", "neural", "-o", "m"]):
        assert main(words) == 0, capsys.readouterr().err
    model = advisor.load_model("run/model/model.npz")
    for place in ("run/model", "m"):
        Path(place, "model.npz").unlink()
        joblib.dump(model, Path(place, "model.joblib"))
    assert main([*predict, "pickled.csv"]) == 2
    assert "was not made by you" in capsys.readouterr().err and not Path("pickled.csv").exists()
    with pytest.raises(UserError, match="say trust=True"):
        advisor.load_model("m/model.joblib")
    assert main([*predict, "pickled.csv", "--trust"]) == 0
    assert Path("pickled.csv").read_bytes() == Path("theirs.csv").read_bytes()
    assert advisor.load_model("m/model.joblib", trust=True).steps[0][0] == "table"


def test_new_rows_in_another_form_are_read_as_training_was_and_what_is_strange_is_told(finished, monkeypatch, capsys):
    cwd, _ = finished
    monkeypatch.chdir(cwd)
    rows = pd.read_csv(cwd / "shop.csv").drop(columns="bought").head(30)
    rows.to_csv(cwd / "same.csv", index=False)
    dotted = rows.assign(since=pd.to_datetime(rows["since"]))
    dotted.to_excel(cwd / "same.xlsx", index=False)
    dotted.to_parquet(cwd / "same.parquet")
    rows.to_csv(cwd / "semicolons.csv", sep=";", decimal=",", index=False)
    told = []
    for name in ("same.csv", "same.xlsx", "same.parquet", "semicolons.csv"):
        assert main(["predict", "run", name, "-o", "told.csv", "--strict"]) == 0, (name, capsys.readouterr().err)
        told.append(pd.read_csv(cwd / "told.csv"))
    for other in told[1:]:
        pd.testing.assert_frame_equal(other, told[0])
    rows.assign(city="Oz").to_csv(cwd / "strange.csv", index=False)
    assert main(["predict", "run", "strange.csv", "-o", "told.csv"]) == 0
    assert "Column 'city': 30 of 30 cells are of categories" in capsys.readouterr().err
    assert main(["predict", "run", "strange.csv", "-o", "told.csv", "--strict"]) == 2
    said = capsys.readouterr().err
    assert "Column 'city'" in said and "Traceback" not in said


def test_another_model_of_a_run_is_made_of_its_models_of_the_folds(finished, monkeypatch, capsys):
    cwd, _ = finished
    monkeypatch.chdir(cwd)
    assert main(["model", "run", "--which", "neural", "-o", "net"]) == 0
    assert capsys.readouterr().out.strip() == str(Path("net") / "model.npz")
    model, rows = advisor.load_model("net/model.npz"), pd.read_csv("shop.csv").drop(columns="bought").head(20)
    assert list(model.classes_) == ["no", "yes"]
    chances = model.predict_proba(rows)
    assert list(model.predict(rows)) == list(np.where(chances[:, 1] > chances[:, 0], "yes", "no"))
    (net,) = json.loads(Path("run/folds/options.json").read_text())["options"]["neural"].items()
    assert net[0].startswith("mlp-") and len(net[1]["files"]) == 5
    typed = model[0].transform(rows)
    by_fold = [model_files.read(Path("run") / file).predict_proba(typed) for file in net[1]["files"]]
    np.testing.assert_allclose(chances, np.mean(by_fold, axis=0), atol=1e-5)


def test_without_a_wish_the_model_is_what_was_handed_over(finished, monkeypatch, capsys):
    cwd, _ = finished
    monkeypatch.chdir(cwd)
    assert main(["model", "run", "-o", "same"]) == 0
    assert capsys.readouterr().out.strip() == str(Path("same") / "model.npz")
    rows = pd.read_csv("shop.csv").drop(columns="bought")
    handed_over = advisor.load_model("run/model/model.npz").predict_proba(rows)
    np.testing.assert_array_equal(advisor.load_model("same/model.npz").predict_proba(rows), handed_over)


def test_a_model_that_a_run_does_not_have_is_refused(finished, monkeypatch, capsys):
    cwd, _ = finished
    monkeypatch.chdir(cwd)
    assert main(["model", "run", "--which", "quantum", "-o", "none"]) == 2
    heard = capsys.readouterr()
    assert "The run run has no quantum model; it has: classical, neural, " in heard.err and not heard.out
    assert not Path("none").exists()


def test_the_report_is_written_again(finished, monkeypatch):
    cwd, _ = finished
    monkeypatch.chdir(cwd)
    (cwd / "run" / "report.html").unlink()
    assert main(["report", "run"]) == 0
    assert (cwd / "run" / "report.html").is_file()


def test_mlflow_has_the_story(finished):
    cwd, _ = finished
    from mlflow import MlflowClient

    verdict = json.loads((cwd / "run" / "verdict.json").read_text())
    where = verdict["mlflow"]
    client = MlflowClient(tracking_uri=where["tracking_uri"])
    parent = client.get_run(where["run_id"])
    assert parent.data.tags["answer"] == verdict["answer"] and parent.info.status == "FINISHED"
    assert {"report.html", "verdict.json"} <= {file.path for file in client.list_artifacts(where["run_id"])}
    learners = client.search_runs([where["experiment_id"]], f"tags.`mlflow.parentRunId` = '{where['run_id']}'")
    assert {"linear", "tree", "mlp", "dummy"} == {run.data.tags["learner"] for run in learners}


@pytest.mark.parametrize(("target", "task"), [("kind", "multiclass"), ("spent", "regression")])
def test_other_tasks(tmp_path, target, task):
    others = {"bought", "kind", "spent"} - {target}
    table(300).drop(columns=list(others)).to_parquet(tmp_path / "shop.parquet")
    # Forward in time no folds are repeated: the trials end it, and a budget for slow machines costs the others nothing.
    ran = command(
        "compare", "shop.parquet", "--target", target, "--time", "since", "--budget", "250s", *FEW, "--no-tracking",
        "--json", "--trials", 1,
        cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    verdict = json.loads(ran.stdout)
    jsonschema.validate(verdict, SCHEMA)
    assert verdict["profile"]["task"] == task and verdict["mlflow"] is None and verdict["answer"]


@pytest.fixture(scope="session")
def single(tmp_path_factory):
    """A run that asks for one model, told to a tracker that wants a password and never answers."""

    class Silent(BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path != "/":
                over.wait(300)
            self.send_response(200)
            self.end_headers()

        do_POST = do_GET

        def log_message(self, *_):
            pass

    over, server = threading.Event(), ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cwd, place = tmp_path_factory.mktemp("single"), f"127.0.0.1:{server.server_port}"
    table(300).drop(columns=["spent", "kind"]).to_csv(cwd / "shop.csv", index=False)
    ran = command(
        "compare", "shop.csv", "--target", "bought", "--budget", "25s", "--trials", "2", *FEW, "--single", "--out",
        "run", "--tracking-uri", f"http://me:hunter2@{place}", cwd=cwd,
    )  # fmt: skip
    over.set()
    server.shutdown()
    assert ran.returncode == 0, ran.stderr
    return cwd, ran, place


def test_one_model_is_handed_over_where_one_is_asked_for(single):
    cwd, _, _ = single
    verdict = json.loads((cwd / "run" / "verdict.json").read_text())
    jsonschema.validate(verdict, SCHEMA)
    assert len(verdict["recommended"]["members"]) == 1
    assert verdict["recommended"]["which"] in ("classical", "neural", "dummy")
    assert verdict["readings"]["in_company"] is None and verdict["readings"]["alone"]
    assert verdict["champions"]["blend"] is None and verdict["champions"]["classical_blend"] is None
    assert set(json.loads((cwd / "run" / "folds" / "options.json").read_text())["options"]) == {
        "dummy", "classical", "neural",
    }  # fmt: skip


def test_a_password_is_in_no_file_of_a_run(single):
    cwd, ran, place = single
    verdict = json.loads((cwd / "run" / "verdict.json").read_text())
    assert verdict["mlflow"]["tracking_uri"] == f"http://{place}" and verdict["mlflow"]["run_id"] is None
    assert verdict["environment"]["command"].endswith(f"--tracking-uri http://{place}")
    assert "This sends the rest: advisor track run" in " ".join(ran.stderr.split())
    files = [path for path in (cwd / "run").rglob("*") if path.is_file()]
    assert len(files) > 10 and not [path for path in files if b"hunter2" in path.read_bytes()]
    assert "hunter2" not in ran.stdout + ran.stderr


def test_nothing_is_begun_once_the_answer_is_known_where_that_was_asked_for(tmp_path):
    """Waves across the columns are a net's own ground, so that the answer is known long before the budget is spent."""
    generator = np.random.default_rng(0)
    frame = pd.DataFrame(generator.uniform(-1, 1, size=(400, 3)), columns=list("abc"))
    frame["y"] = np.sin(2 * frame.sum(axis=1)) + 0.1 * generator.normal(size=400)
    frame.to_csv(tmp_path / "waves.csv", index=False)
    ran = command(
        "compare", "waves.csv", "--target", "y", "--budget", "60s", "--until", "answer", *FEW, "--no-tracking",
        "--json", "--out", "run", cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    verdict = json.loads(ran.stdout)
    assert (verdict["answer"], verdict["budget"]["until"]) == ("worth_it", "answer")
    answered = verdict["budget"]["answered_seconds"]
    begun = pd.read_parquet(tmp_path / "run" / "outcomes.parquet").query("kind == 'fold'")["started_at"]
    # What was under way, or handed to the worker, while the look was taken is brought to its end.
    assert answered is not None and (begun > answered).sum() <= 2


# What a verdict says of times, of the energy that follows from them, of the machine's memory, and of how much was known
# at a moment (looks).
TIMES = (
    "seconds",
    "_ms",
    "per_hour",
    "energy",
    "watts",
    "memory",
    "rows_per_second",
    "ms_per",
    "cost",
    "command",
    "looks",
)


def without_times(part, name=""):
    """Leave out of a verdict what may differ from a run of the same seed to the next."""
    if isinstance(part, dict):
        return {key: without_times(each, key) for key, each in part.items() if not any(word in key for word in TIMES)}
    if isinstance(part, list):
        return [without_times(each, name) for each in part]
    return re.sub(r"\d[\d.,]*", "#", part) if isinstance(part, str) and name == "evidence" else part


@pytest.mark.skipif(not os.environ.get("ADVISOR_LONG"), reason="takes minutes; ADVISOR_LONG=1 runs it")
@pytest.mark.timeout(1200)
def test_the_same_seed_and_number_of_trials_give_the_same_verdict(tmp_path):
    """The budget is far more than so few trials take, so that no clock decides what comes of them."""
    table(100).drop(columns=["kind", "spent", "city"]).to_csv(tmp_path / "shop.csv", index=False)
    verdicts = []
    for name in ("one", "two"):
        ran = command(
            "compare", "shop.csv", "--target", "bought", "--budget", "20m", "--trials", "2", "--learners",
            "linear,tree,mlp", "--workers", "2", "--no-tracking", "--quiet", "--out", name, cwd=tmp_path,
            timeout=580,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        verdicts.append(without_times(json.loads((tmp_path / name / "verdict.json").read_text())))
    assert verdicts[0] == verdicts[1]


def test_a_run_is_taken_up_again(tmp_path):
    """Ctrl-C keeps what finished, says how to go on, and going on does not do it again but goes on from there."""
    table(300).drop(columns=["kind", "spent"]).to_csv(tmp_path / "shop.csv", index=False)
    words = [
        "compare", "shop.csv", "--target", "bought", "--budget", "60s", "--trials", "3", *FEW, "--no-tracking",
        "--out", "run",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor", *words],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell makes what it starts in the background ignore Ctrl-C, and whoever that starts inherits it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    ledger = tmp_path / "run" / "ledger.jsonl"
    while process.poll() is None and not any(facts["candidate"]["params"] for _, facts in _results(ledger)):
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everyone in the group
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "--resume" in said and "Traceback" not in said
    kept = _results(ledger)
    assert not (tmp_path / "run" / "verdict.json").exists()
    ran = command(*words, "--resume", cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    # What is written again gets another place.
    after = _results(ledger)
    assert after[: len(kept)] == kept and len(after) > len(kept)
    tried = {(facts["candidate"]["learner"], json.dumps(facts["candidate"]["params"])) for _, facts in kept}
    candidates = pd.read_parquet(tmp_path / "run" / "outcomes.parquet").query("kind == 'candidate'")
    assert tried <= set(zip(candidates["learner"], candidates["params"], strict=True)), "trials are taken up"
    trials = candidates[candidates["stage"] == "tuned"].groupby("learner").size()
    assert trials.max() <= 2, "trials that were taken up count"


@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_ctrl_c_is_answered_in_a_sentence_while_everything_is_still_being_loaded(tmp_path, seconds):
    _write(tmp_path / "good.csv", GOOD)
    process = subprocess.Popen(
        [sys.executable, "-m", "advisor", "compare", "good.csv", "--target", "y", "--no-tracking", "--out", "run"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    while process.poll() is None and not psutil.Process(process.pid).children():
        time.sleep(0.01)
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGINT)
    out, said = process.communicate(timeout=60)
    # Python dies of the signal itself where an extension module had met it; a shell sees 130 for both.
    assert process.returncode in (130, -signal.SIGINT) and not out
    assert said.count("\n") == 1 and said.startswith(("advisor: interrupted", "advisor: Interrupted; what finished"))


def test_a_package_that_raises_when_it_is_imported_is_named_with_its_learners(tmp_path):
    (tmp_path / "lightgbm").mkdir()
    _write(tmp_path / "lightgbm" / "__init__.py", "raise OSError('libgomp.so.1: cannot open shared object file')")
    places = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    ran = subprocess.run(
        [sys.executable, "-m", "advisor", "learners", "--json"], env=places, capture_output=True, text=True, check=True
    )
    rows = {row["learner"]: row for row in json.loads(ran.stdout)}
    assert not rows["lightgbm"]["runs_here"] and not rows["smote_lightgbm"]["runs_here"]
    assert rows["lightgbm"]["reason"] == (
        "needs the package lightgbm, which cannot be imported (OSError: libgomp.so.1: cannot open shared object file)"
    )
    assert rows["xgboost"]["runs_here"] and rows["mlp"]["runs_here"]


def _results(ledger):
    """Return the place and the facts of each result in a ledger, in their order; none where there is no ledger yet."""
    lines = ledger.read_bytes().split(b"\n")[:-1] if ledger.is_file() else []
    return [(place, json.loads(line.partition(b" ")[2])["facts"]) for place, line in enumerate(lines)]


def _write(path, text):
    path.write_text(text, encoding="utf-8")


GOOD = "a,b,y\n" + "\n".join(f"{i},{i % 7},{'yn'[i % 3 == 0]}" for i in range(60)) + "\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["missing.csv", "--target", "y"], "There is no file 'missing.csv'"),
        (["good.csv", "--target", "z"], "The target column 'z' is not in the table"),
        (["good.csv"], "--target"),
        (["good.csv", "--target", "y", "--budget", "0"], "--budget must be a time"),
        (["good.csv", "--target", "y", "--metric", "logloss"], "Did you mean 'log_loss'"),
        (["good.csv", "--target", "y", "--learners", "forrest"], "Did you mean 'forest'"),
        (["good.csv", "--target", "y", "--also", "gan_mpl"], "Did you mean 'gan_mlp'"),
        (["good.csv", "--target", "y", "--also", "gan_mlp", "--skip", "linear,forrest"], "Did you mean 'forest'"),
        (["good.csv", "--target", "y", "--learners", "gan_lightgbm"], "name a learner of that side as well"),
        (["good.csv", "--target", "y", "--learners", "linear,forest"], "No neural learner takes part"),
        (["good.csv", "--target", "y", "--preset", "fast"], "No preset is called 'fast'"),
        (["good.csv", "--target", "y", "--confidence", "95"], "--confidence must lie between 0.5 and 1"),
        (["good.csv", "--target", "y", "--device", "tpu"], "No device is called 'tpu'"),
        (["good.csv", "--target", "y", "--device", "cuda:99"], "No device is called 'cuda:99'"),
        (["good.csv", "--target", "y", "--serve-on", "phone"], "--serve-on must be auto, cpu or gpu"),
        (["good.csv", "--target", "y", "--foundation", "nowhere.ckpt"], "--foundation 'nowhere.ckpt' does not exist"),
        (["good.csv", "--target", "y", "--engine", "ray:head"], "Ray is no engine of this version"),
        (["good.csv", "--target", "y", "--engine", "dask"], "No engine is called 'dask'"),
        (["good.csv", "--target", "y", "--min-gain", "lots"], "--min-gain must be a share"),
        (["good.csv", "--target", "y", "--cost-per-hour", "5 EUR"], "--cost-per-hour must be a plain number such as"),
        (["good.csv", "--target", "y", "--months", "0"], "--months must be a plain number such as"),
        (["good.csv", "--target", "y", "--value-per-error", "2"], "--value-per-error has no meaning by roc_auc"),
        (["good.csv", "--target", "y", "--out", "taken"], "is not an empty folder"),
        (["good.csv", "--target", "y", "--out", "good.csv"], "is not an empty folder"),
        (["good.csv", "--target", "y", "--out", "good.csv/run"], "Nothing can be written to 'good.csv/run'"),
        (["good.csv", "--target", "y", "--resume"], "--resume needs --out"),
        (["good.csv", "--target", "y", "--group", "nobody"], "The group column 'nobody' is not in the table"),
        (["good.csv", "--target", "y", "--trials", "0"], "--trials must be 1 or more"),
        (["good.csv", "--target", "y", "--threads", "0"], "--threads must be 1 or more, and 0 is not"),
        (["good.csv", "--target", "y", "--workers", "0"], "--workers must be 1 or more, and 0 is not"),
        (["good.csv", "--target", "y", "--until", "noon"], "--until must be budget or answer, and 'noon' is not"),
        (["good.csv", "--target", "y", "--tracking-uri", "sqlite:///good.csv/mlflow.db"], "cannot be tracked"),
        (["openml:notanumber", "--target", "y"], "openml"),
        (["good.csv", "--target", "y", "--nonsense"], "No such option"),
    ],
)
def test_wrong_words_are_answered_in_one_sentence(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "good.csv", GOOD)
    (tmp_path / "taken").mkdir()
    _write(tmp_path / "taken" / "file", "")
    assert main(["compare", *words, "--budget", "60s"] if "--budget" not in words else ["compare", *words]) == 2
    heard = capsys.readouterr()
    assert said in " ".join(heard.err.split()) and "Traceback" not in heard.err and not heard.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["compare", "missing.csv", "--target", "y"], "There is no file 'missing.csv'"),
        (["compare", "good.csv", "--target", "y", "--nonsense"], "No such option: --nonsense"),
        (["profile", "good.csv", "--target", "z"], "The target column 'z' is not in the table"),
        (["profile", "good.csv", "--target", "y", "--read", "x"], "--read takes COLUMN=KIND"),
        (["profile", "good.csv", "--target", "y", "--read", "x=numbre"], "Did you mean 'number'"),
        (["profile", "good.csv", "--target", "y", "--decimal", ";"], "--decimal is '.' or ','"),
        (["profile", "good.csv", "--target", "y", "--encoding", "klingon"], "No encoding is called 'klingon'"),
        (["profile", "good.csv", "--target", "y", "--header", "9999"], "--header 9999 is beyond"),
        (["datasets", "nowhere"], "nowhere"),
    ],
)
def test_with_json_a_refusal_is_an_object(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "good.csv", GOOD)
    assert main([*words, "--json"]) == 2
    heard = capsys.readouterr()
    told = json.loads(heard.out)
    assert told["exit_status"] == 2 and said in told["error"]
    assert "Traceback" not in heard.err


def test_no_learner_in_time_is_status_3(tmp_path):
    _write(tmp_path / "good.csv", GOOD)
    ran = command("compare", "good.csv", "--target", "y", "--budget", "0.5s", "--no-tracking", cwd=tmp_path)
    assert ran.returncode == 3 and "larger --budget" in ran.stderr and "Traceback" not in ran.stderr


def test_looking_around(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def printed(*words):
        assert main(words) == 0
        return capsys.readouterr().out

    learners = json.loads(printed("learners", "--json"))
    assert {"mlp", "xgboost", "lightgbm", "catboost"} <= {row["learner"] for row in learners}
    where = {row["learner"]: row["deterministic"] for row in learners}
    assert (where["mlp"], where["tree"]) == ("on a CPU", "always")
    assert {row["learner"] for row in learners if row["on_request"]} >= {"gan_mlp", "smote_lightgbm"}
    listed = [line for line in printed("learners").splitlines() if line.endswith("(on request)")]
    assert any(line.startswith("gan_mlp ") for line in listed) and not any(line.startswith("mlp ") for line in listed)
    assert "breast_cancer" in printed("datasets")
    assert json.loads(printed("datasets", "wine", "--json"))["name"] == "wine"
    seen = json.loads(printed("profile", "breast_cancer", "--json"))
    assert seen["rows"] == 569 and seen["task"] == "binary"
    assert "569" in printed("profile", "breast_cancer")
    assert main(["report", "latest"]) == 2 and "no finished run" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["--help"], 0, "stdout"),
        (["-h"], 0, "stdout"),
        (["compare", "-h"], 0, "stdout"),
        (["--version"], 0, "stdout"),
        # Nothing was asked for, so that stdout has no answer to carry.
        ([], 2, "stderr"),
    ],
)
def test_help_and_import_load_nothing_heavy(words, status, told):
    heavy = {"torch", "xgboost", "lightgbm", "catboost", "optuna", "mlflow", "sklearn", "pandas", "ray"}
    code = f"import sys, advisor.cli\nstatus = advisor.cli.main({words!r})\n"
    code += f"print(status, sorted({heavy} & set(sys.modules)), file=sys.stderr)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    *said, last = ran.stderr.splitlines()
    assert last == f"{status} []"
    text, other = (ran.stdout, said) if told == "stdout" else ("\n".join(said), ran.stdout)
    assert not other
    assert text.startswith("advisor 0.") if words == ["--version"] else "Usage: advisor" in text and "--help" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--serve-on", "gpu"], "--serve-on gpu needs a GPU to take times on"),
        (["--device", "cuda"], "The device 'cuda' is not available here"),
    ],
)
def test_a_gpu_that_is_not_there_is_refused_at_once(tmp_path, monkeypatch, capsys, words, said):
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available() or torch.backends.mps.is_available():
        pytest.skip("there is a GPU here")
    monkeypatch.chdir(tmp_path)
    _write(tmp_path / "good.csv", GOOD)
    assert main(["compare", "good.csv", "--target", "y", *words]) == 2
    assert said in " ".join(capsys.readouterr().err.split())
