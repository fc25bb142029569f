"""The policy algebra and the actions that propose a next policy."""
