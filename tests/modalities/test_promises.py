"""What every modality promises, tested for whoever is in the folder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from advisor import modalities
from advisor.contracts import Modality
from advisor.errors import UserError
from advisor.records import Dataset


def series_file(table, folder):
    """Write 60 series of two channels, of unequal lengths and with a gap, and the target of a table."""
    draw = np.random.default_rng(0)
    rows = [draw.normal(size=(2, 20)) for _ in range(60)]
    for place, row in enumerate(rows):
        row[:, 12 + place % 9 :] = np.nan
        row[0, 5] = np.nan
    np.savez(folder / "made.npz", X=np.stack(rows), y=table["y"].to_numpy(dtype="U1"))
    return folder / "made.npz"


def pictures_file(table, folder):
    """Write 60 small pictures, and the target of a table."""
    pictures = np.random.default_rng(0).integers(0, 256, (60, 6, 8, 3)).astype(np.uint8)
    np.savez(folder / "made.npz", images=pictures, y=table["y"].to_numpy(dtype="U1"))
    return folder / "made.npz"


# A source of each modality with 60 rows and a target "y", made of a table and a folder.
SOURCES = {"tabular": lambda table, folder: table, "sequence": series_file, "image": pictures_file}


@pytest.fixture(params=modalities.catalogue(), ids=lambda modality: modality.name)
def modality(request) -> Modality:
    return request.param


@pytest.fixture
def dataset(modality, table, tmp_path) -> Dataset:
    return modality.read(SOURCES[modality.name](table, tmp_path), target="y")


def test_each_is_found_by_its_name_and_says_what_it_reads(modality, tmp_path):
    assert modalities.find(modality.name) is modality
    for source in (3, tmp_path, "absent.docx"):
        with pytest.raises(UserError) as told:
            modalities.claim(source)
        assert modality.reads in str(told.value)


def test_the_catalogue_of_data_sets_is_no_modality():
    assert "cards" not in {modality.name for modality in modalities.catalogue()}


def test_rows_are_taken_by_position_in_the_order_asked_for(modality, dataset):
    once = modality.take(dataset.inputs, np.array([7, 3, 50]))
    assert len(once) == 3
    again = modality.take(once, np.array([1]))
    pd.testing.assert_frame_equal(again, modality.one_row(dataset.inputs, 3))


def test_codes_are_equal_where_inputs_are(modality, dataset):
    twice = replace(
        dataset,
        inputs=modality.take(dataset.inputs, np.array([0, 1, 2, 1, 0])).reset_index(drop=True),
        target=dataset.target[:5],
    )
    codes = modality.codes(twice)
    assert codes.dtype == np.int64 and codes.tolist() == [0, 1, 2, 1, 0]
    assert modality.codes(dataset).max() == len(dataset.target) - 1


def test_a_fingerprint_is_that_of_the_inputs(modality, dataset):
    def fingerprint(rows: np.ndarray) -> str:
        return modality.fingerprint(replace(dataset, inputs=modality.take(dataset.inputs, rows)))

    everyone = np.arange(len(dataset.target))
    assert fingerprint(everyone) == modality.fingerprint(dataset)
    assert len({fingerprint(everyone), fingerprint(everyone[::-1]), fingerprint(everyone[1:])}) == 3
    assert modality.fingerprint(replace(dataset, target=dataset.target[::-1])) == modality.fingerprint(dataset)
    extra = replace(dataset, unlabelled=modality.take(dataset.inputs, everyone[:2]))
    assert modality.fingerprint(extra) != modality.fingerprint(dataset)


def test_every_column_described_has_numbers_and_the_width_counts_them(modality, dataset):
    columns = modality.facts(dataset)
    for column in columns:
        values = modality.values(dataset, column.name)
        assert values.shape == (60,) and values.dtype == np.float64
        assert np.isnan(values).mean() == pytest.approx(column.missing_share)
    assert modality.width(dataset, columns) >= len(columns)


def test_checks_have_codes_of_their_own(modality, dataset):
    codes = [finding.code for finding in modality.checks(dataset, modality.facts(dataset))]
    assert len(set(codes)) == len(codes)
    assert not {"D02", "R01", "L04", "S05"} & set(codes) and not any(code.startswith("T") for code in codes)
