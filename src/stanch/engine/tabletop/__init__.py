"""Tabletops at work: scenarios from files, plays that are kept, the exercise incident of each."""
