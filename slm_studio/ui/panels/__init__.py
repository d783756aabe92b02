"""The places of the window: one panel per file. Panels never import panels; they meet in the session."""
