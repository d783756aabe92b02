"""Context: what of a long dialogue a model receives. The oldest turns go first, whole, and whoever asks is told how many."""

from dataclasses import dataclass

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import ASSISTANT, SYSTEM, Dialogue, Message, check_prompt
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.models.encoding import Ids
from slm_studio.engine.writing.answer_mask import mark_answers
from slm_studio.engine.writing.chat_tokens import ChatTokens

TRIES = 8  # cuts of a question until it fits


@dataclass(frozen=True, slots=True)
class Sent:
    """What a model reads before it answers."""

    messages: Dialogue
    ids: Ids
    not_sent: int = 0  # oldest messages that are left out
    cut: int = 0  # characters that the beginning of the question lost, where it alone is too long
    is_whole: bool = False  # nothing might be left out: the answer has the room that is left


def fit(chat: ChatTokens, dialogue: Dialogue, limit: int, *, whole: bool = False) -> Sent:
    """Return as much of a dialogue as fits into `limit` tokens: the system prompt, and the newest turns.

    Raises StudioError where the next to speak is not the assistant, or where not even an empty question fits; `whole`:
    also where anything would be left out.
    """
    check_prompt(dialogue)
    ids = chat.prompt_ids(dialogue)
    if len(ids) <= limit:
        return Sent(dialogue, ids, is_whole=whole)
    if whole:
        raise too_long(len(ids), limit)
    head = dialogue[:1] if dialogue[0].role == SYSTEM else ()
    turns = dialogue[len(head) :]
    for gone in range(2, len(turns), 2):  # a question goes with its answer
        ids = chat.prompt_ids(head + turns[gone:])
        if len(ids) <= limit:
            return Sent(head + turns[gone:], ids, gone)
    return _cut(chat, head, turns, limit)


def _cut(chat: ChatTokens, head: Dialogue, turns: Dialogue, limit: int) -> Sent:
    question, content, gone = turns[-1], turns[-1].content, 0
    ids = chat.prompt_ids((*head, question))
    for _ in range(TRIES):
        if len(ids) <= limit:
            messages = (*head, Message(question.role, content))
            return Sent(messages, ids, len(turns) - 1, len(question.content) - len(content))
        gone += len(ids) - limit
        content = chat.without_beginning(question.content, gone)
        ids = chat.prompt_ids((*head, Message(question.role, content)))
        if not content:
            break
    if len(ids) <= limit:
        return Sent((*head, Message(question.role, "")), ids, len(turns) - 1, len(question.content))
    raise StudioError(
        "context-too-small",
        "The system prompt and the template take {tokens} tokens, and the model has room for {limit} before its answer.",
        "Shorten the system prompt, or ask for a shorter answer.",
        tokens=len(ids),
        limit=limit,
    )


def too_long(tokens: int, limit: int) -> StudioError:
    """Return what is said of a prompt of which nothing may be left out, and something would be."""
    return StudioError(
        "context-exceeded",
        "The prompt is {tokens} tokens long, and the model has room for {limit} before its answer.",
        "Shorten the prompt, or ask for a shorter answer.",
        tokens=tokens,
        limit=limit,
    )


def answers_in(chat: ChatTokens, sent: Sent) -> list[bool]:
    """Return of each token that is sent whether training would learn it: those of answers that were given already."""
    last = max((place for place, message in enumerate(sent.messages) if message.role == ASSISTANT), default=-1)
    found = [False] * len(sent.ids)
    if last > 0:
        for marked in mark_answers(chat, [sent.messages[: last + 1]], len(sent.ids), Notes()):
            ids = marked.ids.tolist()
            if sent.ids[: len(ids)] == ids:
                for place in marked.answers.nonzero()[0]:
                    found[place] = True
    return found
