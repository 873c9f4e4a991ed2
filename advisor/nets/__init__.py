"""PyTorch for tables: one training loop that all nets share, and the blocks they are built from; loads torch."""
