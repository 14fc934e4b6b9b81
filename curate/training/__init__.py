"""The reference CNN and how it is trained: start at `loop`."""
