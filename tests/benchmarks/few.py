"""Few rows with a base: `python -m tests.benchmarks.few [LANGUAGE …] [--sizes 8,16,50] [--seeds 5]`.

sib200's seven topics with multilingual-e5-small: what the studio trains by default (pairs tune the base, a logistic head, or
the untouched base where held-out rows say so), the untouched base with the same head over all rows, and TF-IDF with a linear
support vector machine. Each seed draws other rows; the set's own test file scores. Each line has a process of its own.
"""

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from slm_studio.host.environment import engine_environment
from tests.benchmarks.defaults import Pairs, of_set, paired, peer_answers, written
from tests.benchmarks.sheet import Line, answer, home, in_process, print_machine, print_table
from tests.benchmarks.tasks import MODELS

BASE = "e5"


def main(words: Sequence[str]) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("languages", nargs="*", default=[])
    parser.add_argument("--sizes", default="8,16,50")
    parser.add_argument("--seeds", type=int, default=5)
    asked = parser.parse_args(words)
    print_machine("Few rows a label with multilingual-e5-small: default | untouched base | TF-IDF + linear")
    lines = []
    for language in asked.languages or ("en", "zh"):
        for size in asked.sizes.split(","):
            rounds = []
            for seed in range(asked.seeds):
                with home():
                    rounds.append(
                        in_process(
                            "tests.benchmarks.few",
                            "--round",
                            language,
                            size,
                            str(seed),
                            environment=engine_environment(0),
                        )
                    )
                print(
                    language,
                    size,
                    seed,
                    {key: each for key, each in rounds[-1].items() if key != "right"},
                    file=sys.stderr,
                    flush=True,
                )
            lines.append(_line(f"sib200 {language}, {size} a label", rounds))
            print_table(lines[-1:])
    print_table(lines)


def _line(name: str, rounds: Sequence[dict[str, object]]) -> Line:
    rights = {way: np.array([each["right"][way] for each in rounds], float) for way in ("ours", "frozen", "linear")}  # type: ignore[index]
    gains = []
    for way in ("frozen", "linear"):
        mean, low, high = paired(rights["ours"].mean(0), rights[way].mean(0))
        gains.append(f"{100 * mean:+.1f} ({100 * low:+.1f} – {100 * high:+.1f})")
    tuned = sum(each["taken"] == "tuned" for each in rounds)
    seconds = float(np.mean([each["seconds"] for each in rounds]))  # type: ignore[arg-type]
    measured = f"{rights['ours'].mean():.3f} ± {rights['ours'].mean(1).std():.3f} · {seconds:.0f} s · tuned {tuned} of {len(rounds)}"
    others = " | ".join(f"{rights[way].mean():.3f}" for way in ("frozen", "linear"))
    return Line(name, measured, others, " | ".join(gains))


def probe(language: str, size: int, seed: int) -> None:
    """Train once in this process and tell which test rows each way answers right."""
    import slm_studio

    train, test = of_set(f"sib200/{language}")
    train = _drawn(train, size, seed)
    true = np.array([label for _, label in test])
    files = written(train, test)
    began = time.perf_counter()
    base = str(MODELS / BASE)
    model = slm_studio.train(files[0], "classify", {"text": "text", "label": "label"}, base, test=files[1], seed=seed)
    seconds = time.perf_counter() - began
    said = np.array([str(each) for each in model([text for text, _ in test])])
    ways = {"ours": said, "frozen": _frozen(files, base, test), "linear": peer_answers(train, test, language == "zh")}
    few = model.saved.facts["few"]
    answer(
        {
            "right": {way: (said == true).tolist() for way, said in ways.items()},
            "accuracy": {way: round(float((said == true).mean()), 3) for way, said in ways.items()},
            "taken": "tuned" if "tuned" in few else "frozen",  # type: ignore[operator]
            "few": few,
            "seconds": round(seconds, 1),
        }
    )


def _frozen(files: Sequence[Path], base: str, test: Pairs) -> np.ndarray:
    """Return what the untouched base answers with a head over all rows."""
    from slm_studio import engine
    from slm_studio.core.dataset import ReadOptions
    from slm_studio.core.recipe import make_recipe
    from slm_studio.core.work import outcome
    from slm_studio.engine.training.plan import prepare

    *_, read = engine.read(str(files[0]), ReadOptions(test=str(files[1])))
    recipe = make_recipe("classify", base=base, roles={"text": "text", "label": "label"}).settled()
    plan = outcome(prepare(recipe, read.result))  # type: ignore[union-attr]
    outcome(plan.task.fit(plan.loaded, plan.material.all, plan.recipe))  # type: ignore[arg-type]
    prompts = [{"text": text} for text, _ in test]
    found = {place: item.label for place, item in plan.task.answer(plan.loaded, prompts, {"top": 1})}  # type: ignore[union-attr]
    return np.array([found[place] for place in range(len(test))])


def _drawn(rows: Pairs, size: int, seed: int) -> Pairs:
    """Return so many rows of each label."""
    chooser = random.Random(seed)
    labels = sorted({label for _, label in rows})
    return [row for name in labels for row in chooser.sample([each for each in rows if each[1] == name], size)]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--round"]:
        probe(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        main(sys.argv[1:])
