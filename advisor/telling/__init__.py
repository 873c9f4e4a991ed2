"""A verdict on its way to people: document, sentences, report, MLflow, ledger and progress."""
