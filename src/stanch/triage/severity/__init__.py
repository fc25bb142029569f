"""Severity: the worst factor sets the level, gates raise it, every rule that fired is named."""
