"""Profile -> Plan: who takes part, on which rows and folds, and who is left out and why."""
