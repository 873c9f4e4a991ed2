"""Candidate -> Outcome: fit on a fold, predict, time; studies; the model that is handed over."""
