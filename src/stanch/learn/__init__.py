"""Measures, reviews and exercises: what to do better next time."""
