"""The window: PySide6 and pyqtgraph. Sees core and host, never the engine."""
