"""One view per task, named as in core/tasks."""
