"""Oxen: a queue to poll, an event stream, and blocking calls."""
