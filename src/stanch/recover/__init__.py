"""The way back into service: plans, checks and gates."""
