"""A text goes on: the choice of each next token, and the loop around it."""
