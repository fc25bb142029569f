"""Summaries, detectors and alarms: from counted events to findings."""
