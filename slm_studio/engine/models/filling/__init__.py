"""Filling gaps: which tokens are hidden together, which are hidden when, and what may stand in a gap."""
