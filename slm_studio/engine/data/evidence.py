"""Evidence: how much texts tell about a column. Where several columns could be the label, it says which one a model can learn.

Two signs, both cheap: texts that stand twice with two values (no model can be right about them), and a linear fit on a
sample, judged on rows it was not fitted on. Numpy alone does it; scikit-learn would take longer to import than to fit.
"""

# N rows of the sample, D features, L values of a column

import itertools
import re
import time
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from slm_studio.core.results import Evidence
from slm_studio.engine.data.splits import fold, text_keys

FITTED = 800  # rows of the fit: its time grows with their cube
FEATURES = 4096
LONGEST = 1000  # characters of a text that are read
SECONDS = 1.0  # for reading texts; the fit after it takes less than that
RIDGE = 0.5
FEWEST = 12  # rows below which a fit says nothing
_PIECE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


@dataclass(frozen=True, slots=True)
class Told:
    """What was found out about one column: words for a person, and the number by which columns are compared."""

    evidence: Evidence
    share: float  # of the column's variance that the text explains on rows not fitted on, 0 … 1


def weigh(texts: Sequence[str], columns: Mapping[str, Sequence[str]], seconds: float = SECONDS) -> dict[str, Told]:
    """Return what `texts` tell about each column. All have one length; blank texts and blank cells do not count."""
    keys = text_keys(texts)
    fit = _Fit(texts, keys, seconds)
    repeated = repeats(texts, keys)
    found = {}
    for name, cells in columns.items():
        right, usual, told = fit.judge(cells)
        evidence = Evidence(
            contradictions=contradictions(repeated, cells), right=right, usual=usual, rows=len(fit.places)
        )
        found[name] = Told(evidence, told)
    return found


def repeats(texts: Sequence[str], keys: np.ndarray) -> list[tuple[int, int]]:
    """Return key and row of every text that stands more than once: no other can contradict itself."""
    _, which_N, counts = np.unique(keys, return_inverse=True, return_counts=True)
    rows = np.flatnonzero(counts[which_N] > 1).tolist()
    return [(int(which_N[row]), row) for row in rows if texts[row].strip()]


def contradictions(repeated: Sequence[tuple[int, int]], cells: Sequence[str]) -> int:
    """Return how many texts stand with two different values."""
    folded = {cell: fold(cell) for cell in {cells[row] for _, row in repeated}}
    seen: dict[int, set[str]] = defaultdict(set)
    for key, row in repeated:
        if cells[row].strip():
            seen[key].add(folded[cells[row]])
    return sum(len(values) > 1 for values in seen.values())


class _Fit:
    """Ridge regression on hashed words and pieces of words. Leaving each row out in turn has a closed form, so that
    every row is scored by a fit that has not seen it, and one inverse serves all columns."""

    def __init__(self, texts: Sequence[str], keys: np.ndarray, seconds: float) -> None:
        _, first = np.unique(keys, return_index=True)  # one row a text: a double would be known by heart
        first = np.array([place for place in np.sort(first) if texts[place].strip()], np.int64)
        if len(first) > FITTED:
            first = first[np.linspace(0, len(first) - 1, FITTED).astype(np.int64)]
        counts_ND, read = _features([texts[place] for place in first], seconds)
        self.places = first[:read]
        self.inverse_NN = _inverse(counts_ND) if read >= FEWEST else np.zeros((0, 0))

    def judge(self, cells: Sequence[str]) -> tuple[float, float, float]:
        """Return the share of rows guessed right, the share of the most frequent value, and the explained variance."""
        if len(self.places) < FEWEST:
            return 0.0, 0.0, 0.0
        values, which_N = np.unique([fold(cells[place]) for place in self.places], return_inverse=True)
        truth_NL = np.eye(len(values), dtype=np.float32)[which_N]
        centred_NL = truth_NL - truth_NL.mean(0)
        # y - f(x) without the row itself = (G y) / diag(G), with G the inverse of the kernel plus the ridge
        missed_NL = self.inverse_NN @ centred_NL / np.diag(self.inverse_NN)[:, None]
        guess_N = (truth_NL - missed_NL).argmax(1)
        variance = float((centred_NL**2).sum())
        told = 1 - float((missed_NL**2).sum()) / variance if variance else 0.0
        return float((guess_N == which_N).mean()), float(truth_NL.mean(0).max()), max(0.0, told)


def _inverse(counts_ND: np.ndarray) -> np.ndarray:
    frequency_D = (counts_ND > 0).sum(0)
    weighed_ND = np.log1p(counts_ND) * np.log((1 + len(counts_ND)) / (1 + frequency_D)).astype(np.float32)
    weighed_ND /= np.maximum(np.linalg.norm(weighed_ND, axis=1, keepdims=True), 1e-6)
    kernel_NN = weighed_ND @ weighed_ND.T
    kernel_NN[np.diag_indices_from(kernel_NN)] += RIDGE
    inverse_NN: np.ndarray = np.linalg.inv(kernel_NN)
    return inverse_NN


def _features(texts: Sequence[str], seconds: float) -> tuple[np.ndarray, int]:
    """Return counts of hashed pieces, and how many texts were read before the time was up."""
    counts_ND = np.zeros((len(texts), FEATURES), np.float32)
    began = time.perf_counter()
    for place, text in enumerate(texts):
        if place % 50 == 49 and time.perf_counter() - began > seconds:
            return counts_ND[:place], place
        for piece in _pieces(text[:LONGEST].casefold()):
            counts_ND[place, zlib.crc32(piece.encode("utf-8", "replace")) % FEATURES] += 1
    return counts_ND, len(texts)


def _pieces(text: str) -> list[str]:
    """Return words and pairs of neighbours; of few words also their pieces of three letters (names tell by those)."""
    words = _PIECE.findall(text)
    found = words + [f"{one} {other}" for one, other in itertools.pairwise(words)]
    if len(words) <= 3:
        edged = "".join(f"^{word}$" for word in words)
        found += [edged[at : at + size] for size in (2, 3) for at in range(len(edged) - size + 1)]
    return found
