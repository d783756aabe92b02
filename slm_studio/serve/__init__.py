"""The local API: models answer other programs of this computer, each task at its route, and as OpenAI's API does."""
