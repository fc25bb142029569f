"""Where things are kept: SQL, the telemetry lake, the vault, the evidence log."""
