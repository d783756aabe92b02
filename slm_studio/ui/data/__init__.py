"""The Data place: its panel, and the parts, each of which shows one thing about the open dataset."""
