"""Numerals: numbers as they come from any keyboard, in the signs that Python reads."""

import unicodedata

_SIGNS = str.maketrans({"−": "-", "–": "-", "、": ","})  # what the wide forms do not cover


def plain_numbers(text: str) -> str:
    """Return a text of numbers with the digits, points, commas and minus signs of ASCII.

    Example: plain_numbers("－３．１，−3、4") == "-3.1,-3,4"
    """
    return unicodedata.normalize("NFKC", text).translate(_SIGNS)
