"""Shapes: what a single cell is, told by how it is written: a number, a date, a time of day or a span of time, an address, a code."""

import re
from collections.abc import Sequence

_MONTH = r"(?:jan|feb|mar|mär|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-zä]*\.?"
_WEEKDAY = r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?"
_CLOCK = (
    r"\d{1,2}\s?[:：]\s?\d{2}(?:\s?[:：]\s?\d{2}(?:[.,]\d+)?)?(?:\s*[ap]\.?m\.?)?|\d{1,2}时(?:\d{1,2}分(?:\d{1,2}秒)?)?"
)
_ZONE = r"(?:\s*(?:(?:utc|gmt)\s*[+-]\d{1,2}(?::?\d{2})?|z|utc|gmt|[a-z]{3,4}|[+-]\d{2}:?\d{2}))?"
_DAY, _MONTH_NUMBER = r"(?:0?[1-9]|[12]\d|3[01])", r"(?:0?[1-9]|1[0-2])"
_DATES = (
    rf"\d{{4}}\s*[-/.年]\s*{_MONTH_NUMBER}\s*[-/.月]\s*{_DAY}\s*日?",
    rf"{_DAY}[-/.]{_DAY}[-/.](?:\d{{4}}|\d{{2}})",
    rf"{_DAY}(?:st|nd|rd|th|\.)?[-\s]*{_MONTH}[-,\s]*\d{{2,4}}",
    rf"{_MONTH}\s*{_DAY}(?:st|nd|rd|th)?,?\s+\d{{4}}",
    rf"{_MONTH}\s+{_DAY}\s+(?:{_CLOCK}){_ZONE}\s+\d{{4}}",
)
_UNIT = r"(?:ms|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|毫秒|秒钟?|分钟?|小时|时|天)"

NUMBER = re.compile(r"^\s*[+-]?(\d+([.,]\d+)*|\.\d+)([eE][+-]?\d+)?\s*%?\s*$")
WHOLE = re.compile(r"^\s*[+-]?\d+(\.0+)?\s*$")
DATE = re.compile(
    rf"^\s*(?:{_WEEKDAY}\s*)?(?:{'|'.join(_DATES)})(?:[t,\s]+(?:[上下]午\s*)?(?:{_CLOCK}){_ZONE})?\s*$", re.IGNORECASE
)
TIME = re.compile(rf"^\s*(?:(?:{_CLOCK}){_ZONE}|(?:\d+(?:[.,]\d+)?\s*{_UNIT}[\s,]*)+)\s*$", re.IGNORECASE)
ADDRESS = re.compile(
    r"^\s*(?:"
    r"(?:https?|ftp)://\S+|www\.\S+"  # the web
    r"|[^\s@]{1,64}@[^\s@]+\.[^\s@]+"  # mail
    r"|\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:\s*\([^)]*\))?"  # a computer, perhaps with where it stands
    r"|(?=[0-9a-f:]*:[0-9a-f]*:)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}"
    r")\s*$",
    re.IGNORECASE,
)
CODE = re.compile(r"^[\w\-:/.#]*\d[\w\-:/.#]*$|^[0-9a-fA-F\-]{16,}$|^https?://\S+$")
WORD = re.compile(r"^[^\s，。！？]+$")
TAG = re.compile(r"^([BIOESLUM]-\S+|O)$")


def share(pattern: re.Pattern[str], cells: Sequence[str]) -> float:
    """Return the share of cells that have a shape."""
    return sum(bool(pattern.match(cell)) for cell in cells) / max(1, len(cells))
