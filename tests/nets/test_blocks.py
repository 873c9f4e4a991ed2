"""Layers give the shapes they promise, and an unknown category is a place of its own."""

import pytest
import torch

from advisor.nets.blocks import ACTIVATIONS, MLP, NORMALISATIONS, CategoryEmbedding, Dropout, TableInput, TableNet
from advisor.nets.embeddings import KINDS, number_embedding


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalisation", [None, *NORMALISATIONS])
@pytest.mark.parametrize("depth", [0, 1, 3])
def test_an_mlp_maps_rows_to_outputs(activation, normalisation, depth):
    net = MLP(7, 3, width=16, depth=depth, activation=activation, normalisation=normalisation, dropout=0.1)
    assert net(torch.randn(5, 7)).shape == (5, 3)


def test_the_first_predictions_are_near_the_bias():
    outputs = MLP(4, 2, width=64, depth=2, bias=[1.0, -1.0]).eval()(torch.randn(500, 4))
    assert (outputs.mean(dim=0) - torch.tensor([1.0, -1.0])).abs().max() < 0.2


def test_columns_do_not_share_vectors_and_zero_starts_at_the_origin():
    embedding = CategoryEmbedding([3, 2], width=4)
    vectors = embedding(torch.tensor([[1, 1], [0, 1], [1, 0]])).view(3, 2, 4)
    assert torch.equal(vectors[1, 0], torch.zeros(4))
    assert torch.equal(vectors[2, 1], torch.zeros(4))
    assert not torch.equal(vectors[0, 0], vectors[0, 1])
    assert torch.equal(vectors[0, 1], vectors[1, 1])
    assert embedding.table.weight.shape == (4 + 3, 4)


NO_FLAGS, NO_CODES = torch.zeros(9, 0), torch.zeros(9, 0, dtype=torch.long)


def test_numbers_flags_and_codes_are_joined():
    entrance = TableInput(5, 3, levels=[20, 30], embedding_width=6)
    net = TableNet(entrance, MLP(entrance.width, 1, width=8, depth=1))
    assert entrance.width == 5 + 3 + 12
    assert net(torch.randn(9, 5), torch.zeros(9, 3), torch.zeros(9, 2, dtype=torch.long)).shape == (9, 1)


def test_a_table_of_numbers_enters_as_it_is():
    assert torch.equal(TableInput(5, 0)(torch.ones(9, 5), NO_FLAGS, NO_CODES), torch.ones(9, 5))


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_of_numbers_has_an_embedding_of_its_own(kind):
    numbers = torch.randn(60, 3, generator=torch.Generator().manual_seed(0)).clamp(-2, 2)
    numbers[:, 2] = (numbers[:, 2] > 0).float()
    embedding = number_embedding(kind, numbers, 4)
    assert embedding(numbers).shape == (60, 3, 4)
    entrance = TableInput(3, 2, number_embedding=embedding)
    assert entrance(numbers, torch.zeros(60, 2), torch.zeros(60, 0, dtype=torch.long)).shape == (60, entrance.width)
    # At a single value two embeddings may both be cut to zero.
    same = embedding(torch.linspace(-2, 2, 9).unsqueeze(1).expand(9, 3))
    assert not torch.allclose(same[:, 0], same[:, 1])
    changed = numbers.clone()
    changed[:, 0] += 1.0
    assert torch.equal(embedding(changed)[:, 1:], embedding(numbers)[:, 1:]), "a column is told by itself alone"


def test_where_bins_cannot_be_drawn_numbers_enter_as_they_are():
    assert number_embedding("piecewise_linear", torch.ones(20, 2), 4) is None
    assert number_embedding("periodic", torch.ones(20, 0), 4) is None
    with pytest.raises(ValueError, match="one of linear_periodic"):
        number_embedding("spline", torch.ones(20, 2), 4)


def test_a_linear_periodic_embedding_keeps_the_number_itself():
    numbers = torch.randn(7, 2)
    assert torch.equal(number_embedding("linear_periodic", numbers, 5)(numbers)[:, :, 0], numbers)


def test_dropout_fades():
    layer = Dropout(0.5)
    layer.fade(0.5)
    assert layer.share == 0.25
    layer.fade(0.0)
    ones = torch.ones(100)
    assert layer(ones) is ones


def test_dropout_zeroes_the_share_and_keeps_the_mean():
    layer, ones = Dropout(0.3), torch.ones(1000, 999)
    torch.manual_seed(0)
    dropped = layer(ones)
    assert abs(float((dropped == 0).float().mean()) - 0.3) < 0.005 and abs(float(dropped.mean()) - 1) < 0.01
    torch.manual_seed(0)
    assert torch.equal(layer(ones), dropped), "the seed decides"
    assert layer.eval()(ones) is ones and Dropout(0.0)(ones) is ones


def test_dropout_lets_gradients_through_where_it_lets_values_through():
    inputs = torch.ones(64, requires_grad=True)
    outputs = Dropout(0.5)(inputs)
    outputs.sum().backward()
    assert torch.equal(inputs.grad, outputs.detach())
