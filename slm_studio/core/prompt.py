"""Prompt: what a model is asked: role → text, a list of words, messages, or candidates to choose from.

A dataset keeps every cell as text, and lists in it as JSON. `Role.reads` says what the text of a cell means.
"""

import json
import math
from collections.abc import Iterable, Mapping

from slm_studio.core.emptiness import is_empty
from slm_studio.core.errors import StudioError
from slm_studio.core.messages import messages_from_plain
from slm_studio.core.numerals import plain_numbers
from slm_studio.core.spans import place_words
from slm_studio.core.tasks import task_info
from slm_studio.core.tasks.info import Reads, Role, TaskInfo

Message = Mapping[str, str]  # {"role": "system" | "user" | "assistant", "content": …}
Cell = str | tuple[str, ...] | tuple[float, ...] | tuple[Message, ...]
Prompt = Mapping[str, Cell]  # asked role → cell

# Codes of errors that speak of one prompt alone: others can be answered all the same.
UNANSWERABLE = (
    "text-empty",
    "empty-prompt",
    "context-too-small",
    "word-unknown",
    "style-unknown",
    "no-gap",
    "nothing-to-search",
    "scores-unequal",
)
EXAMPLES: Mapping[Reads, str] = {"numbers": "-3.1, -3", "messages": '[{"role": "user", "content": "…"}]'}
LISTS: tuple[Reads, ...] = ("words", "tags", "labels", "candidates")


def read_cell(cell: str, reads: Reads) -> Cell:
    """Return what the text of a dataset's cell means. Raises StudioError where it is no list that it should be.

    Words may stand as plain text too, which the task takes apart itself, and candidates line by line.
    Example: read_cell('["One.", "Two."]', "lines") == "One.\\nTwo."
    """
    if reads in ("lines", "sentence", "words") and not _is_list(cell):
        return cell
    if reads == "lines":
        return "\n".join(json.loads(cell))
    if reads == "sentence":
        return place_words(json.loads(cell))[0]
    if reads in LISTS:
        return _read_list(cell, reads)
    if reads == "numbers":
        return _read_numbers(cell)
    if reads == "messages":
        return _read_messages(cell)
    return cell


def read_part(name: str, text: str, reads: Reads) -> Cell:
    """Return what the text of a part of a question means. Raises StudioError, which calls that part as whoever asked did.

    Example: read_part("--scores", "-3.1,-3", "numbers") == (-3.1, -3.0)
    """
    try:
        return read_cell(text, reads)
    except StudioError as error:
        raise StudioError(
            "part-form",
            "{parameter} holds no list of {reads}: “{cell}”.",
            "Write it like {example}.",
            parameter=name,
            cell=text[:80],
            reads=reads,
            example=EXAMPLES.get(reads, '["…", "…"]'),
        ) from error


def write_cell(cell: Cell) -> str:
    """Return a cell as a dataset keeps it."""
    return cell if isinstance(cell, str) else json.dumps(list(cell), ensure_ascii=False)


def as_text(cell: Cell) -> str:
    """Return a cell as running text, for whoever only wants to know its language or length."""
    if isinstance(cell, str):
        return cell
    return " ".join(part.get("content", "") if isinstance(part, Mapping) else str(part) for part in cell)


def check_prompt(prompt: Prompt, info: TaskInfo, model: str) -> None:
    """Refuse a prompt that the task cannot answer. Raises StudioError: a role it does not have, one that is missing, blank."""
    check_form(prompt, info)
    if is_blank(prompt, info):
        needed = [role for role in info.asking if role.needed]
        empty = [role.name for role in needed if _is_empty(prompt, role)]
        raise StudioError(
            "text-empty",
            "“{role}” holds no word, so “{model}” has nothing to answer."
            if len(needed) > 1
            else "The text holds no word, so “{model}” has nothing to answer.",
            "Write at least one word.",
            model=model,
            role="".join(empty[:1]),
        )
    if missing := [role.name for role in info.asked if role.needed and role.name not in prompt]:
        raise StudioError(
            "prompt-lacks",
            "The question holds no “{role}”.",
            "Give it too; it may be an empty text.",
            role=missing[0],
        )


def check_form(prompt: object, info: TaskInfo) -> None:
    """Refuse what is no prompt, whatever it is instead: programs ask too, with all that they have. Raises StudioError."""
    asked = {role.name: role for role in info.asked}
    if not isinstance(prompt, Mapping) or ({"role", "content"} <= set(prompt) and "role" not in asked):
        raise _no_prompt(info)
    refuse_unasked(prompt, info)
    for name, cell in prompt.items():
        _check_kind(cell, asked[name])


def refuse_unasked(names: Iterable[str], info: TaskInfo) -> None:
    """Refuse parts of a question that a model does not take. Raises StudioError, which says what it takes."""
    asked, of_task = [role.name for role in info.asked], [role.name for role in task_info(info.key).asked]
    for name in names:
        if name not in asked:
            raise StudioError(
                "prompt-role",
                "This model (task “{task}”) takes nothing called “{role}”."
                if name not in of_task
                else "This model (task “{task}”) learnt without “{role}”, so it takes none.",
                "It asks for: {roles}."
                if name not in of_task
                else "It asks for: {roles}. To use “{role}”, train one on rows that have it.",
                task=info.key,
                role=str(name),
                roles=", ".join(asked),
            )


def _no_prompt(info: TaskInfo) -> StudioError:
    """Say how a question is asked, to somebody who gave the messages of a dialogue bare."""
    role = next((role.name for role in info.asked if role.reads == "messages"), info.asked[0].name)
    return StudioError(
        "prompt-form",
        "A question is a text, or what each of its roles holds: here it is neither.",
        "Write it like {example}.",
        example=f'{{"{role}": [{{"role": "user", "content": "…"}}]}}' if info.templated else f'{{"{role}": "…"}}',
    )


def is_blank(prompt: Prompt, info: TaskInfo) -> bool:
    """Say whether something that must be asked holds no word."""
    if any(role.needed for role in info.asked):
        return any(_is_empty(prompt, role) for role in info.asking if role.needed)
    # Where no role is needed by itself, one of those that ask something is enough.
    return all(_is_empty(prompt, role) for role in info.asking)


def _is_empty(prompt: Prompt, role: Role) -> bool:
    return is_empty(as_text(prompt.get(role.name, "")))


def prompt_of(text: str, info: TaskInfo) -> Prompt:
    """Return the prompt that a text by itself is: every asked role that is needed, or else the first, reads it in its way."""
    needed = [role for role in info.asked if role.needed] or info.asked[:1]
    return {role.name: _cell_of(text, role.reads) for role in needed}


def _cell_of(text: str, reads: Reads) -> Cell:
    if reads == "messages":
        return ({"role": "user", "content": text},)
    return tuple(text.splitlines() or [text]) if reads == "candidates" else text


def _check_kind(cell: object, role: Role) -> None:
    if not _fits(cell, role):
        raise StudioError(
            "prompt-kind",
            "“{role}” is no {reads}.",
            "Give text as text, words and candidates as a list of texts, numbers as a list of numbers, messages as a list of role and content.",
            role=role.name,
            reads=role.reads,
        )
    if role.reads == "messages":
        messages_from_plain(cell)  # type: ignore[arg-type]


def _fits(cell: object, role: Role) -> bool:
    """Say whether a cell is what a role reads; a program may have given anything (None, or NaN of a table)."""
    if isinstance(cell, str):
        return role.reads != "messages"
    if not isinstance(cell, list | tuple):
        return False
    if role.reads == "messages":
        return True  # each of them is looked at by itself
    if role.reads == "numbers":
        return all(is_number(part) for part in cell)
    return role.reads in LISTS and all(isinstance(part, str) for part in cell)


def _read_list(cell: str, reads: Reads) -> tuple[str, ...]:
    if not cell.lstrip().startswith("["):
        return tuple(cell.splitlines() if reads == "candidates" else cell.split())
    if not _is_list(cell):
        raise _no_list(cell, reads)
    return tuple(json.loads(cell))


def _read_numbers(cell: str) -> tuple[float, ...]:
    """Return the numbers of a JSON list, or those that commas, blanks or lines part; [] is how none are written."""
    plain = plain_numbers(cell)
    try:
        parts = json.loads(plain) if plain.lstrip().startswith("[") else plain.replace(",", " ").split()
        found = [float(part) for part in parts if not isinstance(part, bool)]
    except (ValueError, TypeError, RecursionError):
        raise _no_list(cell, "numbers") from None
    if len(found) != len(parts) or not all(map(math.isfinite, found)):
        raise _no_list(cell, "numbers")
    return tuple(found)


def is_number(value: object) -> bool:
    """Say whether a value is a finite number, of which a program may have given anything."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_list(cell: str) -> bool:
    """Say whether a cell is a JSON list of texts. (A text may begin with a bracket.)"""
    try:
        items = json.loads(cell) if cell.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        return False
    return isinstance(items, list) and all(isinstance(item, str) for item in items)


def _read_messages(cell: str) -> tuple[Message, ...]:
    try:
        items = json.loads(cell)
    except (ValueError, RecursionError):
        items = None
    known = isinstance(items, list) and all(
        isinstance(item, dict) and isinstance(item.get("role"), str) and isinstance(item.get("content"), str)
        for item in items
    )
    if not known:
        raise _no_list(cell, "messages")
    return tuple({"role": item["role"], "content": item["content"]} for item in items)


def _no_list(cell: str, reads: Reads) -> StudioError:
    return StudioError(
        "cell-form",
        "“{cell}” is no list of {reads}.",
        "Choose another column, or mend the cell.",
        cell=cell[:80],
        reads=reads,
    )
