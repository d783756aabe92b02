"""The parts of Playground that every task shares: the open model, a whole file, code to copy."""
