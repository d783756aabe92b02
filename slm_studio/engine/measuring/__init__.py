"""Pure measures: scores, paired comparisons, simple methods to compare with, and what a number does not say by itself."""
