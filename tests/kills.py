"""Kill a training process again and again, and see that every run goes on from its last checkpoint."""

import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import equal

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Saved, Started, Step
from slm_studio.core.recipe import Recipe
from slm_studio.core.run import INTERRUPTED, create_run, open_run
from slm_studio.host.engines import Engines


@dataclass(frozen=True)
class Outcome:
    """What a series of kills showed."""

    kills: int
    resumed: int  # starts that went on from the newest checkpoint that had been acknowledged, or a later one
    lost_steps: int  # the most steps that one kill cost
    same: bool  # the last weights are those of the undisturbed run


def kill_and_resume(recipe: Recipe, dataset: Dataset, kills: int, seed: int = 0, longest: float = 2.0) -> Outcome:
    """Train once undisturbed and once with SIGKILLs at random moments (`longest` seconds after a first step)."""
    dice = random.Random(seed)
    whole = list(engine.train(recipe, dataset, create_run(recipe, dataset)))[-1]
    run = create_run(recipe, dataset)
    resumed = lost = 0
    for kill in range(kills):
        acknowledged, reached = _run_until_killed(
            run.path, recipe, dataset, dice.uniform(0, longest), is_first=kill == 0
        )
        state = open_run(run.path)
        assert state.state == INTERRUPTED, state
        start = _where_it_resumes(run.path)
        resumed += start >= acknowledged
        lost = max(lost, reached - start)
    with Engines() as engines:
        end = list(engines.run("resume", place="process", run=open_run(run.path)))[-1]
    assert isinstance(whole, Finished)
    assert isinstance(end, Finished)
    one, other = (load_file(Path(model.folder) / "model.safetensors") for model in (whole.result, end.result))
    return Outcome(kills, resumed, lost, all(equal(one[name], other[name]) for name in one))


def _run_until_killed(
    folder: Path, recipe: Recipe, dataset: Dataset, seconds: float, is_first: bool
) -> tuple[int, int]:
    """Return the newest checkpoint that was acknowledged, and the last step that was seen."""
    saved = reached = 0
    with Engines() as engines:
        run = open_run(folder)
        job = (
            engines.run("train", place="process", recipe=recipe, dataset=dataset, run=run)
            if is_first
            else engines.run("resume", place="process", run=run)
        )
        deadline = None
        try:
            for event in job:
                if isinstance(event, Started):
                    saved, deadline = event.n, time.monotonic() + seconds
                if isinstance(event, Saved):
                    saved = max(saved, event.n)
                if isinstance(event, Step):
                    reached = event.n
                if deadline and time.monotonic() > deadline:
                    os.kill(pid_at_work(folder), signal.SIGKILL)
                    deadline = float("inf")
        except StudioError as error:
            assert error.code == "engine-died", error
    return saved, reached


def pid_at_work(folder: Path) -> int:
    """Return the process that holds a run's lock."""
    inode = (folder / "lock").stat().st_ino
    for line in Path("/proc/locks").read_text(encoding="ascii").splitlines():
        words = line.split()
        if words[1] == "FLOCK" and int(words[5].split(":")[2]) == inode:
            return int(words[4])
    raise AssertionError("nobody holds the run's lock")


def _where_it_resumes(folder: Path) -> int:
    from slm_studio.engine.training import checkpoint

    newest = checkpoint.newest(folder / "checkpoints")
    return checkpoint.load_position(newest).step if newest else 0
