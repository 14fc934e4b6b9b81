"""The one place that talks HTTP: start at `client`."""
