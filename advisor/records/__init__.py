"""What walks through the house: frozen records that compute nothing.

    Dataset -> Profile -> Plan -> Candidate -> Outcome -> Case -> Comparison -> Verdict -> Advice

Conventions that hold for all of them. Class labels are codes 0..K-1 into `Dataset.classes`. A prediction is an array of
shape (rows, K) of probabilities for classification and (rows,) for regression. An `error` is lower-is-better and not
negative; a `score` is in the metric's own units. Times are seconds, sizes are bytes or MB as the name says.
"""

from advisor.records.account import (
    Account,
    BreakEven,
    Estimate,
    Extra,
    FamilyCost,
    Pareto,
    ParetoPoint,
    PricesUsed,
    Scenario,
)
from advisor.records.case import (
    WEAK_PRIOR,
    Answer,
    Case,
    Comparison,
    How,
    Matrix,
    Mixture,
    Option,
    Prior,
    Reading,
    Which,
)
from advisor.records.data import Column, Dataset, Finding, Profile, Severity, Task
from advisor.records.outcome import Candidate, Cost, Ending, FoldResult, Outcome, Probe, ProbeResult, Stage, State
from advisor.records.outlook import CurvePoint, MoreRows
from advisor.records.plan import Budget, Entrant, Family, Fold, Folds, Plan
from advisor.records.question import Limits, Prices, Question
from advisor.records.verdict import BoardRow, Champion, Effort, Handed, Look, Reason, Recommendation, RuleCheck, Verdict

__all__ = [
    "WEAK_PRIOR",
    "Account",
    "Answer",
    "BoardRow",
    "BreakEven",
    "Budget",
    "Candidate",
    "Case",
    "Champion",
    "Column",
    "Comparison",
    "Cost",
    "CurvePoint",
    "Dataset",
    "Effort",
    "Ending",
    "Entrant",
    "Estimate",
    "Extra",
    "Family",
    "FamilyCost",
    "Finding",
    "Fold",
    "FoldResult",
    "Folds",
    "Handed",
    "How",
    "Limits",
    "Look",
    "Matrix",
    "Mixture",
    "MoreRows",
    "Option",
    "Outcome",
    "Pareto",
    "ParetoPoint",
    "Plan",
    "Prices",
    "PricesUsed",
    "Prior",
    "Probe",
    "ProbeResult",
    "Profile",
    "Question",
    "Reading",
    "Reason",
    "Recommendation",
    "RuleCheck",
    "Scenario",
    "Severity",
    "Stage",
    "State",
    "Task",
    "Verdict",
    "Which",
]
