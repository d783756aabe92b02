"""One file per format: sniff(head) says how sure it is, read(path) yields rows."""
