"""Is a neural network worth it for this data? One call measures it."""
