"""Many nets side by side learn what each learns alone, and each comes to its own end."""

import time

import numpy as np
import pytest
import torch

from advisor.learners.mlp import MLPClassifier, MLPRegressor
from advisor.nets import loop, many
from advisor.nets.blocks import MLP, TableInput, TableNet
from advisor.nets.losses import TableLoss

ROWS, HELD = 160, 40


def wish(seed, *, kind="log_loss", rows=ROWS, width=16, rate=3e-3, levels=(), flags=2, **changes):
    """A small net and a table of `seed`, on which it can learn something."""
    options = {"dropout": 0.0, "normalisation": None, "activation": "relu"}
    net_options = {name: changes.pop(name, value) for name, value in options.items()}
    seconds = changes.pop("seconds", None)
    random = torch.Generator().manual_seed(seed)
    numbers = torch.randn(rows + HELD, 3, generator=random)
    zeros = torch.randint(0, 2, (rows + HELD, flags), generator=random).float()
    codes = torch.stack([torch.randint(0, level + 1, (rows + HELD,), generator=random) for level in levels], 1) if (
        levels
    ) else torch.zeros(rows + HELD, 0, dtype=torch.long)  # fmt: skip
    signal = numbers[:, 0] * numbers[:, 1] + 0.1 * torch.randn(rows + HELD, generator=random)
    target = (signal > 0).long() if kind == "log_loss" else signal
    parts = (numbers, zeros, codes)
    train, held = (
        loop.Rows(tuple(part[where] for part in parts), target[where]) for where in (slice(rows), slice(rows, None))
    )
    torch.manual_seed(seed)
    entrance = TableInput(3, flags, levels, 4)
    body = MLP(entrance.width, 2 if kind == "log_loss" else 1, width=width, depth=2, **net_options)
    loss = TableLoss(kind)
    recipe = loop.Recipe(**{"learning_rate": rate, "epochs": 12, "batch_size": 32, **changes})
    return loop.Wish(TableNet(entrance, body), train, held, loss, recipe, loss.error, seconds, seed)


def assert_same(fits, alone):
    for side_by_side, single in zip(fits, alone, strict=True):
        assert side_by_side.best_epoch == single.best_epoch
        assert side_by_side.stopped == single.stopped
        for name in ("epoch", "train_loss", "valid_loss", "learning_rate"):
            np.testing.assert_allclose(side_by_side.curve[name], single.curve[name], rtol=2e-3, atol=2e-4)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"kind": "rmse", "optimiser": "sgd", "rate": 0.05},
        {"kind": "mae", "optimiser": "adam", "schedule": "constant"},
        {"levels": (5, 30), "normalisation": "layer", "activation": "silu"},
        {"averaging": 0.0, "clip_norm": None, "schedule": "coslog", "fading": True},
        {"levels": (12,), "flags": 0, "clip_norm": 0.05},
    ],
    ids=lambda changes: ",".join(changes) or "defaults",
)
def test_each_learns_what_it_learns_alone(changes):
    rates = [changes.get("rate", 3e-3) * factor for factor in (0.3, 1.0, 2.0)]
    given = {name: value for name, value in changes.items() if name != "rate"}
    together = [wish(seed, **given, rate=rate, weight_decay=seed / 10) for seed, rate in enumerate(rates)]
    alone = [wish(seed, **given, rate=rate, weight_decay=seed / 10) for seed, rate in enumerate(rates)]
    fits = many.train_many(together)
    assert_same(fits, [loop.train_alone(one) for one in alone])
    for one, other in zip(together, alone, strict=True):
        inputs = one.held.inputs
        torch.testing.assert_close(one.module(*inputs), other.module(*inputs), rtol=1e-2, atol=1e-3)


def test_each_stops_when_its_own_patience_ends():
    def wishes():
        return [wish(seed, rate=rate, patience=3, epochs=60) for seed, rate in enumerate((1e-4, 0.05, 0.02))]

    fits = many.train_many(wishes())
    assert_same(fits, [loop.train_alone(one) for one in wishes()])
    assert len({len(fit.curve["epoch"]) for fit in fits}) > 1


def test_each_ends_after_its_own_last_epoch():
    fits = many.train_many([wish(seed, last_epoch=seed + 2) for seed in range(3)])
    assert [len(fit.curve["epoch"]) for fit in fits] == [2, 3, 4]


def test_dropout_has_the_share_of_each():
    random = torch.ones(2, 400, 50)
    dropped = many._dropped(random, torch.tensor([[[0.0]], [[0.5]]]))
    assert (dropped[0] == 1).all()
    assert float((dropped[1] == 0).float().mean()) == pytest.approx(0.5, abs=0.02)
    assert float(dropped[1].mean()) == pytest.approx(1.0, abs=0.03)


def test_held_rows_may_be_of_different_length():
    long, short = wish(0), wish(1)
    cut = loop.Rows(tuple(part[:25] for part in short.held.inputs), short.held.target[:25])
    wishes = [long, loop.Wish(short.module, short.rows, cut, short.loss, short.recipe, short.error, None, 1)]
    other = wish(1)
    alone = loop.train_alone(loop.Wish(other.module, other.rows, cut, other.loss, other.recipe, other.error, None, 1))
    assert_same([many.train_many(wishes)[1]], [alone])


def test_one_that_explodes_later_does_not_take_the_others_along():
    def wishes():
        # The steps of the first grow until nothing is a number any more; the second is as calm as ever.
        options = {"kind": "rmse", "clip_norm": None, "optimiser": "sgd", "patience": 99, "averaging": 0.0}
        return [
            wish(0, **options, rate=1.2, warmup=1.0, epochs=30),
            wish(1, **options, rate=0.01, warmup=1.0, epochs=30),
        ]

    wild, calm = many.train_many(wishes())
    assert wild.stopped == "diverged" and wild.best_epoch > 0
    assert_same([calm], [loop.train_alone(wishes()[1])])


def test_one_that_explodes_at_once_fails_alone():
    options = {"kind": "rmse", "clip_norm": None, "optimiser": "sgd"}
    fits = many.train_many([wish(0, **options), wish(1, **options, rate=1e30)])
    assert fits[0].best_epoch > 0 and isinstance(fits[1], loop.Diverged)


def test_the_clock_holds_for_all():
    ticks = iter(np.arange(0, 1e6, 0.01))
    fits = many.train_many([wish(seed, epochs=200, seconds=1.0) for seed in range(2)], clock=lambda: next(ticks))
    assert {fit.stopped for fit in fits} == {"deadline"}
    assert all(fit.planned_epochs < 200 for fit in fits)


def test_shapes_that_do_not_fit_are_told_apart():
    shapes = [many.shape_of(one) for one in (wish(0), wish(1, rate=1.0), wish(2, width=32), wish(3, activation="gelu"))]
    assert shapes[0] == shapes[1]
    assert shapes[0] != shapes[2] and shapes[0] != shapes[3]
    assert many.shape_of(wish(0, width=many.WIDEST + 1)) is None
    assert many.shape_of(wish(0, normalisation="batch")) is None


def table(seed, rows=120):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(rows, 4))
    return inputs, inputs[:, 0] * inputs[:, 1]


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_fits_that_take_turns_are_ordinary_fits(kind):
    def fit(seed):
        inputs, values = table(seed, rows=120 + seed)
        target = values > 0 if kind is MLPClassifier else values
        model = kind(width=16, depth=2, dropout=0.0, epochs=8, refit=True, random_state=seed)
        return model.fit(inputs, target)

    before = torch.get_rng_state()
    together = many.together([lambda seed=seed: fit(seed) for seed in range(3)])
    assert torch.equal(torch.get_rng_state(), before)
    fresh = table(9)[0]
    for seed, model in enumerate(together):
        alone = fit(seed)
        assert model.best_iteration_ == alone.best_iteration_
        answer = "predict_proba" if kind is MLPClassifier else "predict"
        np.testing.assert_allclose(getattr(model, answer)(fresh), getattr(alone, answer)(fresh), atol=0.05)


def test_nets_of_other_kinds_and_works_without_nets_are_served_too():
    def wide():
        return loop.train(*_asked(wish(0, width=200)))

    assert many.together([lambda: 5, wide])[0] == 5


def _asked(one):
    return one.module, one.rows, one.held, one.loss, one.recipe


def test_what_a_work_raises_is_raised_and_nobody_waits_for_ever():
    def fails():
        raise ValueError("no")

    began = time.monotonic()
    with pytest.raises(ValueError, match="no"):
        many.together([lambda: loop.train(*_asked(wish(0))), fails, lambda: loop.train(*_asked(wish(1)))])
    assert time.monotonic() - began < 60
    assert loop.train(*_asked(wish(0))).best_epoch > 0  # nothing is left of it in this thread
