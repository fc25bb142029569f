"""The verdict: natural change, pipeline fault, attack (and which kind), or undecided."""
