"""Layers give the shapes they promise, and an unknown category is a place of its own."""

import pytest
import torch

from advisor.nets.blocks import ACTIVATIONS, MLP, NORMALISATIONS, CategoryEmbedding, Dropout, TableInput, TableNet


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


def test_numbers_and_codes_are_joined():
    entrance = TableInput(5, levels=[20, 30], embedding_width=6)
    net = TableNet(entrance, MLP(entrance.width, 1, width=8, depth=1))
    assert entrance.width == 5 + 12
    assert net(torch.randn(9, 5), torch.zeros(9, 2, dtype=torch.long)).shape == (9, 1)


def test_a_table_without_long_categories_needs_no_codes():
    entrance = TableInput(5)
    assert torch.equal(entrance(torch.ones(2, 5)), torch.ones(2, 5))


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
