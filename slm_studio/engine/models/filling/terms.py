"""Blanked sentences: a sentence without one of its terms is a question, and another passage in which the term stands answers it.

A term is what recurs in a text: a name, a number, a longer word, a word that a dictionary knows, or some of them in a row. No
list of words is needed: what stands in many passages tells nothing, and a name is what is never written small.
Source: Glass et al. 2020, https://arxiv.org/abs/1909.04120; recurring spans: Ram et al. 2021, https://arxiv.org/abs/2101.00438
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice, pairwise

from slm_studio.core.quotes import Stretch
from slm_studio.core.spans import Word
from slm_studio.engine.models.features import UNSPACED
from slm_studio.engine.models.vectors.cutting import PIECES, Cutter, dictionary_cutter

MOST = 10_000  # passages that are looked at: about a million tokens
LONGEST = 4  # words of a term
LETTERS, SIGNS = 5, 2  # of a word that tells something: in scripts with blanks, and without them or where it is a name
COMMON, RARE = 0.01, 10  # a word in more than this share of passages tells nothing, unless it stands in so few of them
LEAST = 4  # words that are left of a sentence
COPY = 0.8  # a passage with such a share of its words holds the sentence itself, or nearly so
_ENDS = re.compile(r"[。！？!?…]+[”’」』）)\"']*|\.+[”’)\"']*(?=\s)|\n\s*\n")


@dataclass(frozen=True, slots=True)
class Blanked:
    """A sentence around the place of its term, and a passage that has the term once, but no copy of the sentence."""

    before: str
    after: str
    passage: str
    place: Stretch  # of the term, in the passage


@dataclass(frozen=True, slots=True)
class _Passage:
    document: int
    text: str
    sentences: tuple[Stretch, ...]
    words: tuple[Word, ...]
    known: frozenset[str]  # its words, each once


def blanked(documents: Sequence[str], length: int) -> Iterator[Blanked]:
    """Yield what can be asked about recurring terms, at most once a sentence, in the order of the text.

    The rarest term of a sentence is asked for, in another passage of its document where it stands in one, else in one of
    another document. Passages are whole sentences, about `length` words or Chinese characters in all.
    """
    passages = list(islice(_passages(documents, length), MOST))
    telling = _telling(passages)
    found = [list(_terms(passage, telling)) for passage in passages]
    standing = _standing(found)
    for number, passage in enumerate(passages):
        terms = [term for term in found[number] if term.text in standing]
        for sentence in passage.sentences:
            inside = [term for term in terms if sentence.start <= term.start and term.end <= sentence.end]
            asked = _asked(number, sentence, inside, passages, standing, telling)
            if asked is not None:
                yield asked


def _asked(
    number: int,
    sentence: Stretch,
    terms: Sequence[Word],
    passages: Sequence[_Passage],
    standing: Mapping[str, Mapping[int, Stretch]],
    telling: Mapping[str, int],
) -> Blanked | None:
    """Return a sentence without the rarest of its terms, the longest of those, that another passage has; None where there is none."""
    own = passages[number]
    words = [word for word in own.words if sentence.start <= word.start < sentence.end]
    counts = Counter(term.text for term in terms)
    for term in sorted(terms, key=lambda each: (len(standing[each.text]), each.start - each.end)):
        left = [word.text for word in words if word.end <= term.start or word.start >= term.end]
        if counts[term.text] > 1 or len(left) < LEAST:
            continue
        places, asks = standing[term.text], {word for word in left if word in telling}
        others = [each for each in places if each != number and not _is_copy(words, passages[each])]
        if others:
            best = max(others, key=partial(_likeness, own.document, asks, passages, telling))
            before, after = own.text[sentence.start : term.start], own.text[term.end : sentence.end]
            return Blanked(before.lstrip(), after.rstrip(), passages[best].text, places[best])
    return None


def _is_copy(words: Sequence[Word], passage: _Passage) -> bool:
    return sum(word.text in passage.known for word in words) >= COPY * len(words)


def _likeness(
    document: int, asks: set[str], passages: Sequence[_Passage], telling: Mapping[str, int], place: int
) -> tuple[bool, float]:
    """Return how well a passage fits what is asked: whether it is of this document, and how many rare words it shares."""
    shared = asks & passages[place].known
    return passages[place].document == document, sum(1 / telling[word] for word in shared)


def _passages(documents: Sequence[str], length: int) -> Iterator[_Passage]:
    """Yield sentences in a row, as many as are about `length` words together, document by document."""
    cutter = dictionary_cutter(())
    for number, document in enumerate(documents):
        held: list[Stretch] = []
        weight = 0
        for sentence in _sentences(document):
            own = _weight(document[sentence.start : sentence.end])
            if held and weight + own > length:
                yield _passage(number, document, held, cutter)
                held, weight = [], 0
            held.append(sentence)
            weight += own
        if weight:
            yield _passage(number, document, held, cutter)


def _sentences(text: str) -> Iterator[Stretch]:
    ends = (found.end() for found in _ENDS.finditer(text))
    yield from (Stretch(start, end) for start, end in pairwise([0, *ends, len(text)]) if start < end)


def _passage(number: int, document: str, held: Sequence[Stretch], cutter: Cutter | None) -> _Passage:
    begin = held[0].start
    text = document[begin : held[-1].end]
    sentences = tuple(Stretch(each.start - begin, each.end - begin) for each in held)
    words = tuple(_words(text, cutter))
    return _Passage(number, text, sentences, words, frozenset(word.text for word in words))


def _weight(text: str) -> int:
    """Return how many words and characters of scripts without blanks a text has."""
    return sum(max(1, len(UNSPACED.findall(found[0]))) for found in PIECES.finditer(text))


def _words(text: str, cutter: Cutter | None) -> Iterator[Word]:
    """Yield the words of a text; Chinese ones are found by a dictionary, and are two characters each where it is not there."""
    for found in PIECES.finditer(text):
        piece, start = found[0], found.start()
        if not UNSPACED.search(piece):
            yield Word(piece, start, found.end())
            continue
        parts = cutter.cut(piece) if cutter else [piece[at : at + 2] for at in range(0, len(piece), 2)]
        for part in parts:
            yield Word(part, start, start + len(part))
            start += len(part)


def _telling(passages: Sequence[_Passage]) -> dict[str, int]:
    """Return the words that tell something, and in how many passages each stands."""
    counts = Counter(word for passage in passages for word in passage.known)
    most = max(RARE, COMMON * len(passages))
    return {word: count for word, count in counts.items() if count <= most and _tells(word, counts)}


def _tells(word: str, known: Mapping[str, int]) -> bool:
    """Say whether a word is long, of a script in which few characters are long, holds a digit, or is a name."""
    if len(word) >= LETTERS:
        return True
    is_name = word[0].isupper() and word.lower() not in known
    is_sharp = bool(UNSPACED.match(word)) or is_name or any(map(str.isdigit, word))
    return len(word) >= SIGNS and is_sharp


def _terms(passage: _Passage, telling: Mapping[str, int]) -> Iterator[Word]:
    """Yield telling words, and several words with nothing but blanks between them of which the first and the last tell something."""
    words, text = passage.words, passage.text
    joins = [not text[one.end : other.start].strip() for one, other in pairwise(words)]
    for first, word in enumerate(words):
        if word.text not in telling:
            continue
        for last in range(first, min(first + LONGEST, len(words))):
            if last > first and not joins[last - 1]:
                break
            if words[last].text in telling:
                yield Word(" ".join(text[word.start : words[last].end].split()), word.start, words[last].end)


def _standing(found: Sequence[Sequence[Word]]) -> dict[str, dict[int, Stretch]]:
    """Return the terms of several passages, and where each stands: only passages count in which it stands once."""
    counts = [Counter(term.text for term in terms) for terms in found]
    spread = Counter(text for each in counts for text in each)
    places: dict[str, dict[int, Stretch]] = defaultdict(dict)
    for number, terms in enumerate(found):
        for term in terms:
            if spread[term.text] > 1 and counts[number][term.text] == 1:
                places[term.text][number] = Stretch(term.start, term.end)
    return dict(places)
