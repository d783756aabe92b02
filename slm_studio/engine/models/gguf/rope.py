"""How positions are turned into angles, and how that is stretched for long texts.

Llama 3 keeps no numbers of its stretching but a table (`rope_freqs`) of what each frequency is divided by. Transformers wants
the four numbers that the table was made of; they are found again, and the table made of them must be the one in the file.
"""

# F frequencies of a head: half its width

import math

import numpy as np

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.gguf.header import Header, Table, damaged

_TABLE = "rope_freqs.weight"
_TOLERANCE = 1e-4
_MOST_THETA = 1e12
LOCAL_THETA = 10_000.0  # of Gemma 3's layers that see only what is near


def rope_of(header: Header, key: str, head: int) -> dict[str, object]:
    """Return Transformers' `rope_parameters` of a network. Raises StudioError where they cannot be found again."""
    theta = header.number(f"{key}.rope.freq_base") or (1_000_000.0 if key == "gemma3" else 10_000.0)
    if not 1 < theta < _MOST_THETA:
        raise damaged(header.file, f"its positions are turned by {theta:g}")
    theta = float(f"{theta:.7g}")
    found: dict[str, object] = {"rope_theta": theta, **_stretch(header, key, head, theta)}
    if key != "gemma3":
        return found
    local = header.number(f"{key}.rope.freq_base_swa") or LOCAL_THETA
    return {"full_attention": found, "sliding_attention": {"rope_type": "default", "rope_theta": float(f"{local:.7g}")}}


def _stretch(header: Header, key: str, head: int, theta: float) -> dict[str, object]:
    table = header.tables.get(_TABLE)
    if table is not None:
        return _llama3(header, _numbers(header, table, head // 2), head, theta)
    kind = header.text(f"{key}.rope.scaling.type") or (
        "linear" if header.number(f"{key}.rope.scale_linear") else "none"
    )
    factor = header.number(f"{key}.rope.scaling.factor") or header.number(f"{key}.rope.scale_linear") or 1.0
    if kind == "none" or factor == 1.0:
        return {"rope_type": "default"}
    if kind == "linear":
        return {"rope_type": "linear", "factor": factor}
    original = header.whole(f"{key}.rope.scaling.original_context_length")
    if kind == "yarn" and original:
        return {"rope_type": "yarn", "factor": factor, "original_max_position_embeddings": original}
    raise _unknown(header, kind)


def _numbers(header: Header, table: Table, count: int) -> np.ndarray:
    if table.kind.name != "F32" or table.shape != (count,):
        raise _unknown(header, _TABLE)
    with table.file.open("rb") as stream:
        stream.seek(table.start)
        numbers_F = np.frombuffer(stream.read(4 * count), "<f4").astype(np.float64)
    if not (np.isfinite(numbers_F).all() and (numbers_F >= 1).all()):
        raise _unknown(header, _TABLE)
    return numbers_F


def _llama3(header: Header, divisors_F: np.ndarray, head: int, theta: float) -> dict[str, object]:
    """Return the four numbers of Llama 3's stretching.

    Between short waves (divided by 1) and long ones (by `factor`) the divisor is 1 / ((1 − s) / factor + s), where
    s = (context / wave − low) / (high − low) is a straight line over 1 / wave. With low = 1 two points on it give the rest.
    """
    waves_F = 2 * math.pi * theta ** (np.arange(0, head, 2) / head)
    factor = float(divisors_F.max(initial=1.0))
    if np.allclose(divisors_F, 1.0):
        return {"rope_type": "default"}
    for context, high in ((8192, 4.0), *_solved(divisors_F, waves_F, factor)):
        if np.allclose(_divisors(waves_F, factor, context, high), divisors_F, rtol=_TOLERANCE):
            return {
                "rope_type": "llama3", "factor": factor, "low_freq_factor": 1.0, "high_freq_factor": high,
                "original_max_position_embeddings": context,
            }  # fmt: skip
    raise _unknown(header, _TABLE)


def _solved(divisors_F: np.ndarray, waves_F: np.ndarray, factor: float) -> list[tuple[int, float]]:
    between = (divisors_F > 1 + 1e-6) & (divisors_F < factor * (1 - 1e-6))
    if between.sum() < 2:
        return []
    shares = (1 / divisors_F[between] - 1 / factor) / (1 - 1 / factor)
    slope, start = np.polyfit(1 / waves_F[between], shares, 1)
    if not start < 0:
        return []
    high = 1 - 1 / start
    return [(round(slope * (high - 1)), round(float(high), 4))]


def _divisors(waves_F: np.ndarray, factor: float, context: int, high: float) -> np.ndarray:
    shares = np.clip((context / waves_F - 1) / (high - 1), 0, 1)
    return 1 / ((1 - shares) / factor + shares)


def _unknown(header: Header, kind: str) -> StudioError:
    return StudioError(
        "gguf-rope",
        "“{file}” stretches positions in a way that is not known here ({kind}).",
        "Choose another version of the model.",
        file=header.file.name,
        kind=kind[:80],
    )
