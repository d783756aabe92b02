"""Folders that versions before this one wrote, and what they said then: read by tests/test_compatibility.py."""
