"""The net for pictures: what varies them, whether they may be mirrored, and its shapes."""

import pytest
import torch

from advisor.nets.cnn import CNN, Varied, alike_mirrored


def test_pictures_are_varied_in_training_alone_and_keep_their_pixels():
    torch.manual_seed(0)
    pictures = torch.arange(2 * 3 * 6 * 8.0).reshape(2, 3, 6, 8)
    varied = Varied(0.2, True)
    assert varied.eval()(pictures) is pictures
    seen = varied.train()(pictures)
    assert seen.shape == pictures.shape and not torch.equal(seen, pictures)
    assert set(seen[1, 2].flatten().tolist()) <= set(pictures[1, 2].flatten().tolist())


def test_a_picture_that_is_not_shifted_is_itself_or_its_mirror():
    torch.manual_seed(0)
    pictures = torch.rand(40, 1, 5, 7)
    seen = Varied(0.0, True).train()(pictures)
    as_is = (seen == pictures).flatten(1).all(1)
    mirrored = (seen == pictures.flip(3)).flatten(1).all(1)
    assert (as_is ^ mirrored).all() and 5 < int(mirrored.sum()) < 35


@pytest.mark.parametrize(("by_side", "alike"), [(True, False), (False, True)])
def test_pictures_whose_sides_tell_the_class_are_not_mirrored(by_side, alike):
    draw = torch.Generator().manual_seed(0)
    target = torch.randint(0, 2, (200,), generator=draw)
    pictures = torch.randn(200, 1, 16, 16, generator=draw)
    for row, code in enumerate(target):
        if by_side:
            pictures[row, :, :, slice(0, 8) if code else slice(8, 16)] += 2
        else:
            pictures[row, :, slice(0, 8) if code else slice(8, 16), :] += 2
    assert alike_mirrored(pictures, target) is alike
    assert alike_mirrored(pictures, target.float()) is alike


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 1, 5), (3, 8, 8), (3, 64, 64), (1, 7, 31)])
def test_pictures_of_any_size_are_answered_near_the_bias_at_first(shape):
    torch.manual_seed(0)
    net = CNN(shape[0], min(shape[1:]), width=8, depth=4, dropout=0.1, shift=0.1, flips=True, bias=[-1.0, 2.0])
    outputs = net.eval()(torch.randn(3, *shape))
    assert outputs.shape == (3, 2)
    torch.testing.assert_close(outputs.mean(0), torch.tensor([-1.0, 2.0]), atol=0.5, rtol=0)
