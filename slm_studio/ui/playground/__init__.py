"""The Playground: its panel, and what every task's view shares there: the open model, a whole file, code to copy."""
