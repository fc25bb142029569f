"""The routes: one file a noun; each parses, asks the house, shows the answer."""
