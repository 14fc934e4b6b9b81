"""Sources: listing pages in, listings out."""
