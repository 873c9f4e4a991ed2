"""Plan -> Case: when which candidate is fitted on which fold, and when that ends."""
