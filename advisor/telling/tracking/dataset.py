"""The data set as MLflow knows it: name, digest, source, columns and size, by what its profile tells; no row of it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from advisor.records import Dataset, Profile
from advisor.telling.redacted import without_credentials
from advisor.telling.tracking.text import clip

LONGEST_DATA_NAME, LONGEST_DIGEST = 500, 36
# What MLflow calls the kinds of column that have one type; "any" is its word for all others.
TYPES = {
    "numeric": "double", "integer": "double", "boolean": "double", "date": "datetime",
    "categorical": "string", "high-cardinality": "string", "text": "string",
}  # fmt: skip


def log_dataset(client: Any, run_id: str, dataset: Dataset, profile: Profile) -> None:
    """Make `dataset` an input of the run."""
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.entities import Dataset as Entity
    from mlflow.entities import DatasetInput, InputTag

    name, digest = clip(dataset.name, LONGEST_DATA_NAME), profile.fingerprint[:LONGEST_DIGEST]
    # Typed as anything: to the type checker MLflow's class is an abstract one.
    described: Any = MetaDataset
    facts = described(_source(dataset), name, digest, _schema(dataset, profile)).to_dict()
    facts["profile"] = json.dumps({"num_rows": profile.rows, "num_columns": len(profile.columns) + 1})
    context = [InputTag("mlflow.data.context", "comparison")]
    client.log_inputs(run_id, [DatasetInput(Entity(**facts), context)])


def _source(dataset: Dataset) -> Any:
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.dataset_source_registry import resolve_dataset_source

    if not dataset.source or not Path(dataset.source).is_file():
        named = without_credentials(dataset.source) or dataset.name
        return CodeDatasetSource({"mlflow.source.name": named})
    with warnings.catch_warnings():
        # A plain path fits several of MLflow's source types, and the one it takes is the right one.
        warnings.filterwarnings("ignore", message="The specified dataset source can be interpreted")
        return resolve_dataset_source(dataset.source)


def _schema(dataset: Dataset, profile: Profile) -> Any:
    from mlflow.types.schema import ColSpec, Schema

    columns = [(column.name, TYPES.get(column.kind, "any")) for column in profile.columns]
    target = (dataset.target_name, "string" if dataset.classes else "double")
    return Schema([ColSpec.from_json_dict(name=name, type=kind, required=True) for name, kind in (*columns, target)])
