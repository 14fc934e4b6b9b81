"""audit: what the data and the networks are worth elsewhere, and what may be wrong with them."""
