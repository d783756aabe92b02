"""What goes on inside nets."""
