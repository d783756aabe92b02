"""The Train place: its panel, and the plan before, the run while it learns, the runs of before."""
