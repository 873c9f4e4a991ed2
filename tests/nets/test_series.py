"""Nets on series: an answer does not depend on what stands beyond a series' end, and starts where it should."""

from __future__ import annotations

import pytest
import torch

from advisor.nets.series import FCN, Inception, Recurrent, SeriesNet, SeriesTransformer, pooled

BODIES = {
    "fcn": lambda channels: FCN(channels, 8),
    "inception": lambda channels: Inception(channels, 4, 4, (9, 5, 3)),
    "lstm": lambda channels: Recurrent(channels, 8, 2, "lstm", 0.1),
    "gru": lambda channels: Recurrent(channels, 8, 1, "gru", 0.0),
    "transformer": lambda channels: SeriesTransformer(channels, 16, 2, 4, 0.1),
}


def rows(lengths, steps, channels=2):
    """Return series of such lengths in an array of so many steps, 0 beyond their ends."""
    draw = torch.Generator().manual_seed(0)
    found = torch.zeros(len(lengths), channels + 1, steps)
    for place, length in enumerate(lengths):
        found[place, :channels, :length] = torch.randn(channels, 40, generator=draw)[:, :length]
        found[place, -1, :length] = 1
    return found


@pytest.fixture(params=BODIES)
def net(request):
    torch.manual_seed(0)
    stride = 3
    made = SeriesNet(BODIES[request.param](2 * stride), stride, [0.0, 1.0, -1.0], 0.1)
    made.train()
    made(rows([20, 31, 40], 40))  # so that batch norms have seen something
    return made.eval()


def test_a_series_is_answered_alike_whatever_stands_beyond_its_end(net):
    with torch.inference_mode():
        given = rows([7, 20, 1, 40], 40)
        together = net(given)
        for place, length in enumerate((7, 20, 1, 40)):
            torch.testing.assert_close(net(given[[place], :, :length])[0], together[place], rtol=1e-4, atol=5e-5)


def test_no_steps_at_all_and_more_than_ever_are_answered(net):
    with torch.inference_mode():
        assert torch.isfinite(net(rows([0, 5], 5))).all()
        assert net(rows([40], 40).repeat(1, 1, 30)).shape == (1, 3)


def test_a_fresh_net_answers_near_its_bias(net):
    with torch.inference_mode():
        assert (net(rows([20, 31], 40)) - torch.tensor([0.0, 1.0, -1.0])).abs().max() < 0.7


def test_a_mean_over_time_counts_the_steps_that_are_there():
    seen = torch.tensor([[[1.0, 3.0, 8.0]]])
    assert pooled(seen, torch.tensor([[[1.0, 1.0, 0.0]]])).item() == 2
    assert pooled(seen, torch.zeros(1, 1, 3)).item() == 0
