"""Which photos are duplicates: `stage` is the contract; start at `find_duplicates`."""
