"""Of what kind a word of a vocabulary is, as llama.cpp counts, and how long one may be."""

UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 2, 3, 4, 5, 6
LONGEST = 4096  # characters
