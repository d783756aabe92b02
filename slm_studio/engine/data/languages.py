"""Which language a text is in, as far as this app needs to know: Chinese, English or something else."""

from collections import Counter
from collections.abc import Iterable

from slm_studio.core.english import COMMONEST

SOME = 0.15  # share of texts from which on a language is one of theirs
FEW = 12  # words in Latin letters, among which English nearly always has one of the commonest


def language_of(text: str) -> str:
    """Return "zh", "en" or "" (other, or too little to tell)."""
    letters = sum(character.isalpha() for character in text)
    if not letters:
        return ""
    if sum(is_han(character) for character in text) >= 0.2 * letters:
        return "" if any("\u3040" <= character <= "\u30ff" for character in text) else "zh"  # kana: Japanese
    words = [word.strip(".,!?;:'\"()").lower() for word in text.split()]
    common = sum(word in COMMONEST for word in words)
    return "en" if common >= max(1, 0.12 * len(words)) else ""


def tells_little(text: str) -> bool:
    """Say whether a text without a word that gives its language away is too short to be of another one for sure."""
    return text.isascii() and len(text.split()) < FEW


def main_language(texts: Iterable[str]) -> str:
    """Return the language of most texts; "" where none is clear."""
    counts = Counter(language_of(text) for text in texts if text.strip())
    if not counts:
        return ""
    language, count = max(((key, n) for key, n in counts.items() if key), key=lambda pair: pair[1], default=("", 0))
    return language if count >= 0.3 * sum(counts.values()) else ""


def main_languages(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the languages of a good part of the texts, the commonest first: of pairs that are translated, both."""
    counts = Counter(language_of(text) for text in texts if text.strip())
    total = sum(counts.values())
    return tuple(key for key, count in counts.most_common() if key and count >= SOME * total)


def is_han(character: str) -> bool:
    """Say whether a character is a Chinese one (CJK unified ideographs and their extensions)."""
    return (
        "\u4e00" <= character <= "\u9fff"
        or "\u3400" <= character <= "\u4dbf"
        or "\U00020000" <= character <= "\U0003134f"
    )
