"""Messages: what is said in a dialogue, by whom; and in which order it can be said."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
ROLES = (SYSTEM, USER, ASSISTANT)
SHOWN = 80  # characters of a cell that a sentence quotes


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `role` is one of ROLES in everything that is learnt or sent."""

    role: str
    content: str


Dialogue = tuple[Message, ...]


def messages_from_json(text: str) -> Dialogue:
    """Read the JSON of a list of {"role": …, "content": …}. Raises StudioError where it is something else.

    Example: messages_from_json('[{"role": "user", "content": "Hi"}]') == (Message("user", "Hi"),)
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, list):
        raise StudioError(
            "not-messages",
            "“{text}” is no list of messages.",
            'Write it as JSON: [{"role": "user", "content": "…"}].',
            text=text[:SHOWN],
        )
    return messages_from_plain(plain)


def messages_from_plain(plain: Sequence[object]) -> Dialogue:
    """Read a list of {"role": …, "content": …} that was JSON. Raises StudioError for the first that is something else."""
    messages = []
    for number, item in enumerate(plain, 1):
        role, content = (item.get("role"), item.get("content")) if isinstance(item, dict) else (None, None)
        if not isinstance(role, str) or not isinstance(content, str):
            raise StudioError(
                "no-message",
                "Message {number} is “{text}”: it needs a role and a content, both texts.",
                'Write it as {"role": "user", "content": "…"}.',
                number=number,
                text=json.dumps(item, ensure_ascii=False, default=str)[:SHOWN],
            )
        messages.append(Message(role, content))
    return tuple(messages)


def messages_to_plain(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return messages as templates and JSON take them."""
    return [{"role": message.role, "content": message.content} for message in messages]


def messages_to_json(messages: Sequence[Message]) -> str:
    """Return the JSON of messages, as a cell holds it."""
    return json.dumps(messages_to_plain(messages), ensure_ascii=False)


def check_order(messages: Sequence[Message]) -> None:
    """Raise StudioError unless these are turns in order: perhaps a system prompt, then user and assistant by turns."""
    if not any(message.role != SYSTEM for message in messages):
        raise StudioError(
            "dialogue-empty", "The dialogue holds no question and no answer.", "Write at least one message of a user."
        )
    for number, message in enumerate(messages, 1):
        if message.role not in ROLES:
            raise StudioError(
                "unknown-role",
                "Message {number} is by “{role}”, which is no role of a chat.",
                "Use one of: {roles}.",
                number=number,
                role=message.role,
                roles=", ".join(ROLES),
            )
        if message.role == SYSTEM and number > 1:
            raise StudioError(
                "system-late",
                "Message {number} is a system prompt, and {before} {before:message stands|messages stand} before it.",
                "Put the system prompt first.",
                number=number,
                before=number - 1,
            )
    _check_turns([message for message in messages if message.role != SYSTEM], len(messages))


def _check_turns(turns: Sequence[Message], length: int) -> None:
    before = length - len(turns)  # 1 where a system prompt stands in front
    if turns[0].role == ASSISTANT:
        raise StudioError(
            "answer-first",
            "The dialogue begins with an answer (“{text}”), and nothing was asked.",
            "Begin with a message of the user.",
            text=turns[0].content[:SHOWN],
        )
    for number, (one, other) in enumerate(pairwise(turns), 1 + before):
        if one.role == other.role:
            raise StudioError(
                "roles-out-of-order",
                "Messages {number} and {next} are both by “{role}”.",
                "User and assistant speak by turns: join the two, or put an answer between them.",
                number=number,
                next=number + 1,
                role=one.role,
            )


def check_dialogue(messages: Sequence[Message]) -> None:
    """Raise StudioError unless a model can learn from these messages: in order, and with an answer that says something."""
    check_order(messages)
    answers = [message for message in messages if message.role == ASSISTANT]
    if not answers:
        raise StudioError(
            "no-answer",
            "The dialogue holds no answer: its last message is “{text}”.",
            "Add what the assistant should say.",
            text=messages[-1].content[:SHOWN],
        )
    if any(is_empty(answer.content) for answer in answers):
        raise StudioError(
            "answer-empty",
            "An answer of the dialogue is empty.",
            "Write what the assistant should say, or take the dialogue out.",
        )


def check_prompt(messages: Sequence[Message]) -> None:
    """Raise StudioError unless the next to speak is the assistant."""
    check_order(messages)
    if messages[-1].role != USER:
        raise StudioError(
            "nothing-asked",
            "The last message is an answer already (“{text}”).",
            "Write a message of the user after it.",
            text=messages[-1].content[:SHOWN],
        )
