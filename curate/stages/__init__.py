"""Stages: each reads the manifest before it and writes its own."""
