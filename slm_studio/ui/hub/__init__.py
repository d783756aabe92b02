"""The parts of the Hub place."""
