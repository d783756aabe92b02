"""One file per task, named as in core/tasks. The folder is the registry."""
