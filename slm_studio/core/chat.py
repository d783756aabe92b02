"""Chat: a conversation as a tree. To ask again or to edit makes another branch beside the old one, so nothing is lost."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from slm_studio.core.errors import StudioError
from slm_studio.core.messages import ASSISTANT, SYSTEM, USER, Dialogue, Message, messages_to_plain

VERSION = 1  # of the file's form
LETTERS = 48  # of the first question that name a chat


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One message, and the one it follows."""

    id: int  # from 1, in the order in which they came to be
    after: int  # the turn that it follows; 0: it begins the chat
    role: str
    content: str
    model: str = ""  # the name of the model that answered
    tokens: int = 0  # of an answer: how many, and in how many seconds
    seconds: float = 0.0
    is_cut: bool = False  # an answer that somebody, or its limit, stopped before it ended
    is_full: bool = False  # … it was its limit


@dataclass(frozen=True, kw_only=True, slots=True)
class Chat:
    """What was said. Every change gives another Chat, in which all that was said before still stands.

    Example: Chat().asked("Hi").answered("Hello.").asked("Bye").path()[-1].content == "Bye"
    """

    title: str = ""  # "": the first question names it
    system: str = ""  # the system prompt
    created: str = ""  # ISO 8601
    turns: tuple[Turn, ...] = ()
    shown: Mapping[int, int] = field(default_factory=dict)  # turn → which follower is shown; else the newest

    @property
    def name(self) -> str:
        """Return what a list calls it; "" where nothing was said yet."""
        if self.title:
            return self.title
        first = next((turn.content for turn in self.path() if turn.role == USER), "")
        line = " ".join(first.split())
        return line if len(line) <= LETTERS else line[:LETTERS].rstrip() + "…"

    def path(self) -> tuple[Turn, ...]:
        """Return the turns that are shown, from the first."""
        found: list[Turn] = []
        turn = self._follower(0)
        while turn is not None:
            found.append(turn)
            turn = self._follower(turn.id)
        return tuple(found)

    def turn(self, id_: int) -> Turn:
        """Return one turn."""
        return next(turn for turn in self.turns if turn.id == id_)

    def branches(self, id_: int) -> tuple[int, ...]:
        """Return the turns that stand in one place, `id_` among them, the oldest first."""
        after = self.turn(id_).after
        return tuple(turn.id for turn in self.turns if turn.after == after)

    def choose(self, id_: int) -> "Chat":
        """Show a turn instead of the others in its place."""
        return replace(self, shown={**self.shown, self.turn(id_).after: id_})

    def asked(self, content: str) -> "Chat":
        """Ask something at the end. A question there that has no answer makes room: it becomes another branch."""
        path = self.path()
        if path and path[-1].role == USER:
            return self.rewritten(path[-1].id, content)
        return self._with(after=path[-1].id if path else 0, role=USER, content=content)

    def answered(
        self,
        content: str,
        *,
        to: int = 0,
        model: str = "",
        tokens: int = 0,
        seconds: float = 0.0,
        is_cut: bool = False,
        is_full: bool = False,
    ) -> "Chat":
        """Add an answer to a question (to the last that is shown); where it has one already, the new one is shown."""
        if not to:
            to = next(turn.id for turn in reversed(self.path()) if turn.role == USER)
        facts = {"model": model, "tokens": tokens, "seconds": seconds, "is_cut": is_cut or is_full, "is_full": is_full}
        return self._with(after=to, role=ASSISTANT, content=content, **facts)

    def rewritten(self, id_: int, content: str) -> "Chat":
        """Say a turn in other words: a new branch, behind which nothing stands yet. The same words change nothing."""
        old = self.turn(id_)
        if content == old.content:
            return self.choose(id_)
        return self._with(after=old.after, role=old.role, content=content)

    def messages(self, until: int = 0) -> Dialogue:
        """Return what is said on the shown path, system prompt first, up to the turn `until` (0: all of it)."""
        said = [Message(SYSTEM, self.system)] if self.system.strip() else []
        for turn in self.path():
            said.append(Message(turn.role, turn.content))
            if turn.id == until:
                break
        return tuple(said)

    def row(self) -> Dialogue:
        """Return the shown path as a dialogue to learn from: it ends in an answer. () where there is none.

        It ends before an answer that was cut: this would teach to stop too soon.
        """
        cut = next((turn.id for turn in self.path() if turn.is_cut), 0)
        said = list(self.messages(cut))[: -1 if cut else None]
        while said and said[-1].role != ASSISTANT:
            said.pop()
        return tuple(said)

    def _follower(self, id_: int) -> Turn | None:
        followers = [turn for turn in self.turns if turn.after == id_]
        chosen = self.shown.get(id_)
        return next((turn for turn in followers if turn.id == chosen), followers[-1] if followers else None)

    def _with(self, *, after: int, **parts: object) -> "Chat":
        turn = Turn(id=max((turn.id for turn in self.turns), default=0) + 1, after=after, **parts)  # type: ignore[arg-type]
        return replace(self, turns=(*self.turns, turn), shown={**self.shown, after: turn.id})


def to_lines(chat: Chat) -> str:
    """Return a chat as JSON lines: one about the chat, then one a turn, the branches that are not shown too."""
    head = {"chat": VERSION, "name": chat.name, "title": chat.title, "system": chat.system, "created": chat.created}
    shown = {str(after): id_ for after, id_ in chat.shown.items()}
    lines: list[dict[str, object]] = [{**head, "shown": shown}, *map(_plain, chat.turns)]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def from_lines(text: str) -> Chat:
    """Read what `to_lines` wrote. Raises StudioError: where it is no chat, or one of a newer version."""
    try:
        head, *rest = [json.loads(line) for line in text.split("\n") if line.strip()]
        _check_version(head["chat"])
        turns = tuple(_turn(line) for line in rest)
        shown = {int(after): int(id_) for after, id_ in head.get("shown", {}).items()}
        chat = Chat(
            title=str(head.get("title", "")),
            system=str(head.get("system", "")),
            created=str(head.get("created", "")),
            turns=turns,
            shown=shown,
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_chat() from error
    if not all(_fitting(turns)):
        raise _no_chat()
    return chat


def to_markdown(chat: Chat, names: Mapping[str, str]) -> str:
    """Return the shown path as Markdown; `names` say how the roles are called. Example: "**You**\\n\\nHi\\n\""""
    parts = [f"# {chat.name}"] if chat.name else []
    parts += [f"**{names[message.role]}**\n\n{message.content.strip()}" for message in chat.messages()]
    return "\n\n".join(parts) + "\n"


def rows_of(chats: Sequence[Chat]) -> str:
    """Return chats as JSON lines to learn from, one a chat; those without an answer are left out.

    Raises StudioError where nothing is left.
    """
    rows = [{"messages": messages_to_plain(row)} for chat in chats if (row := chat.row())]
    if not rows:
        raise StudioError(
            "no-rows-in-chat",
            "No answer here came to its end: one that was stopped, or cut at the set length, would teach to stop too soon.",
            "Ask again with a greater length (in Settings beside the chat), or edit the answer into a whole one.",
        )
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _plain(turn: Turn) -> dict[str, object]:
    plain: dict[str, object] = {"id": turn.id, "after": turn.after, "role": turn.role, "content": turn.content}
    if turn.role == ASSISTANT:
        plain |= {"model": turn.model, "tokens": turn.tokens, "seconds": round(turn.seconds, 3)}
        plain |= {name: True for name, is_so in (("cut", turn.is_cut), ("full", turn.is_full)) if is_so}
    return plain


def _turn(line: Mapping[str, object]) -> Turn:
    role, content = line["role"], line["content"]
    if role not in (USER, ASSISTANT) or not isinstance(content, str):
        raise ValueError(f"a turn of “{role}”")
    numbers = {name: line.get(name, 0) for name in ("tokens", "seconds")}
    return Turn(
        id=int(str(line["id"])),
        after=int(str(line["after"])),
        role=str(role),
        content=content,
        model=str(line.get("model", "")),
        tokens=int(str(numbers["tokens"])),
        seconds=float(str(numbers["seconds"])),
        is_cut=line.get("cut") is True,
        is_full=line.get("full") is True,
    )


def _check_version(version: int) -> None:
    if version > VERSION:
        raise StudioError(
            "chat-newer",
            "This chat was written by a newer version of SLM Studio (form {version}).",
            "Bring SLM Studio up to date to read it.",
            version=version,
        )


def _no_chat() -> StudioError:
    return StudioError("no-chat", "The file holds no chat that can be read.", "Restore it from a copy, or delete it.")


def _fitting(turns: Sequence[Turn]) -> Iterator[bool]:
    """Say of each turn whether it follows an earlier one, of the other role."""
    roles = {0: ASSISTANT}  # what stands before the first question counts as an answer
    for turn in turns:
        yield turn.id not in roles and roles.get(turn.after, turn.role) != turn.role
        roles[turn.id] = turn.role
