"""The HTTP interface: parse, call the engine, answer."""
