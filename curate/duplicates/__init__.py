"""Which photos are copies of each other: start at `copies`."""
