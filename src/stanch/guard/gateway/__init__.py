"""The gateway: the guard as a reverse proxy, before any HTTP model server."""
