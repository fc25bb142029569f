"""Victims: real models on real data, served over HTTP behind a real guard."""
