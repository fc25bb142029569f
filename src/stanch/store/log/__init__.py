"""The evidence log: append-only, provable, and readable by other people's tools (C2SP)."""
