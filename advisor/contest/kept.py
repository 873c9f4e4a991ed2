"""Models of the folds that are kept, and what is made of them later: another model of a finished run."""

from __future__ import annotations

import json
from pathlib import Path

from sklearn.pipeline import Pipeline

from advisor import model_files
from advisor.errors import UserError
from advisor.fitting import handing
from advisor.fitting.fold import Shared, serve_on
from advisor.judging import choice
from advisor.records import Case, FoldResult
from advisor.whole import UNFINISHED, sum_of, whole_file

OPTIONS = Path("folds") / "options.json"
TABLE = Path("folds") / "table.npz"


def keep_options(shared: Shared, case: Case) -> None:
    """Keep what other models of this run are made of: the models of the folds of all options, and nothing else."""
    chosen = choice.chosen(case)
    members = {} if chosen is None else chosen.members
    files = {key: files_of(shared, case, key) for mixture in members.values() for key in mixture}
    options = {
        which: {key: {"weight": weight, "files": files[key]} for key, weight in mixture.items()}
        for which, mixture in members.items()
    }
    folder = shared.folder / "folds"
    kept = {shared.folder / file for own in files.values() for file in own}
    for file in folder.glob("*"):
        if file not in kept and file.suffix in (model_files.INERT, model_files.PICKLE, UNFINISHED):
            file.unlink()
    content = {"classes": list(case.dataset.classes), "serve_on": case.plan.serve_on, "options": options}
    model_files.write(handing.whole(case.dataset, None)[0], shared.folder / TABLE)
    with whole_file(shared.folder / OPTIONS) as draft:
        draft.write_text(json.dumps(content, indent=1), encoding="utf-8")


def files_of(shared: Shared, case: Case, key: str) -> list[str]:
    """Return the files of a candidate's models of the folds that are as they were written, in the order of the folds.

    Where folds go forward in time it is one: of the model that has learnt most rows, which is the newest. The others
    have learnt older rows alone, the first of them a sixth of all.
    """
    results = sorted(case.outcomes[key].results.items())
    files = {
        n: result.model for n, result in results if result.model and _is_whole(shared.folder / result.model, result)
    }
    if case.plan.folds.kind != "forward" or not files:
        return list(files.values())
    learnt = {part.number: len(part.train) for part in case.plan.folds.parts}
    return [files[max(files, key=lambda number: learnt[number])]]


def _is_whole(path: Path, result: FoldResult) -> bool:
    return path.is_file() and result.model_sum in (None, sum_of(path))


def kept_model(folder: Path, which: str, *, trust: bool = False) -> Pipeline:
    """Return the model `which` ("classical", "neural", "classical_blend", "blend") of the run in `folder`.

    Each member is the mean of its models of the folds, which are whole, or where the folds went forward in time the
    newest of them: no data are needed, and nothing is fitted. Raises UserError where the run has no such model, where
    its files are damaged, and where some are pickles of somebody else's, unless `trust` lets them run code.
    """
    try:
        content = json.loads((folder / OPTIONS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise UserError(
            f"The run {folder.name} kept no models of its folds; compare again to get a run that does."
        ) from problem
    try:
        options = {name: members for name, members in content["options"].items() if name != "dummy"}
        classes, place = tuple(content["classes"]), str(content["serve_on"])
        mixture = options.get(which, {}).items()
        named = {str(key): (float(member["weight"]), tuple(member["files"])) for key, member in mixture}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        raise UserError(f"{str(folder / OPTIONS)!r} is damaged; compare again to get a run with models.") from problem
    if not named:
        raise UserError(f"The run {folder.name} has no {which} model; it has: {', '.join(options) or 'none'}.")
    models = {
        key: (weight, [model_files.load(folder, file, trust=trust) for file in files])
        for key, (weight, files) in named.items()
    }
    table = model_files.load(folder, model_files.found(folder / TABLE).relative_to(folder).as_posix(), trust=trust)
    try:
        for _, own in models.values():
            for model in own:
                serve_on(model, place)
        members = {key: (weight, handing.bag(own, len(classes))) for key, (weight, own) in models.items()}
        mixed = handing.mixed(members, len(classes))
    except (AttributeError, TypeError, ValueError, LookupError) as problem:
        raise UserError(
            f"What the run {folder.name} kept as models of its folds are none; compare again to get a run with models."
        ) from problem
    return Pipeline([("table", table), ("learner", handing.Labelled(mixed, classes) if classes else mixed)])
