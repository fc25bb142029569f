"""The shell's heart: the main path, and the ports it needs the world through."""
