"""What the fuzz begins with: small files of every format, and the ways in which they go wrong."""

import gzip
import io
import json
import random
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.engine.data.printing import PICTURE, printed, set_lines

Named = tuple[str, bytes]

LARGEST = 60_000  # bytes of a real file that is worth mutating
TOKENS = (
    b'"', b"'", b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\0", b"\\", b"{", b"}", b"[", b"]", b":", b"null",
    b"NaN", b"-Infinity", b"1e999", b"9" * 400, b"007", b"\xff", b"\xfe\xff", b"\xef\xbb\xbf", b"\xc0\x80", b"\xed\xa0\x80",
    b"\\ud800", b"\\u0000", "\u2028".encode(), "\u202e".encode(), "\u3000".encode(), "👩‍👩‍👧".encode(), b"[" * 3000, b'{"a":' * 800,
    b"=cmd()", b"__label__x ", b" " * 500, b"<|endoftext|>", b"</s>", b"PAR1", b"PK\x03\x04", b"\x1f\x8b",
)  # fmt: skip
NAMES = ("text", "label", "id", "", " ", "text", "meta.lang", "a" * 300, "标签", "date", "split", "\ufeffx", "_", "0")
ENDINGS = (
    ".csv",
    ".tsv",
    ".txt",
    ".json",
    ".jsonl",
    ".parquet",
    ".md",
    ".gz",
    ".csv.gz",
    "",
    ".xlsx",
    ".zip",
    ".CSV",
    ".pdf",
)
ODD: tuple[object, ...] = (
    None, True, 0, -1, 1.5, 1e308, 2**70, "", " ", "x", "\ud800", "\0", "a" * 5000, [], {}, [[]], [None], {"": None}, "NaN",
    {"a": {"b": {"c": [1]}}}, [1, "a", None], "../../etc/passwd", "__class__", -(2**31), "1e999",
)  # fmt: skip
BLANKS = (b"", b" ", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf \n", b"[]", b"{}", b"[", b"{", b"null", b'""', b"1", b"[[]]", b"[{}]",
          b"{}\n{}", b"\0\0\0", b",\n,\n", b'"', b'"\n', b"\xff\xfe\n\0", b"text", b"text\n", b"a,b\n", b"[null]", b'{"a":[]}')  # fmt: skip


def small_files() -> list[Named]:
    """Return files of every format, as programs write them."""
    rows = [
        (f"message {n} about the {'parcel' if n % 2 else 'invoice'}", "post" if n % 2 else "money") for n in range(30)
    ]
    table = "text,label\n" + "".join(f'"{text}, please",{label}\n' for text, label in rows)
    chinese = "文本,标签\n" + "".join(
        f"第{n}条消息很{'好' if n % 2 else '差'},{'正' if n % 2 else '负'}\n" for n in range(30)
    )
    objects = [{"text": text, "label": label, "meta": {"n": n, "tags": ["a"]}} for n, (text, label) in enumerate(rows)]
    chats = [{"messages": [{"role": "user", "content": text}]} for text, _ in rows]
    return [
        ("rows.csv", table.encode()), ("zh.csv", chinese.encode("gb18030")), ("zh16.csv", chinese.encode("utf-16")),
        ("semi.csv", table.replace(",", ";").encode("cp1252")), ("rows.tsv", table.replace(",", "\t").encode()),
        ("rows.csv.gz", gzip.compress(table.encode(), mtime=0)), ("rows.json", json.dumps(objects).encode()),
        ("nested.json", json.dumps({"data": {"items": objects, "more": [{"a": 1}]}, "version": 1}).encode()),
        ("columns.json", json.dumps({"text": [r[0] for r in rows], "label": [r[1] for r in rows]}).encode()),
        ("keyed.json", json.dumps({f"k{n}": each for n, each in enumerate(objects)}).encode()),
        ("rows.jsonl", "\n".join(map(json.dumps, objects)).encode()), ("chat.jsonl", "\n".join(map(json.dumps, chats)).encode()),
        ("python.jsonl", "\n".join(map(repr, objects)).encode()),
        ("fast.txt", "\n".join(f"__label__{label} {text}" for text, label in rows).encode()),
        ("book.txt", "\n\n".join(" ".join(text for text, _ in rows) for _ in range(3)).encode()),
        ("plain.md", b"# Title\n\n* one\n* two\n\nsome prose, with a comma; and more\n" * 8),
        *(("typed.parquet", parquet(kind)) for kind in range(4)),
        ("page.pdf", printed([set_lines([text, "", "第二段"]) for text, _ in rows[:4]] + [PICTURE])),
    ]  # fmt: skip


def tagged_files() -> list[Named]:
    """Return words with their tags and texts with marked spans, as annotators and their programs write them."""
    people, places = ("Ada", "Bob Stone", "Łukasz 🙂"), ("Rome", "New York")
    rows = [(people[n % 3], places[n % 2], n) for n in range(24)]
    sentences = [
        [*_tagged(who, "PER"), ("met", "O"), ("us", "O"), ("in", "O"), *_tagged(where, "LOC"), (f"{n}.", "O")]
        for who, where, n in rows
    ]
    lists = [{"tokens": [word for word, _ in each], "ner_tags": [tag for _, tag in each]} for each in sentences]
    coded = [
        {"id": n, "words": each["tokens"], "tags": [len(tag) % 3 for tag in each["ner_tags"]]}
        for n, each in enumerate(lists)
    ]
    spans = [
        (f"{who} met us in {where} {n}.", [(0, len(who), "PER"), (len(who) + 11, len(who) + 11 + len(where), "LOC")])
        for who, where, n in rows
    ]
    doccano = [{"id": n, "text": text, "label": marks} for n, (text, marks) in enumerate(spans)]
    entities = [
        {
            "text": text,
            "entities": [
                {"id": n, "label": label, "start_offset": start, "end_offset": end}
                for n, (start, end, label) in enumerate(marks)
            ],
            "relations": [],
        }
        for text, marks in spans
    ]
    studio = [
        {
            "id": n,
            "data": {"text": text},
            "annotations": [
                {
                    "id": n,
                    "result": [
                        {
                            "from_name": "label",
                            "to_name": "text",
                            "type": "labels",
                            "value": {"start": start, "end": end, "text": text[start:end], "labels": [label]},
                        }
                        for start, end, label in marks
                    ],
                }
            ],
        }
        for n, (text, marks) in enumerate(spans)
    ]
    two = "\n\n".join("\n".join(f"{word}\t{tag}" for word, tag in each) for each in sentences)
    four = "-DOCSTART- -X- O O\n\n" + "\n\n".join(
        "\n".join(f"{word} NN B-NP {tag}" for word, tag in each) for each in sentences
    )
    return [
        ("names.conll", two.encode()), ("names.bio", four.encode()), ("tokens.json", json.dumps(lists).encode()),
        ("coded.jsonl", "\n".join(map(json.dumps, coded)).encode()), ("doccano.jsonl", "\n".join(map(json.dumps, doccano)).encode()),
        ("entities.jsonl", "\n".join(map(json.dumps, entities)).encode()), ("studio.json", json.dumps(studio).encode()),
        ("words.csv", b"words,tags\n" + "\n".join(f"{' '.join(each['tokens'])},{' '.join(each['ner_tags'])}" for each in lists).encode()),
    ]  # fmt: skip


def _tagged(words: str, kind: str) -> list[tuple[str, str]]:
    return [(word, f"{'I' if place else 'B'}-{kind}") for place, word in enumerate(words.split())]


def chat_files() -> list[Named]:
    """Return dialogues as the programs that keep them write them."""
    pairs = [(f"When do you open on day {n}?", f"At {n} o'clock, 好的 🙂.") for n in range(24)]
    dialogue = [
        [("system", "Be brief."), ("user", asked), ("assistant", told), ("user", "Sure?"), ("assistant", "Yes.")]
        for asked, told in pairs
    ]
    messages = [{"messages": [{"role": who, "content": said} for who, said in each]} for each in dialogue]
    parts = [
        {
            "messages": [{"role": who, "content": [{"type": "text", "text": said}]} for who, said in each[1:]],
            "tools": None,
        }
        for each in dialogue
    ]
    called = [
        {
            "messages": [
                *each["messages"][:3],
                {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
                {"role": "tool", "content": "9"},
            ]
        }
        for each in messages
    ]
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    shared = [
        {"id": n, "conversations": [{"from": names[who], "value": said} for who, said in each]}
        for n, each in enumerate(dialogue)
    ]
    alpaca = [
        {"instruction": asked, "input": "" if n % 2 else "in winter", "output": told, "history": [["Hi", "Hello"]]}
        for n, (asked, told) in enumerate(pairs)
    ]
    turns = [
        f'd{n},{place},{who},"{said}"' for n, each in enumerate(dialogue) for place, (who, said) in enumerate(each)
    ]
    return [
        ("messages.jsonl", "\n".join(map(json.dumps, messages)).encode()), ("parts.jsonl", "\n".join(map(json.dumps, parts)).encode()),
        ("called.json", json.dumps(called).encode()), ("sharegpt.json", json.dumps(shared).encode()), ("alpaca.json", json.dumps(alpaca).encode()),
        ("pairs.csv", ("question,answer\n" + "\n".join(f'"{asked}","{told}"' for asked, told in pairs)).encode()),
        ("turns.csv", ("dialogue_id,turn,speaker,text\n" + "\n".join(turns)).encode()),
    ]  # fmt: skip


def parquet(kind: int) -> bytes:
    """Return one of four Parquet files with columns of many types."""
    texts = [f"text {n}" for n in range(20)]
    columns: dict[str, pa.Array] = {
        "text": pa.array(texts),
        "label": pa.array(["a", "b"] * 10).dictionary_encode(),
        "binary": pa.array([b"\xff\xfe%d" % n for n in range(20)], pa.binary()),
        "number": pa.array([None, *range(19)], pa.int64()),
        "nested": pa.array([{"a": [n, None], "b": {"c": str(n)}} for n in range(20)]),
        "day": pa.array([date(2020, 1, 1 + n) for n in range(20)]),
        "when": pa.array([datetime(2020, 1, 1, n) for n in range(20)], pa.timestamp("ns", "Asia/Shanghai")),
        "price": pa.array([Decimal(f"{n}.25") for n in range(20)]),
        "nothing": pa.nulls(20),
        "list": pa.array([["x"] * (n % 3) for n in range(20)]),
        "half": pa.array([float(n) for n in range(20)], pa.float32()),
        "time": pa.array([n * 1000 for n in range(20)], pa.time64("us")),
        "long": pa.array([n * 1000 for n in range(20)], pa.duration("s")),
        "map": pa.array([[("k", n)] for n in range(20)], pa.map_(pa.string(), pa.int64())),
    }
    names = list(columns) if kind < 2 else ["text", "label"]
    out = io.BytesIO()
    codec = ("snappy", "none", "zstd", "gzip")[kind]
    pq.write_table(
        pa.table({name: columns[name] for name in names}), out, compression=codec, row_group_size=7 + 20 * (kind == 1)
    )
    return out.getvalue()


def real_files(folder: Path) -> list[Named]:
    """Return the small files below a folder of real data, where it is there."""
    if not folder.is_dir():
        return []
    found = (
        path for path in sorted(folder.glob("*")) if path.is_file() and path.name not in ("expected.json", "SOURCE.txt")
    )
    return [(path.name, path.read_bytes()) for path in found if path.stat().st_size <= LARGEST]


def mutate(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    """Return `data` after one to four things went wrong."""
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        data = dice.choice(HARMS)(data, dice, others)[: 4 * LARGEST]
    return data


def mutate_json(value: object, dice: random.Random, rate: float = 0.05) -> object:
    """Return a JSON value in which keys and values were changed, lost or doubled."""
    if dice.random() < rate:
        return dice.choice(ODD)
    if isinstance(value, dict):
        kept = {key: mutate_json(item, dice, rate) for key, item in value.items() if dice.random() > rate / 2}
        return kept | ({dice.choice(NAMES): dice.choice(ODD)} if dice.random() < rate else {})
    if isinstance(value, list):
        items = [mutate_json(item, dice, rate) for item in value if dice.random() > rate / 4]
        return items * 2 if dice.random() < rate / 4 else items
    if isinstance(value, int | float) and not isinstance(value, bool) and dice.random() < rate:
        return value * dice.choice((-1, 0, 2, 10**6))
    return value


def flipped(path: Path, dice: random.Random) -> bytes:
    """Return a large file's content with a few other bytes, most of them where it says what it is, or cut."""
    data = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 8))):
        data[dice.randrange(min(len(data), 4000)) if dice.random() < 0.5 else dice.randrange(len(data))] = (
            dice.randrange(256)
        )
    return bytes(data[: dice.choice((len(data), len(data), dice.randrange(len(data))))])


def _flip(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    out = bytearray(data)
    for _ in range(dice.choice((1, 1, 3, 20))):
        if out:
            out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def _insert(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    for _ in range(dice.choice((1, 2, 8))):
        at = dice.choice((0, len(data), dice.randrange(len(data) + 1)))
        data = data[:at] + dice.choice(TOKENS) + data[at:]
    return data


def _cut(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    start, end = sorted((dice.randrange(len(data) + 1), dice.randrange(len(data) + 1)))
    return dice.choice((data[:start], data[end:], data[:start] + data[end:], data[start:end]))


def _double(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    start, end = sorted((dice.randrange(len(data) + 1), dice.randrange(len(data) + 1)))
    return data[:end] + data[start:end] * dice.choice((1, 2, 5)) + data[end:]


def _replace(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    old = dice.choice(TOKENS[:17]) if dice.random() < 0.7 or not data else bytes([dice.choice(data)])
    return data.replace(old, dice.choice(TOKENS), dice.choice((1, 3, 1000)))


def _splice(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    other = dice.choice(others)[1]
    return data[: dice.randrange(len(data) + 1)] + other[dice.randrange(len(other) + 1) :]


def _recode(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(
        dice.choice(("utf-16", "utf-16-le", "utf-32", "gb18030", "cp1252", "utf-7", "shift_jis")), "replace"
    )


def _lines(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    lines = data.split(b"\n")
    dice.shuffle(lines)
    return b"\n".join(lines[: dice.randrange(len(lines)) + 1])


def _blank(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    return dice.choice(BLANKS) if dice.random() < 0.5 else dice.choice(BLANKS) + data


def _structure(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    """Change JSON as JSON; leave anything else to the other harms."""
    try:
        return json.dumps(mutate_json(json.loads(data), dice, 0.08)).encode("utf-8", "replace")
    except (ValueError, RecursionError):
        return _flip(data, dice, others)


def _packed(data: bytes, dice: random.Random, others: list[Named]) -> bytes:
    if dice.random() < 0.7:
        return gzip.compress(data, mtime=0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("rows.csv", data)
    return out.getvalue()


HARMS: tuple[Callable[[bytes, random.Random, list[Named]], bytes], ...] = (
    _flip, _flip, _insert, _insert, _cut, _cut, _double, _replace, _replace, _splice, _recode, _lines, _blank, _structure, _structure,
    _packed,
)  # fmt: skip
