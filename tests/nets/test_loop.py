"""The shared loop learns, keeps the best weights, obeys the clock, repeats itself and leaves no trace."""

import math
from itertools import count

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

from advisor.errors import UserError
from advisor.nets.blocks import MLP, Dropout
from advisor.nets.loop import Diverged, Recipe, Rows, fade, learning_rate_factor, predict, train
from advisor.nets.optimiser import Optimiser, WeightAverage, paced

CPU = torch.device("cpu")


def _waves(rows, seed):
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.rand(rows, 2, generator=generator) * 2 - 1
    return Rows((numbers,), torch.sin(3 * numbers.prod(dim=1)))


def _squared(outputs, target):
    return mse_loss(outputs.squeeze(1), target)


def _net(seed=0, **options):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return MLP(2, 1, **{"width": 32, "depth": 2, "activation": "silu", **options})


def _weights(module):
    return np.concatenate([value.numpy().ravel() for value in module.state_dict().values()])


def test_the_loss_falls_on_a_task_that_can_be_learnt():
    fit = train(_net(), _waves(1000, 0), _waves(300, 1), _squared, Recipe(epochs=30, learning_rate=5e-3))
    assert fit.curve["valid_loss"][-1] < 0.1 * fit.curve["valid_loss"][0]
    assert fit.curve["train_loss"][-1] < 0.1 * fit.curve["train_loss"][0]
    assert {len(values) for values in fit.curve.values()} == {len(fit.curve["epoch"])}


def test_the_weights_of_the_best_epoch_are_kept():
    errors = iter([5.0, 3.0, 4.0, 3.5])
    seen = []

    def error(outputs, target):
        seen.append(outputs.clone())
        return next(errors)

    module, held = _net(), _waves(50, 1)
    fit = train(module, _waves(200, 0), held, _squared, Recipe(epochs=4, patience=9), error=error)
    assert (fit.best_epoch, fit.stopped) == (2, "epochs")
    assert torch.equal(predict(module, held.inputs, CPU), seen[1])
    assert not torch.equal(seen[1], seen[3])


def test_patience_counts_epochs_without_a_better_held_error():
    rising = count(1)
    fit = train(
        _net(), _waves(100, 0), _waves(50, 1), _squared, Recipe(epochs=50, patience=3), error=lambda *_: next(rising)
    )
    assert (fit.best_epoch, fit.stopped, len(fit.curve["epoch"])) == (1, "patience", 4)


def test_averaged_weights_are_judged_and_kept_but_training_goes_on_from_the_last():
    rows, held = _waves(300, 0), _waves(50, 1)
    plain, averaged = _net(), _net()
    train(plain, rows, held, _squared, Recipe(batch_size=32, epochs=3, averaging=0.0))
    train(averaged, rows, held, _squared, Recipe(batch_size=32, epochs=3, averaging=1.0))
    assert not np.array_equal(_weights(plain), _weights(averaged))

    module = nn.Linear(1, 1, bias=False)
    mean = WeightAverage(module, steps=2)
    for value in (1.0, 2.0, 3.0):
        nn.init.constant_(module.weight, value)
        mean.update()
    with mean.in_place():
        # After one step all of it, then two thirds, then no less than half: 1, 5/3, 7/3.
        assert module.weight.item() == pytest.approx(7 / 3)
    assert module.weight.item() == 3.0


def test_clipping_bounds_the_joint_norm_and_leaves_short_gradients_alone():
    def moved(gradient, clip_norm):
        module = nn.Linear(2, 1, bias=False)
        nn.init.zeros_(module.weight)
        optimiser = Optimiser(module, weight_decay=0.0, clip_norm=clip_norm)
        for factor in (1.0, 1e-3):
            module.weight.grad = torch.tensor([gradient]) * factor
            optimiser.step(learning_rate=1.0)
        return module.weight.detach().numpy().copy()

    np.testing.assert_array_equal(moved([0.3, 0.4], 1.0), moved([0.3, 0.4], None))
    np.testing.assert_allclose(moved([30.0, 40.0], 50.0), moved([30.0, 40.0], None), rtol=1e-6)
    # A long first gradient is remembered by Adam's means; clipped to length 1 it is forgotten sooner.
    assert not np.allclose(moved([30.0, 40.0], 1.0), moved([30.0, 40.0], None), rtol=1e-3)


def test_our_steps_are_those_of_torch():
    ours, theirs = _net(), _net()
    rows = _waves(64, 0)
    optimiser = Optimiser(ours, weight_decay=0.1, clip_norm=0.5)
    vectors = [weight for weight in theirs.parameters() if weight.ndim == 1]
    matrices = [weight for weight in theirs.parameters() if weight.ndim == 2]
    groups = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    reference = torch.optim.AdamW(groups, lr=0.01, weight_decay=0.1)
    for _ in range(5):
        (10 * _squared(ours(*rows.inputs), rows.target)).backward()
        optimiser.step(0.01)
        reference.zero_grad()
        (10 * _squared(theirs(*rows.inputs), rows.target)).backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 0.5)
        reference.step()
    np.testing.assert_allclose(_weights(ours), _weights(theirs), rtol=1e-4, atol=1e-6)


def test_without_held_rows_every_epoch_is_run_and_the_last_one_kept():
    fit = train(_net(), _waves(100, 0), None, _squared, Recipe(epochs=5, patience=1))
    assert (fit.best_epoch, fit.stopped) == (5, "epochs")
    assert "valid_loss" not in fit.curve


class _Clock:
    """Moves on by `tick` whenever it is read."""

    def __init__(self, tick):
        self.now, self.tick = 0.0, tick

    def __call__(self):
        self.now += self.tick
        return self.now


def test_a_deadline_within_the_first_epoch_still_leaves_a_net():
    clock = _Clock(1.0)
    fit = train(
        _net(), _waves(2000, 0), _waves(50, 1), _squared, Recipe(batch_size=10, epochs=50), seconds=7.0, clock=clock
    )
    assert (fit.best_epoch, fit.stopped) == (1, "deadline")
    assert clock.now < 12


def test_the_schedule_is_shortened_to_the_epochs_that_fit():
    # Ten batches and one look an epoch, a second each: 11 s an epoch, so that 4 epochs fit into 50 s.
    recipe = Recipe(batch_size=10, epochs=1000, patience=1000)
    fit = train(_net(), _waves(100, 0), _waves(50, 1), _squared, recipe, seconds=50.0, clock=_Clock(1.0))
    assert fit.stopped == "deadline"
    assert len(fit.curve["epoch"]) in (3, 4)
    assert fit.curve["learning_rate"][-1] < 0.05 * recipe.learning_rate


def test_a_training_that_is_repeated_keeps_its_schedule_and_is_cut_rather_than_shortened():
    recipe = Recipe(batch_size=10, epochs=20, last_epoch=9)
    whole, cut = (
        train(_net(), _waves(100, 0), None, _squared, recipe, seconds=seconds, clock=_Clock(1.0))
        for seconds in (1e6, 45.0)
    )
    assert (whole.stopped, len(whole.curve["epoch"])) == ("epochs", 9)
    assert cut.stopped == "deadline"
    rates = cut.curve["learning_rate"]
    assert 2 < len(rates) < 9
    assert rates[:-1] == whole.curve["learning_rate"][: len(rates) - 1]


def test_time_to_spare_changes_nothing():
    nets = [_net(), _net()]
    for net, seconds in zip(nets, (None, 1e6), strict=True):
        train(net, _waves(200, 0), _waves(50, 1), _squared, Recipe(epochs=3), seconds=seconds)
    np.testing.assert_array_equal(*map(_weights, nets))


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    nets = [_net(dropout=0.2) for _ in range(3)]
    for net, seed in zip(nets, (1, 1, 2), strict=True):
        train(net, _waves(300, 0), _waves(50, 1), _squared, Recipe(epochs=3), seed=seed)
    first, again, other = map(_weights, nets)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_random_state_and_threads_are_as_before():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    train(_net(dropout=0.2), _waves(100, 0), None, _squared, Recipe(epochs=2), seed=5, threads=threads + 1)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("where", ["training", "held-out"])
def test_rows_with_nan_or_infinity_are_refused_by_name(where, value):
    rows, held = _waves(20, 0), _waves(20, 1)
    (rows if where == "training" else held).inputs[0][3, 1] = value
    with pytest.raises(UserError, match=f"{where} rows hold NaN or infinity"):
        train(_net(), rows, held, _squared, Recipe(epochs=1))


def test_a_loss_that_is_never_a_number_is_told():
    with pytest.raises(Diverged, match="lower learning rate"):
        train(_net(), _waves(50, 0), _waves(50, 1), lambda o, t: _squared(o, t) * math.nan, Recipe(epochs=3))


def test_a_loss_that_explodes_later_leaves_the_best_weights_so_far():
    calls = count()

    def loss(outputs, target):
        return _squared(outputs, target) * (math.nan if next(calls) >= 6 else 1.0)

    module, held = _net(), _waves(50, 1)
    recipe = Recipe(batch_size=50, epochs=9)
    fit = train(module, _waves(100, 0), held, loss, recipe, error=lambda o, t: float(_squared(o, t)))
    assert fit.stopped == "diverged"
    assert fit.best_epoch in (1, 2, 3)
    assert torch.isfinite(predict(module, held.inputs, CPU)).all()


class _Greedy(nn.Module):
    """Runs out of memory in training whenever a batch is larger than `room`."""

    def __init__(self, room):
        super().__init__()
        self.body, self.room = _net(), room

    def forward(self, numbers):
        if self.training and len(numbers) > self.room:
            raise torch.OutOfMemoryError
        return self.body(numbers)


def test_out_of_memory_halves_the_batch_and_starts_again():
    small, greedy = _net(), _Greedy(room=70)
    fit = train(greedy, _waves(512, 0), None, _squared, Recipe(batch_size=256, epochs=2))
    train(small, _waves(512, 0), None, _squared, Recipe(batch_size=64, epochs=2))
    assert fit.batch_size == 64
    np.testing.assert_array_equal(_weights(greedy.body), _weights(small))


def test_out_of_memory_with_the_smallest_batch_is_raised():
    with pytest.raises(torch.OutOfMemoryError):
        train(_Greedy(room=0), _waves(64, 0), None, _squared, Recipe(batch_size=64, epochs=1))


def test_no_batch_is_tiny_whatever_the_number_of_rows():
    sizes = []

    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = _net(normalisation="batch")

        def forward(self, numbers):
            sizes.append(len(numbers))
            return self.body(numbers)

    train(Counting(), _waves(129, 0), None, _squared, Recipe(batch_size=64, epochs=1))
    assert sum(sizes) == 129
    assert min(sizes) >= 64


@pytest.mark.parametrize(
    ("schedule", "progress", "factor"),
    [
        *(("cosine", *pair) for pair in [(0.0, 0.0), (0.05, 0.5), (0.1, 1.0), (0.55, 0.5), (1.0, 0.0)]),
        *(("constant", *pair) for pair in [(0.0, 0.0), (0.05, 0.5), (0.1, 1.0), (1.0, 1.0)]),
        # Zero at 0, 1/15, 3/15, 7/15 and 1, where a new wave begins.
        *(("coslog", *pair) for pair in [(0.0, 0.0), (1 / 15, 0.0), (0.2, 0.0), (7 / 15, 0.0), (1.0, 0.0)]),
        ("coslog", (2**0.5 - 1) / 15, 1.0),
    ],
)
def test_the_learning_rate_rises_and_falls(schedule, progress, factor):
    assert learning_rate_factor(progress, schedule, warmup=0.1) == pytest.approx(factor, abs=1e-9)


def test_dropout_and_decay_fade_over_the_second_half():
    assert [fade(progress) for progress in (0.0, 0.5, 0.75, 1.0)] == pytest.approx([1.0, 1.0, 0.5, 0.0])
    net = _net(dropout=0.4)
    train(net, _waves(64, 0), None, _squared, Recipe(epochs=10, fading=True))
    (share, *_) = [layer.share for layer in net.modules() if isinstance(layer, Dropout)]
    assert 0 < share < 0.02


@pytest.mark.parametrize("kind", ["adam", "sgd"])
def test_the_other_optimisers_are_those_of_torch(kind):
    ours, theirs = _net(), _net()
    rows = _waves(64, 0)
    optimiser = Optimiser(ours, 0.1, None, kind, beta2=0.95)
    groups = [
        {"params": [weight for weight in theirs.parameters() if weight.ndim == 2], "weight_decay": 0.1},
        {"params": [weight for weight in theirs.parameters() if weight.ndim == 1]},
    ]
    reference = (
        torch.optim.Adam(groups, lr=0.01, betas=(0.9, 0.95))
        if kind == "adam"
        else torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True)
    )
    for _ in range(5):
        _squared(ours(*rows.inputs), rows.target).backward()
        optimiser.step(0.01)
        reference.zero_grad()
        _squared(theirs(*rows.inputs), rows.target).backward()
        reference.step()
    np.testing.assert_allclose(_weights(ours), _weights(theirs), rtol=1e-4, atol=1e-6)


def test_a_paced_weight_moves_so_many_times_as_far():
    net = nn.Linear(1, 1)
    nn.init.zeros_(net.weight), nn.init.zeros_(net.bias)
    paced(net.bias, 6.0)
    optimiser = Optimiser(net, 0.0, None)
    net.weight.grad, net.bias.grad = torch.ones(1, 1), torch.ones(1)
    optimiser.step(0.01)
    assert net.bias.item() == pytest.approx(6 * net.weight.item()) and net.weight.item() == pytest.approx(-0.01)


def test_patience_can_grow_with_the_best_epoch():
    errors = iter([9.0, 8.0, 7.0, 6.0, *range(10, 99)])
    recipe = Recipe(epochs=90, patience=3, more_patience=2.0)
    fit = train(_net(), _waves(100, 0), _waves(50, 1), _squared, recipe, error=lambda *_: next(errors))
    assert (fit.best_epoch, len(fit.curve["epoch"])) == (4, 4 + 3 + 8)


def test_weight_decay_spares_biases():
    shrunk = _net()
    nn.init.ones_(shrunk[0].bias)
    before = shrunk[0].weight.norm()

    def flat(outputs, target):
        return (outputs * 0).sum()

    train(shrunk, _waves(64, 0), None, flat, Recipe(epochs=20, learning_rate=0.1, weight_decay=1.0))
    assert shrunk[0].weight.norm() < 0.9 * before
    assert torch.equal(shrunk[0].bias, torch.ones_like(shrunk[0].bias))


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU on this machine")
def test_a_gpu_learns_what_the_cpu_learns():
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(4000, 5, generator=generator)
    rows = Rows((numbers[:3000],), (numbers[:3000, 0] > 0).long())
    held = Rows((numbers[3000:],), (numbers[3000:, 0] > 0).long())
    losses = []
    for name in ("cpu", "cuda"):
        module = MLP(5, 2, width=64, depth=2)
        fit = train(module, rows, held, cross_entropy, Recipe(epochs=10), device=torch.device(name))
        losses.append(min(fit.curve["valid_loss"]))
    assert losses[1] == pytest.approx(losses[0], abs=0.05)
