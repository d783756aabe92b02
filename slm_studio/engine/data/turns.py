"""Turns: a table with one turn of a dialogue a row becomes one with a dialogue a row.

A dialogue must not be torn: split by rows, a question would be learnt whose answer is tested. So its turns are gathered while
a file is read. That is done only where nothing is lost: a column that changes from turn to turn, such as an intent, makes the
rows something to classify, and they stay as they are.
"""

import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.speakers import is_tool, role_of
from slm_studio.core.texts import mark
from slm_studio.engine.data import names
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.shapes import DATE, TIME, WHOLE, share
from slm_studio.engine.data.table import TableWriter

DIALOGUE_NAMES = re.compile(
    r"^(dialogue|dialog|conversation|conv|chat|session|thread|ticket|call)s?(_?(id|no|nr|num|number|index|key))?$"
    r"|^(对话|會話|会话|通话|工单)(id|编号|序号|号|編號)?$"
)
SPEAKER_NAMES = (
    "role",
    "speaker",
    "from",
    "sender",
    "author",
    "who",
    "party",
    "角色",
    "说话人",
    "发言人",
    "发送者",
    "發言人",
)
TEXT_NAMES = (
    "content",
    "text",
    "message",
    "utterance",
    "value",
    "body",
    "said",
    "内容",
    "文本",
    "消息",
    "话语",
    "發言",
    "內容",
)
ORDER_NAMES = (
    "turn", "turn_id", "turn_index", "turn_number", "order", "position", "step", "seq", "sequence", "index", "message_id",
    "utterance_id", "utterance_idx", "timestamp", "time", "date", "created_at", "sent_at", "轮次", "序号", "顺序", "时间", "輪次",
)  # fmt: skip
FEWEST_KNOWN = 0.9  # share of turns whose speaker must be known
MESSAGES = "messages"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns hold the turns."""

    dialogue: str
    speaker: str
    text: str
    order: str  # "" where the rows stand in order
    users: frozenset[str]  # speakers who ask, where their names do not say so
    kept: tuple[str, ...]  # further columns, alike in all turns of a dialogue
    left: tuple[str, ...]  # numbers and times of single turns


def join_turns(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Return the parts with a dialogue a row where the training rows are turns; what was done stands in its notes."""
    train = parts["train"]
    shape = _shape(open_table(train.path), train)
    if shape is None or any(not set(_columns(shape)) <= set(part.columns) for part in parts.values()):
        return dict(parts)
    joined = {split: _joined(part, shape) for split, part in parts.items()}
    train.notes.add(
        "turns-gathered",
        mark("The rows are turns: {turns} of them became {count} {count:dialogue|dialogues}, by “{dialogue}” and “{speaker}”."),
        count=joined["train"].rows, turns=train.rows, dialogue=shape.dialogue, speaker=shape.speaker,
    )  # fmt: skip
    if shape.left:
        train.notes.add(
            "turns-columns",
            mark("{count} {count:column tells|columns tell} about single turns and {count:was|were} left out: {columns}."),
            count=len(shape.left), columns=", ".join(shape.left),
        )  # fmt: skip
    return joined


def _shape(table: pa.Table, part: Part) -> Shape | None:
    folded = {name: names.folded(name) for name in part.columns}
    dialogue = next((name for name in part.columns if DIALOGUE_NAMES.match(folded[name])), None)
    speaker = _first(folded, SPEAKER_NAMES, but=dialogue)
    text = _first(folded, TEXT_NAMES, but=speaker)
    if dialogue is None or speaker is None or text is None or part.rows < 2:
        return None
    ids = table.column(dialogue)
    different = pc.count_distinct(ids).as_py()
    if different == part.rows or pc.any(pc.equal(ids, "")).as_py():
        return None
    users = _users(table, dialogue, speaker)
    if users is None:
        return None
    order = _first(folded, ORDER_NAMES, but=dialogue)
    order = order if order is not None and _is_order(table.column(order).to_pylist()) else None
    kept, left = [], []
    for name in part.columns:
        if name in (dialogue, speaker, text, order):
            continue
        pairs = table.select([dialogue, name]).group_by([dialogue, name]).aggregate([])
        if pairs.num_rows == different:
            kept.append(name)
        elif _is_beside(name, table.column(name).to_pylist()):
            left.append(name)
        else:
            _say_why_not(part, name)
            return None
    return Shape(dialogue, speaker, text, order or "", users, tuple(kept), tuple(left))


def _say_why_not(part: Part, name: str) -> None:
    part.notes.add(
        "turns-stay",
        mark("The rows are turns of dialogues. They stay rows of their own, because “{column}” tells something about each."),
        column=name,
    )  # fmt: skip


def _first(folded: Mapping[str, str], wanted: Sequence[str], but: str | None) -> str | None:
    """Return the column with the first of some names."""
    found = {own: name for name, own in reversed(folded.items()) if name != but}
    return next((found[each] for each in wanted if each in found), None)


def _users(table: pa.Table, dialogue: str, speaker: str) -> frozenset[str] | None:
    """Return the speakers who ask, empty where the names say who does; None where nobody can tell."""
    counts = pc.value_counts(table.column(speaker)).to_pylist()
    known = sum(each["counts"] for each in counts if role_of(each["values"]) or is_tool(each["values"]))
    roles = {role_of(each["values"]) for each in counts} - {"", "system"}
    if known >= FEWEST_KNOWN * table.num_rows and len(roles) == 2:
        return frozenset()
    if len(counts) != 2 or roles:
        return None
    firsts: dict[str, str] = {}  # two speakers, A and B: whoever opens every dialogue is the one who asks
    for one, who in zip(table.column(dialogue).to_pylist(), table.column(speaker).to_pylist(), strict=True):
        firsts.setdefault(one, who)
    return frozenset(firsts.values()) if len(set(firsts.values())) == 1 else None


def _is_order(cells: Sequence[str]) -> bool:
    """Say whether cells can be sorted: whole numbers, or dates that begin with the year and are written alike."""
    is_year_first = len({len(cell) for cell in cells}) == 1 and all(cell[:4].isdigit() for cell in cells)
    return share(WHOLE, cells) == 1 or (is_year_first and share(DATE, cells) == 1)


def _is_beside(name: str, cells: Sequence[str]) -> bool:
    """Say whether a column only numbers or dates the turns."""
    if names.is_label(name):
        return False
    filled = [cell for cell in cells if cell]
    is_time = bool(filled) and (share(DATE, filled) == 1 or share(TIME, filled) == 1)
    return names.is_id(name) or names.folded(name) in ORDER_NAMES or is_time


def _columns(shape: Shape) -> list[str]:
    return [shape.dialogue, shape.speaker, shape.text, *([shape.order] if shape.order else []), *shape.kept]


def _joined(part: Part, shape: Shape) -> Part:
    table = open_table(part.path)
    cells = {name: table.column(name).to_pylist() for name in _columns(shape)}
    del table
    places: dict[str, list[int]] = defaultdict(list)
    for row, one in enumerate(cells[shape.dialogue]):
        places[one].append(row)
    keys = _order_keys(cells[shape.order]) if shape.order else None
    rows: dict[str, list[str]] = {name: [] for name in (shape.dialogue, MESSAGES, *shape.kept)}
    for one, turns in places.items():
        ordered = sorted(turns, key=keys.__getitem__) if keys else turns
        rows[shape.dialogue].append(one)
        rows[MESSAGES].append(_messages(cells[shape.speaker], cells[shape.text], ordered, shape.users))
        for name in shape.kept:
            rows[name].append(cells[name][turns[0]])
    written = part.path.with_suffix(".dialogues")
    with TableWriter(written, part.notes, tuple(rows)) as writer:
        writer.write(rows)
    written.replace(part.path)
    return replace(part, columns=tuple(rows), rows=writer.rows, fingerprint=writer.fingerprint())


def _order_keys(cells: Sequence[str]) -> Sequence[float] | Sequence[str]:
    """Return what to sort turns by: numbers as numbers, times as they are written (years first sort as text)."""
    return [float(cell) for cell in cells] if share(WHOLE, cells) == 1 else cells


def _messages(speakers: Sequence[str], texts: Sequence[str], rows: Sequence[int], users: frozenset[str]) -> str:
    """Return the turns in some rows as the cell of a dialogue. Speakers whose name says nothing keep it, and are said later."""
    said = []
    for row in rows:
        who = speakers[row]
        role = ("user" if who in users else "assistant") if users else role_of(who) or who
        said.append({"role": role, "content": texts[row]})
    return json.dumps(said, ensure_ascii=False)
