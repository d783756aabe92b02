"""Answering from a passage: windows that are read, the reader from scratch, and how spans are chosen and joined."""
