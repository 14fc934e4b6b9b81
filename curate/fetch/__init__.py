"""Listings and photos of a site, or of a folder: `stage` is its contract, `crawl` and `download` its work."""
