"""Envoy as a guard: its configuration from policies, its questions, its access log, its process."""
