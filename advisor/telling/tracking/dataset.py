"""The data set as MLflow knows it: name, digest, source, columns and size, told without a copy of the data."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from advisor.records import Dataset
from advisor.telling.tracking.text import clip


def log_dataset(client: Any, run_id: str, dataset: Dataset, digest: str | None) -> None:
    """Make `dataset` an input of the run; its digest is computed over all rows where none is given."""
    from mlflow.data.code_dataset_source import CodeDatasetSource
    from mlflow.data.pandas_dataset import from_pandas
    from mlflow.entities import Dataset as Entity
    from mlflow.entities import DatasetInput, InputTag

    labels = dataset.target[:100]
    if dataset.classes:
        labels = np.asarray(dataset.classes, dtype=object)[labels]
    head = plain(dataset.inputs.head(100)).assign(**{dataset.target_name: labels})
    file = Path(dataset.source) if dataset.source else None
    known = file is not None and file.is_file()
    source: Any = str(file) if known else CodeDatasetSource({"mlflow.source.name": dataset.source or dataset.name})
    digest, name = clip(digest or content_digest(dataset), 36), clip(dataset.name, 500)
    with warnings.catch_warnings():
        # A plain path fits several of MLflow's source types, and the one it takes is the right one.
        warnings.filterwarnings("ignore", message="The specified dataset source can be interpreted")
        facts = from_pandas(head, source=source, targets=dataset.target_name, name=name, digest=digest).to_dict()
    # MLflow has seen the head only; the profile tells the size of the whole.
    facts["profile"] = json.dumps({"num_rows": len(dataset.inputs), "num_columns": dataset.inputs.shape[1] + 1})
    context = [InputTag("mlflow.data.context", "comparison")]
    client.log_inputs(run_id, [DatasetInput(Entity(**facts), context)])


def content_digest(dataset: Dataset) -> str:
    """Return a short name for the content of all rows, target included."""
    rows = pd.util.hash_pandas_object(dataset.inputs, index=False).to_numpy()
    both = rows * np.uint64(31) + pd.util.hash_array(np.asarray(dataset.target))
    return f"{int(pd.util.hash_array(both).sum()):x}-{len(both):x}"


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Write categories as text: MLflow's schemas know no category."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("category").columns, object))
