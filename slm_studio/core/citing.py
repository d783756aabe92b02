"""Citing: a question is answered from passages that were found, and what the answer rests on stands with it.

A model that chats is given the passages by number and told to keep to them. Small ones often name no number, or a wrong
one; then the passages are cited whose words the answer has. A model that points at words is given the passages one behind the
other: the passage in which they stand is cited, and where most of what it weighed says that none of them answers, none does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from slm_studio.core.prompt import Message, Prompt
from slm_studio.core.quotes import EVEN
from slm_studio.core.results import Hit, Item, Quote, Token

MOST = 3  # passages that are given
LONGEST = 1200  # characters of each
SHARED = 0.3  # of the words of an answer that a passage must have to be what it rests on
GREEDY = {"temperature": 0.0, "top_p": 1.0, "repetition_penalty": 1.1, "max_new_tokens": 200, "seed": 0}

BETWEEN = "\n\n"  # passages that are read one behind the other

_NAMED = re.compile(r"\[(\d{1,2})\]")
_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WORDS = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W_\u3400-\u9fff]{2,}")

ENGLISH = (
    "Answer in one or two sentences, from these passages alone, and name the one you use by its number, like [1]. "
    "If none of them answers the question, say: Not in these documents.\n\n{passages}"
)
IN_CHINESE = (
    "只根据下面的段落用一两句话回答，并用编号注明所用的段落，例如[1]。"
    "如果段落里没有答案，请回答：文档中没有。\n\n{passages}"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """What a model answers from passages, and which of them, from 1, it rests on. Without a text: none answers."""

    text: str
    cited: tuple[int, ...] = ()


def said_from(items: Sequence[Item], passages: Sequence[str]) -> Said:
    """Return what an answer to the prompt of `cites` says: of words that were written, or of a stretch that was pointed at."""
    quotes = [item for item in items if isinstance(item, Quote)]
    if not quotes:
        text = "".join(item.text for item in items if isinstance(item, Token)).strip()
        return Said(text, cited_in(text, passages))
    chosen = next((quote for quote in quotes if quote.chosen), quotes[0])
    if not chosen.text or any(not quote.text and quote.score >= EVEN for quote in quotes):
        return Said("")
    ends = list(accumulate(len(passage) + len(BETWEEN) for passage in passages))
    return Said(chosen.text, (1 + next((at for at, end in enumerate(ends) if chosen.start < end), 0),))


def cite_passages(question: str, passages: Sequence[str]) -> Prompt:
    """Return the prompt for a model that points at words: the passages stand one behind the other."""
    return {"question": question, "passage": BETWEEN.join(passages)}


def cite_messages(question: str, passages: Sequence[str]) -> Prompt:
    """Return the prompt for a model that chats: the passages stand in the system prompt, in the language of the question."""
    listed = "\n\n".join(f"[{place}] {text[:LONGEST]}" for place, text in enumerate(passages[:MOST], 1))
    system = (IN_CHINESE if _CHINESE.search(question) else ENGLISH).format(passages=listed)
    messages: tuple[Message, ...] = (
        {"role": "system", "content": system},
        {"role": "user", "content": question},
    )
    return {"messages": messages}


def worth_citing(hits: Sequence[Hit]) -> list[Hit]:
    """Return the passages that may be given to a model: those near enough, or the best where nothing says which are.

    None where all of them are too far: then no model is asked.
    """
    if all(hit.chosen is None for hit in hits):
        return list(hits[:MOST])
    return [hit for hit in hits if hit.chosen][:MOST]


def cited_in(answer: str, passages: Sequence[str]) -> tuple[int, ...]:
    """Return the numbers of the passages that an answer rests on, from 1: those that it names, or whose words it has.

    Example: cited_in("It costs 3 [2].", ["…", "…"]) == (2,)
    """
    named = [int(number) for number in _NAMED.findall(answer) if 0 < int(number) <= len(passages)]
    if named:
        return tuple(dict.fromkeys(named))
    words = _words(_NAMED.sub("", answer))
    shares = [len(words & _words(text)) / max(1, len(words)) for text in passages]
    best = max(shares, default=0.0)
    return (shares.index(best) + 1,) if best >= SHARED else ()


def _words(text: str) -> set[str]:
    return set(_WORDS.findall(text.casefold()))
