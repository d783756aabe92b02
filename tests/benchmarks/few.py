"""Few rows with a base: the parts `few/…` of `python -m tests.benchmarks.tasks`.

sib200's seven topics with multilingual-e5-small: what the studio trains by default (pairs tune the base, a logistic head, or
the untouched base where held-out rows say so), the untouched base with the same head over all rows, and TF-IDF with a linear
support vector machine. Each seed draws other rows; the set's own test file scores. Each seed has a process of its own.
"""

import random
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from slm_studio.host.environment import engine_environment
from tests.benchmarks.defaults import Pairs, of_set, paired, peer_answers, written
from tests.benchmarks.record import Part
from tests.benchmarks.sheet import MODELS, Line, answer, home, in_process

BASE = "e5"
LANGUAGES, SIZES, SEEDS = ("en", "zh"), (8, 16, 50), 5


def parts() -> dict[str, Part]:
    """Return a part for each language and each number of rows a label."""
    return {
        f"few/sib200/{language}/{size}": partial(_lines, language, size) for language in LANGUAGES for size in SIZES
    }


def _lines(language: str, size: int) -> list[Line]:
    name = f"sib200 {language}, {size} a label, {SEEDS} seeds"
    if not (MODELS / BASE).is_dir():
        return [Line(name, "–", "", f"{BASE} is not here", is_whole=False)]
    rounds = []
    for seed in range(SEEDS):
        with home():
            words = language, str(size), str(seed)
            rounds.append(in_process("tests.benchmarks.few", *words, environment=engine_environment(0)))
        print(*words, rounds[-1]["accuracy"], file=sys.stderr, flush=True)
    return [_line(name, rounds)]


def _line(name: str, rounds: Sequence[dict[str, object]]) -> Line:
    rights = {way: np.array([each["right"][way] for each in rounds], float) for way in ("ours", "frozen", "linear")}  # type: ignore[index]
    gains = []
    for way in ("frozen", "linear"):
        mean, low, high = paired(rights["ours"].mean(0), rights[way].mean(0))
        gains.append(f"{100 * mean:+.1f} ({100 * low:+.1f} – {100 * high:+.1f})")
    tuned = sum(each["taken"] == "tuned" for each in rounds)
    seconds = float(np.mean([each["seconds"] for each in rounds]))  # type: ignore[arg-type]
    measured = f"{rights['ours'].mean():.3f} ± {rights['ours'].mean(1).std():.3f} · {seconds:.0f} s · tuned {tuned} of {len(rounds)}"
    others = f"untouched base {rights['frozen'].mean():.3f}, LinearSVC {rights['linear'].mean():.3f}"
    return Line(name, measured, others, " and ".join(gains))


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
    probe(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
