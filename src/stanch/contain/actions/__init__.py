"""Actions: one file, one constant ACTION each."""
