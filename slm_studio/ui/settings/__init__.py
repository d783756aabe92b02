"""The Settings place: its panel, and the app's own trash."""
