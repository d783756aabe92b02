"""Order: texts that are given are put in the order of how likely each is the best, by a model of any kind."""
