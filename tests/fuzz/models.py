"""Small trained models, one of each family and an adapter beside its base: what is then damaged, asked and scored."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from slm_studio import engine
from slm_studio.core.events import Event, Finished
from slm_studio.core.knobs import knobs
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.tasks import task_info
from tests.tasks import fodder


def make_models(folder: Path, families: Mapping[str, Sequence[str]]) -> list[Path]:
    """Return the folders of the models, called TASK-FAMILY; what stands there already is not made again."""
    return [model for task, keys in families.items() for model in _models_of(task, keys, folder)]


def last(events: Iterator[Event]) -> object:
    """Run a verb to its end; it must end in Finished."""
    event = deque(events, maxlen=1).pop()
    assert isinstance(event, Finished), f"the verb ended in {event}"
    return event.result


def _models_of(task: str, families: Sequence[str], folder: Path) -> Iterator[Path]:
    for family in families:
        stand = folder / f"{task}-{family}"
        _train(task, f"blank:{family}-nano", stand)
        yield stand
    if "merge" in {each.name for each in knobs(task_info(task).options)}:
        _train(task, str(stand), folder / f"{task}-adapter", merge=False)
        yield folder / f"{task}-adapter"


def _train(task: str, base: str, stand: Path, **settings: object) -> None:
    if stand.is_dir():
        return
    stand.parent.mkdir(parents=True, exist_ok=True)
    fed = fodder(task)
    dataset = last(engine.read(str(fed.write(stand.parent))))
    settings = {"epochs": 1, "max_length": 32, "precision": "fp32"} | fed.settings | settings
    recipe = make_recipe(task, base=base, roles=fed.roles, settings=settings)
    model = last(engine.train(recipe, dataset, create_run(recipe, dataset)))  # type: ignore[arg-type]
    Path(model.folder).replace(stand)  # type: ignore[attr-defined]
