"""Models: which are served, under which names; and which of them a request means."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import TaskInfo, task_info

SHOWN = 100  # characters of foreign text in a sentence


@dataclass(frozen=True, slots=True)
class Served:
    """One model that answers."""

    id: str  # what programs call it
    model: SavedModel
    info: TaskInfo

    def to_json(self) -> dict[str, object]:
        """Return what a list of models says of it."""
        about = {"name": self.model.name, "task": self.info.key, "route": self.info.route}
        return {
            "id": self.id,
            "object": "model",
            "created": _seconds(self.model.created),
            "owned_by": "slm-studio",
            "slm_studio": about,
        }


class Models:
    """May change while it is asked: whoever reads takes a copy of what stands there."""

    def __init__(self) -> None:
        self._served: Mapping[str, Served] = {}

    def __iter__(self) -> Iterator[Served]:
        """Go through them in the order in which they came."""
        return iter(self._served.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._served)

    def add(self, model: SavedModel) -> Served:
        """Serve a model. Raises StudioError: its task is not served, or another one has its name."""
        served = served_as(model)
        if served.id in self._served:
            raise StudioError(
                "served-twice",
                "Two models are called “{name}”, so nobody could say which one is meant.",
                "Rename one of them, or serve only one.",
                name=served.id,
            )
        self._served = {**self._served, served.id: served}
        return served

    def remove(self, identity: str) -> None:
        """Serve a model no longer."""
        self._served = {key: each for key, each in self._served.items() if key != identity}

    def named(self, name: str) -> Served:
        """Return the model of a name. Raises StudioError."""
        for each in self:
            if name in (each.id, each.model.name):
                return each
        raise StudioError(
            "no-such-served-model",
            "There is no model “{name}” here.",
            "Served are: {models}.",
            name=name[:SHOWN],
            models=", ".join(each.id for each in self),
            parameter="model",
        )

    def at(self, route: str, name: object, asked: str = "") -> Served:
        """Return the model that a request at a route means; where only one answers there, it need not say. Raises StudioError.

        `asked` is the path of the request, where the models of a route answer at another one, too.
        """
        here = [each for each in self if each.info.route == route]
        if isinstance(name, str) and name:
            found = self.named(name)
            if found not in here:
                raise _elsewhere(found, asked or route)
            return found
        if name not in (None, ""):
            raise StudioError(
                "model-name", "“model” is no name.", "Write the name of a model as a text.", parameter="model"
            )
        if len(here) == 1:
            return here[0]
        if not len(self):
            raise StudioError("no-model-yet", "No model is open yet.", "Ask again in a moment.")
        if not here:
            raise _elsewhere(next(iter(self)), asked or route)
        raise StudioError(
            "which-model",
            "Several models answer here, and the request names none.",
            "Name one as “model”: {models}.",
            models=", ".join(each.id for each in here),
            parameter="model",
        )


def served_as(model: SavedModel) -> Served:
    """Return how a model is served. Raises StudioError where its task has no route."""
    info = task_info(model.task) if model.task else None
    if info is None:
        raise StudioError(
            "not-served",
            "“{model}” is a base that answers nothing by itself.",
            "Serve another model, or train this one further.",
            model=model.name,
        )
    if not info.route:
        raise StudioError(
            "not-served",
            "“{model}” does the task “{task}”, which is not served.",
            "Ask it in the Playground, or with: slm-studio {verb} {folder}",
            model=model.name,
            task=model.task,
            verb=info.verb,
            folder=model.folder,
        )
    return Served(files.slug(model.name), model, info)


def _elsewhere(served: Served, route: str) -> StudioError:
    return StudioError(
        "wrong-route",
        "“{model}” does the task “{task}” and does not answer at {route}.",
        "Ask it at {right}.",
        model=served.id,
        task=served.info.key,
        route=route,
        right=served.info.route,
        parameter="model",
    )


def _seconds(created: str) -> int:
    try:
        return int(datetime.fromisoformat(created).timestamp())
    except (ValueError, OSError, OverflowError):
        return 0
