"""Inside: what a net computes for one text, step by step, read off the net itself while it answers."""
