"""Pictures as numbers: each feature on a picture whose right value is known."""

import numpy as np
import pandas as pd
import pytest

from advisor import modalities
from advisor.modalities.image import checks, encode, features
from advisor.modalities.image.made import made, strange
from advisor.modalities.image.read import frame_of

IMAGE = modalities.find("image")


def picture(height, width, value=0):
    return np.full((height, width, 3), value, dtype=np.uint8)


def told(pixels):
    return dict(zip(features.names(), features.described([pixels])[0], strict=True))


def test_a_plain_picture_has_no_edges_and_one_brightness():
    found = told(picture(20, 30, 102))
    assert all(value == pytest.approx(0, abs=1e-6) for name, value in found.items() if name.startswith("edges"))
    assert found["brightness at 3.4"] == pytest.approx(0.4) and found["brightness, mean"] == pytest.approx(0.4)
    assert found["brightness, spread"] == pytest.approx(0, abs=1e-6) and found["brightness, share of level 4"] == 1


def test_an_upright_edge_is_seen_where_it_is_and_in_its_direction():
    pixels = picture(48, 48)
    pixels[:, 28:] = 255  # in the fourth column of cells, brighter to the right
    found = told(pixels)
    strong = {name for name, value in found.items() if name.startswith("edges") and value > 0.3}
    assert strong and all(name.endswith(", 0 degrees") for name in strong)
    assert {name.split()[2].rstrip(",").split(".")[1] for name in strong} == {"4"}


def test_contrast_and_light_do_not_change_edges():
    pixels = np.random.default_rng(0).integers(60, 120, (48, 48, 3)).astype(np.uint8)
    bright = 2.0 * (pixels[None].mean(3) / 255.0) - 0.2
    np.testing.assert_allclose(features.edges(bright), features.edges(bright / 2), atol=0.02)


def test_colours_are_told_from_grey():
    red = picture(10, 10)
    red[..., 0] = 200
    found, grey = told(red), told(picture(10, 10, 60))
    assert found["red, mean"] > 0.2 and found["blue, mean"] < -0.05
    assert grey["red, mean"] == pytest.approx(0, abs=1e-6) and grey["blue, mean"] == pytest.approx(0, abs=1e-6)


def test_features_are_those_of_each_picture_alone_and_remembered_in_training_only(monkeypatch):
    inputs, _ = made("binary", 40)
    encoder = encode.Features()
    first = encoder.fit_transform(inputs)
    assert first.shape == (40, len(features.names())) and np.isfinite(first.to_numpy()).all()
    alone = pd.concat([encoder.transform(inputs.iloc[[row]]) for row in range(40)])
    np.testing.assert_allclose(alone, first, atol=1e-5)
    counted = []
    monkeypatch.setattr(
        features, "described", lambda pictures: counted.append(len(pictures)) or np.zeros((len(pictures), 450))
    )
    pd.testing.assert_frame_equal(encode.Features().fit_transform(inputs), first)
    encoder.transform(inputs)
    assert counted == [40]


def test_pixels_have_the_scale_of_the_rows_that_were_fitted_on():
    inputs, _ = made("binary", 40)
    encoder = IMAGE.encoder("pixels").fit(inputs)
    arrays = encoder.transform(inputs)
    assert arrays.shape == (40, 3, 12, 12) and arrays.dtype == np.float32
    np.testing.assert_allclose(arrays.mean((0, 2, 3)), 0, atol=1e-4)
    np.testing.assert_allclose(arrays.std((0, 2, 3)), 1, atol=1e-4)
    other = encoder.transform(strange(inputs))
    assert other.shape == (8, 3, 12, 12) and np.isfinite(other).all()


def test_grey_pictures_have_one_channel_and_colours_are_made_grey_for_it():
    grey = frame_of([picture(9, 7, value) for value in range(100, 140)])
    encoder = IMAGE.encoder("pixels").fit(grey)
    assert encoder.transform(grey).shape == (40, 1, 9, 9)
    assert IMAGE.encoder("pixels", standard=False).fit(grey).transform(frame_of([picture(2, 2, 255)])).max() == 1.0
    same = frame_of([picture(9, 9, 119)])
    np.testing.assert_allclose(encoder.transform(same), encoder.transform(grey)[19:20], atol=1e-5)


def test_a_side_lies_within_bounds():
    assert encode.side_of([picture(2, 3)] * 3) == encode.SMALLEST_SIDE
    assert encode.side_of([picture(28, 20)] * 3) == 28
    assert encode.side_of([picture(128, 100)] * 3) == encode.LARGEST_SIDE


def test_an_unknown_style_is_answered_with_the_near_ones():
    with pytest.raises(ValueError, match="Did you mean 'pixels'"):
        IMAGE.encoder("pixel")


def test_near_pairs_are_found_whatever_stands_between_them():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (16, 16, 3)).astype(np.uint8) for _ in range(60)]
    for place, twin in ((3, 41), (7, 59)):
        pictures[twin] = (pictures[place].astype(int) + rng.integers(-3, 4, (16, 16, 3))).clip(0, 255).astype(np.uint8)
    assert checks.near_pairs(pictures).tolist() == [[3, 41], [7, 59]]
    assert len(checks.near_pairs([picture(5, 5, 200)] * 4)) == 0  # pictures of nothing are no copies of one another


def test_what_files_say_besides_is_held_against_the_target():
    target = np.arange(200) % 2
    rng = np.random.default_rng(0)
    facts = pd.DataFrame({"format": np.where(target, "PNG", "JPEG"), "width": rng.normal(size=200)})
    assert checks.facts_tell(facts, target, 2).evidence["facts"] == ["format"]
    assert checks.facts_tell(facts[["width"]], target, 2) is None
    assert checks.facts_tell(pd.DataFrame(index=range(200)), target, 2) is None
