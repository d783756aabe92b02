"""Word vectors: how texts become words, the tables of vectors, how they learn, and the files that other programs read."""
