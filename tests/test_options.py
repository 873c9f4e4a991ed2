"""What people type means what it says, and what means nothing is answered with the way out."""

import doctest
import os

import pytest

from advisor import options
from advisor.errors import UserError


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (options.seconds, "10m", 600),
        (options.seconds, " 1.5 H ", 5400),
        (options.seconds, "90", 90),
        (options.seconds, 90, 90),
        (options.milliseconds, "0.2s", 200),
        (options.megabytes, "1GB", 1000),
        (lambda text: options.share(text, "--min-gain"), "2%", 0.02),
        (lambda text: options.share(text, "--min-gain"), 0.02, 0.02),
        (lambda text: options.share(text, "--min-gain", zero=True), "0", 0),
        (lambda text: options.number(text, "--months"), "1e6", 1_000_000),
        (lambda text: options.number(text, "--months"), 1e20, 1e20),
        (lambda text: options.number(text, "--retrain-per-year", zero=True), 0, 0),
    ],
)
def test_amounts(read, text, value):
    assert read(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["0", "-1m", "ten minutes", "10 parsecs", "", "nan", "1m30s"])
def test_what_is_no_budget_is_said_with_an_example(text):
    with pytest.raises(UserError, match="--budget must be a time such as 90s, 10m or 1h, above zero"):
        options.seconds(text)


def test_a_share_stays_below_one():
    with pytest.raises(UserError, match="below 100%"):
        options.share("150%", "--min-gain")


@pytest.mark.parametrize("text", ["0", "-1", "5 EUR", "$5", "1,000", "", "nan", "inf"])
def test_what_is_no_price_is_said_with_an_example(text):
    with pytest.raises(UserError, match=r"--cost-per-hour must be a plain number such as 0\.5"):
        options.number(text, "--cost-per-hour")


def test_the_examples_are_true():
    done = doctest.testmod(options)
    assert done.attempted >= 4 and not done.failed


def test_processes_are_one_a_core_and_threads_one_a_process():
    assert options.workers(None) == len(os.sched_getaffinity(0))
    assert options.workers(3) == 3
    assert options.threads() == options.threads(None) == 1
    assert options.threads(4) == 4


def never(wish: str) -> str:
    raise AssertionError("nobody has to be asked")


@pytest.mark.parametrize(
    ("read", "text", "told"),
    [
        (options.confidence, 0.5, "--confidence must lie between 0.5 and 1"),
        (options.confidence, 1.0, "such as 0.95"),
        (options.workers, 0, "--workers must be 1 or more, and 0 is not"),
        (options.threads, -1, "--threads must be 1 or more, and -1 is not"),
        (options.engine, "ray:auto", "Ray is no engine of this version yet"),
        (options.engine, "slurm", "No engine is called 'slurm'; give local."),
        (options.foundation, "/nowhere/weights", "does not exist; name a file, a folder, or 'download'"),
        (options.until, "dawn", "--until must be budget or answer, and 'dawn' is not."),
        (lambda text: options.device(text, "auto", never), "abacus", "give auto, cpu, cuda or mps"),
        (lambda text: options.device("cpu", text, never), "moon", "--serve-on must be auto, cpu or gpu"),
        (lambda text: options.device("cpu", text, never), "gpu", "needs a GPU to take times on"),
    ],
)
def test_what_cannot_be_meant_is_told(read, text, told):
    with pytest.raises(UserError) as caught:
        read(text)
    assert told in str(caught.value)


def test_what_can_be_meant_is_taken_as_it_is(tmp_path):
    assert options.confidence(0.9) == 0.9
    assert options.engine("local") == "local"
    assert options.until("answer") == "answer"
    assert options.foundation("download") == "download"
    assert options.foundation(tmp_path / "." / "..") == str(tmp_path.parent)


def test_torch_is_asked_only_where_there_may_be_a_choice(monkeypatch):
    monkeypatch.setattr(options.sys, "platform", "linux")
    monkeypatch.setattr(options, "GPU_DRIVERS", ())
    assert options.device("cpu", "auto", never) == options.device("auto", "auto", never) == ("cpu", "auto")
    assert options.device("cuda", "gpu", lambda wish: wish) == ("cuda", "gpu")
    monkeypatch.setattr(options, "GPU_DRIVERS", ("/",))
    assert options.device("auto", "cpu", lambda wish: "cuda") == ("cuda", "cpu")
