"""Look at what the stages did: explain, status, verify."""
