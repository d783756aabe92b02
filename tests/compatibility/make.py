"""Write the smallest real folders of this version, for later versions to open: python -m tests.compatibility.make NAME

NAME is the day, for example 2026-11-27. Run it once before something that is kept on disk changes its form, and never
change what it wrote: that is what people have. recorded.json says what the version answered, to be compared with.
"""

import io
import json
import shutil
import sys
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from slm_studio import cli, engine
from slm_studio.core import corrections, files, paths
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.events import Finished, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import FINISHED, Run, create_run
from slm_studio.core.settings import Settings, save_settings
from slm_studio.engine.models import classifiers, families, writers

HERE = Path(__file__).parent
# Always the same place, so that what stands in a history (which must keep its length) tells of nobody's computer.
HOME = Path(tempfile.gettempdir()) / "studio-of-before"
MESSAGES = {
    "delivery": ("where is my parcel", "the box was lost on the way", "包裹还没有到"),
    "refund": ("I want my money back", "charged twice for one cup", "请把钱退给我"),
}
STORY = "The fox sat by the well and sang. A small frog came up and asked for the song.\n"
COMMON = {"batch": 8, "max_length": 16, "precision": "fp32", "patience": 0, "checkpoint_seconds": 0.0, "epochs": 3}
CLASSIFIERS = {"learning_rate": 0.02, "vocabulary": 100, "validation_share": 0.2, "test_share": 0.2}
WRITER = {"learning_rate": 0.02, "tokens": "characters", "epochs": 25, "validation_share": 0.2, "test_share": 0.2}
STOP_AFTER = 3  # steps


@dataclass(frozen=True)
class Plan:
    """One plan of training, and a prompt for what comes of it."""

    name: str
    task: str
    base: str
    settings: dict[str, object]
    ask: tuple[str, ...]


PLANS = (
    Plan("bag", "classify", "blank:bag-nano", CLASSIFIERS, ("predict", "--text", "where is my money, 包裹?")),
    Plan("lstm", "classify", "blank:lstm-nano", CLASSIFIERS, ("predict", "--text", "the cup was lost 退")),
    Plan(
        "gpt", "write", "blank:gpt-nano", WRITER,
        ("generate", "--prompt", "The fox ", "--temperature", "0", "--max-new-tokens", "12"),
    ),
)  # fmt: skip


def main(name: str) -> None:
    """Write everything into the folder called `name`."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(paths.HOME_VARIABLE, str(HOME))
        # What the app calls nano is half a megabyte and more. The form of a folder is the same at any width.
        patch.setitem(writers.SHAPES, "nano", writers.Shape(layers=1, width=16, heads=2))
        patch.setitem(classifiers.RECURRENT_SHAPES, "nano", families.RecurrentShape(embedding=12, hidden=16, layers=1))
        save_settings(Settings(language="zh_CN", theme="dark", threads=2, namespace="ada", notify=False))
        recorded = {"home": str(HOME), "models": {}, "runs": {}, "stopped": {}}
        datasets = {"classify": write_messages(), "write": write_story()}
        corrections.keep_options(datasets["classify"], ReadOptions(delimiter=",", encoding="utf-8"))
        corrections.keep_roles(datasets["classify"], "classify", {"text": "message", "label": "about"})
        for plan in PLANS:
            record(plan, datasets[plan.task], recorded)
    leave_out()
    files.write_json(HOME / "recorded.json", recorded)
    target = HERE / name
    shutil.copytree(HOME, target)
    shutil.rmtree(HOME)
    print(f"{target}: {files.size_of(target):,} bytes")


def write_messages() -> Dataset:
    """Write and read a table of messages in two scripts."""
    rows = [f"{text} {n},{label}" for n in range(5) for label, texts in MESSAGES.items() for text in texts]
    return read("messages.csv", "message,about\n" + "\n".join(rows) + "\n")


def write_story() -> Dataset:
    """Write and read a small book."""
    return read("story.txt", STORY * 6)


def read(name: str, content: str) -> Dataset:
    """Write a file and read it."""
    (HOME / name).write_text(content, encoding="utf-8", newline="\n")
    (*_, last) = engine.read(str(HOME / name))
    assert isinstance(last, Finished) and isinstance(last.result, Dataset)
    return last.result


def record(plan: Plan, dataset: Dataset, recorded: dict[str, dict]) -> None:
    """Train a plan to its end, and once more to a stop; ask and score what came of it."""
    run, losses = train(plan, dataset)
    stopped, seen = train(plan, dataset, STOP_AFTER)
    assert seen == losses[: len(seen)] and len(seen) < len(losses)
    shown = say("runs", "show", run.id)
    model = Path(str(shown["model"])).name
    verb, *rest = plan.ask
    answer = say(verb, str(paths.models() / model), *rest)
    answer.pop("tokens_per_second", None)
    recorded["models"][model] = {
        "ask": list(plan.ask),
        "answer": answer,
        "file": Path(dataset.source).name,
        "scores": say("evaluate", str(paths.models() / model), dataset.source)["metrics"],
    }
    recorded["runs"][run.id] = {"model": model, "metrics": shown["metrics"], "steps": len(losses)}
    recorded["stopped"][stopped.id] = {"step": len(seen), "losses": losses}


def train(plan: Plan, dataset: Dataset, steps: int = 0) -> tuple[Run, list[float]]:
    """Train, and stop after so many steps where some are named; return the run and its losses."""
    recipe = recipe_for(plan, dataset)
    run, losses = create_run(recipe, dataset), []
    events = engine.train(recipe, dataset, run)
    for event in events:
        if isinstance(event, Step):
            losses.append(event.loss)
            if event.n == steps:
                events.close()  # type: ignore[attr-defined]  # as a stop does: the trainer checkpoints
    return run, losses


def recipe_for(plan: Plan, dataset: Dataset) -> Recipe:
    """Return the recipe of a plan, as people would have it: the roles that are suggested, the settings named."""
    (*_, last) = engine.suggest(dataset, plan.task)
    assert isinstance(last, Finished)
    recipe = make_recipe(plan.task, base=plan.base, roles=last.result.roles, settings=COMMON | plan.settings)
    return replace(recipe, name=plan.name)


def say(*words: str) -> dict[str, object]:
    """Run a command of the app and return what it answers."""
    out = io.StringIO()
    with redirect_stdout(out):
        status = cli.main(["--json", *words])
    last = json.loads(out.getvalue().splitlines()[-1])
    assert status == 0, last
    return last


def leave_out() -> None:
    """Remove what only takes room: every checkpoint but the one that a stopped run goes on from, logs and caches."""
    for run in (path.parent for path in (HOME / "runs").glob("*/state.json")):
        is_over = files.read_object(run / "state.json")["state"] == FINISHED
        for checkpoint in sorted((run / "checkpoints").iterdir())[: None if is_over else -1]:
            shutil.rmtree(checkpoint)
        (run / "log.txt").unlink(missing_ok=True)
        (run / "lock").unlink(missing_ok=True)
    for name in ("logs", "cache"):
        shutil.rmtree(HOME / name, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1])
