"""Playbooks as values: read, checked, walked, and exchanged as CACAO 2.0."""
