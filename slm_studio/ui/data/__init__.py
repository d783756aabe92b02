"""The parts of the Data place: each shows one thing about the open dataset."""
