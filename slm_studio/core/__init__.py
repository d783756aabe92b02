"""The nouns: frozen, typed values that every layer shares. Standard library and platformdirs only."""
