"""What a service needs to talk to stanch from its own process."""
