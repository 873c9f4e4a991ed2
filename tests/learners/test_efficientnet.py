"""The nets that were trained beforehand on photographs, on weights made here: two small stages that know nothing."""

import numpy as np
import pytest

from advisor.errors import UserError
from advisor.learners import efficientnet, efficientnet_tuned
from advisor.modalities.image.encode import Seen
from advisor.modalities.image.made import made
from advisor.nets.packaged import EFFICIENTNET, EFFICIENTNET_FILES, packaged_file
from advisor.testing import checks, made_setting

SIZES = {"WIDTH": 24, "SIDE": 32, "STEM": 8, "STAGES": ((1, 3, 1, 1, 8), (1, 5, 2, 2, 12))}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Make the net 24 numbers wide, of two blocks, for squares of 32 pixels."""
    from advisor.nets import efficientnet as net

    for name, value in SIZES.items():
        monkeypatch.setattr(net, name, value)
    net.load.cache_clear()
    yield
    net.load.cache_clear()


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    import torch

    from advisor.nets import efficientnet

    folder = tmp_path_factory.mktemp("efficientnet")
    torch.manual_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SIZES.items():
            patch.setattr(efficientnet, name, value)
        net = efficientnet.EfficientNetLite0()
    theirs = {f"theirs.{name}": value for name, value in net.state_dict().items()}
    torch.save({**theirs, "fc.weight": torch.zeros(5, 24)}, folder / "efficientnet-lite0-made.pth")
    return str(folder)


def quick(pipeline):
    few = {"model__epochs": 12, "model__learning_rate": 1e-2, "model__frozen": 0}
    return pipeline.set_params(**{name: value for name, value in few.items() if name in pipeline.get_params()})


FROZEN, TUNED = (checks(each.LEARNER) for each in (efficientnet, efficientnet_tuned))


@pytest.mark.parametrize("place", range(len(FROZEN)), ids=[name for name, _ in FROZEN])
def test_the_net_as_it_is_keeps_its_promise(place, weights):
    checks(efficientnet.LEARNER, foundation=weights, quick=quick)[place][1]()


# Each of its trainings takes a second: one task shows what all promise.
TUNED_ONCE = [place for place, (name, _) in enumerate(TUNED) if name.endswith("multiclass") and "metric" not in name]


@pytest.mark.parametrize("place", TUNED_ONCE, ids=[TUNED[place][0] for place in TUNED_ONCE])
def test_the_net_trained_further_keeps_its_promise(place, weights):
    checks(efficientnet_tuned.LEARNER, foundation=weights, quick=quick)[place][1]()


def test_what_a_net_sees_is_that_of_each_picture_alone(weights):
    inputs, _ = made("binary", 20)
    encoder = Seen(f"{weights}/efficientnet-lite0-made.pth")
    together = encoder.fit_transform(inputs).to_numpy()
    assert together.shape == (20, 24) and len(encoder.get_feature_names_out()) == 24
    for place in range(0, 20, 5):
        np.testing.assert_allclose(encoder.transform(inputs.iloc[[place]]), together[[place]], atol=1e-5)


def test_weights_of_another_net_are_refused_in_a_sentence(tmp_path):
    import torch

    from advisor.nets.efficientnet import load

    torch.save({"x": torch.zeros(3)}, tmp_path / "efficientnet-lite0-other.pth")
    with pytest.raises(UserError, match="does not hold the weights of EfficientNet-Lite0"):
        load(tmp_path / "efficientnet-lite0-other.pth")


def test_who_has_no_weights_says_where_they_would_be(tmp_path, monkeypatch):
    from advisor.learners import _pictures

    monkeypatch.setattr(_pictures, "packaged_file", lambda package, pattern: None)
    assert "holds no efficientnet-lite0*.pth" in efficientnet.LEARNER.absent(str(tmp_path), "binary")
    with pytest.raises(UserError, match=f"install the package {EFFICIENTNET}, or say --foundation"):
        efficientnet.LEARNER.build(made_setting("binary", modality="image"), {})


def test_the_layers_are_those_that_were_published(monkeypatch):
    file = packaged_file(EFFICIENTNET, EFFICIENTNET_FILES)
    if file is None:
        pytest.skip(f"{EFFICIENTNET} is not installed (the extra images)")
    monkeypatch.undo()
    import torch

    from advisor.nets import efficientnet as net

    package = pytest.importorskip("efficientnet_lite_pytorch", reason="its authors' net is not installed")
    theirs = package.EfficientNet.from_name("efficientnet-lite0")
    theirs.load_state_dict(torch.load(file, weights_only=True))
    pictures = torch.randn(2, 3, 96, 96, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = theirs.eval().extract_features(pictures).mean((2, 3))
        torch.testing.assert_close(net.load(None)(pictures), expected, atol=1e-4, rtol=1e-3)
