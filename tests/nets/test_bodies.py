"""The nets behind the learners: shapes, starts, and what tells them from a plain MLP."""

import pytest
import torch

from advisor.nets.blocks import TableInput
from advisor.nets.embeddings import number_embedding
from advisor.nets.ft_transformer import FTTransformer
from advisor.nets.modern_nca import LEAST_SHARE, Neighbours
from advisor.nets.realmlp import HiddenLayer, RealMLP, ScaledLinear, Scaling
from advisor.nets.tabm import TabM


def _rows(count=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return (
        torch.randn(count, 4, generator=generator),
        torch.randint(0, 2, (count, 3), generator=generator).float(),
        torch.randint(0, 20, (count, 2), generator=generator),
    )


def _entrance(embedding=None):
    return TableInput(4, 3, [19, 30], 5, number_embedding(embedding, _rows()[0], 6))


@pytest.mark.parametrize("embedding", [None, "linear_periodic", "piecewise_linear"])
@pytest.mark.parametrize("depth", [0, 2])
def test_every_member_of_tabm_answers_and_starts_near_the_bias(embedding, depth):
    net = TabM(_entrance(embedding), 5, width=16, depth=depth, activation="relu", dropout=0.1, bias=[1.0, -1.0]).eval()
    outputs = net(*_rows())
    assert outputs.shape == (64, 5, 2)
    assert (outputs.mean(dim=(0, 1)) - torch.tensor([1.0, -1.0])).abs().max() < 0.3
    assert outputs.std(dim=1).min() > 0, "members differ from the start"


def test_members_of_tabm_scale_an_embedded_number_as_one():
    net = TabM(_entrance("periodic"), 3, width=8, depth=1, activation="relu", dropout=0.0, bias=[0.0])
    factors = net.scaling.weight[:, :24].view(3, 4, 6)
    assert torch.equal(factors, factors[..., :1].expand_as(factors))


def test_realmlp_starts_from_rows_with_outputs_of_one_size():
    torch.manual_seed(0)
    net = RealMLP(_entrance("linear_periodic"), 2, width=64, depth=3, activation="selu", dropout=0.5)
    rows = _rows(500)
    net.start_from(*rows)
    net.eval()
    inside = net.scaling(net.entrance(*rows))
    for layer in net.body:
        sums = ScaledLinear.forward(layer, inside)
        torch.testing.assert_close(sums.std(dim=0, correction=0), torch.ones(64), rtol=1e-4, atol=1e-4)
        # A unit bends between rows, not beyond all of them.
        assert ((sums > 0).any(dim=0) & (sums < 0).any(dim=0)).all()
        inside = layer(inside)
    assert net(*rows).shape == (500, 2)


def test_a_constant_input_does_not_break_the_start():
    layer = ScaledLinear(3, 4)
    assert torch.isfinite(layer.start_from(torch.ones(10, 3))).all()


def test_weights_of_realmlp_learn_at_their_own_pace():
    net = RealMLP(_entrance("linear_periodic"), 1, width=8, depth=1, activation="mish", dropout=0.0)
    pace = {name: getattr(weight, "pace", 1.0) for name, weight in net.named_parameters()}
    assert pace["scaling.factors"] == 6.0 and pace["body.0.weight"] == 1.0 and pace["body.0.bias"] == 0.1
    assert pace["entrance.number_embedding.frequencies"] == 0.1 and pace["body.0.share"] == 0.1


@pytest.mark.parametrize("name", ["mish", "selu", "silu", "relu"])
@pytest.mark.parametrize("dropped", [True, False])
def test_a_hidden_layer_and_its_gradients_are_those_of_torch(name, dropped):
    torch.manual_seed(0)
    layer, plain = HiddenLayer(4, 3, name).double(), getattr(torch.nn.functional, name)
    torch.nn.init.uniform_(layer.share, 0.2, 1.5)
    torch.nn.init.normal_(layer.bias)
    inputs = torch.linspace(-90, 200, 60, dtype=torch.float64).view(15, 4).flip(1) * torch.randn(15, 4)
    kept = 1.25 * (torch.rand(15, 3, dtype=torch.float64) > 0.2) if dropped else None
    weights = torch.randn(15, 3, dtype=torch.float64)
    found = []
    for by_torch in (False, True):
        layer.zero_grad()
        inputs = inputs.detach().requires_grad_()
        if by_torch:
            sums = ScaledLinear.forward(layer, inputs)
            outputs = torch.lerp(sums, plain(sums), layer.share) * (1.0 if kept is None else kept)
        else:
            outputs = layer(inputs, kept)
        (outputs * weights).sum().backward()
        found.append([outputs.detach(), inputs.grad, *(weight.grad.clone() for weight in layer.parameters())])
    for ours, theirs in zip(*found, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_hidden_layer_can_become_linear():
    layer, inputs = HiddenLayer(3, 5, "selu"), torch.randn(7, 3)
    torch.nn.init.zeros_(layer.share)
    assert torch.equal(layer(inputs), ScaledLinear.forward(layer, inputs))
    assert torch.equal(Scaling(3)(inputs), inputs)


def test_realmlp_drops_hidden_values_while_it_learns_alone():
    net, rows = RealMLP(_entrance(), 1, width=64, depth=2, activation="relu", dropout=0.5), _rows()
    assert not torch.equal(net(*rows), net(*rows))
    net.eval()
    assert torch.equal(net(*rows), net(*rows))


@pytest.mark.parametrize(("numbers", "levels"), [(4, [19, 30]), (4, []), (0, [19, 30])])
def test_ft_transformer_takes_numbers_codes_or_both(numbers, levels):
    rows = _rows()
    inputs = (rows[0][:, :numbers], rows[1][:, :0], rows[2][:, : len(levels)])
    net = FTTransformer(numbers, levels, [0.0, 0.0, 0.0], width=16, depth=1, attention_dropout=0.1, dropout=0.1)
    assert net(*inputs).shape == (64, 3)


def _neighbours(rows, labels, **changes):
    sizes = {"width": 8, "depth": 1, "block_width": 8, "dropout": 0.1, "sample_share": 0.5, "most_sampled": 100}
    return Neighbours(_entrance("periodic"), rows, labels, **{**sizes, **changes})


def test_a_row_that_is_among_the_candidates_does_not_answer_for_itself():
    rows, places = _rows(), torch.arange(64)
    # Each row has a label of its own: what it says of itself is what it takes from itself.
    net = _neighbours(rows, torch.eye(64)).eval()
    alone, among = net(*rows, places).exp(), net(*rows).exp()
    assert (alone.diagonal() < 1e-6).all() and (among.diagonal() > 1e-2).all()
    torch.testing.assert_close(alone.sum(dim=1), torch.ones(64), rtol=0, atol=1e-4)
    net.train()
    for _ in range(5):
        assert (net(*rows, places).exp().diagonal() < 1e-6).all()


def test_a_step_sees_a_share_of_the_candidates_and_an_answer_all():
    rows = _rows()
    net = _neighbours(rows, torch.eye(64), sample_share=0.25).train()
    seen = (net(*rows).exp() > 2 * LEAST_SHARE).any(dim=0)
    assert int(seen.sum()) == 16
    assert int((_neighbours(rows, torch.eye(64), most_sampled=5).train()(*rows).exp() > 2e-7).any(dim=0).sum()) == 5
    assert (net.eval()(*rows).exp() > 2 * LEAST_SHARE).any(dim=0).all()


@pytest.mark.parametrize("outputs", [1, 3])
def test_neighbours_answer_as_the_softmax_over_distances_does_before_and_after_they_settle(outputs):
    rows = _rows()
    labels = torch.eye(outputs)[torch.arange(64) % outputs] if outputs > 1 else torch.linspace(-1, 1, 64).unsqueeze(1)
    net = _neighbours(rows, labels).eval()
    places = net.embedded(*rows)
    distances = (places.unsqueeze(1) - places).square().sum(dim=2).sqrt()
    expected = torch.softmax(-distances, dim=1) @ labels
    fresh = net(*rows)
    # While it learns, distances are rounded: a row is not quite where it is.
    torch.testing.assert_close(fresh.exp() if outputs > 1 else fresh, expected, rtol=1e-2, atol=5e-3)
    net.settle()
    settled = net(*rows)
    torch.testing.assert_close(settled.exp() if outputs > 1 else settled, expected, rtol=1e-4, atol=1e-5)
    assert len(net.numbers) == 0 and net.settled.shape == (64, 8)


def test_many_rows_are_answered_in_parts(monkeypatch):
    rows = _rows()
    net = _neighbours(rows, torch.eye(64)).eval()
    whole = net(*rows, torch.arange(64))
    monkeypatch.setattr("advisor.nets.modern_nca.MOST_DISTANCES", 64 * 10)
    monkeypatch.setattr("advisor.nets.modern_nca.MOST_ROWS", 7)
    torch.testing.assert_close(net(*rows, torch.arange(64)), whole, rtol=1e-4, atol=1e-4)
