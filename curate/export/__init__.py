"""export: the dataset in a form that others load."""
