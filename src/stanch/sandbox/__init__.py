"""Drills: victims, attackers and the referee."""
