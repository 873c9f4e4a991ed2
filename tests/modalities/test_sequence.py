"""Series from every source, as people have them."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from advisor import modalities, walk
from advisor.errors import NewRowsWarning, UserError
from advisor.modalities.sequence import MODALITY
from advisor.modalities.sequence.cells import lengths, typed

HEAD = "# made\n@problemName made\n@univariate true\n@classLabel true up down\n@data\n"
N = 24


def ts(folder, lines, head=HEAD, name="made.ts"):
    (folder / name).write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return folder / name


def cells(dataset, row=0):
    return [dataset.inputs[name].iloc[row].tolist() for name in dataset.inputs]


def long_table(rows=N, **more):
    """A row a day of each patient, the days in order, patients of 3 to 5 days."""
    told = [
        {"patient": f"p{i}", "day": day, "pulse": 60.0 + i + day, "state": "ab"[i % 2]}
        for i in range(rows)
        for day in range(1, 4 + i % 3)
    ]
    return pd.DataFrame(told).assign(**more)


def read_long(frame, **options):
    return walk.read(frame, "state", series=("patient", "day"), **options)


def test_a_ts_file_has_lengths_gaps_and_labels_of_its_own(tmp_path):
    lines = [f"{i},2,?,4{',5' * (i % 2)}:{'up' if i % 3 else 'down'}" for i in range(N)]
    dataset = walk.read(ts(tmp_path, lines))
    assert (dataset.modality, dataset.task, dataset.target_name) == ("sequence", "binary", "class")
    assert dataset.classes == ("down", "up") and dataset.target.tolist() == [min(i % 3, 1) for i in range(N)]
    assert lengths(dataset.inputs).tolist() == [4 + i % 2 for i in range(N)]
    np.testing.assert_array_equal(cells(dataset)[0], [0, 2, np.nan, 4])


def test_codes_of_classes_are_classes_and_targets_values_because_the_file_says_so(tmp_path):
    lines = [f"{i},2,3:{i % 10}" for i in range(60)]
    classes = HEAD.replace("true up down", "true 0 1 2 3 4 5 6 7 8 9")
    assert walk.read(ts(tmp_path, lines, classes)).task == "multiclass"
    values = HEAD.replace("@classLabel true up down", "@targetLabel true")
    assert walk.read(ts(tmp_path, lines, values)).task == "regression"


def test_channels_have_colons_between_and_one_may_be_absent_or_shorter(tmp_path):
    lines = ["1,2,3:4,5,6:up", "1,2,3::down", "1,2,3:4:up", "?,?:4,5:down"] * 6
    dataset = walk.read(ts(tmp_path, lines, HEAD.replace("univariate true", "univariate false")))
    assert cells(dataset, 0) == [[1, 2, 3], [4, 5, 6]]
    assert cells(dataset, 1) == [[1, 2, 3], []]
    np.testing.assert_array_equal(cells(dataset, 2), [[1, 2, 3], [4, np.nan, np.nan]])
    assert cells(dataset, 3) == [[], [4, 5]]
    assert [column.missing_share for column in MODALITY.facts(dataset)] == [0.25, 0.25]


WRONG_FILES = {
    "no data": ("", HEAD.replace("@data\n", ""), "no series: there is no line @data"),
    "no series": ("", HEAD, "has no series"),
    "a word": ("1,two:up", HEAD, "Line 6 of 'made.ts' has 'two', which is no number"),
    "a line without a label": ("1:up\n1,2", HEAD, "Line 7 of 'made.ts' has no label after a colon"),
    "another number of channels": ("1:up\n1:2:up", HEAD, "Line 7 of 'made.ts' has 2 channels, and the first has 1"),
    "times": ("(1,2):up", HEAD.replace("@data", "@timeStamps true\n@data"), "@timeStamps true"),
    "a table": ("a,b", "x,y\n", "Line 1 of 'made.ts' stands before @data"),
    "no labels": ("1,2\n" * N, HEAD.replace("@classLabel true up down", "@classLabel false"), "--target"),
    "few": ("1,2:up\n1:down", HEAD, "Too few rows have a target"),
}


@pytest.mark.parametrize(("lines", "head", "said"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_ts_file_that_cannot_be_read_is_answered_in_one_sentence(tmp_path, lines, head, said):
    with pytest.raises(UserError) as told:
        walk.read(ts(tmp_path, [lines], head))
    assert said in str(told.value) and "\n" not in str(told.value)


def test_a_file_that_is_not_there_is_said_to_be_not_there(tmp_path):
    with pytest.raises(UserError, match=r"There is no file .*absent.ts"):
        walk.read(tmp_path / "absent.ts")


def test_gaps_at_the_end_of_all_channels_are_length_and_others_are_gaps(tmp_path):
    X = np.arange(N * 2 * 6, dtype=float).reshape(N, 2, 6)
    X[1, :, 4:], X[2, 0, 4:], X[3, 0, 1], X[4] = np.nan, np.nan, np.nan, np.nan
    np.savez(tmp_path / "made.npz", X=X, y=np.arange(N) % 2, extra=np.zeros((3, 3)))
    dataset = walk.read(tmp_path / "made.npz")
    assert lengths(dataset.inputs).tolist()[:5] == [6, 4, 6, 6, 0]
    assert [int(np.isnan(cell).sum()) for cell in dataset.inputs.iloc[:, 0]][:5] == [0, 0, 2, 1, 0]
    assert any("2 series end with gaps in all channels" in note for note in dataset.notes)
    assert any("'extra'" in note for note in dataset.notes)


def test_an_npz_of_arrays_of_arrays_is_read_and_runs_nothing(tmp_path):
    series = np.empty(N, dtype=object)
    for place in range(N):
        series[place] = np.arange(3.0 + place % 4)
    np.savez(tmp_path / "made.npz", X=series, label=np.array(["a", "b"] * (N // 2)))
    dataset = walk.read(tmp_path / "made.npz", "label")
    assert lengths(dataset.inputs).tolist() == [3 + place % 4 for place in range(N)]

    class Harm:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    series[0] = Harm()
    np.savez(tmp_path / "bad.npz", X=series, y=np.arange(N))
    with pytest.raises(UserError, match="only arrays are read"):
        walk.read(tmp_path / "bad.npz")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04broken"])
def test_a_spoilt_npz_is_answered_in_one_sentence(tmp_path, content):
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot be read as an .npz file"):
        walk.read(tmp_path / "bad.npz", "y")


def test_arrays_of_three_axes_and_unequal_lists_are_series_and_two_axes_are_a_table():
    y = np.arange(N) % 2
    draw = np.random.default_rng(0)
    cube = walk.read(draw.normal(size=(N, 2, 9)), y)
    assert (cube.modality, cube.inputs.shape) == ("sequence", (N, 2))
    ragged = walk.read([draw.normal(size=3 + place % 5) for place in range(N)], y)
    assert (ragged.modality, lengths(ragged.inputs).tolist()) == ("sequence", [3 + place % 5 for place in range(N)])
    channels = walk.read([draw.normal(size=(2, 3 + place % 5)) for place in range(N)], pd.Series(y, name="sick"))
    assert (channels.inputs.shape, channels.target_name) == ((N, 2), "sick")
    assert walk.read(draw.normal(size=(N, 9)), y).modality == "tabular"
    assert walk.read(draw.normal(size=(N, 2, 9)), y, drop="channel 2").inputs.columns.tolist() == ["channel 1"]
    with pytest.raises(UserError, match=r"There is no channel 'channel 3' to drop. Did you mean 'channel"):
        walk.read(draw.normal(size=(N, 2, 9)), y, drop="channel 3")
    with pytest.raises(UserError, match="24 series and 23 targets"):
        walk.read(draw.normal(size=(N, 2, 9)), y[:-1])


def test_more_channels_than_steps_may_be_the_other_way_round():
    dataset = walk.read(np.random.default_rng(0).normal(size=(N, 30, 3)), np.arange(N) % 2)
    assert [finding.code for finding in dataset.findings] == ["R02"]
    assert "30 channels of 3 steps" in dataset.findings[0].message


def test_a_long_table_is_sorted_by_time_within_each_series_and_says_so():
    frame = long_table()
    dataset = read_long(frame.iloc[::-1])
    assert dataset.inputs.columns.tolist() == ["pulse"] and len(dataset.target) == N
    # The last patient comes first in the file, and its days are in order again.
    assert cells(dataset) == [[60 + N - 1 + day for day in range(1, 4 + (N - 1) % 3)]]
    assert [finding.code for finding in dataset.findings] == ["R06"]
    assert "back in time 'day'" in dataset.findings[0].message
    in_order = read_long(frame)
    assert not in_order.findings and cells(in_order) == [[61, 62, 63]]


def test_without_a_time_the_order_is_the_files():
    dataset = walk.read(long_table().drop(columns="day"), "state", series="patient")
    assert cells(dataset) == [[61, 62, 63]] and dataset.inputs.columns.tolist() == ["pulse"]


def test_doubled_and_irregular_times_are_told():
    frame = long_table()
    twice = pd.concat([frame, frame.iloc[[0]].assign(pulse=71.0)])
    dataset = read_long(twice)
    assert cells(dataset) == [[66, 62, 63]]
    assert "1 row has the series and the time 'day' of another" in dataset.findings[-1].message
    odd = read_long(frame.assign(day=frame["day"] ** 2))
    assert "longer or shorter in 'day' than the usual" in odd.findings[-1].message


def test_a_series_with_two_targets_is_left_out_and_told_and_many_are_refused():
    frame = long_table()
    frame.loc[0, "state"] = "b"
    dataset = read_long(frame)
    assert len(dataset.target) == N - 1
    assert any("1 series whose target 'state' has several values" in note and "'p0'" in note for note in dataset.notes)
    with pytest.raises(UserError, match=f"The target 'pulse' varies within {N} of {N} series"):
        walk.read(frame, "pulse", series=("patient", "day"))


def test_rows_that_say_neither_whose_nor_when_are_left_out_and_told():
    frame = long_table()
    frame.loc[1, "patient"], frame.loc[3, "day"] = None, None
    dataset = read_long(frame)
    assert cells(dataset) == [[61, 63]] and cells(dataset, 1) == [[63, 64, 65]]
    assert sum("1 row without" in note for note in dataset.notes) == 2


def test_columns_of_words_are_left_out_groups_have_one_value_a_series_and_names_are_checked():
    frame = long_table(ward=lambda table: "w" + table["patient"].str[-1], kind="x")
    dataset = read_long(frame, group="ward")
    assert dataset.group_name == "ward" and len(np.unique(dataset.groups)) == 10
    assert any("'kind' holds no numbers" in note for note in dataset.notes)
    with pytest.raises(UserError, match="The column 'day' cannot have two roles"):
        read_long(frame, group="day")
    with pytest.raises(UserError, match="The column 'pulse' has several values within"):
        read_long(frame, group="pulse")
    with pytest.raises(UserError, match=r"The series column 'patent' is not in the table. Did you mean 'patient'"):
        walk.read(frame, "state", series="patent")
    with pytest.raises(UserError, match="--series names one column"):
        walk.read(frame, "state", series=("patient", "day", "kind"))
    with pytest.raises(UserError, match="with --target"):
        walk.read(frame, series="patient")


def transformed(dataset, rows):
    """Type new rows; return them and what was told."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", NewRowsWarning)
        found = MODALITY.typed(dataset).transform(rows)
    return found, " ".join(str(each.message) for each in told)


def test_a_model_gets_of_a_file_what_it_learnt_from(tmp_path):
    source = ts(tmp_path, [f"{i},2,?,4{',5' * (i % 2)}:{'up' if i % 3 else 'down'}" for i in range(N)])
    dataset = walk.read(source)
    found, told = transformed(dataset, MODALITY.typed(dataset).rows(source))
    assert not told
    assert MODALITY.codes(dataset).tolist() == MODALITY.codes(walk.read(source)).tolist()
    for a, b in zip(found.iloc[:, 0], dataset.inputs.iloc[:, 0], strict=True):
        np.testing.assert_array_equal(a, b)
    pickle.loads(pickle.dumps(MODALITY.typed(dataset))).transform(dataset.example)


def test_new_rows_of_a_long_table_bear_the_names_of_their_series(tmp_path):
    dataset = read_long(long_table())
    long_table(4).drop(columns="state").to_csv(tmp_path / "new.csv", index=False)
    typer = MODALITY.typed(dataset)
    rows = typer.rows(tmp_path / "new.csv")
    assert rows.index.name == "patient" and rows.index.tolist() == ["p0", "p1", "p2", "p3"]
    found, told = transformed(dataset, rows)
    assert not told and found["pulse"].iloc[0].tolist() == [61, 62, 63]
    with pytest.raises(UserError, match="'patient' is not in the table"):
        typer.rows(long_table(4).drop(columns="patient"))
    with pytest.warns(NewRowsWarning, match="their means were taken"):
        typer.rows(pd.concat([long_table(2), long_table(2)]))


def test_new_times_are_read_in_the_order_of_day_and_month_that_was_learnt(tmp_path):
    days = pd.Series(pd.date_range("2024-01-01", periods=40))
    frame = long_table()
    written = frame.assign(day=days.take(7 * frame["day"]).dt.strftime("%d/%m/%Y").to_numpy())
    dataset = read_long(written)
    typer = modalities.find(dataset.modality).typed(dataset)
    # Days of which all could be months as well, a month apart.
    new = pd.DataFrame({"patient": "p", "day": ["12/01/2024", "11/02/2024", "10/03/2024"], "pulse": [1.0, 2.0, 3.0]})
    read = typer.rows(new.assign(**{name: 0.0 for name in frame if name not in (*new, "state")}))
    np.testing.assert_array_equal(read["pulse"].iloc[0], [1, 2, 3])


def test_a_target_may_stand_in_the_first_row_of_each_series_alone():
    frame = long_table()
    once = frame.assign(state=frame["state"].astype(object).where(~frame["patient"].duplicated(), ""))
    np.testing.assert_array_equal(read_long(once).target, read_long(frame).target)


def test_what_is_strange_of_new_series_is_told_and_answered():
    draw = np.random.default_rng(0)
    dataset = walk.read(draw.normal(size=(N, 2, 9)), np.arange(N) % 2)
    empty = np.empty(0)
    rows = pd.DataFrame({
        "channel 1": [np.ones(30), [1.0, "x", None], None, pd.Series([1.0, np.nan]), draw.normal(size=9) * 1e6],
        "channel 2": [np.ones(30), [1, 2, 3], empty, [1], draw.normal(size=9)],
    })  # fmt: skip
    found, told = transformed(dataset, rows)
    assert lengths(found).tolist() == [30, 3, 0, 1, 9]
    for part in ("1 value that no number can be read from", "1 of 5 series is without any value",
                 "longer than the longest of training (30 and 9 steps)", "'channel 1'"):  # fmt: skip
        assert part in told
    assert "There is no channel 'channel 2'" in transformed(dataset, rows[["channel 1"]])[1]
    assert transformed(dataset, draw.normal(size=(3, 2, 5)))[0].shape == (3, 2)
    with pytest.raises(UserError, match="3 channels, and those that were learnt from 2"):
        transformed(dataset, [np.zeros((3, 4))] * 2)
    with pytest.raises(UserError, match="none of those that were learnt from"):
        transformed(dataset, rows[["channel 1"]].set_axis(["pulse"], axis=1))


def test_cells_of_a_row_are_of_one_length_and_infinity_is_a_gap():
    raw = pd.DataFrame({"a": [[1, np.inf, 3], [], None], "b": [np.array([1.0]), np.array([np.nan] * 4), 2.0]})
    done = typed(raw)
    np.testing.assert_array_equal(done.frame.iloc[0].tolist(), [[1, np.nan, 3], [1, np.nan, np.nan]])
    assert [len(cell) for cell in done.frame.iloc[1]] == [0, 0] and done.frame.iloc[2]["b"].tolist() == [2.0]
    assert (done.filled, done.unreadable) == (1, 1)


def test_exactly_one_modality_claims_what_is_series(tmp_path):
    assert modalities.claim(tmp_path / "a.ts").name == modalities.claim(np.zeros((3, 2, 4))).name == "sequence"
    assert modalities.claim(long_table()).name == "tabular"
    assert modalities.claim([[1, 2], [3, 4]]).name == "tabular"
