"""Checks: one file, one constant CHECK each."""
