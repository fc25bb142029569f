"""Detectors: one file, one constant DETECTOR each."""
