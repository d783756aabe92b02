"""Reading, checking, cleaning and splitting rows."""
