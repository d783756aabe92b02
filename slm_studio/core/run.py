"""Run: one training, its folder, its state and its history."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from slm_studio.core import codec, files, paths
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.lock import is_locked
from slm_studio.core.recipe import Recipe, answer_column, info_of_recipe, recipe_from_json, recipe_to_json
from slm_studio.core.saved import SavedModel, list_models, open_saved
from slm_studio.core.tasks import TaskInfo, task_info
from slm_studio.core.tasks.info import Reads

CREATED, RUNNING, PAUSED, FINISHED, STOPPED, FAILED, INTERRUPTED = (
    "created", "running", "paused", "finished", "stopped", "failed", "interrupted",
)  # fmt: skip
SAYS_NOTHING = ("label", "labels", "class", "target", "y", "标签", "標籤")  # as a label column's name
SORTED: tuple[Reads, ...] = ("label", "labels", "number")  # answers of which a run bears the column in its name
RESUMABLE = (CREATED, PAUSED, STOPPED, FAILED, INTERRUPTED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What is known of a run without opening its history."""

    id: str
    folder: str
    name: str
    task: str
    base: str
    dataset: str  # folder of the dataset
    fingerprint: str
    state: str
    created: str  # ISO 8601
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] | None = None
    model: str = ""  # folder of the saved model, once there is one
    problem: dict[str, object] | None = None  # the StudioError that ended it, as JSON
    notes: str = ""  # the person's own words
    named: str = ""  # the key of the named recipe that its plan began from
    out: str = ""  # folder where its model goes, if not with the app's models
    out_content: tuple[tuple[str, int, int], ...] = ()  # what stood there when it began, and may be replaced

    @property
    def path(self) -> Path:
        """Return the run's folder."""
        return Path(self.folder)

    @property
    def can_resume(self) -> bool:
        """Say whether Resume makes sense."""
        return self.state in RESUMABLE


def default_name(recipe: Recipe, dataset: Dataset) -> str:
    """Return what a run is called that nobody named: “tickets → Team” where it learns the column Team of tickets.csv."""
    column = answer_column(recipe, dataset)
    answer = info_of_recipe(recipe, dataset).answer
    label = " ".join(column.name.split()) if column and answer and answer.reads in SORTED else ""
    return dataset.title if not label or label.casefold() in SAYS_NOTHING else f"{dataset.title} → {label[:40]}"


def run_name(recipe: Recipe, dataset: Dataset) -> str:
    """Return what a run of this plan would be called: no two runs or models share a name."""
    taken = {each.name for each in list_runs()} | {each.name for each in list_models()}
    return files.free_title(recipe.name or default_name(recipe, dataset), taken)


def create_run(recipe: Recipe, dataset: Dataset) -> Run:
    """Make the folder of a new run: recipe.json, dataset.json, state.json. Nothing has been computed yet."""
    name, now = run_name(recipe, dataset), datetime.now(UTC)
    while True:
        identity = files.free_name(paths.runs(), f"{now:%Y%m%d-%H%M%S}-{files.slug(name)}")
        try:
            return _written_run(identity, name, now, recipe, dataset)
        except files.PlaceTaken:  # another program has begun a run of this name in this very second
            continue


def _written_run(identity: str, name: str, now: datetime, recipe: Recipe, dataset: Dataset) -> Run:
    run = Run(
        id=identity, folder=str(paths.runs() / identity), name=name, task=recipe.task, base=recipe.base,
        dataset=dataset.folder, fingerprint=dataset.fingerprint, state=CREATED, created=now.isoformat(timespec="seconds"),
        named=recipe.named,
    )  # fmt: skip
    with files.atomic_folder(run.path, is_new=True) as partial:
        codec.write(partial / "recipe.json", recipe_to_json(recipe))
        codec.write(partial / "dataset.json", codec.to_json(dataset))
        codec.write(partial / "state.json", codec.to_json(run))
    return run


def save_run(run: Run) -> Run:
    """Write state.json atomically and return the run."""
    codec.write(run.path / "state.json", codec.to_json(run))
    return run


def open_run(folder: Path) -> Run:
    """Read a run. One that says “running” but is held by no process was interrupted."""
    run = replace(codec.read(Run, folder / "state.json"), folder=str(folder), id=folder.name)
    if run.state in (RUNNING, PAUSED) and not is_locked(folder / "lock"):
        return replace(run, state=INTERRUPTED)
    return run


def find_run(identity: str) -> Run:
    """Return the run called `identity` (or beginning so, where only one does). Raises StudioError."""
    matches = [
        path for path in paths.runs().glob("*") if path.name.startswith(identity) and (path / "state.json").is_file()
    ]
    exact = [path for path in matches if path.name == identity]
    if len(exact or matches) != 1:
        raise StudioError(
            "no-such-run", "There is no single run “{run}”.", "List them with: slm-studio runs list", run=identity
        )
    return open_run((exact or matches)[0])


def find_resumable(identity: str) -> Run:
    """Return the run called so, if it can go on. Raises StudioError."""
    run = find_run(identity)
    if not run.can_resume:
        raise StudioError(
            "not-resumable",
            "The run “{run}” is {state}.",
            "Only a run that was stopped or interrupted can be resumed.",
            run=run.id,
            state=run.state,
        )
    return run


def list_runs() -> list[Run]:
    """Return all runs, newest first; damaged folders are left out, their files stay."""
    found = []
    for path in paths.runs().glob("*/state.json"):
        if path.parent.name.startswith("."):
            continue
        try:
            found.append(open_run(path.parent))
        except StudioError:
            continue
    return sorted(found, key=lambda run: (run.created, run.id), reverse=True)


def saved_step(run: Run) -> int:
    """Return the step of a run's newest checkpoint, from which Resume goes on; -1 where it has none."""
    return max((int(path.name) for path in (run.path / "checkpoints").glob("*") if path.name.isdecimal()), default=-1)


def models_elsewhere() -> Iterator[SavedModel]:
    """Yield the models of runs that went to folders which somebody named, newest first; what is gone or damaged is left out."""
    for run in list_runs():
        if run.out and run.model:
            with suppress(StudioError):
                yield open_saved(Path(run.model))


def recipe_of(run: Run) -> Recipe:
    """Return the recipe that decides this run."""
    path = run.path / "recipe.json"
    plain = files.read_object(path)
    codec.refuse_newer(plain, path)
    return recipe_from_json(plain)


def info_of_run(run: Run) -> TaskInfo:
    """Return the task as a run has it. Raises StudioError where it is not known here."""
    info = task_info(run.task)
    if not info.targets:
        return info
    try:
        return info_of_recipe(recipe_of(run), dataset_of(run))
    except StudioError:
        return info.fitting(run.metrics or {})  # its files are damaged; what it scored is known


def dataset_of(run: Run) -> Dataset:
    """Return the dataset that this run learns from, as it was at the start."""
    return codec.read(Dataset, run.path / "dataset.json")


class History:
    """history.jsonl: the run's events, one JSON line each. Only the process at work appends."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.jsonl"

    def append(self, line: Mapping[str, object]) -> None:
        """Add one line. It is in the file when this returns (though not yet forced to the disk)."""
        with self.path.open("ab") as stream:
            told = json.dumps({**line, "time": round(time.time(), 3)}, ensure_ascii=False)
            stream.write(files.encode(told) + b"\n")

    @property
    def length(self) -> int:
        """Return the bytes written so far; a checkpoint stores it."""
        return self.path.stat().st_size if self.path.exists() else 0

    def cut(self, length: int) -> None:
        """Forget everything after a checkpoint, so that a resumed run tells one straight story."""
        if self.length > length:
            with self.path.open("r+b") as stream:
                stream.truncate(length)

    def lines(self) -> Iterator[dict[str, object]]:
        """Yield the lines; a last one that a crash cut short is left out, and so is one that is damaged."""
        if not self.path.exists():
            return
        with self.path.open("rb") as stream:
            for raw in stream:
                if not raw.endswith(b"\n"):
                    return
                try:
                    line = files.parse_json(raw)
                except ValueError:
                    continue  # it costs one event, not the run
                if isinstance(line, dict):
                    yield line
