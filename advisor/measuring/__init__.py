"""Metrics, folds, costs, and evidence: two columns of row losses become an effect and its interval."""
