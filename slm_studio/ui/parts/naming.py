"""How a dataset is called in the person's language: what cleaning and editing add to its name on disk is a word of ours."""

from slm_studio.core.texts import mark, tr

VERSIONS = {" (cleaned)": mark("{name} (cleaned)"), " (edited)": mark("{name} (edited)")}


def file_words(name: str) -> str:
    """Return a dataset's name. Example: file_words("tickets.csv (cleaned)") == "tickets.csv (cleaned)", in Chinese “tickets.csv（已清洗）”"""
    for ending, template in VERSIONS.items():
        if name.endswith(ending):
            return tr(template, name=file_words(name.removesuffix(ending)))
    return name
