"""Bases of the estimators that learners are built from: early stopping, nets, and rows that are added."""
