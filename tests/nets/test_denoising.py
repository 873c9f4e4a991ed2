"""Swapping keeps columns and levels whole; mending is learnt from inputs alone."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from advisor.estimators import early_stopping, net
from advisor.learners.autoencoder import AutoencoderClassifier, AutoencoderRegressor
from advisor.nets import denoising, loop
from advisor.nets.blocks import TableInput
from advisor.nets.denoising import Denoiser, SwapNoise
from advisor.nets.loop import Recipe, Rows, train


def _rows(count=400):
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(count, 2, generator=generator)
    numbers = torch.cat([numbers, numbers[:, :1] + 0.1 * numbers[:, 1:]], dim=1)
    levels = torch.randint(0, 3, (count,), generator=generator)
    codes = torch.randint(1, 15, (count, 1), generator=generator)
    flags = torch.cat([nn.functional.one_hot(levels, 3), nn.functional.one_hot(codes[:, 0] % 2, 2)], dim=1).float()
    return numbers, flags, codes


def test_swapped_values_come_from_the_same_column_and_blocks_move_whole():
    numbers, flags, codes = _rows()
    torch.manual_seed(0)
    new_numbers, new_flags, new_codes, swapped = SwapNoise(0.3, [3, 2])(numbers, flags, codes)
    assert abs(swapped.float().mean() - 0.3) < 0.05 and swapped.shape == (400, 3 + 2 + 1)
    for column in range(3):
        assert set(new_numbers[:, column].tolist()) <= set(numbers[:, column].tolist())
        assert torch.equal(new_numbers[~swapped[:, column], column], numbers[~swapped[:, column], column])
    for block in (new_flags[:, :3], new_flags[:, 3:]):
        assert torch.equal(block.sum(dim=1), torch.ones(400)), "no row has two levels, none lost its own"
    assert torch.equal(new_flags[~swapped[:, 3], :3], flags[~swapped[:, 3], :3])
    assert set(new_codes[:, 0].tolist()) <= set(codes[:, 0].tolist())
    assert (new_numbers != numbers).any() and (new_codes != codes).any()


def test_nothing_is_swapped_with_share_zero():
    rows = _rows()
    *same, swapped = SwapNoise(0.0, [3, 2])(*rows)
    assert not swapped.any() and all(torch.equal(one, two) for one, two in zip(same, rows, strict=True))


def test_a_row_can_be_mended_from_its_other_columns():
    inputs = _rows(2000)
    torch.manual_seed(0)
    entrance = TableInput(3, 5, [14], 4)
    hidden = nn.Sequential(nn.Linear(entrance.width, 64), nn.SiLU(), nn.Linear(64, 64), nn.SiLU())
    denoiser = Denoiser(entrance, hidden, 64, 3, [3, 2], [14], swap_share=0.2)
    recipe = Recipe(epochs=30, batch_size=64)
    fit = train(denoiser, Rows(inputs, torch.zeros(2000)), None, lambda losses, _: losses.mean(), recipe)
    losses = fit.curve["train_loss"]
    assert losses[-1] < 0.6 * losses[0]


def _table(rows, seed):
    rng = np.random.default_rng(seed)
    kind = rng.integers(0, 3, rows)
    frame = pd.DataFrame(
        {
            "a": rng.normal(size=rows).astype(np.float32),
            "b": rng.normal(size=rows).astype(np.float32),
            "kind": pd.Categorical.from_codes(kind, ["x", "y", "z"]),
        }
    )
    return frame, frame["a"].to_numpy() * frame["b"].to_numpy() + kind


@pytest.mark.parametrize("pretraining", [0.05, 0.5])
def test_a_pre_trained_net_still_learns_the_target(pretraining):
    frame, target = _table(1500, 0)
    fresh, truth = _table(500, 1)
    net = AutoencoderRegressor(width=64, depth=2, epochs=30, learning_rate=3e-3, pretraining=pretraining)
    assert np.mean((net.fit(frame, target).predict(fresh) - truth) ** 2) < 0.25 * truth.var()


def test_pre_training_looks_at_no_target_and_at_no_held_row(monkeypatch):
    seen, real = [], loop.train

    def watched(module, rows, held, *rest, **more):
        seen.append((type(module).__name__, len(rows.target), held))
        return real(module, rows, held, *rest, **more)

    monkeypatch.setattr(loop, "train", watched)
    monkeypatch.setattr(denoising, "train", watched)
    frame, target = _table(200, 0)
    AutoencoderClassifier(width=16, depth=1, epochs=2).fit(frame, target > 1)
    (first, pretrained, held), (second, trained, _) = seen
    assert (first, second) == ("Denoiser", "TableNet") and held is None and pretrained == trained == 160


def test_pre_training_takes_its_share_of_the_time_that_is_left_and_training_the_rest(monkeypatch):
    clock, told, real = SimpleNamespace(now=100.0), [], loop.train
    clock.monotonic = lambda: clock.now

    def watched(module, *rest, seconds, **more):
        told.append((type(module).__name__, seconds))
        clock.now += 2.0 if isinstance(module, Denoiser) else 0.5
        return real(module, *rest, **more)

    monkeypatch.setattr(loop, "train", watched)
    monkeypatch.setattr(denoising, "train", watched)
    for room in (early_stopping, net):
        monkeypatch.setattr(room, "time", clock)
    frame, target = _table(200, 0)
    AutoencoderRegressor(width=16, depth=1, epochs=2, seconds=10.0, refit=True).fit(frame, target)
    assert [name for name, _ in told] == ["Denoiser", "TableNet", "Denoiser", "TableNet"]
    assert [seconds for _, seconds in told] == pytest.approx([3.0, 8.0, 0.3 * 7.5, 5.5])
