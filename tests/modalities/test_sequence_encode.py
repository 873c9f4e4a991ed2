"""What is made of series for learners: numbers that sum them up, arrays with a mask, samples, and findings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from advisor import walk
from advisor.modalities.sequence import MODALITY, encode
from advisor.modalities.sequence.cells import EMPTY, frame_of, objects
from advisor.modalities.sequence.encode import SeriesEncoder, Summaries, averaged
from advisor.modalities.sequence.made import made, strange
from advisor.modalities.sequence.statistics import statistics


def frame(*channels):
    return frame_of(
        {
            f"c{place}": objects([np.asarray(cell, dtype=np.float32) for cell in cells])
            for place, cells in enumerate(channels)
        }
    )


def of(values):
    return {name: float(each[0]) for name, each in statistics(np.atleast_2d(np.asarray(values, dtype=float))).items()}


def test_a_straight_line_is_told_by_its_slope_and_a_wave_by_its_frequency():
    line = of(np.linspace(0, 10, 50))
    assert line["slope"] == pytest.approx(5) and line["off the line"] == pytest.approx(0, abs=1e-9)
    assert (line["rises"], line["longest rise"], line["place of the most"]) == (1, 49 / 50, 49 / 50)
    assert (line["mean of part 1"], line["mean of part 8"]) == (pytest.approx(0.51, 0.02), pytest.approx(9.39, 0.02))
    time = np.arange(64)
    wave = of(3 + np.sin(2 * np.pi * time / 8))
    assert wave["main frequency"] == pytest.approx(8 / 32) and wave["share of the main frequency"] == pytest.approx(1)
    assert wave["peaks"] == 8 / 64 and wave["likeness at lag 8"] == pytest.approx(1)
    assert (wave["mean"], wave["deviation"]) == (pytest.approx(3), pytest.approx(np.sqrt(0.5)))


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [0.0] * 9, [1e30, -1e30, 1e30], [7.0, 7.0, 7.0]])
def test_short_flat_and_huge_series_have_numbers_or_none_and_no_warning(values):
    with np.errstate(all="raise"):
        told = of(np.asarray(values, dtype=np.float32))
    assert tuple(told) == encode.STATISTICS and not np.isinf(list(told.values())).any()


def test_summaries_are_the_same_alone_and_in_company_and_from_memory():
    inputs, _ = made("binary", 40)
    rows = pd.concat([inputs, strange(inputs)], ignore_index=True)
    first = Summaries().fit_transform(rows)
    again, alone = Summaries().fit_transform(rows), Summaries().fit(rows)
    pd.testing.assert_frame_equal(first, again)
    pd.testing.assert_frame_equal(first, alone.transform(rows))
    pd.testing.assert_frame_equal(first.iloc[[41]], alone.transform(rows.iloc[[41]]))
    assert list(first.columns) == list(alone.get_feature_names_out()) and first.columns.is_unique
    absent = inputs.iloc[:, 1].map(len) == 0
    own = first.filter(like=f"{inputs.columns[1]} ").filter(regex="^(?!größe)")
    assert absent.any() and own[: len(inputs)][absent].isna().all(axis=None)


def test_gaps_are_lines_and_their_share_is_told():
    told = Summaries().fit_transform(frame([[0, np.nan, 2, np.nan, 4], [0, 1, 2, 3, 4]]))
    assert told["c0 share of gaps"].tolist() == [0.4, 0.0] and told["c0 mean"].tolist() == [2, 2]
    both = Summaries().fit_transform(frame([[0, 1, 2]], [[0, -2, -4]]))
    assert both["c0 with c1"].tolist() == [pytest.approx(-1)] and both["steps"].tolist() == [3]


def test_arrays_are_scaled_by_the_rows_of_fit_and_end_in_noughts_with_a_mask():
    learnt = frame([[0, 2, 4], [0, 4]], [[5, 5, 5], EMPTY])
    encoder = SeriesEncoder().fit(learnt)
    deviation = np.std([0, 2, 4, 0, 4])
    array = encoder.transform(frame([[2, np.nan, 6, 8], [2]], [[5, 5, 5, 6], EMPTY]))
    assert array.shape == (2, 3, 4) and array.dtype == np.float32
    np.testing.assert_allclose(array[0, 0], np.array([0, 2, 4, 6]) / deviation, rtol=1e-6)
    np.testing.assert_allclose(array[0, 1], [0, 0, 0, 1])
    assert array[1].tolist() == [[0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]]
    assert array[0, 2].tolist() == [1, 1, 1, 1]


def test_long_series_become_means_of_steps_and_no_longer_than_memory_has_room_for():
    assert [averaged(steps, 10) for steps in (0, 10, 11, 95)] == [1, 1, 2, 10]
    encoder = SeriesEncoder(most_steps=4).fit(frame([[0, 2, 4, 6, 1, 3]]))
    centre, scale = encoder.centres_[0], encoder.scales_[0]
    array = encoder.transform(frame([[0, 2, 4, 6, 9], np.arange(1000)]))
    np.testing.assert_allclose(array[0, 0, :3] * scale + centre, [1, 5, 9], rtol=1e-6)
    assert array[0, 1, :4].tolist() == [1, 1, 1, 0] and array.shape[2] == 16


def test_samples_show_every_class_and_can_be_written_as_json():
    inputs, target = made("multiclass", 60)
    shown = MODALITY.samples(MODALITY.read(inputs.assign(y=target), target="y"))
    assert [row["label"] for row in shown] == ["0", "0", "0", "1", "1", "1", "2", "2"]
    assert all(set(row["curves"]) == set(inputs.columns) for row in shown)
    values = [value for row in shown for curve in row["curves"].values() for value in curve]
    assert None in values and all(value is None or np.isfinite(value) for value in values)


def codes_of(X, y, **options):
    return {finding.code: finding for finding in walk.profile(X, y, **options).findings}


def test_series_without_faults_have_no_findings():
    draw = np.random.default_rng(0)
    assert not codes_of(draw.normal(size=(80, 2, 30)), np.arange(80) % 2)


def test_copies_near_copies_and_channels_without_news_are_found():
    draw = np.random.default_rng(0)
    X, y = draw.normal(size=(80, 2, 30)), np.arange(80) % 2
    X[1], X[3] = X[5], X[8] + 1e-4
    X[:, 1] = 7.0
    found = codes_of(X, y)
    assert set(found) == {"D01", "D03", "D09"}
    assert found["D01"].evidence["rows"] == 1 and found["D09"].evidence["rows"] == 2
    assert found["D03"].evidence == {"columns": ["channel 2"]}


def test_a_length_that_tells_the_target_is_found():
    draw = np.random.default_rng(0)
    y = np.arange(80) % 2
    found = codes_of([draw.normal(size=20 + 10 * code + draw.integers(0, 8)) for code in y], y)
    assert set(found) == {"L06"} and found["L06"].evidence["skill"] > 0.95


def test_cuts_of_one_series_are_found_whether_they_overlap_or_follow():
    draw = np.random.default_rng(0)
    walked, y = np.cumsum(draw.normal(size=8_000)), draw.integers(0, 2, 80)
    follow = codes_of(walked.reshape(80, 1, 100), y)
    assert set(follow) == {"S06"} and not follow["S06"].evidence["overlapping"]
    overlap = codes_of(np.stack([walked[50 * i : 50 * i + 100] for i in range(80)])[:, None], y)
    assert overlap["S06"].severity == "severe"
    shuffled = draw.permutation(80)
    assert "S06" not in codes_of(walked.reshape(80, 1, 100)[shuffled], y)


def test_series_of_hardly_any_steps_and_of_very_many_are_told():
    draw = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = [draw.normal(size=2_500 if place == 7 else 1 if place < 3 else 30 + place % 4) for place in range(40)]
    found = codes_of(X, y)
    assert found["D10"].evidence == {"empty": 0, "one_step": 3} and found["D11"].evidence["averaged"] == 3
