"""What only dialogues can lack: answers, order, room."""

from collections.abc import Iterator

import pyarrow as pa

from slm_studio.core.dataset import Finding
from slm_studio.core.errors import StudioError
from slm_studio.core.messages import Dialogue
from slm_studio.core.texts import mark
from slm_studio.engine.data.checks.look import Check, Look, finding
from slm_studio.engine.data.describe import count_tokens
from slm_studio.engine.data.dialogues import dialogues_of

FEW = 50  # dialogues
FRAME = 8  # tokens that a template writes around a turn, about


def _read(look: Look) -> Iterator[Finding]:
    cells = {role: look.cells(role) for role in look.roles}
    if "messages" not in cells and not {"question", "answer"} <= set(cells):
        return
    try:
        dialogues, remarks = dialogues_of(cells)
    except StudioError as error:
        yield finding(error.code, error.message, error.hint, count=look.table.num_rows, serious=True, **error.values)
        return
    for remark in remarks:
        yield finding(
            remark.code,
            remark.message,
            mark("Only what is left is learnt. Nothing in the file changes."),
            places=remark.rows,
            count=remark.count,
            **{name: value for name, value in (remark.values or {}).items() if name != "count"},
        )
    held = [each for each in dialogues if each]
    if len(held) < FEW:
        yield finding(
            "too-few-dialogues",
            mark("There {count:is|are} only {count} {count:dialogue|dialogues}."),
            mark("A model from nothing learns these by heart. Continue one that chats already."),
            count=len(held),
        )
    yield from _long(look, held)


def _long(look: Look, dialogues: list[Dialogue]) -> Iterator[Finding]:
    limit = look.recipe.settled().max_length or 0
    texts = [" ".join(message.content for message in dialogue) for dialogue in dialogues]
    lengths = count_tokens(pa.array(texts, pa.large_string()))
    turns = [len(dialogue) for dialogue in dialogues]
    places = [at for at, length in enumerate(lengths) if limit and length + FRAME * turns[at] > limit]
    if places:
        yield finding(
            "dialogues-long",
            mark("{count} {count:dialogue is|dialogues are} longer than about {limit} tokens."),
            mark("Long dialogues are parted between answers; a single answer that does not fit is left out. Raise the maximum length where these matter."),
            count=len(places),
            limit=limit,
        )  # fmt: skip


CHECKS: tuple[Check, ...] = (_read,)
