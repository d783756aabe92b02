"""From questions and passages to examples: stretches of a passage that fit beside the question, and which of them are read.

Neighbours share some tokens, so that an answer at a seam is seen whole in one of them. Of a long passage those are read whose
words fit the question best (BM25), and to learn from, those with the answer and some others that are easily mistaken.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import numpy as np
from transformers import PreTrainedTokenizerBase

from slm_studio.core.quotes import Stretch, Truth
from slm_studio.core.spans import words_with_offsets
from slm_studio.engine.examples import IDS, TYPES, Ids, Packer
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring.nearest import Nearest
from slm_studio.engine.measuring.quoting import sentence_places
from slm_studio.engine.models.answering.matches import MATCHES, WHOLE, matches_of
from slm_studio.engine.models.asking import knows_types
from slm_studio.engine.models.encoding import plain_backend
from slm_studio.engine.models.lengths import length_of
from slm_studio.engine.models.pairs import PairFrame, pair_frame_of
from slm_studio.engine.models.word_features import PADDING, UNKNOWN, WordTokenizer

# Columns of examples: where in the passage each token begins and ends, where the answer stands (tokens; 0: not in here, less:
# not known), which row it is of, and whether that row has an answer.
STARTS, ENDS, FIRST, LAST, ROW, ANSWERED = "starts", "ends", "first", "last", "row", "answered"
# How much less the words of a token's window and of its sentence fit the question than those of the best ones (BM25, 0 or less),
# in hundredths.
FIT = "fit"
QUESTION, MATCH = "question_ids", "matches"  # what the reader from scratch knows besides
ELSEWHERE, TAIL = -1, -2  # tokens that are not of the passage, and behind the end
NOWHERE, NOT_KNOWN = 0, -1
LONG_QUESTION = 64  # tokens: only longer questions are cut for want of room
REMEMBERED = 32  # texts
GOLD = 2  # windows with the answer that a row is learnt from


@dataclass(frozen=True, slots=True)
class Taken:
    """A text taken apart: ids of its tokens, of several slots each, and where these begin and end."""

    ids: Ids
    starts: Ids
    ends: Ids
    words: Sequence[str] = ()  # where they are the tokens


@dataclass(frozen=True, slots=True)
class Sentences:
    """The sentences of a passage: where they begin [S], and their words."""

    begins_S: np.ndarray
    index: Nearest

    def fits(self, question: str, starts: Ids) -> np.ndarray:
        """Return of characters [T] how much less the words of their sentence fit a question than those of the best one."""
        scores_S = self.index.scores(question)
        if not len(scores_S):
            return np.zeros(len(starts), np.float32)
        sentence_T = np.searchsorted(self.begins_S, starts, side="right") - 1
        found: np.ndarray = (scores_S - scores_S.max())[np.maximum(sentence_T, 0)]
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """A question, what it is asked about, and what is right, where that is known."""

    question: str
    passage: str
    truth: Truth | None = None


@dataclass(frozen=True, slots=True)
class Room:
    """How passages are cut, and how much of them is read."""

    shared: int  # tokens that neighbouring windows have in common
    most: int  # windows of a passage that are read
    negatives: int = 0  # windows without the answer that a row is learnt from


@dataclass(slots=True)
class Reader:
    """Takes texts apart in the way of a model. Passages repeat, so the last of them is remembered."""

    loaded: Loaded
    frame: PairFrame | None = None
    _known: dict[str, Taken] = field(default_factory=dict)
    _sentences: dict[str, Sentences] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find out how the vocabulary frames a pair; the reader from scratch knows no frame."""
        if not isinstance(self.loaded.tokenizer, WordTokenizer):
            self.frame = pair_frame_of(cast(PreTrainedTokenizerBase, self.loaded.tokenizer))

    @property
    def slots(self) -> int:
        """Return how many ids a token has."""
        return slots_of(self.loaded)

    def take(self, text: str) -> Taken:
        """Return a text taken apart."""
        if text not in self._known:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[text] = self._words(text) if self.frame is None else self._pieces(text)
        return self._known[text]

    def sentences(self, passage: str) -> Sentences:
        """Return the sentences of a passage, ready to be asked."""
        if passage not in self._sentences:
            if len(self._sentences) >= REMEMBERED:
                self._sentences.clear()
            places = sentence_places(passage)
            index = Nearest([passage[begin:end] for begin, end in places])
            self._sentences[passage] = Sentences(np.array([begin for begin, _ in places]), index)
        return self._sentences[passage]

    def _words(self, text: str) -> Taken:
        words = words_with_offsets(text)
        plain = [word.text for word in words]
        ids = cast(WordTokenizer, self.loaded.tokenizer).encode(plain)
        return Taken(np.asarray(ids, np.int32), [word.start for word in words], [word.end for word in words], plain)

    def _pieces(self, text: str) -> Taken:
        tokenizer = cast(PreTrainedTokenizerBase, self.loaded.tokenizer)
        backend = plain_backend(tokenizer)
        controls = {id_ for id_, token in backend.get_added_tokens_decoder().items() if token.special}
        encoding = backend.encode(text, add_special_tokens=False)
        # A control token that a person spelled out is no control token: it is taken for a word that nobody knows.
        unknown = backend.token_to_id(str(tokenizer.unk_token)) if tokenizer.unk_token is not None else None
        spelled = [unknown if each in controls and unknown is not None else each for each in encoding.ids]
        return Taken(spelled, [start for start, _ in encoding.offsets], [end for _, end in encoding.offsets])

    def room(self, question: Taken) -> tuple[int, int]:
        """Return how many tokens of a question and of a passage stand in a window."""
        limit = length_of(self.loaded)
        if self.frame is None:
            return len(question.starts), max(1, limit - 1)
        asked = min(len(question.ids), max(1, limit // 4, min(LONG_QUESTION, limit // 2)))
        return asked, max(1, limit - self.frame.length - asked)


def slots_of(loaded: Loaded) -> int:
    """Return how many ids a token has: those of a word's features, or 1."""
    return loaded.tokenizer.settings.slots if isinstance(loaded.tokenizer, WordTokenizer) else 1


def case_packer(loaded: Loaded) -> Packer:
    """Return a packer of windows."""
    fillers = {IDS: loaded.padding, STARTS: TAIL, ENDS: TAIL, FIT: 0}
    if isinstance(loaded.tokenizer, WordTokenizer):
        return Packer(**fillers, **{QUESTION: PADDING, MATCH: 0})
    return Packer(**fillers, **({TYPES: 0} if knows_types(loaded) else {}))


def stretches(count: int, room: int, shared: int) -> list[range]:
    """Return stretches of `room` tokens, of which neighbours share about `shared`; together they hold all of `count`.

    Example: stretches(10, 4, 1) == [range(0, 4), range(3, 7), range(6, 10)]
    """
    if count <= room:
        return [range(count)]
    step = max(1, room - min(shared, room - 1))
    begins = [*range(0, count - room, step), count - room]
    return [range(begin, begin + room) for begin in begins]


def place_in(taken: Taken, stretch: Stretch) -> tuple[int, int] | None:
    """Return the first and the last token that hold something of some characters, if there are such."""
    first = int(np.searchsorted(taken.ends, stretch.start, side="right"))
    last = int(np.searchsorted(taken.starts, stretch.end, side="left")) - 1
    return (first, last) if 0 <= first <= last < len(taken.starts) else None


def best_of(fits_W: np.ndarray, candidates: Sequence[int], most: int) -> list[int]:
    """Return those of some windows whose words fit best, in the order of the passage."""
    return sorted(sorted(candidates, key=lambda place: -fits_W[place])[:most])


def add_cases(packer: Packer, reader: Reader, rows: Sequence[int], cases: Sequence[Case], room: Room) -> None:
    """Add the windows of some cases: all that are read of each, or those that are learnt from where `negatives` are wanted."""
    found: list[dict[str, object]] = []
    at: list[int] = []
    for row, case in zip(rows, cases, strict=True):
        for window in _windows(reader, row, case, room):
            found.append(window)
            at.append(row)
    names = [*packer.fillers, FIRST, LAST, ROW, ANSWERED]
    packer.add(at, **{name: [each[name] for each in found] for name in names})  # type: ignore[arg-type, misc]


def _windows(reader: Reader, row: int, case: Case, room: Room) -> Iterator[dict[str, object]]:
    asked, passage = reader.take(case.question), reader.take(case.passage)
    width, fits = reader.room(asked)
    parts = stretches(len(passage.starts), fits, room.shared)
    truth = case.truth
    gold = [place for each in truth.places if (place := place_in(passage, each))] if truth else []
    holding = [[place for place in gold if place[0] in part and place[1] in part] for part in parts]

    answered = NOT_KNOWN if truth is None or truth.fate == "lost" else int(bool(truth.texts))
    if room.negatives and answered == NOT_KNOWN:
        return  # an answer that stands nowhere teaches nothing
    fits_W, fits_T = _fits(case, passage, parts), reader.sentences(case.passage).fits(case.question, passage.starts)
    for number in _chosen(fits_W, holding, room):
        part = parts[number]
        framed, before = _framed(reader, asked, passage, width, part)
        fits = np.rint((fits_W[number] + fits_T[part.start : part.stop]) * WHOLE).astype(np.int32)
        framed[FIT] = np.pad(fits, (before, len(cast(Ids, framed[STARTS])) - before - len(part)))
        first, last = NOT_KNOWN, NOT_KNOWN
        if answered != NOT_KNOWN:
            place = holding[number][0] if holding[number] else None
            first, last = (each - part.start + before for each in place) if place else (NOWHERE, NOWHERE)
        yield framed | {FIRST: first, LAST: last, ROW: row, ANSWERED: answered}


def _fits(case: Case, passage: Taken, parts: Sequence[range]) -> np.ndarray:
    """Return of each window how much less its words fit the question than those of the best one."""
    if len(parts) == 1:
        return np.zeros(1, np.float32)
    texts = [case.passage[passage.starts[part.start] : passage.ends[part.stop - 1]] for part in parts]
    scores_W = Nearest(texts).scores(case.question)
    found: np.ndarray = scores_W - scores_W.max()
    return found


def _chosen(fits_W: np.ndarray, holding: Sequence[Sequence[object]], room: Room) -> list[int]:
    """Return which windows of a passage become examples."""
    if not room.negatives:
        return best_of(fits_W, range(len(holding)), room.most)
    right = [number for number, places in enumerate(holding) if places]
    others = [number for number, places in enumerate(holding) if not places]
    return sorted([*right[:GOLD], *best_of(fits_W, others, room.negatives)])


def _framed(reader: Reader, asked: Taken, passage: Taken, width: int, part: range) -> tuple[dict[str, object], int]:
    """Return the sequences of a window, and how many tokens stand in front of the passage."""
    slots, frame = reader.slots, reader.frame
    ids = passage.ids[part.start * slots : part.stop * slots]
    starts, ends = passage.starts[part.start : part.stop], passage.ends[part.start : part.stop]
    if frame is None:
        words = passage.words[part.start : part.stop]
        match = np.concatenate([np.zeros((1, MATCHES), np.int32), matches_of(asked.words, words)])
        return {
            IDS: [UNKNOWN, *[PADDING] * (slots - 1), *ids],
            STARTS: [ELSEWHERE, *starts],
            ENDS: [ELSEWHERE, *ends],
            QUESTION: asked.ids if len(asked.ids) else [UNKNOWN, *[PADDING] * (slots - 1)],
            MATCH: match.ravel(),
        }, 1
    head = [*frame.opening, *asked.ids[:width], *frame.middle]
    types = (*frame.sides[0], *[frame.sides[1]] * width, *(frame.sides[2] or (frame.sides[1],) * len(frame.middle)))
    tail = len(frame.closing)
    found: dict[str, object] = {
        IDS: [*head, *ids, *frame.closing],
        STARTS: [*[ELSEWHERE] * len(head), *starts, *[ELSEWHERE] * tail],
        ENDS: [*[ELSEWHERE] * len(head), *ends, *[ELSEWHERE] * tail],
    }
    if knows_types(reader.loaded):
        found[TYPES] = [*types, *[frame.sides[3]] * len(starts), *frame.sides[4]]
    return found, len(head)
