"""Cards, archives and the hub."""
