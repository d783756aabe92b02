"""Paths of the local API that other programs know already, and how they are asked. All others take a task's own roles."""

VERSION = "/v1"
MODELS = "/v1/models"
COMPLETIONS = "/v1/completions"
CHAT_COMPLETIONS = "/v1/chat/completions"
SEARCH = "/v1/search"
RANK = "/v1/rank"
EMBEDDINGS = "/v1/embeddings"
