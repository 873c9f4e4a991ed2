"""The recommended model as an MLflow model: signature, example, pinned packages and our code; spawns no process."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import pickle
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

import advisor
from advisor.telling.tracking.text import value
from advisor.whole import UNFINISHED


def log_model(
    client: Any, where: Mapping[str, Any], model: Any, example: pd.DataFrame, facts: Mapping[str, Any], beside: Path
) -> str:
    """Store `model` under the name `model` as an output of the run, and return its URI, `models:/...`.

    `facts` become the model's parameters. What is sent is put together in the folder `beside`, not in the system's for
    temporary files: it has rows of the data, and where this process is killed the next start removes it there. The
    model loads with `mlflow.pyfunc.load_model` and predicts what its own `predict` does; stored again it is the same
    one. Raises whatever MLflow, the store or pickle raise.
    """
    from mlflow.entities import LoggedModelOutput

    # One that an earlier try began is gone on with.
    begun = client.search_logged_models(
        [where["experiment_id"]], filter_string=f"source_run_id = '{where['run_id']}'", max_results=1
    )
    entry = begun[0] if begun else client.create_logged_model(
        where["experiment_id"],
        name="model",
        source_run_id=where["run_id"],
        params={name: value(fact) for name, fact in facts.items() if fact},
    )  # fmt: skip
    # At the end of a program a thread may still write into it; what stays is swept away later.
    mark = f".{os.getpid()}{UNFINISHED}"
    with tempfile.TemporaryDirectory(dir=beside, suffix=mark, ignore_cleanup_errors=True) as folder:
        _save(model, example, f"{folder}/model", where["run_id"], entry)
        client.log_model_artifacts(entry.model_id, f"{folder}/model")
    client.finalize_logged_model(entry.model_id, "READY")
    known = client.get_run(where["run_id"]).outputs
    if entry.model_id not in [output.model_id for output in (known.model_outputs if known else ())]:
        client.log_outputs(where["run_id"], [LoggedModelOutput(entry.model_id, step=0)])
    return f"models:/{entry.model_id}"


def _save(model: Any, example: pd.DataFrame, path: str, run_id: str, entry: Any) -> None:
    import mlflow.sklearn
    from mlflow.models import Model

    packages = _packages_of(model)
    mlflow.sklearn.save_model(
        model,
        path,
        mlflow_model=Model(run_id=run_id, model_id=entry.model_id, artifact_path=entry.artifact_location),
        serialization_format=mlflow.sklearn.SERIALIZATION_FORMAT_CLOUDPICKLE,
        signature=_signature(model, example),
        input_example=_plain(example.head(5)),
        pip_requirements=_requirements(packages),
        code_paths=[str(Path(advisor.__file__).parent)] if "advisor" in packages else None,
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Write categories as text: MLflow's schemas know no category."""
    return frame.astype(dict.fromkeys(frame.select_dtypes("category").columns, object))


def _signature(model: Any, example: pd.DataFrame) -> Any:
    """Name the columns but leave their types open: MLflow would turn away whole numbers where the sample has floats."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, Schema

    numeric = np.asarray(model.predict(example.head(5))).dtype.kind in "fiu"
    outputs = Schema([ColSpec(DataType.double if numeric else DataType.string)])
    return ModelSignature(
        Schema([ColSpec.from_json_dict(type="any", name=str(name), required=True) for name in example.columns]), outputs
    )


class _Witness(pickle.Pickler):
    """Notes which modules a pickle would need to load."""

    def __init__(self, sink: Any) -> None:
        super().__init__(sink, protocol=5)
        self.modules: set[str] = set()

    def persistent_id(self, thing: Any) -> None:
        module = getattr(thing, "__module__", None) or type(thing).__module__
        if isinstance(module, str):
            self.modules.add(module)


def _packages_of(model: Any) -> set[str]:
    """Name the top-level packages that loading `model` imports: those its pickle names, and those our code imports."""
    with open(os.devnull, "wb") as sink:
        witness = _Witness(sink)
        witness.dump(model)
    waiting, seen = set(witness.modules), set()
    while waiting:
        name = waiting.pop()
        seen.add(name)
        if name.split(".")[0] == "advisor" and name in sys.modules:
            for thing in vars(sys.modules[name]).values():
                module = thing.__name__ if isinstance(thing, ModuleType) else getattr(thing, "__module__", None)
                if isinstance(module, str) and module not in seen:
                    waiting.add(module)
    return {name.split(".")[0] for name in seen}


def _requirements(packages: set[str]) -> list[str]:
    """Pin the distributions that hold those packages, and what MLflow needs to load any model."""
    ours_and_pythons = {"advisor", "__main__"} | sys.stdlib_module_names
    pins = {"cloudpickle", "mlflow", "numpy", "pandas", "sklearn"} | packages - ours_and_pythons
    found = (_pin(package) for package in pins if not package.startswith("_"))
    return sorted({pin for pin in found if pin is not None})


def _pin(package: str) -> str | None:
    """Find who provides a package: nearly always a distribution of that name, which is quick to look up."""
    for name in (package, "scikit-learn" if package == "sklearn" else f"{package}-cpu"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            # A local label such as +cpu names a build that an index elsewhere does not have.
            return f"{name}=={importlib.metadata.version(name).partition('+')[0]}"
    names = importlib.metadata.packages_distributions().get(package)
    return _pin(names[0]) if names and names[0] != package else None
