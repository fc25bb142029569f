"""Habits: what single principals do in normal operation, and how far one is from it."""
