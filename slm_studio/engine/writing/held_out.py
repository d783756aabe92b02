"""Held-out questions: which of them a chat is asked to be judged, and what its base answered before it learnt."""

# N dialogues

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
from transformers import PreTrainedTokenizerBase

from slm_studio.core.messages import Dialogue
from slm_studio.core.saved import local_folder
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models import adapters
from slm_studio.engine.models.encoding import encode_plain
from slm_studio.engine.writing.room import room_for

ASKED, SHORT = 50, 64  # questions at most, and tokens of a true answer that is short
SOME = 10  # questions that are asked however long their true answers are
COMPARED = 10  # questions that the base is asked as well


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One that is asked: its row, what was said before, what was answered, and the tokens that an answer may take."""

    row: int
    asked: Dialogue
    true: str
    most: int


def choose_questions(dialogues: Sequence[Dialogue], loaded: Loaded) -> list[Question]:
    """Return the questions whose last answer is short, spread over the rows, and in any case some; empty ones never."""
    found = [(row, each) for row, each in enumerate(dialogues) if each]
    if not found:
        return []
    ids = encode_plain(cast(PreTrainedTokenizerBase, loaded.tokenizer), [each[-1].content for _, each in found])
    lengths_N = np.array([len(each) + 1 for each in ids])  # with the token that ends them
    short = np.argsort(lengths_N, kind="stable")[: max(SOME, int((lengths_N <= SHORT).sum()))]
    most_N = room_for(lengths_N).tolist()
    questions = [
        Question(row=found[at][0], asked=found[at][1][:-1], true=found[at][1][-1].content, most=most_N[at])
        for at in np.sort(short)
    ]
    return spread(questions, ASKED)


def spread(questions: Sequence[Question], most: int) -> list[Question]:
    """Return at most so many of some questions, at even distances."""
    return [questions[at] for at in np.linspace(0, len(questions) - 1, min(most, len(questions))).astype(int)]


@contextmanager
def as_it_was(loaded: Loaded, reopen: Callable[[Path], Loaded]) -> Iterator[Loaded | None]:
    """Let a model be the base that it was continued from; None where there is none, or it is not on this computer."""
    if adapters.has_adapter(loaded.net):
        with adapters.without_adapter(loaded.net):
            yield loaded
        return
    named = loaded.facts.get("base_folder") or loaded.facts.get("base")
    folder = local_folder(str(named)) if named else None
    yield None if folder is None else replace(loaded, net=reopen(folder).net)
