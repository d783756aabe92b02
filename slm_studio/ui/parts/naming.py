"""How a dataset is called in the person's language: what cleaning adds to its name on disk is a word of ours."""

from slm_studio.core.texts import tr

CLEANED = " (cleaned)"


def file_words(name: str) -> str:
    """Return a dataset's name. Example: file_words("tickets.csv (cleaned)") == "tickets.csv (cleaned)", in Chinese “tickets.csv（已清洗）”"""
    return tr("{name} (cleaned)", name=name.removesuffix(CLEANED)) if name.endswith(CLEANED) else name
