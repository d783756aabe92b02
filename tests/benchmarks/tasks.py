"""What the tasks reach on real data with nothing but defaults: `python -m tests.benchmarks.tasks [SET …]`.

A set's own parts are kept: its training file is learnt, its validation file chooses, its test file scores once. Without
a validation file a share of the training rows is held out. Each training has a process of its own. The real bases stand
in the folder that SLM_STUDIO_TEST_MODELS names, else in models/ beside the checkout; a set or a base that is not there
is a row that says so.
"""

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slm_studio.host.environment import engine_environment
from tests.benchmarks.sheet import DATA, ROOT, Line, answer, home, in_process, print_machine, print_table

MODELS = Path(os.environ.get("SLM_STUDIO_TEST_MODELS", ROOT.parent / "models"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One line of the table: what is learnt, from what, and what it must reach."""

    set: str
    task: str
    base: str  # blank:family-size, blank:family (its default size), or a folder of MODELS
    files: tuple[str, str, str]  # train, validation (or ""), test
    metric: str
    least: float = 0.0  # 0: told, not judged
    times_simple: float = 0.0  # as often the best simple method

    @property
    def name(self) -> str:
        """Return set and family."""
        return f"{self.set} · {self.base.removeprefix('blank:')}"


UNER = ("uner_zh_gsdsimp/train.iob2", "uner_zh_gsdsimp/dev.iob2", "uner_zh_gsdsimp/test.iob2")
WNUT = ("wnut17/train.conll", "wnut17/dev.conll", "wnut17/test.conll")
SLOTS = ("restaurant8k/train.json", "", "restaurant8k/test.json")
TRIALS = (
    Trial(set="uner_zh_gsdsimp", task="tag", base="blank:lstm", files=UNER, metric="entity_f1", least=0.55),
    Trial(set="uner_zh_gsdsimp", task="tag", base="e5", files=UNER, metric="entity_f1", least=0.70),
    Trial(set="wnut17", task="tag", base="minilm", files=WNUT, metric="entity_f1", least=0.33, times_simple=3.0),
    Trial(set="restaurant8k", task="tag", base="minilm", files=SLOTS, metric="entity_f1", least=0.85),
    Trial(set="restaurant8k", task="tag", base="blank:lstm", files=SLOTS, metric="entity_f1"),
)


def main(*sets: str) -> None:
    """Print the table of all trials, or of those whose set or whose whole name is among `sets`."""
    chosen = [trial for trial in TRIALS if not sets or trial.set in sets or trial.name in sets]
    if not chosen:
        sys.exit(f"none of {', '.join(sets)} is one of {', '.join(sorted({trial.name for trial in TRIALS}))}")
    print_machine("What the tasks reach on real data with defaults")
    lines = []
    for trial in chosen:
        lines.append(_line(trial))
        print_table(lines[-1:])  # a table takes long to fill, and a row that stands is worth reading
    if len(lines) > 1:
        print_table(lines)


def _line(trial: Trial) -> Line:
    missing = [path for path in (*map(DATA.joinpath, filter(None, trial.files)), *_folder(trial)) if not path.exists()]
    if missing:
        return Line(trial.name, "–", "", f"{missing[0]} is not here")
    number = str(TRIALS.index(trial))
    with home():
        found = in_process("tests.benchmarks.tasks", "--trial", number, environment=engine_environment(0))
    score, simple = float(found["score"]), dict(found["simple"])  # type: ignore[arg-type, call-overload]
    shown = (
        f"{trial.metric} {score:.3f} ({found['low']:.3f} – {found['high']:.3f}) on {found['rows']:,} test rows"
        f" · {found['learning']:,.0f} s learning, {found['seconds']:,.0f} s in all · {found['steps']:,} steps"
        f" · {' · '.join(f'{key} {value:.3f}' for key, value in simple.items())}"
    )
    return Line(trial.name, shown, *_judged(trial, score, simple))


def _judged(trial: Trial, score: float, simple: Mapping[str, float]) -> tuple[str, str]:
    if not trial.least:
        return "told only", ""
    best = max(simple.values(), default=0.0)
    bars = [(f"≥ {trial.least:g}", trial.least)]
    if trial.times_simple:
        bars.append((f"≥ {trial.times_simple:g} × the better simple method", trial.times_simple * best))
    ratios = [f"{score / bar:.2f} ×, {'met' if score >= bar else 'NOT met'}" for _, bar in bars if bar]
    return " and ".join(name for name, _ in bars), " and ".join(ratios)


def _folder(trial: Trial) -> list[Path]:
    return [] if trial.base.startswith("blank:") else [MODELS / trial.base]


def probe(trial: Trial) -> None:
    """Train with defaults in this process and tell how it went."""
    import slm_studio
    from slm_studio.core.recipe import split_base
    from slm_studio.core.tasks import task_info

    base = str(_folder(trial)[0]) if _folder(trial) else trial.base
    if not _folder(trial) and "-" not in trial.base:
        family = task_info(trial.task).family(split_base(f"{base}-")[0])
        base = f"{base}-{family.default_size}"
    train, validation, test = (DATA / name if name else None for name in trial.files)
    assert train is not None
    began = time.perf_counter()
    model = slm_studio.train(train, trial.task, base=base, validation=validation, test=test).saved
    low, high = model.intervals[trial.metric]
    answer(
        {
            "score": model.metrics[trial.metric],
            "low": low,
            "high": high,
            "rows": model.rows["test"],
            "learning": model.seconds,
            "seconds": time.perf_counter() - began,
            "steps": model.steps,
            "simple": {key: scores[trial.metric] for key, scores in model.baseline.items()},
        }
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--trial"]:
        probe(TRIALS[int(sys.argv[2])])
    else:
        main(*sys.argv[1:])
