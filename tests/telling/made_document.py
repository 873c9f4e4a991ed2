"""Cases of a net against the trees, and the document that tells of one."""

from dataclasses import replace

import numpy as np

from advisor.judging.effort import effort
from advisor.judging.ruling import ruling
from advisor.judging.verdict import judge
from advisor.records import Budget, Column, MoreRows
from advisor.records.outlook import Gpu, LargerBudget, Pretrained, SmallerMargin, WouldChange
from advisor.telling.document import environment, verdict_document
from tests.made_case import made_case, probabilities

ROWS = 600
# When a made run began: its folds began at the seconds of their numbers, so that none is of after a look.
BEGAN = 0.0
NOTHING_CHANGES = WouldChange(
    MoreRows(ROWS, None, "there was no time to ask"),
    Gpu("no net was held back by time"),
    LargerBudget((), {"used": ROWS, "all": ROWS}, {"run": 5, "planned": 5}, None, {}, {}, reason="nobody was tuned"),
    SmallerMargin(reason="there is no comparison to read it from"),
    Pretrained({}, {}, "no pre-trained net fits this data"),
)
ON_GPU = {"device": "cuda", "device_name": "a GPU", "gpu_memory_mb": 300.0}


def regression(net: float, **options: object):
    """Make a Case of four learners and two settings of one; `net` is the noise of the net, that of lightgbm is 0.8."""
    rng = np.random.default_rng(0)
    signal = 3 * rng.normal(size=ROWS)
    target = signal + rng.normal(size=ROWS)
    entered = {
        "dummy": ("dummy", np.full(ROWS, target.mean())),
        "linear": ("classical", signal + 1.2 * rng.normal(size=ROWS)),
        "lightgbm": ("classical", signal + 0.85 * rng.normal(size=ROWS)),
        "lightgbm#2": ("classical", signal + 0.8 * rng.normal(size=ROWS), {"depth": 3}),
        "realmlp": ("neural", signal + net * rng.normal(size=ROWS), {"width": 64}),
    }
    return made_case(target, entered, min_gain=0.02, **options)


def classes(net: float, metric: str = "roc_auc", **options: object):
    rng = np.random.default_rng(1)
    target = rng.integers(0, 2, ROWS)
    entered = {
        "dummy": ("dummy", np.full((ROWS, 2), 0.5)),
        "linear": ("classical", probabilities(target, 1.0, rng)),
        "realmlp": ("neural", probabilities(target, net, rng)),
    }
    return made_case(target, entered, metric, **options)


def told(
    case,
    handed=None,
    looks=(),
    command="advisor compare made",
    mlflow=None,
    notes=(),
    changes=NOTHING_CHANGES,
    **budget,
):
    profile = replace(case.profile, columns=(Column("a", "numeric", 0.0, 600),), kinds={"numeric": 1})
    case = replace(case, profile=profile)
    verdict = judge(case, case, looks)
    return verdict_document(
        verdict, handed, case, Budget(300.0, 60, **budget), spent_seconds=298.0, mlflow=mlflow,
        environment=environment(case.plan, case.outcomes.values(), command),
        would_change=changes, effort=effort(case, ruling(case)), began=BEGAN, notes=notes,
    )  # fmt: skip
