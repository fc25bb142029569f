"""The watch: from rows in the spool to counts, and from counts to what detectors may look at."""
