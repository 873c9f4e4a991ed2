"""X and y of every usual kind, put into one frame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from advisor.errors import UserError


def joined(inputs: Any, target: Any) -> tuple[pd.DataFrame, str]:
    """Put inputs (n, p) and a target (n,) into one frame; return it and the target's name, its own or "target".

    Raises UserError where they are not as many, or a column has that name already.
    """
    if not isinstance(inputs, pd.DataFrame):
        inputs = pd.DataFrame(np.asarray(inputs))
        inputs.columns = [f"x{column}" for column in inputs.columns]
    if len(inputs) != len(target):
        raise UserError(f"The table has {len(inputs)} rows and the target {len(target)}; they must be as many.")
    name = str(getattr(target, "name", None) or "target")
    if name in inputs.columns:
        raise UserError(f"The table has a column {name!r} already; pass its name as the target, or rename one of them.")
    return inputs.assign(**{name: np.asarray(target)}), name
