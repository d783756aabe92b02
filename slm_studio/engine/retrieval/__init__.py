"""Finding: questions and the passages that answer them, an index of passages on disk, and what is found in it."""
