"""Describe: label counts, lengths and languages, as the charts beside the table show them."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.label_sets import labels_in
from slm_studio.core.recipe import Recipe, column_read_as, reads_of
from slm_studio.core.tasks import task_info
from slm_studio.core.tasks.info import Reads
from slm_studio.core.texts import mark
from slm_studio.engine.data.amounts import amounts_in
from slm_studio.engine.data.cells import said
from slm_studio.engine.data.languages import language_of, tells_little
from slm_studio.engine.data.lists import texts_in
from slm_studio.engine.data.rows import open_table

MOST_LABELS = 2000
LOOKED_AT = 200_000  # texts whose tokens are counted; of more, evenly spread ones
LANGUAGES_OF = 2000  # texts whose language is guessed
BARS = 30
EMPTY = pa.array(["", "[]"])  # cells, also of a list
_TOKEN = r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]|[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]+"


def describe_dataset(dataset: Dataset, recipe: Recipe) -> Iterator[Event]:
    """Count labels, lengths, languages and empty texts of the training rows. Ends in Finished(dict)."""
    table = open_table(dataset.part())
    found: dict[str, object] = {"rows": table.num_rows, "labels": {}, "lengths": {}, "token_lengths": {}}
    found |= {"languages": {}, "empty": 0}
    label, asked = column_read_as(recipe, "label", dataset), task_info(recipe.task).asked
    several, number = (column_read_as(recipe, reads, dataset) for reads in ("labels", "number"))
    role = next((role for role in asked if recipe.roles.get(role.name)), asked[0])
    text = recipe.roles.get(role.name, "")
    yield Progress(mark("Counting labels"), 0, 3)
    if label:
        dataset.column(label)  # raises where there is none
        found["labels"] = count_labels(table.column(label))
    if several:
        found["labels"] = count_sets(table.column(several), dataset.column(several).joins)
    if number and number == recipe.roles.get(_answer_of(recipe)):
        found["numbers"] = spread_of(table.column(number).to_pylist())
    yield Progress(mark("Measuring texts"), 1, 3)
    if text:
        dataset.column(text)
        column = _plain(spread(table.column(text), LOOKED_AT), reads_of(recipe, dataset)[text])
        found["lengths"] = histogram(pc.utf8_length(column).to_numpy())
        found["token_lengths"] = histogram(count_tokens(column))
        found["empty"] = pc.sum(pc.is_in(pc.utf8_trim_whitespace(table.column(text)), EMPTY)).as_py() or 0
        yield Progress(mark("Guessing languages"), 2, 3)
        found["languages"] = language_shares(spread(column, LANGUAGES_OF).to_pylist())
    yield Finished(found)


def _plain(column: pa.ChunkedArray, reads: Reads) -> pa.ChunkedArray:
    """Return cells as running text; of lists to choose from the first candidate, which is about as long as the others."""
    if reads == "text":
        return column
    if reads == "candidates":
        firsts = [next(iter(texts_in(cell)), "") for cell in column.to_pylist()]
        return pa.chunked_array([firsts], pa.large_string())
    return pa.chunked_array([[said(cell, reads) for cell in column.to_pylist()]], pa.large_string())


def count_labels(column: pa.ChunkedArray) -> dict[str, int]:
    """Return how often each label that is not empty stands, the most frequent first, at most MOST_LABELS."""
    counts = {each["values"]: each["counts"] for each in pc.value_counts(column).to_pylist() if each["values"]}
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return dict(ordered[:MOST_LABELS])


def count_sets(column: pa.ChunkedArray, joined: str) -> dict[str, int]:
    """Return how many rows have each label, where a row may have several."""
    counts = Counter(label for cell in column.to_pylist() for label in set(labels_in(cell or "", joined)))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_LABELS])


def spread_of(cells: Sequence[str]) -> dict[str, object]:
    """Return bars over numbers, their ends and their middle; {} where no cell holds one."""
    values_N = np.array([each for each in amounts_in(cells) if each is not None])
    if not len(values_N):
        return {}
    counts, edges = np.histogram(values_N, min(BARS, max(1, len(np.unique(values_N)))))
    return {
        "edges": [float(edge) for edge in edges],
        "counts": [int(count) for count in counts],
        "low": float(values_N.min()),
        "high": float(values_N.max()),
        "mean": float(values_N.mean()),
        "median": float(np.median(values_N)),
        "none": len(cells) - len(values_N),
    }


def _answer_of(recipe: Recipe) -> str:
    answer = task_info(recipe.task).answer
    return answer.name if answer else ""


def count_tokens(column: pa.Array | pa.ChunkedArray) -> np.ndarray:
    """Return about how many tokens each text has: its Latin words, and its Chinese, Japanese and Korean characters."""
    counts: np.ndarray = pc.count_substring_regex(column, _TOKEN).to_numpy()
    return counts


def spread(column: pa.ChunkedArray, most: int) -> pa.ChunkedArray:
    """Return at most `most` cells from all over a column."""
    if len(column) <= most:
        return column
    return column.take(pa.array(np.unique(np.linspace(0, len(column) - 1, most).astype(np.int64))))


def histogram(lengths: np.ndarray) -> dict[str, object]:
    """Return bars over lengths. The last bar holds everything longer than three times the 95th percentile."""
    if not len(lengths):
        return {"edges": [0, 1], "counts": [0], "median": 0, "p95": 0, "longest": 0}
    p95, longest = float(np.percentile(lengths, 95)), int(lengths.max())
    top = max(1, min(longest, int(3 * p95) or longest))
    step = max(1, -(-top // BARS))
    edges = np.arange(0, top + step + 1, step)
    counts, _ = np.histogram(np.minimum(lengths, edges[-1] - 1), edges)
    return {
        "edges": [int(edge) for edge in edges],
        "counts": [int(count) for count in counts],
        "median": float(np.median(lengths)),
        "p95": p95,
        "longest": longest,
    }


def language_shares(texts: Sequence[str]) -> dict[str, float]:
    """Return the shares of texts in each language; “other” is another one, “short” those that tell too little."""
    counts = Counter(
        language_of(text) or ("short" if tells_little(text) else "other") for text in texts if text.strip()
    )
    total = max(1, sum(counts.values()))
    return {language: counts.get(language, 0) / total for language in ("en", "zh", "other", "short")}
