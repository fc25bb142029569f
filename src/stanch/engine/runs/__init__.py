"""Durable runs of playbooks: killed at any instant, they go on, with no effect twice."""
