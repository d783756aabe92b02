"""A place for the engine to work: this process, or one of its own."""
