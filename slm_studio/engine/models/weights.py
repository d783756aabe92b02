"""Read safetensors headers without loading anything, and find what is wrong with them.

The format: 8 bytes header length, a JSON header {name: {dtype, shape, data_offsets}}, then the numbers. Hostile files lie
in the header (a length of gigabytes, offsets outside, the same name twice) or in the index of shards (a path outside the
folder), so every claim is compared with the bytes that are there.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.core.pointers import refuse_pointer

SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
MAX_HEADER = 25 * 1024 * 1024
MAX_JSON = 64 * 1024 * 1024
_SIZES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "C64": 8,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1, "BOOL": 1,
}  # fmt: skip
# dtype → the lowest bit pattern that is no number any more. Networks compute in float32, so a float64 must fit into it.
_ENDLESS = {
    "F64": int(np.array(2.0**128 - 2.0**103).view("<i8")), "F32": 0x7F800000, "F16": 0x7C00, "BF16": 0x7F80, "F8_E4M3": 0x7F, "F8_E5M2": 0x7C,
}  # fmt: skip
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\.safetensors$")
_BLOCK = 1024 * 1024  # a multiple of every item size
UNWRITTEN = 0.02  # share of a file from which on zeros at its end are no numbers that were learnt


@dataclass(frozen=True, slots=True)
class Tensor:
    """Where one table of numbers stands: bytes start…end of `file`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int
    file: Path

    @property
    def count(self) -> int:
        """Return how many numbers it holds."""
        return math.prod(self.shape)


def read_weights(folder: Path) -> dict[str, Tensor]:
    """Return every tensor of a model folder by name. Raises StudioError where weights are missing or damaged."""
    if (folder / ADAPTER).exists():  # a loader would put it on top, or fetch what it names
        raise _adapter()
    if (folder / SINGLE).is_file():
        return read_header(folder / SINGLE)
    if (folder / INDEX).is_file():
        return _read_shards(folder)
    raise _no_weights(folder)


def refuse_pickles(names: Iterable[str]) -> None:
    """Refuse a model, known by the names of its files, that has weights in a form that could run code and no other."""
    names = set(names)
    if not names & {SINGLE, INDEX} and any(name.endswith(PICKLES) for name in names):
        raise _only_pickles()


def read_header(path: Path) -> dict[str, Tensor]:
    """Return the tensors of one safetensors file after comparing every claim with the file's size."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        head = stream.read(64)
        refuse_pointer(head, path.name)
        length = int.from_bytes(head[:8], "little")
        stream.seek(8)
        if length > MAX_HEADER:
            raise _damaged(path, f"its header claims {length:,} bytes")
        if size < 8 or 8 + length > size:
            raise _cut(path, 8 + length, size)
        raw = stream.read(length)
    plain = parse_json(raw, path)
    if not isinstance(plain, dict):
        raise _damaged(path, "its header is no table")
    plain.pop("__metadata__", None)
    tensors = [_tensor(path, name, entry, 8 + length) for name, entry in plain.items()]
    _check_layout(path, tensors, 8 + length, size)
    return {tensor.name: tensor for tensor in tensors}


def find_nonfinite(tensors: Iterable[Tensor]) -> str:
    """Return the name of the first tensor with NaN, infinity or what becomes it in float32, or "". Memory stays flat."""
    for tensor in sorted(tensors, key=lambda each: (str(each.file), each.start)):
        if tensor.dtype in _ENDLESS and any(not _is_finite(block, tensor.dtype) for block in _blocks(tensor)):
            return tensor.name
    return ""


def refuse_unwritten(tensors: Iterable[Tensor]) -> None:
    """Refuse files whose end was never written: tools that download keep room for the whole, which is zeros until it comes.

    Not for models of our own: what they have not learnt yet may be zero. Raises StudioError.
    """
    for path in sorted({tensor.file for tensor in tensors}):
        size, zeros = path.stat().st_size, _zeros_at_end(path)
        if zeros >= max(_BLOCK, UNWRITTEN * size):
            raise _damaged(path, f"its last {zeros:,} of {size:,} bytes are zeros, as where a download stopped")


def _zeros_at_end(path: Path) -> int:
    """Return how many bytes at the end of a file hold nothing, in whole blocks."""
    place = path.stat().st_size
    end = place
    with path.open("rb") as stream:
        while place > 0:
            start = max(0, place - _BLOCK)
            stream.seek(start)
            if stream.read(place - start).strip(b"\0"):
                break
            place = start
    return end - place


def parse_json(raw: bytes, path: Path) -> object:
    """Return the JSON value in `raw`; names that occur twice are refused, since two readers may take different ones."""
    try:
        return json.loads(raw, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, str(error)[:200] or "its brackets nest too deeply") from error


def check_size(path: Path, limit: int) -> None:
    """Refuse a foreign file of more than `limit` bytes. Raises StudioError."""
    if path.stat().st_size > limit:
        raise StudioError(
            "model-file-size",
            "“{file}” has {bytes} bytes, which is far more than such a file needs.",
            "Do not use this model unless you know why.",
            file=path.name,
            bytes=path.stat().st_size,
        )


def read_json(path: Path, limit: int = MAX_JSON) -> object:
    """Return the JSON value of a foreign file of at most `limit` bytes."""
    check_size(path, limit)
    raw = path.read_bytes()
    refuse_pointer(raw, path.name)
    return parse_json(raw, path)


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    table = dict(pairs)
    if len(table) != len(pairs):
        raise ValueError("a name occurs twice")
    return table


def _tensor(path: Path, name: str, entry: object, base: int) -> Tensor:
    table = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = table.get("dtype"), _counts(table.get("shape")), _counts(table.get("data_offsets"))
    if dtype not in _SIZES or shape is None or offsets is None or len(offsets) != 2:
        raise _damaged(path, f"its header describes “{name[:80]}” in a way that cannot be read")
    start, end = offsets
    if end - start != math.prod(shape) * _SIZES[dtype]:
        raise _damaged(path, f"the size of “{name[:80]}” does not fit its shape")
    return Tensor(name, str(dtype), shape, base + start, base + end, path)


def _counts(value: object) -> tuple[int, ...] | None:
    """Return a list of sizes, or None where it is none. (True is no size.)"""
    if not isinstance(value, list) or not all(type(item) is int and 0 <= item < 2**48 for item in value):
        return None
    return tuple(value)


def _check_layout(path: Path, tensors: list[Tensor], base: int, size: int) -> None:
    """Tensors must follow each other without gap or overlap, up to the last byte."""
    place = base
    for tensor in sorted(tensors, key=lambda each: (each.start, each.end)):
        if tensor.start != place:
            raise _damaged(path, f"“{tensor.name[:80]}” overlaps another table or leaves a gap")
        place = tensor.end
    if place > size:
        raise _cut(path, place, size)
    if place != size:
        raise _damaged(path, f"{size - place:,} bytes at its end belong to no table")


def _read_shards(folder: Path) -> dict[str, Tensor]:
    plain = read_json(folder / INDEX)
    places = plain.get("weight_map") if isinstance(plain, dict) else None
    if not isinstance(places, dict) or not places:
        raise _damaged(folder / INDEX, "it lists no weights")
    tensors: dict[str, Tensor] = {}
    for name in sorted({str(value) for value in places.values()}):
        if not _is_plain_name(name):
            raise StudioError(
                "model-outside",
                "“{file}” points at “{name}”, which is outside the model's folder.",
                "Do not use this model: no honest program writes that.",
                file=INDEX,
                name=name[:200],
            )
        if not (folder / name).is_file():
            raise _missing_shard(name)
        tensors |= read_header(folder / name)
        _check_numbering(folder, name)
    _check_listed(folder, places, tensors)
    return tensors


def _check_listed(folder: Path, places: Mapping[str, object], tensors: Mapping[str, Tensor]) -> None:
    for name, file in places.items():
        if name not in tensors or tensors[name].file.name != file:
            raise _damaged(folder / INDEX, f"“{name[:80]}” is not in “{str(file)[:80]}”")


def _check_numbering(folder: Path, name: str) -> None:
    """A name like model-00001-of-00003 promises three files."""
    numbers = _SHARD.search(name)
    for number in range(1, int(numbers.group(2)) + 1 if numbers else 0):
        sibling = _SHARD.sub(f"-{number:05d}-of-{numbers.group(2)}.safetensors", name) if numbers else name
        if not (folder / sibling).is_file():
            raise _missing_shard(sibling)


def _is_plain_name(name: str) -> bool:
    return name.endswith(".safetensors") and not name.startswith(".") and not set(name) & set('/\\:\0"')


def _blocks(tensor: Tensor) -> Iterator[bytes]:
    with tensor.file.open("rb") as stream:
        stream.seek(tensor.start)
        left = tensor.end - tensor.start
        while left > 0:
            block = stream.read(min(_BLOCK, left))
            if not block:
                return
            left -= len(block)
            yield block


def _is_finite(block: bytes, dtype: str) -> bool:
    """Compare bit patterns, whose order is the order of magnitudes: as signed numbers the positive, else the negative ones."""
    size, endless = _SIZES[dtype], _ENDLESS[dtype]
    signed, unsigned = np.frombuffer(block, f"<i{size}"), np.frombuffer(block, f"<u{size}")
    return int(signed.max()) < endless and int(unsigned.max()) < endless + (1 << 8 * size - 1)


def _damaged(path: Path, reason: str) -> StudioError:
    return StudioError(
        "model-damaged",
        "“{file}” is damaged: {reason}.",
        "Fetch the model again, or take it from another source.",
        file=path.name,
        reason=reason,
    )


def _cut(path: Path, expected: int, found: int) -> StudioError:
    return StudioError(
        "model-cut",
        "“{file}” is cut short: {found} of {expected} bytes are there.",
        "Fetch the model again, or take it from another source.",
        file=path.name,
        expected=expected,
        found=found,
    )


def _missing_shard(name: str) -> StudioError:
    return StudioError(
        "model-incomplete",
        "A part of the weights is missing: “{file}”.",
        "Fetch the model again, or copy all of its files.",
        file=name,
    )


def _no_weights(folder: Path) -> StudioError:
    names = [path.name for path in folder.iterdir()]
    if any(name == "adapter_model.safetensors" for name in names):
        return _adapter()
    if any(name.endswith(PICKLES) for name in names):
        return _only_pickles()
    return StudioError(
        "model-no-weights",
        "There are no weights here: model.safetensors is missing.",
        "Choose a folder or repository that holds a whole Transformers model.",
    )


def _adapter() -> StudioError:
    return StudioError(
        "model-adapter",
        "This folder holds an adapter, which is only the difference to another model.",
        "Take a version in which the adapter is merged into the whole model.",
    )


def _only_pickles() -> StudioError:
    return StudioError(
        "model-pickle",
        "This model holds only pickle weights, which could run code.",
        "Look for a version with model.safetensors.",
    )
