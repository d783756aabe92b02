"""Opened models answer: one prompt, many, a whole file."""
