"""The Evaluate place: its panel, and figures with intervals, the confusion matrix, rows, classes, another file."""
