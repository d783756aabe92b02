"""The door under odd input: files, folders, hubs, recipes, prompts that nobody would write on purpose."""
