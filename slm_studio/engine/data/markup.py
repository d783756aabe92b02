"""Markup: XML of a foreign file, read as it streams, without the declarations that could make it grow or look elsewhere."""

from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

BLOCK = 1 << 16

Part = tuple[str, str, dict[str, str]]  # ("start" | "end" | "text", name without its namespace or the text, attributes)


class ForbiddenMarkup(ValueError):
    """The document declares a type or entities: no office program writes that."""


def parts(stream: IO[bytes]) -> Iterator[Part]:
    """Yield starts, ends and texts. Raises ForbiddenMarkup, and expat.ExpatError where it is no XML."""
    found: list[Part] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def forbid(*_: object) -> None:
        raise ForbiddenMarkup

    def start(name: str, attributes: dict[str, str]) -> None:
        found.append(("start", _local(name), {_local(key): value for key, value in attributes.items()}))

    def end(name: str) -> None:
        found.append(("end", _local(name), {}))

    def text(data: str) -> None:
        found.append(("text", data, {}))

    parser.StartDoctypeDeclHandler = forbid
    parser.EntityDeclHandler = forbid
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    while block := stream.read(BLOCK):
        parser.Parse(block, False)
        yield from found
        found.clear()
    parser.Parse(b"", True)
    yield from found


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
