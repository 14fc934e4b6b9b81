"""Which photos are usable, and of which class: start at `evidence`."""
