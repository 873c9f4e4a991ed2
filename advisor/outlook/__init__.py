"""What would change the answer: more rows, a larger budget, a smaller margin, a GPU, weights from elsewhere."""
