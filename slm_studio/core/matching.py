"""Matching words: which places of a passage bear the words of a question, to be lit where a passage is shown."""

import re

from slm_studio.core.english import COMMON

_RUN = r"\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W_{_RUN}]+|[{_RUN}]+")


def matches(question: str, text: str) -> list[tuple[int, int]]:
    """Return start and end of each place of a text that bears a word of the question, of Chinese two characters or more.

    Example: matches("late fees", "A fee for late books.") == [(2, 5), (10, 14)]
    """
    asked = _WORD.findall(question.casefold())
    words = {_stem(word) for word in asked if not _is_run(word) and word not in COMMON}
    pairs = {word[at : at + 2] for word in asked if _is_run(word) for at in range(len(word) - 1)}
    singles = {word for word in asked if _is_run(word) and len(word) == 1}
    found: list[tuple[int, int]] = []
    for match in _WORD.finditer(text):
        word = match[0].casefold()
        if _is_run(word):
            found += _lit_runs(word, match.start(), pairs, singles)
        elif _stem(word) in words:
            found.append(match.span())
    return found


def _lit_runs(word: str, start: int, pairs: set[str], singles: set[str]) -> list[tuple[int, int]]:
    """Return the stretches of a run of characters that are covered by pairs of the question."""
    lit = [word[at] in singles for at in range(len(word))]
    for at in range(len(word) - 1):
        if word[at : at + 2] in pairs:
            lit[at] = lit[at + 1] = True
    found: list[tuple[int, int]] = []
    for at, is_lit in enumerate(lit):
        if is_lit and found and found[-1][1] == start + at:
            found[-1] = (found[-1][0], start + at + 1)
        elif is_lit:
            found.append((start + at, start + at + 1))
    return found


def _stem(word: str) -> str:
    """Return a word without the ending of many: fees → fee."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _is_run(word: str) -> bool:
    return not word.isascii() and re.match(f"[{_RUN}]", word) is not None
