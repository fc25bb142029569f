"""Drills: one file each, with one constant `DRILL`."""
