"""The reference CNN and how it is trained: `stage` is its contract; start at `trainer`."""
