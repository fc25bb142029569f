"""Before anything happens: what we own, what is normal, who is called."""
