"""The pre-trained net: closed forms against brute force, what it may see, and that its training taught it something."""

import numpy as np
import pytest
import torch

from advisor.learners.prior_fitted import LEARNER, PriorFittedClassifier, PriorFittedRegressor
from advisor.nets import pretrain
from advisor.nets.prior_fitted import (
    CHECKPOINT,
    MOST_CLASSES,
    RIDGES,
    SOLVERS,
    TAGS,
    PriorFitted,
    cells,
    kernels,
    plain_mean,
    pretrained,
    solved,
)
from advisor.records import Profile


def numbers_of(rows=40, columns=3, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(2, rows, columns)).astype(np.float32))


def test_cells_know_the_seen_rows_only():
    numbers = numbers_of()
    changed = numbers.clone()
    changed[:, 30:] += 100
    torch.testing.assert_close(cells(numbers, 30)[:, :30], cells(changed, 30)[:, :30])


def test_a_missing_value_is_a_flag_and_nothing_else():
    numbers = numbers_of()
    numbers[0, 5, 1] = torch.nan
    table = cells(numbers, 30)
    assert table[0, 5, 1].tolist() == [0, 0, 1]
    assert not torch.isnan(table).any()
    # The other rows of the column are ranked among those that are known.
    known = numbers[0, [*range(5), *range(6, 30)], 1]
    assert float(table[0, 6, 1, 1]) == pytest.approx(
        float(torch.special.ndtri((torch.sum(known < known[5]) + 0.5) / 29)), abs=1e-4
    )


def test_a_column_of_one_value_says_nothing():
    numbers = numbers_of()
    numbers[:, :, 2] = 7.0
    assert cells(numbers, 30)[:, :, 2].abs().max() < 1e-3


def test_leaving_a_row_out_in_closed_form_is_leaving_it_out():
    table = cells(numbers_of(), 30)
    labels = torch.randn(2, 30, 1, generator=torch.Generator().manual_seed(1))
    told = solved(table, labels)
    assert told.shape == (2, 40, SOLVERS, 1)
    kernel = kernels(table, 30).double()[2, 0, :30]
    wanted = (labels[0] - labels[0].mean()).double()
    by_ridge = []
    for ridge in RIDGES:
        left_out = []
        for row in range(30):
            rest = [other for other in range(30) if other != row]
            lifted = kernel[rest][:, rest] + ridge * kernel.diagonal().mean() * torch.eye(29)
            left_out.append(kernel[row, rest] @ torch.linalg.solve(lifted, wanted[rest]))
        by_ridge.append(torch.stack(left_out))
    best = min(by_ridge, key=lambda answer: float((answer - wanted).square().mean()))
    torch.testing.assert_close(told[0, :30, 2].double(), best + labels[0].double().mean(), atol=1e-3, rtol=1e-3)


def drawn(classes, seed=0):
    rng = np.random.default_rng(seed)
    while True:
        batch = pretrain.batch(rng, 1.0)
        if batch[3] == classes:
            return batch


@pytest.mark.parametrize("classes", [0, 2, 5])
def test_an_untrained_net_says_the_mean_of_the_solvers(classes):
    numbers, labels, seen, _ = drawn(classes)
    table = cells(numbers, seen)
    advice = solved(table, labels[:, :seen])
    tags = torch.ones(len(table), table.shape[2], TAGS)
    with torch.no_grad():
        told = PriorFitted()(table, labels[:, :seen], advice, tags, classes)
    torch.testing.assert_close(told, plain_mean(advice[:, seen:], classes), atol=1e-4, rtol=1e-4)


def test_the_checkpoint_is_small():
    assert CHECKPOINT.stat().st_size < 4e6
    assert sum(weight.numel() for weight in pretrained().parameters()) < 1_000_000


@pytest.mark.parametrize("kind", ["values", "classes"])
def test_training_taught_it_more_than_the_solvers_know(kind):
    rng = np.random.default_rng(987_654)  # not the seed it was trained with
    gains = []
    while len(gains) < 8:
        batch = pretrain.batch(rng, 1.0)
        if (batch[3] == 0) == (kind == "values") and batch[0].shape[1] < 300:
            with torch.no_grad():
                loss, plain = pretrain.loss_of(pretrained(), batch, 0)
            gains.append(float(plain - loss))
    assert np.mean(gains) > 0


def test_pretraining_is_the_same_again_for_a_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(pretrain, "CELLS_A_STEP", 1000)
    for name in ("first.pt", "again.pt"):
        pretrain.pretrain(3, 0, tmp_path / name)
    first, again = (torch.load(tmp_path / name, weights_only=True) for name in ("first.pt", "again.pt"))
    assert all(torch.equal(first[name], again[name]) for name in first)


def test_it_sees_through_what_no_straight_line_explains():
    rng = np.random.default_rng(0)
    inputs = rng.uniform(-1, 1, size=(400, 4))
    crossed = (inputs[:, 0] * inputs[:, 1] > 0).astype(int)
    model = PriorFittedClassifier().fit(inputs[:300], crossed[:300])
    assert (model.predict(inputs[300:]) == crossed[300:]).mean() > 0.9
    steps = np.where(inputs[:, 0] > 0.2, 3.0, -1.0) + 0.05 * rng.normal(size=400)
    answers = PriorFittedRegressor().fit(inputs[:300], steps[:300]).predict(inputs[300:])
    assert np.sqrt(np.mean(np.square(answers - steps[300:]))) < 0.35 * steps.std()


def test_more_classes_than_it_knows_are_refused():
    inputs = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(ValueError, match="takes 2 to 10"):
        PriorFittedClassifier().fit(inputs, np.arange(60) % (MOST_CLASSES + 1))
    profile = Profile("table", "tabular", 1000, "multiclass", (), {}, 20, {"classes": [{}] * 11}, (), "")
    assert "10 classes" in (LEARNER.suits(profile) or "")


def test_large_tables_are_left_to_others():
    profile = Profile("table", "tabular", 2_501, "binary", (), {}, 20, {}, (), "")
    assert "2,500 rows" in (LEARNER.suits(profile) or "")
