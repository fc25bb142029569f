"""Correlation rules over several kinds of events: data in YAML, evaluated over counters."""
