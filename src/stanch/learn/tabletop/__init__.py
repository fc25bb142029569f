"""Tabletops: an exercise that people play against the clock, and what it showed of them."""
