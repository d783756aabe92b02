"""Whatever stands in a file, it is read or refused in a sentence: nothing hangs, nothing takes memory by a number in it."""

import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.gguf.header import read_header
from slm_studio.engine.models.gguf.parts import read_model
from slm_studio.engine.models.gguf.unpack import unpack
from tests.engine.models.gguf.making import byte_pairs, fields_of, make_net, write_gguf

LARGEST = 2**64 - 1
STRING, LIST, UINT32 = 8, 9, 4


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def field(name: str, kind: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + value


def table(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    sizes = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
    return text(name) + sizes + struct.pack("<IQ", kind, offset)


def file(
    *,
    fields: Sequence[bytes] = (),
    tables: Sequence[bytes] = (),
    version: int = 3,
    counts: tuple[int, int] | None = None,
    tail: int = 256,
) -> bytes:
    tables_count, fields_count = counts or (len(tables), len(fields))
    head = b"GGUF" + struct.pack("<IQQ", version, tables_count, fields_count) + b"".join([*fields, *tables])
    return head + b"\0" * (-len(head) % 32 + tail)


HOSTILE = {
    "empty": (b"", "model-cut"),
    "only the first word": (b"GGUF", "model-cut"),
    "another file": (b"PK\3\4" + bytes(60), "model-damaged"),
    "a pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "file-is-a-pointer"),
    "version 1": (file(version=1), "gguf-version"),
    "the other byte order": (b"GGUF" + struct.pack(">IQQ", 3, 0, 0), "gguf-version"),
    "countless fields": (file(counts=(0, LARGEST)), "model-damaged"),
    "countless tables": (file(counts=(2**63, 0)), "model-damaged"),
    "a string of 2^63": (file(fields=[struct.pack("<Q", 2**63) + b"a"]), "model-cut"),
    "a value of 2^63": (file(fields=[field("a", STRING, struct.pack("<Q", 2**63))]), "model-cut"),
    "a list of 2^62 numbers": (file(fields=[field("a", LIST, struct.pack("<IQ", UINT32, 2**62))]), "model-cut"),
    "a list of 2^62 texts": (file(fields=[field("a", LIST, struct.pack("<IQ", STRING, 2**62))]), "model-damaged"),
    "lists in lists": (file(fields=[field("a", LIST, struct.pack("<IQ", LIST, 1) * 9)]), "model-damaged"),
    "an unknown kind": (file(fields=[field("a", 99, b"")]), "model-damaged"),
    "a name twice": (file(fields=[field("a", UINT32, bytes(4))] * 2), "model-damaged"),
    "a table twice": (file(tables=[table("t", (4,))] * 2), "model-damaged"),
    "a hundred dimensions": (file(tables=[table("t", (1,) * 100)]), "model-damaged"),
    "no dimension": (file(tables=[table("t", ())]), "model-damaged"),
    "an empty table": (file(tables=[table("t", (0, 4))]), "model-damaged"),
    "a table of 2^256": (file(tables=[table("t", (LARGEST,) * 4)]), "model-damaged"),
    "a table behind the end": (file(tables=[table("t", (4,), offset=2**40)]), "model-cut"),
    "a table too long": (file(tables=[table("t", (65,))]), "model-cut"),
    "a table between places": (file(tables=[table("t", (4,), offset=8)]), "model-damaged"),
    "two on one place": (file(tables=[table("t", (16,)), table("u", (16,), offset=32)]), "model-damaged"),
    "half a block": (file(tables=[table("t", (33,), kind=2)]), "model-damaged"),
    "numbers of no kind": (file(tables=[table("t", (32,), kind=4)]), "gguf-numbers"),
    "aligned to nothing": (file(fields=[field("general.alignment", UINT32, bytes(4))]), "model-damaged"),
    "aligned to much": (file(fields=[field("general.alignment", UINT32, b"\0\0\0\x80")]), "model-damaged"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.timeout(20)
def test_refuses_what_cannot_be(name: str, tmp_path: Path) -> None:
    raw, code = HOSTILE[name]
    path = tmp_path / "m.gguf"
    path.write_bytes(raw)

    with pytest.raises(StudioError) as caught:
        read_header(path)

    assert caught.value.code == code


def test_reads_a_plain_header(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    listed = field("c", LIST, struct.pack("<IQ", STRING, 2) + text("x") + text("你好"))
    path.write_bytes(file(fields=[field("a", UINT32, b"\7\0\0\0"), listed], tables=[table("t", (4, 8), offset=32)]))

    header = read_header(path)

    assert header.fields == {"a": 7, "c": ["x", "你好"]}
    assert header.tables["t"].shape == (8, 4)
    assert header.tables["t"].end - header.tables["t"].start == 128


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return a whole small file, whose header is most of it."""
    path = tmp_path_factory.mktemp("gguf") / "m.gguf"
    return write_gguf(path, make_net("gpt2"), fields_of(byte_pairs(), "gpt-2"), "Q4_0").read_bytes()


CHANGES = st.lists(
    st.tuples(st.integers(0, 1 << 20), st.one_of(st.integers(0, 255), st.binary(min_size=1, max_size=12))), max_size=6
)


@settings(max_examples=150, deadline=20_000)
@given(changes=CHANGES, length=st.integers(0, 1 << 20), near=st.booleans())
def test_changed_bytes_end_in_a_sentence(
    sound: bytes,
    tmp_path_factory: pytest.TempPathFactory,
    changes: list[tuple[int, int | bytes]],
    length: int,
    near: bool,
) -> None:
    raw, span = bytearray(sound), 1500 if near else len(sound)  # the first part holds every count and most names
    for at, value in changes:
        new = value if isinstance(value, bytes) else bytes([value])
        raw[at % span : at % span + len(new)] = new
    folder = tmp_path_factory.mktemp("changed")
    path = folder / "m.gguf"
    path.write_bytes(raw[: length % len(raw)] if length % 3 == 0 else raw)

    try:
        for _ in unpack(path, folder / "out"):
            pass
    except StudioError as error:
        assert error.code != "unexpected"


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_says_which_part_is_missing(lost: int, tmp_path: Path) -> None:
    names = [f"m-{number:05d}-of-00003.gguf" for number in (1, 2, 3)]
    for number, name in enumerate(names):
        fields = [field("split.no", UINT32, struct.pack("<I", number)), field("split.count", UINT32, b"\3\0\0\0")]
        (tmp_path / name).write_bytes(file(fields=fields, tables=[table(f"t{number}", (4,))]))
    assert set(read_model(tmp_path).tables) == set(read_model(tmp_path / names[2]).tables) == {"t0", "t1", "t2"}

    (tmp_path / names[lost]).unlink()
    for source in [tmp_path, *tmp_path.iterdir()]:
        with pytest.raises(StudioError) as caught:
            read_model(source)

        assert caught.value.code == "model-incomplete"
        assert caught.value.values["file"] == names[lost]


def test_picks_the_best_of_one_model_and_asks_among_several(tmp_path: Path) -> None:
    def write(name: str, kind: int, rows: int, architecture: str = "llama") -> None:
        fields = [field("general.architecture", STRING, text(architecture))]
        (tmp_path / name).write_bytes(file(fields=fields, tables=[table("t", (32, rows), kind)], tail=4096))

    write("Q4.gguf", 2, 4)
    write("F16.gguf", 1, 4)
    write("mmproj.gguf", 1, 9, "clip")
    assert read_model(tmp_path).file.name == "F16.gguf"

    write("other.gguf", 1, 5)
    with pytest.raises(StudioError) as caught:
        read_model(tmp_path)

    assert caught.value.code == "gguf-several"
    assert caught.value.values["names"] == "F16.gguf, Q4.gguf, other.gguf"


def test_finds_a_file_that_has_no_ending(tmp_path: Path) -> None:
    (tmp_path / "sha256-0b1c").write_bytes(file(tables=[table("t", (4,))]))
    (tmp_path / "sha256-ffff").write_bytes(b"{}")

    assert read_model(tmp_path).file.name == "sha256-0b1c"
