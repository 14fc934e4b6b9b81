"""The demonstration marketplace: painted photos, real pages on loopback."""
