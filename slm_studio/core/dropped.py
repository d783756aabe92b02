"""Dropped: what may be read as rows, by its ending, and whether a file or folder is a model instead."""

import errno
import gzip
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

CONLL = (".conll", ".conllu", ".bio", ".iob", ".iob2", ".bioes", ".bilou", ".bmes")  # a word a line, with its tag
TABLES = (
    ".csv",
    ".tsv",
    ".tab",
    ".psv",
    ".json",
    ".jsonl",
    ".ndjson",
    ".jl",
    ".parquet",
    ".xlsx",
    ".xlsm",
    ".xls",
    *CONLL,
    ".srt",
    ".vtt",
)
TEXTS = (".txt", ".text", ".md", ".html", ".htm", ".docx", ".pdf")
PACKED = (".zip", ".gz")
# What zipfile raises over content: its own error, those of the four ways to compress, an unknown way, a locked member.
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)  # fmt: skip
CONFIG, WEIGHTS, GGUF = "config.json", ".safetensors", ".gguf"
VECTORS = (".txt", ".vec", ".bin", ".gz", ".model", "")  # ends of files that may hold word vectors
HEAD = 1 << 16  # bytes by which they are known: the first line is a word and up to some thousand numbers
FEWEST_NUMBERS, MOST_NUMBERS = 10, 65_536  # of a vector in a file that does not say so itself


def is_model(path: Path) -> bool:
    """Say whether a file or folder holds a model: GGUF, word vectors, or a config.json, in a zip with weights beside it."""
    try:
        if path.is_dir():
            return (path / CONFIG).is_file() or any(path.glob(f"*{GGUF}"))
        if path.suffix.lower() == GGUF:
            return path.is_file()
        if holds_vectors(path):
            return True
        if path.suffix.lower() != ".zip" or not path.is_file():
            return False
        with open_zip(path) as archive:
            return bool(model_folders(archive.namelist()))
    except (OSError, *ZIP_DAMAGE):
        return False  # whoever opens it says what is wrong


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open a zip to read it. Raises one of ZIP_DAMAGE, also for what zipfile would look for before the file's first byte.

    The system would only say “Invalid argument”, and nobody that the file is damaged.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise
        raise zipfile.BadZipFile("its table of contents is nowhere in it") from error
    if all(0 <= info.header_offset < path.stat().st_size for info in archive.infolist()):
        return archive
    archive.close()
    raise zipfile.BadZipFile("a file in it is nowhere in it")


def model_folders(names: Iterable[str]) -> set[str]:
    """Return the folders in which weights lie beside a config.json; "." is the one that the names begin at."""
    paths = [PurePosixPath(name) for name in names]
    configs = {path.parent for path in paths if path.name == CONFIG}
    return {str(path.parent) for path in paths if path.suffix == WEIGHTS and path.parent in configs}


def holds_vectors(path: Path) -> bool:
    """Say whether a file holds word vectors: word2vec as text or binary, or glove.txt, also packed by gzip."""
    if path.suffix.lower() not in VECTORS or not path.is_file():
        return False
    try:
        with open_plain(path) as stream:
            return are_vectors(stream.read(HEAD))
    except (OSError, EOFError, zlib.error):
        return False


def open_plain(path: Path) -> BinaryIO:
    """Open a file, or what gzip packed into it."""
    with path.open("rb") as stream:
        is_packed = stream.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if is_packed else path.open("rb")


def are_vectors(head: bytes) -> bool:
    """Say whether a file that begins so holds word vectors: “words numbers” in the first line, or a word and its numbers."""
    first, _, rest = head.partition(b"\n")
    fields = first.split()
    if len(fields) == 2 and all(field.isdigit() and len(field) < 10 for field in fields):
        width = int(fields[1])
        if not 0 < width <= MOST_NUMBERS or not rest:
            return False
        line = rest.partition(b"\n")[0].split()
        return is_binary(rest) or (len(line) > width and all(map(_is_number, line[-width:])))
    numbers = fields[-FEWEST_NUMBERS:]
    return (
        len(fields) > FEWEST_NUMBERS
        and b"\n" in head
        and all(map(_is_number, numbers))
        and any(b"." in n for n in numbers)
    )


def is_binary(rest: bytes) -> bool:
    """Say whether what follows the first line of a word2vec file is bytes of numbers instead of their digits."""
    _, _, numbers = rest.partition(b" ")
    return any(byte < 9 or byte > 126 for byte in numbers[:64])


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True
