"""Another model of a finished run: the other champion, or the blend, of the models of the folds that were kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import joblib
from sklearn.pipeline import Pipeline

from advisor.contest.handover import OPTIONS, TABLE
from advisor.errors import UserError
from advisor.fitting import handing


def kept_model(folder: Path, which: str) -> Pipeline:
    """Return the model `which` ("classical", "neural", "classical_blend", "blend") of the run in `folder`.

    Each member is the mean of its models of the folds, which are whole: no data are needed, and nothing is fitted.
    Raises UserError where the run has no such model. Loading runs code from the files: load only runs you trust.
    """
    try:
        content = json.loads((folder / OPTIONS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise UserError(
            f"The run {folder.name} kept no models of its folds; compare again to get a run that does."
        ) from problem
    options = {name: members for name, members in content["options"].items() if name != "dummy"}
    if which not in options:
        raise UserError(f"The run {folder.name} has no {which} model; it has: {', '.join(options) or 'none'}.")
    classes = content["classes"]
    members: dict[str, tuple[float, Any]] = {}
    for key, member in options[which].items():
        models = [handing.load_member(folder / file, content["serve_on"]) for file in member["files"]]
        members[key] = member["weight"], handing.bag(models, len(classes))
    mixed = handing.mixed(members, len(classes))
    table = joblib.load(folder / TABLE)
    return Pipeline([("table", table), ("learner", handing.Labelled(mixed, classes) if classes else mixed)])
