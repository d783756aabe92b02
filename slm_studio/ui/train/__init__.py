"""The parts of the Train place: the plan before, the run while it learns, the runs of before."""
