"""What is said of a base to go on from. Pure functions."""

from slm_studio.core.bases import MANY, Base, Offer
from slm_studio.core.texts import current_language, in_line, mark, tr
from slm_studio.ui.parts.models import bytes_words
from slm_studio.ui.parts.run_words import gigabytes

LANGUAGES = {"en": mark("English"), "zh": mark("Chinese"), MANY: mark("many languages")}
LICENSES = {"apache-2.0": "Apache 2.0", "mit": "MIT"}


def name_of(base: Base) -> str:
    """Return a base's name without its owner's."""
    return base.id.rpartition("/")[2]


def description(base: Base) -> str:
    """Return what a base is good for, in the language of the window."""
    return base.good_for.get(current_language().partition("_")[0]) or base.good_for["en"]


def language_words(base: Base) -> str:
    """Return the languages that a base was made for. Example: “English, Chinese, many languages”"""
    return tr(", ").join(tr(LANGUAGES[each]) if each in LANGUAGES else each for each in base.languages)


def license_words(base: Base) -> str:
    """Return a licence as people know it."""
    return LICENSES.get(base.license, base.license)


def memory_words(base: Base) -> str:
    """Return the memory to use and to train a base, in GB. Example: “0.6 / 1.0”"""
    return f"{gigabytes(base.memory_to_use)} / {gigabytes(base.memory_to_train)}"


def facts_words(offer: Offer, memory: int) -> str:
    """Return what is known of a base, in a few lines."""
    base = offer.base
    needs = tr(
        "memory: {use} GB to use, {train} GB to train all of it; this computer has {memory} GB",
        use=gigabytes(base.memory_to_use),
        train=gigabytes(base.memory_to_train),
        memory=gigabytes(memory),
    )
    facts = (base.id, language_words(base), license_words(base), tr("download {size}", size=bytes_words(base.download)))
    return f"{description(base)}\n{' · '.join(facts)}\n{needs}"


def warning_words(offer: Offer, memory: int, *, to_train: bool = True) -> str:
    """Return what speaks against a base, or ""."""
    foreign = "" if offer.speaks else tr("Not made for the language of your rows.")
    fits = offer.fits if to_train else offer.usable
    return in_line((foreign, "" if fits else too_large(offer.base, memory, to_train=to_train)))


def too_large(base: Base, memory: int, *, to_train: bool = True) -> str:
    """Say that a base is too large to be trained here, or to be used, with the figure."""
    if not to_train:
        return tr(
            "Too large for this computer: it takes {needed} GB of {memory} GB.",
            needed=gigabytes(base.memory_to_use),
            memory=gigabytes(memory),
        )
    return tr(
        "Too large for this computer: training all of it takes {needed} GB of {memory} GB.",
        needed=gigabytes(base.memory_to_train),
        memory=gigabytes(memory),
    )


def act_words(offer: Offer, is_chosen: bool, go_on: str) -> str:
    """Return what the button does with a base."""
    if is_chosen and offer.here:
        return tr("Chosen")
    return tr(go_on) if offer.here else tr("Fetch")


def found_in(base: Base, searched: str) -> bool:
    """Say whether all words that are searched for stand in what is said of a base."""
    said = " ".join(
        (base.id, base.shape, language_words(base), license_words(base), *base.good_for.values())
    ).casefold()
    return all(word in said for word in searched.casefold().split())
