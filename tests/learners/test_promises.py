"""What every learner promises (advisor.testing), tried on whoever is in the folder; and who of ours does what."""

import io

import pytest

from advisor import inert
from advisor.contracts import Choice, fit_report
from advisor.learners import catalogue

# Who has a clock and iterations to tell of; who reads rows once, a view at a time; and who does one thing at a time.
ITERATIVE = {
    "autoencoder", "autoencoder_lightgbm", "cnn", "fcn", "ft_transformer", "gan_lightgbm", "gan_mlp", "inception",
    "lightgbm", "lstm", "mlp", "modern_nca", "realmlp", "resnet", "series_transformer", "smote_lightgbm", "smote_mlp",
    "tabm", "text_bag", "text_transformer", "xgboost",
}  # fmt: skip
BY_VIEWS = {"prior_fitted"}
# Its default iterates and holds no row out that a curve could be told of.
WITHOUT_A_CURVE = {"catboost"}
ONE_THREAD = {"dummy", "linear", "svm", "tree", "autoencoder_linear", "tfidf_linear", "tfidf_nb", "tfidf_svm"}


def test_keeps_its_promise(promise):
    promise()


def test_takes_as_many_threads_as_it_is_given_or_is_known_for_one(learner, task, build):
    threads = build(learner, task, threads=2).get_params().get("model__n_jobs")
    assert threads == (None if learner.name in ONE_THREAD else 2)


def test_whoever_iterates_has_a_curve_and_ends_at_once_without_time(learner, task, build, table):
    inputs, target = table(task)
    report = fit_report(build(learner, task, seconds=1e-9).fit(inputs, target))
    assert bool(report.curve) == (learner.name in ITERATIVE)
    assert report.cut_short == (learner.name in ITERATIVE | BY_VIEWS | WITHOUT_A_CURVE)
    assert all(len(values) == 1 for values in report.curve.values()), "no iteration after the first"


@pytest.mark.parametrize("rows", [100, 2_000, 50_000])
def test_tells_what_a_fit_takes(learner, task, setting, rows):
    seconds = learner.seconds(rows, setting(task).profile)
    assert 0 < seconds < 5_000
    assert learner.seconds(2 * rows, setting(task).profile) >= seconds


def test_a_model_can_be_kept_whatever_is_chosen_for_it(learner, build, setting, table):
    """Ends of the space are a promise; what lies between them may be made of other parts."""
    task = learner.tasks[0]
    inputs, target = table(task, rows=60)
    space = {} if learner.on_request else learner.space(setting(task, 60))
    for name, choice in space.items():
        between = choice.options[1:-1] if isinstance(choice, Choice) else ()
        for option in (option for option in between if isinstance(option, str)):
            model = build(learner, task, rows=60, params={name: option}).fit(inputs, target)
            assert not learner.executes
            inert.write(model, io.BytesIO())


def test_the_strong_nets_are_nets():
    strong = {learner.name for learner in catalogue() if learner.strong}
    assert strong == {
        "cnn", "efficientnet", "efficientnet_tuned", "inception", "lightpfn", "minilm", "modern_nca", "prior_fitted",
        "realmlp", "tabicl", "tabm", "tabpfn",
    }  # fmt: skip
    assert {learner.family for learner in catalogue() if learner.strong} == {"neural"}
