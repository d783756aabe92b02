"""Physical lines: text cut at \\n, \\r\\n and \\r only, never at the other characters that str.splitlines takes for ends."""

import re
from collections.abc import Iterator

from slm_studio.core.errors import StudioError

MOST = 256 << 20  # characters of one line; a longer one is no row that a model could read
FEW_RETURNS = 0.2  # share of line ends up to which a lone \r is part of a text
_ENDS = re.compile(r"(\r\n|\n|\r)")
_ENDS_BUT_LONE = re.compile(r"(\r\n|\n)")

Lines = tuple[
    list[str], list[str]
]  # the lines, and what ended each ("" for the last one of a file without a final newline)


def split_lines(texts: Iterator[str], *, lone_returns_end: bool = True) -> Iterator[Lines]:
    """Yield groups of whole lines with their ends. `lone_returns_end` False keeps a \\r without \\n inside its line.

    Example: list(split_lines(iter(["a\\r", "\\nb"]))) == [(["a"], ["\\r\\n"]), (["b"], [""])]
    """
    pattern = _ENDS if lone_returns_end else _ENDS_BUT_LONE
    pending: list[str] = []
    held = 0
    for text in texts:
        if not text:
            continue
        pending.append(text)
        held += len(text)
        if "\n" not in text and "\r" not in text and not pending[0].endswith("\r"):
            if held > MOST:
                raise too_long()
            continue
        lines, ends, rest = _cut("".join(pending), pattern)
        pending, held = ([rest] if rest else []), len(rest)
        if lines:
            yield lines, ends
    if pending:
        lines, ends, rest = _cut("".join(pending) + "\n", pattern)
        ends[-1] = ends[-1].removesuffix("\n")
        yield lines, ends


def lone_returns_end(head: str) -> bool:
    """Say whether a \\r without \\n ends a line here: not where there are only a few among other line ends."""
    both, returns, feeds = head.count("\r\n"), head.count("\r"), head.count("\n")
    lone = returns - both
    return lone > FEW_RETURNS * (feeds + lone)


def _cut(text: str, pattern: re.Pattern[str]) -> tuple[list[str], list[str], str]:
    """Return whole lines, their ends, and the rest. A \\r at the very end is kept back: a \\n may follow."""
    tail = ""
    if text.endswith("\r"):
        text, tail = text[:-1], "\r"
    if "\r" not in text:
        lines = text.split("\n")
        rest = lines.pop()
        return lines, ["\n"] * len(lines), rest + tail
    parts = pattern.split(text)
    return parts[0:-1:2], parts[1::2], parts[-1] + tail


def too_long() -> StudioError:
    """Return the error for a line that no memory should hold."""
    return StudioError(
        "line-too-long",
        "One line is longer than {limit} million characters.",
        "Break the text into lines or paragraphs first.",
        limit=MOST >> 20,
    )
