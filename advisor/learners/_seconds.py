"""How long a fit takes: one form for all learners, whose figures benchmarks/seconds.py fits to what it has measured."""

from __future__ import annotations

from dataclasses import dataclass

from advisor.estimators.early_stopping import MOST_ROWS_TO_REFIT
from advisor.records import Profile

# The table that `Growth.seconds` is for.
ROWS, COLUMNS = 1_000, 20
# Where rows are too many to train once more on all of them; a refit takes 0.7 times as long as what came before it.
NO_REFIT = (MOST_ROWS_TO_REFIT, 1.7)


@dataclass(frozen=True)
class Growth:
    """CPU seconds of a default's fit and the predictions of a quarter as many rows, as powers of the table's sizes.

    `seconds` are those of a table of 1,000 rows, 20 columns and two classes; `rows`, `columns` and `classes` (where
    there are more than two) are the exponents by which they grow: with 2.0 twice the rows take four times as long. A
    regression takes `values` times as long, and every table `start` seconds more. `arrays` is how many times longer
    series and pictures take, whose columns are all numbers of many values. `encoded` counts a column for each level of
    a category, and not one for all. `drop` has the rows above which a fit does less, and how many times less;
    with `fewer_passes` 10,000 to 50,000 rows count as 10,000, and more as a fifth: nets pass the fewer times over rows
    the more there are (see NetEstimator).
    """

    seconds: float
    rows: float = 1.0
    columns: float = 0.0
    classes: float = 0.0
    values: float = 1.0
    start: float = 0.0
    encoded: bool = False
    drop: tuple[int, float] | None = None
    fewer_passes: bool = False
    arrays: float = 1.0

    def __call__(self, rows: int, profile: Profile) -> float:
        """Return the seconds for so many training rows of the profile's table."""
        # A series or a picture is one column, of which an encoder makes many.
        encoded = self.encoded or profile.modality != "tabular"
        columns = profile.encoded_columns if encoded else len(profile.columns)
        seconds = self.seconds * (self.counted(rows) / ROWS) ** self.rows * (max(columns, 1) / COLUMNS) ** self.columns
        if profile.task == "multiclass":
            seconds *= max(len(profile.target.get("classes", ())), 3) ** self.classes
        if profile.task == "regression":
            seconds *= self.values
        if profile.modality != "tabular":
            seconds *= self.arrays
        if self.drop is not None and rows > self.drop[0]:
            seconds /= self.drop[1]
        return float(self.start + seconds)

    def counted(self, rows: int) -> float:
        """Return the rows that grow with the seconds."""
        return max(min(rows, 10_000), rows / 5) if self.fewer_passes else rows
