"""The widgets of the window: one idea per file, each shows one thing and emits what the person did."""
