"""Pages in, listings out: pure functions of bytes or of a folder's content. Start at `listing`."""
