"""Emptiness: whether a text holds anything that a person could see."""

_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
_UNSEEN = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # soft hyphen, zero width, directions, joiner, byte order mark
)
_NOTHING = _BLANKS + _UNSEEN


def is_empty(text: str) -> bool:
    """Say whether a text is nothing but blanks and characters without a shape. Example: is_empty(" \u200b") is True"""
    return not text.strip(_NOTHING)
