"""Steps that are replayed on a GPU: the same training as step by step."""

import numpy as np
import pytest
import torch

from advisor.nets.blocks import MLP, TableInput, TableNet
from advisor.nets.loop import Recipe, Rows, train
from advisor.nets.losses import TableLoss

GPU = torch.device("cuda")
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU on this machine"),
]


def rows(count: int, seed: int, columns: int = 1) -> Rows:
    generator = torch.Generator().manual_seed(seed)
    numbers = torch.randn(count, 6, generator=generator)
    codes = torch.randint(0, 40, (count, columns), generator=generator)
    target = (numbers[:, 0] * numbers[:, 1] + 0.05 * codes[:, 0] > 1).long()
    return Rows((numbers, torch.zeros(count, 0), codes), target)


def net(columns: int = 1, dropout: float = 0.0) -> TableNet:
    torch.manual_seed(3)
    entrance = TableInput(6, 0, [40] * columns, 4)
    return TableNet(entrance, MLP(entrance.width, 2, width=64, depth=2, dropout=dropout))


def trained(replayable: bool, recipe: Recipe, columns: int = 1, dropout: float = 0.0, **options):
    loss, module = TableLoss("log_loss"), net(columns, dropout)
    module.replayable = replayable
    fit = train(
        module, rows(2048, 0, columns), rows(500, 1, columns), loss, recipe, error=loss.error, device=GPU, **options
    )
    return fit, module


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd"])
def test_a_replayed_training_is_the_same_as_one_step_by_step(optimiser):
    recipe = Recipe(epochs=6, batch_size=256, optimiser=optimiser, learning_rate=3e-3)
    (one, slow), (other, quick) = trained(False, recipe), trained(True, recipe)
    for name in ("train_loss", "valid_loss", "learning_rate"):
        assert other.curve[name] == pytest.approx(one.curve[name], rel=0.02), name
    for ours, theirs in zip(slow.parameters(), quick.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=0.02)


def test_dropout_draws_anew_at_every_replay_and_fades():
    recipe = Recipe(epochs=8, batch_size=256, fading=True)
    fit, _ = trained(True, recipe, dropout=0.3)
    again, _ = trained(True, recipe, dropout=0.3)
    assert fit.curve["train_loss"] == pytest.approx(again.curve["train_loss"], rel=1e-3), "the same seed"
    assert len(set(fit.curve["train_loss"])) == len(fit.curve["train_loss"])
    assert fit.curve["valid_loss"][-1] < fit.curve["valid_loss"][0]


def test_many_codes_a_batch_can_be_captured():
    fit, _ = trained(True, Recipe(epochs=3, batch_size=1024), columns=20)
    assert np.isfinite(fit.curve["valid_loss"]).all()


def test_rows_that_do_not_fill_the_batches_are_no_trouble():
    loss, module = TableLoss("log_loss"), net()
    fit = train(module, rows(1003, 0), None, loss, Recipe(epochs=4, batch_size=100), device=GPU)
    assert len(fit.curve["epoch"]) == 4


def test_a_deadline_ends_a_replayed_training():
    fit, _ = trained(True, Recipe(epochs=100_000, batch_size=16, patience=100_000), seconds=3.0)
    assert fit.curve["seconds"][-1] < 4.0 and fit.planned_epochs < 100_000
