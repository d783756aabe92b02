"""Dropped: what may be read as rows, by its ending, and whether a file or folder is a model instead."""

import errno
import lzma
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

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
)
TEXTS = (".txt", ".text", ".md", ".html", ".htm", ".docx")
PACKED = (".zip", ".gz")
# What zipfile raises over content: its own error, those of the four ways to compress, an unknown way, a locked member.
ZIP_DAMAGE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError)  # fmt: skip
CONFIG, WEIGHTS, GGUF = "config.json", ".safetensors", ".gguf"


def is_model(path: Path) -> bool:
    """Say whether a file or folder holds a model: GGUF, or a config.json, in a zip with weights beside it. Reads no weights."""
    try:
        if path.is_dir():
            return (path / CONFIG).is_file() or any(path.glob(f"*{GGUF}"))
        if path.suffix.lower() == GGUF:
            return path.is_file()
        if path.suffix.lower() != ".zip" or not path.is_file():
            return False
        with open_zip(path) as archive:
            return holds_model(archive.namelist())
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


def holds_model(names: list[str]) -> bool:
    """Say whether among these names weights lie beside a config.json."""
    configs = {PurePosixPath(name).parent for name in names if PurePosixPath(name).name == CONFIG}
    return any(name.endswith(WEIGHTS) and PurePosixPath(name).parent in configs for name in names)
