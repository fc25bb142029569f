"""What happened, in what order, through what, and what it touched."""
