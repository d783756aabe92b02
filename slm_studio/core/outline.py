"""Outline: what a model that follows instructions is told to plan a text and to write it out, and how its plan is read.

The person sees and changes the headings in between. What is told is in the language of the idea, not of the window.
"""

import re
from collections.abc import Sequence

WANTED = 5  # headings that are asked for
MOST = 12  # headings that are taken of an answer: a small model may turn in circles
SHORT, LONGEST = 60, 90  # characters of a heading: what is longer is cut at its colon, and at last anywhere
GAP = "\n\n"
HAN = re.compile(r"[\u3400-\u9fff]")
ITEM = re.compile(
    r"^(?:#{1,6}\s+|(?:\d{1,2}|[IVX]{1,4})\s*[.)、．:：]\s*|[一二三四五六七八九十]{1,3}\s*[、.．]\s*|[-*•·]\s+)+(.*)$"
)
BOLD = re.compile(r"^\*\*(.+?)\*\*")
QUOTES = "“”\"'*_`「」《》"

PLAN = {
    "en": "Make an outline for a text about: {idea}\nAnswer with a numbered list of {wanted} short headings and nothing else.",
    "zh": "请为这个主题的文章列一个提纲：{idea}\n只回答 {wanted} 个简短的小标题，编号列出，不要写别的内容。",
}
# Short, and without the text before: measured on a model of 135 million parameters, which else repeats what it is shown.
PART = {
    "en": "Write one paragraph about “{heading}”. It is a part of a text about: {idea}.",
    "zh": "请写一段关于“{heading}”的正文。它是一篇文章的一部分，文章的主题是：{idea}。",
}
OTHERS = {"en": " The other parts are: {others}.", "zh": "其他部分是：{others}。"}


def ask_for_headings(idea: str) -> str:
    """Return the question that asks for an outline."""
    return PLAN[_language(idea)].format(idea=_one_line(idea), wanted=WANTED)


def ask_for_part(idea: str, headings: Sequence[str], place: int) -> str:
    """Return the question that asks for the part at a place."""
    language = _language(idea)
    others = [heading for at, heading in enumerate(headings) if at != place]
    told = OTHERS[language].format(others=("、" if language == "zh" else ", ").join(others)) if others else ""
    return PART[language].format(idea=_one_line(idea), heading=headings[place]) + told


def headings_in(answer: str) -> tuple[str, ...]:
    """Return the headings of an answer, each once: its items, or else its lines where all are short; () where it has none.

    Items of items are left out. Example: headings_in("Sure:\\n1. **Spring**: it begins\\n   - buds\\n2. Summer") == ("Spring", "Summer")
    """
    lines = [line.rstrip() for line in answer.splitlines() if line.strip()]
    items = [(len(line) - len(line.lstrip()), item[1]) for line in lines if (item := ITEM.match(line.strip()))]
    outer = min((depth for depth, _ in items), default=0)
    found = [heading_of(text) for depth, text in items if depth == outer]
    if not items and len(lines) > 1 and all(len(line) <= LONGEST for line in lines):
        found = [heading_of(line) for line in lines]
    return tuple(dict.fromkeys(heading for heading in found if heading))[:MOST]


def heading_of(text: str) -> str:
    """Return a heading without its marks and without what explains it. Example: heading_of("**Spring**: it begins") == "Spring\""""
    bold = BOLD.match(text.strip())
    if bold or len(text) > SHORT:
        text = bold[1] if bold else re.split(r"[:：]", text, maxsplit=1)[0]
    return text.strip().strip(QUOTES).rstrip(":：").strip()[:LONGEST]


def title_line(title: str) -> str:
    """Return what a text begins with, in Markdown."""
    return f"# {_one_line(title)}"


def heading_line(heading: str, before: str) -> str:
    """Return what stands between the text before a part and the part itself, in Markdown."""
    return f"{'' if not before or before.endswith(GAP) else GAP}## {heading}{GAP}"


def _language(text: str) -> str:
    return "zh" if HAN.search(text) else "en"


def _one_line(text: str) -> str:
    return " ".join(text.split())
