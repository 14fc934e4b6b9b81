"""Which photos are usable, and of which class: `stage` is its contract; start at `signals`."""
