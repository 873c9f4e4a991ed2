"""The data set as MLflow knows it: name, digest, source, columns and size, by what its profile tells; no row of it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from advisor.records import Dataset, Profile
from advisor.redacted import without_credentials
from advisor.telling.tracking.text import clip

LONGEST_DATA_NAME, LONGEST_DIGEST = 500, 36
# What MLflow calls the kinds of column that have one type; "any" is its word for all others.
TYPES = {
    "numeric": "double", "integer": "double", "boolean": "double", "date": "datetime",
    "categorical": "string", "high-cardinality": "string", "text": "string",
}  # fmt: skip


def facts(dataset: Dataset, profile: Profile) -> dict[str, Any]:
    """Return what `log_dataset` tells of a data set, as JSON can hold it."""
    columns = [(column.name, TYPES.get(column.kind, "any")) for column in profile.columns]
    target = (dataset.target_name, "string" if dataset.classes else "double")
    return {
        "name": clip(dataset.name, LONGEST_DATA_NAME), "digest": profile.fingerprint[:LONGEST_DIGEST],
        "source": without_credentials(dataset.source) or dataset.name,
        "columns": [*columns, target], "rows": profile.rows,
    }  # fmt: skip


def log_dataset(client: Any, run_id: str, known: Mapping[str, Any]) -> None:
    """Make the data set with these `facts` an input of the run; told again it stays one."""
    from mlflow.data.meta_dataset import MetaDataset
    from mlflow.entities import Dataset as Entity
    from mlflow.entities import DatasetInput, InputTag
    from mlflow.types.schema import ColSpec, Schema

    schema = Schema([ColSpec.from_json_dict(name=name, type=kind, required=True) for name, kind in known["columns"]])
    # Typed as anything: to the type checker MLflow's class is an abstract one.
    described: Any = MetaDataset
    entity = described(_source(known["source"]), known["name"], known["digest"], schema).to_dict()
    entity["profile"] = json.dumps({"num_rows": known["rows"], "num_columns": len(known["columns"])})
    context = [InputTag("mlflow.data.context", "comparison")]
    client.log_inputs(run_id, [DatasetInput(Entity(**entity), context)])


def _source(named: str) -> Any:
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.dataset_source_registry import resolve_dataset_source

    if not Path(named).is_file():
        return CodeDatasetSource({"mlflow.source.name": named})
    with warnings.catch_warnings():
        # A plain path fits several of MLflow's source types, and the one it takes is the right one.
        warnings.filterwarnings("ignore", message="The specified dataset source can be interpreted")
        return resolve_dataset_source(named)
