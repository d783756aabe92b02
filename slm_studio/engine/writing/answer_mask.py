"""Answer mask: which tokens of a dialogue are learnt. The answers, each with the token that ends it, and nothing else.

It works for any template, because no template is understood: the dialogue is written down as the model will meet it, once up to
each answer. What comes after that is the answer. So an example is, token for token, what the model reads when it is asked.
Where a template writes earlier answers otherwise than the last one (it takes the thoughts out, or ends none), each answer becomes an
example of its own, with what went before it as context only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import ASSISTANT, SYSTEM, Dialogue, Message
from slm_studio.core.texts import mark
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.models.encoding import Ids
from slm_studio.engine.writing.chat_tokens import ChatTokens
from slm_studio.engine.writing.templates import unsteady

TRIES = 8  # cuts of a question until it fits


@dataclass(frozen=True, slots=True)
class Marked:
    """The tokens of a dialogue, or of a part of it, and which of them are learnt."""

    row: int
    ids: np.ndarray  # int32
    answers: np.ndarray  # bool: True where the token is part of an answer, or ends one


def mark_answers(
    chat: ChatTokens, dialogues: Sequence[Dialogue], limit: int, notes: Notes, first_row: int = 0
) -> list[Marked]:
    """Return the examples of some dialogues (), each at most `limit` tokens long; empty dialogues give none.

    A dialogue that is longer becomes several, each of whole questions and answers, so that every answer is learnt once;
    of a single question that is too long the beginning goes; an answer that is too long even so is left out, for a model
    must not learn to stop in the middle of a sentence. `notes` counts all of that. Raises StudioError.
    """
    asked = [(row, dialogue) for row, dialogue in enumerate(dialogues, first_row) if dialogue]
    marked: list[Marked] = []
    for (row, dialogue), found in zip(asked, _mark_whole(chat, asked), strict=True):
        if found is not None and len(found.ids) <= limit:
            marked.append(found)
        else:
            is_steady = chat.is_steady and found is not None
            marked += _Fitting(chat, row, limit, notes, is_steady).examples(dialogue)
    return marked


def check_any(marked: int, rows: int, limit: int) -> None:
    """Raise StudioError where all answers of some rows were too long."""
    if rows and not marked:
        raise StudioError(
            "answers-too-long",
            "No dialogue has an answer that fits into {limit} tokens together with its question.",
            "Choose a larger maximum length where the model can read more, another base, or shorter answers.",
            limit=limit,
        )


def _mark_whole(chat: ChatTokens, asked: Sequence[tuple[int, Dialogue]]) -> Iterator[Marked | None]:
    """Yield each dialogue as one example with all its answers, or None where it has to be taken apart."""
    texts: list[str] = []
    counts = []
    for _, dialogue in asked:
        written = _written(chat, dialogue)
        texts += written
        counts.append(len(written))
    encoded = iter(chat.encode(texts))
    for (row, _), count in zip(asked, counts, strict=True):
        found = [next(encoded) for _ in range(count)]
        yield _mark(row, found[-1], found[:-1], chat.end_id) if found else None


def _written(chat: ChatTokens, dialogue: Dialogue) -> list[str]:
    """Return what stands before each answer of a dialogue, and all of it; [] where the answers do not stand in it as they are."""
    places = _answers(dialogue)
    if not (chat.is_steady or (chat.writes_end and len(places) == 1)):
        return []
    befores = [chat.render(dialogue[:place], add_generation_prompt=True) for place in places]
    whole = chat.render(dialogue[: places[-1] + 1])
    ends = [*map(len, befores[1:]), len(whole)]
    for place, before, end in zip(places, befores, ends, strict=True):
        if chat.safe(dialogue[place]).content.strip() not in whole[len(before) : end]:
            return []
    return [*befores, whole]


def _mark(row: int, whole: Ids, befores: Sequence[Ids], end_id: int) -> Marked | None:
    """Mark the answers of a dialogue that begin after each of `befores`; None where one is no beginning of the whole."""
    answers = np.zeros(len(whole), bool)
    end = 0
    for before in befores:
        start = len(before)
        if start < end or whole[:start] != before or end_id not in whole[start:]:
            return None
        end = whole.index(end_id, start) + 1
        answers[start:end] = True
    return Marked(row, np.array(whole[:end], np.int32), answers[:end])


def _answers(dialogue: Sequence[Message]) -> list[int]:
    return [place for place, message in enumerate(dialogue) if message.role == ASSISTANT]


class _Fitting:
    """Takes one dialogue apart, so that each part has a place in the context."""

    def __init__(self, chat: ChatTokens, row: int, limit: int, notes: Notes, is_steady: bool) -> None:
        self.chat = chat
        self.row = row
        self.limit = limit
        self.notes = notes
        self.is_steady = is_steady  # an example may hold several answers

    def examples(self, dialogue: Dialogue) -> list[Marked]:
        """Return the examples in the order of the dialogue."""
        head = dialogue[:1] if dialogue[0].role == SYSTEM else ()
        turns = dialogue[len(head) :]
        pairs = [turns[place : place + 2] for place in range(0, len(turns) - 1, 2)]
        found: list[Marked] = []
        stop, windows = len(pairs), 0
        while stop:
            start, example = self._longest(head, pairs, stop)
            if example is not None:
                found.append(example)
            windows += 1
            stop = start if self.is_steady else stop - 1
        if windows > 1 and self.is_steady:
            self.notes.add("dialogues-parted", DIALOGUES_PARTED, place=self.row)
        return found[::-1]

    def _longest(self, head: Dialogue, pairs: Sequence[Dialogue], stop: int) -> tuple[int, Marked | None]:
        """Return the example that ends with pair `stop`, with as many pairs before it as fit, and the first of these."""
        best, start = None, stop
        low, high = 0, stop - 1
        while low <= high:  # the first pair from which all fits
            middle = (low + high) // 2
            example = self._example(head, pairs[middle:stop])
            if len(example.ids) <= self.limit:
                best, start, high = example, middle, middle - 1
            else:
                low = middle + 1
        if best is None:
            return stop - 1, self._cut(head, pairs[stop - 1])
        if start and not self.is_steady:
            self.notes.add("history-cut", HISTORY_CUT, place=self.row)
        return start, best

    def _example(self, head: Dialogue, pairs: Sequence[Dialogue]) -> Marked:
        """Return some pairs as one example: with all answers, or with the last."""
        dialogue = head + tuple(message for pair in pairs for message in pair)
        whole = next(_mark_whole(self.chat, [(self.row, dialogue)])) if self.is_steady else None
        return whole or self._last(dialogue)

    def _last(self, dialogue: Dialogue) -> Marked:
        """Return the last answer after what the model reads before it, even where a token would reach from one to the other."""
        before = self.chat.render(dialogue[:-1], add_generation_prompt=True)
        whole = self.chat.render(dialogue)
        if not whole.startswith(before):
            raise unsteady()
        front, both, answer = self.chat.encode([before, whole, whole[len(before) :]])
        answer = both[len(front) :] if both[: len(front)] == front else answer
        end_id = self.chat.end_id
        answer = answer[: answer.index(end_id) + 1] if end_id in answer else [*answer, end_id]
        answers = np.arange(len(front) + len(answer)) >= len(front)
        return Marked(self.row, np.array(front + answer, np.int32), answers)

    def _cut(self, head: Dialogue, pair: Dialogue) -> Marked | None:
        """Return a pair whose question lost its beginning, or None where not even its answer fits."""
        question, answer = pair
        example = self._last((*head, question, answer))
        content, gone = question.content, 0
        for _ in range(TRIES):
            over = len(example.ids) - self.limit
            if over <= 0:
                self.notes.add("questions-cut", QUESTIONS_CUT, place=self.row)
                return example
            if not content:
                break
            gone += over
            content = self.chat.without_beginning(question.content, gone)
            example = self._last((*head, Message(question.role, content), answer))
        self.notes.add("answers-left-out", ANSWERS_LEFT_OUT, place=self.row)
        return None


DIALOGUES_PARTED = mark(
    "{count} {count:dialogue is|dialogues are} longer than the maximum length: parted between answers, each is learnt once."
)
HISTORY_CUT = mark(
    "{count} {count:answer is|answers are} learnt without the oldest turns before {count:it|them}, which do not fit."
)
QUESTIONS_CUT = mark("{count} {count:question is|questions are} too long and {count:loses its|lose their} beginning.")
ANSWERS_LEFT_OUT = mark(
    "{count} {count:answer is|answers are} longer than the maximum length allows and {count:is|are} left out: cut, {count:it|they} would teach to stop too soon."
)
