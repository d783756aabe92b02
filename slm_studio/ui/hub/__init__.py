"""The Hub place: its panel, and the ways in and out for models."""
