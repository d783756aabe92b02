"""Dialogues: the rows of a dataset as messages, whichever way they were written down.

A row is one dialogue. Its cells are a list of messages (OpenAI's role and content, ShareGPT's from and value), or a question
and its answer: instruction, input and output, prompt and completion, the two columns of an FAQ. What cannot be learnt is
left out, never bent: a dialogue ends before its first call of a tool, because the answer after it says what the tool said.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace

from slm_studio.core.dataset import Remark
from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.messages import ASSISTANT, SYSTEM, USER, Dialogue, Message
from slm_studio.core.speakers import SPEAKER_KEYS, TEXT_KEYS, is_tool, pair_of, role_of, spoken_by
from slm_studio.core.texts import mark
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.rows import Rows

Turn = tuple[str, str]  # who, as the file says it, and what
NONE = "no-dialogues"
JOINT = "\n"  # between an instruction and its input, and between turns of one speaker


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """The cells of a row that make a dialogue: its messages, or a question, what it is about, and its answer."""

    messages: str | None = None
    question: str = ""
    input: str = ""
    answer: str = ""
    system: str = ""


PARTS = frozenset(each.name for each in fields(Written))  # of what a row says


def dialogues_of(rows: Mapping[str, Sequence[str]], system: str = "") -> tuple[list[Dialogue], tuple[Remark, ...]]:
    """Return the dialogue of each row, () where it holds none, and what was left out of them.

    `rows` are cells by role: `messages`, or `question`, `answer` and perhaps `input`; perhaps `system`, a prompt of each row.
    `system` is the one for all rows that bring none. Raises StudioError where no row holds a dialogue.
    Example: dialogues_of({"question": ["Hi"], "answer": ["Hello"]})[0] == [(Message("user", "Hi"), Message("assistant", "Hello"))]
    """
    notes = Notes()
    count = len(next(iter(rows.values()), ()))
    found = []
    for row in range(count):
        written = Written(**{role: cells[row] for role, cells in rows.items() if role in PARTS})
        mending = _Mending(notes, row)
        found.append(mending.dialogue(mending.turns_of(written), written.system.strip(), system.strip()))
    notes = _named(notes)
    if count and not any(found):
        raise StudioError(
            NONE,
            "No row holds a question with an answer.",
            "Choose the columns anew: one with messages, or one with the questions and one with the answers.",
        )
    return found, notes.report().remarks


def dialogues_in(rows: Rows, system: str = "", *, strict: bool = False) -> list[Dialogue]:
    """Return the dialogue of each row, () where it holds none. `strict` raises StudioError where no row holds one."""
    try:
        return dialogues_of({role: rows.column(role) for role in rows.roles}, system)[0]
    except StudioError as error:
        if strict or error.code != NONE:
            raise
        return [()] * len(rows)


def said_in(dialogues: Sequence[Dialogue]) -> list[str]:
    """Return all that is said in some dialogues."""
    return [message.content for dialogue in dialogues for message in dialogue]


def as_one_text(dialogue: Dialogue) -> str:
    """Return what a person reads of a prompt: its turns, one below the other."""
    return "\n– ".join(message.content for message in dialogue if message.role != SYSTEM)


def messages_in(cell: str) -> Dialogue:
    """Return the messages of a cell, whichever way they are written, up to the first that no chat here can hold."""
    mending = _Mending(Notes(), 0)
    return tuple(Message(who, said) for who, said in mending.known(mending.listed(cell, "")))


def asked_in(written: Written, system: str = "") -> Dialogue:
    """Return what a row asks: its turns up to the last question, in an order that a chat has; () where it asks nothing.

    Example: asked_in(Written(question="Hi", answer="Hello")) == (Message("user", "Hi"),)
    """
    mending = _Mending(Notes(), 0)
    turns = mending.known(mending.turns_of(replace(written, answer="")))
    own = written.system.strip()
    if turns and turns[0][0] == SYSTEM:
        own = turns[0][1].strip() or own
    turns, _ = _joined([turn for turn in turns if turn[0] != SYSTEM and not is_empty(turn[1])])
    turns = turns[1:] if turns and turns[0][0] == ASSISTANT else turns
    turns = turns[:-1] if turns and turns[-1][0] == ASSISTANT else turns
    prompt = own or system.strip()
    front = (Message(SYSTEM, prompt),) if prompt and turns else ()
    return front + tuple(Message(who, said) for who, said in turns)


class _Mending:
    """Turns one row into a dialogue and notes what that took."""

    def __init__(self, notes: Notes, row: int) -> None:
        self.notes = notes
        self.row = row

    def turns_of(self, written: Written) -> list[Turn]:
        """Return all turns of a row as they stand in it."""
        if written.messages is not None:
            return self.listed(written.messages, "")
        asked = self.listed(written.question, USER)
        if written.input.strip():
            asked.append((USER, written.input))
            asked = _joined(asked)[0] if all(who == USER for who, _ in asked) else asked
        return asked + self.listed(written.answer, ASSISTANT)

    def dialogue(self, turns: list[Turn], own: str, for_all: str) -> Dialogue:
        """Return turns in an order that a chat has, or () where none are left."""
        turns = self.known(turns)
        if turns and turns[0][0] == SYSTEM:
            own = turns.pop(0)[1].strip() or own
        turns = self._up_to(turns, SYSTEM, "system-late", SYSTEM_LATE)
        filled = [turn for turn in turns if not is_empty(turn[1])]
        if len(filled) < len(turns) and len(turns) > 2:
            self._note("turns-empty", TURNS_EMPTY)
        turns, was_joined = _joined(filled)
        if was_joined:
            self._note("turns-joined", TURNS_JOINED)
        if len(turns) > 1 and turns[0][0] == ASSISTANT:
            self._note("answers-first", ANSWERS_FIRST)
            turns = turns[1:]
        if len(turns) > 1 and turns[-1][0] == USER:
            self._note("questions-last", QUESTIONS_LAST)
            turns = turns[:-1]
        if len(turns) < 2:
            self._note("no-answer", NO_ANSWER)
            return ()
        prompt = own or for_all
        front = (Message(SYSTEM, prompt),) if prompt else ()
        return front + tuple(Message(who, said) for who, said in turns)

    def listed(self, cell: str, role: str) -> list[Turn]:
        """Return the turns of a cell that is a list of messages; any other text is one turn of `role`."""
        if is_empty(cell):
            return []
        items = _items(cell)
        if items is None:
            if not role:
                self._note("not-messages", NOT_MESSAGES)
            return [(role, cell)] if role else []
        return [turn for item in items for turn in self._turns_in(item)]

    def _turns_in(self, item: Mapping[str, object]) -> list[Turn]:
        if pair := pair_of(item):
            return [(USER, pair[0]), (ASSISTANT, pair[1])]
        if item.get("tool_calls") or item.get("function_call"):
            return [("tool_calls", "")]
        content = spoken_by(item, TEXT_KEYS)
        if isinstance(content, list):  # OpenAI's parts: texts, and pictures or sounds that no model here can take
            texts = [part.get("text") if isinstance(part, dict) else part for part in content]
            if not all(isinstance(text, str) for text in texts):
                return [("image", "")]
            content = JOINT.join(texts)  # type: ignore[arg-type]
        who = spoken_by(item, SPEAKER_KEYS)
        return [(str(who or ""), content if isinstance(content, str) else "")]

    def known(self, turns: Iterable[Turn]) -> list[Turn]:
        """Return the turns before the first that is neither a user's nor an assistant's, under the names of a chat."""
        found: list[Turn] = []
        for who, said in turns:
            role = role_of(who)
            if not role:
                code, message = ("tools-cut", TOOLS_CUT) if is_tool(who) else ("roles-unknown", ROLES_UNKNOWN)
                self._note(code, message, who)
                break
            found.append((role, said))
        return found

    def _up_to(self, turns: list[Turn], role: str, code: str, message: str) -> list[Turn]:
        place = next((place for place, (who, _) in enumerate(turns) if who == role), None)
        if place is None:
            return turns
        self._note(code, message)
        return turns[:place]

    def _note(self, code: str, message: str, name: str = "") -> None:
        self.notes.add(code, message, place=self.row)
        if name:
            known = self.notes.found[code].values
            known[name] = int(known.get(name, 0)) + 1


def _named(notes: Notes) -> Notes:
    """Put the names that were met into the sentence, the most frequent first."""
    for code in ("tools-cut", "roles-unknown"):
        if note := notes.found.get(code):
            names = sorted(note.values, key=lambda name: -int(note.values[name]))
            note.values = {"names": ", ".join(names[:5])}
    return notes


def _items(cell: str) -> list[dict[str, object]] | None:
    """Return the messages of a cell that is a JSON list of them, or None."""
    if cell.lstrip()[:1] != "[":
        return None
    try:
        value = json.loads(cell)
    except (ValueError, RecursionError):
        return None
    is_list = isinstance(value, list) and value and all(isinstance(item, dict) for item in value)
    return value if is_list else None


def _joined(turns: Sequence[Turn]) -> tuple[list[Turn], bool]:
    """Return the turns with those of one speaker in a row as one, and whether there were any."""
    found: list[Turn] = []
    for who, said in turns:
        if found and found[-1][0] == who:
            found[-1] = (who, found[-1][1] + JOINT + said)
        else:
            found.append((who, said))
    return found, len(found) < len(turns)


TOOLS_CUT = mark(
    "{count} {count:dialogue uses|dialogues use} tools ({names}), which a chat here cannot do: {count:it ends|they end} before the first call."
)
ROLES_UNKNOWN = mark(
    "{count} {count:dialogue holds|dialogues hold} turns of “{names}”, who is neither user nor assistant: {count:it ends|they end} before the first of them."
)
SYSTEM_LATE = mark(
    "{count} {count:dialogue holds|dialogues hold} a system prompt between the turns: {count:it ends|they end} before it."
)
TURNS_EMPTY = mark("{count} {count:dialogue holds|dialogues hold} empty turns, which are left out.")
TURNS_JOINED = mark("In {count} {count:dialogue|dialogues} one speaks several times in a row: these turns were joined.")
ANSWERS_FIRST = mark(
    "{count} {count:dialogue begins|dialogues begin} with an answer, which is left out: nothing was asked before it."
)
QUESTIONS_LAST = mark("{count} {count:dialogue ends|dialogues end} in a question without an answer, which is left out.")
NO_ANSWER = mark("{count} {count:row holds|rows hold} no question with an answer and {count:is|are} left out.")
NOT_MESSAGES = mark("{count} {count:cell is|cells are} no list of messages.")
