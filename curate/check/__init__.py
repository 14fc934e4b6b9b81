"""check: what the dataset says of one more photo."""
