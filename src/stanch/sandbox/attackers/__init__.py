"""Attackers: real attacks, which see no more than an attacker would."""
