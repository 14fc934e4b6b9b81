"""Which photos show the same picture: `stage` is its contract; start at `find_duplicates`."""
