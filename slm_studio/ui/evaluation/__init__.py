"""The parts of Evaluate: figures with intervals, the confusion matrix, rows, classes, another file, export."""
