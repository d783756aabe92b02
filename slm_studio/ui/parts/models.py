"""The person's models as places show them: the one in use, the others in a menu, and their facts in words."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import split_base
from slm_studio.core.saved import SavedModel, list_models, open_saved
from slm_studio.core.tagged import labels_of_model
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import tr
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.title_menu import TitleMenu

MOST = 100  # models in the menu; Ctrl+K finds the others


class ModelTitle(TitleMenu):
    """The model in use as a title; its menu brings the others."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._session = session
        self.opening.connect(self._on_opening)
        self.chosen.connect(self._on_chosen)

    def show_model(self, model: SavedModel | None) -> None:
        """Name a model; without one the title hides."""
        self.setVisible(model is not None)
        if model is not None:
            self.set_words(_Title(model))

    def _on_opening(self) -> None:
        self.clear()
        for model in list_models()[:MOST]:
            action = self.add(model, _Line(model))
            action.setCheckable(True)
            action.setChecked(self._session.model is not None and model.folder == self._session.model.folder)

    def _on_chosen(self, model: object) -> None:
        if isinstance(model, SavedModel):
            self._session.set_model(model)


class _Title:
    def __init__(self, model: SavedModel) -> None:
        self._model = model

    def __call__(self) -> str:
        shape = shape_words(self._model)
        return f"{self._model.name} · {shape}" if shape else self._model.name


class _Line:
    def __init__(self, model: SavedModel) -> None:
        self._model = model

    def __call__(self) -> str:
        shape, title = shape_words(self._model), task_title(self._model.task)
        # A single & would underline the next letter.
        return " · ".join(part for part in (self._model.name, title, shape) if part).replace("&", "&&")


def settle_model(session: Session) -> None:
    """Let the session use a model that stands on disk: its own as it is now, else that of last time, else the newest."""
    kept = session.model.folder if session.model is not None else session.recall("model", "")
    if kept:
        try:
            session.set_model(open_saved(Path(str(kept))))
            return
        except StudioError:
            session.set_model(None)
    found = list_models()
    if found:
        session.set_model(found[0])


def shape_words(model: SavedModel) -> str:
    """Return what kind of network a model is: “LSTM small”, or “from bert-base” where it goes on from another."""
    if not model.base or not model.task:
        return ""
    try:
        family, size = split_base(model.base)
        if size:
            return f"{tr(task_info(model.task).family(family).title)} {tr(size)}"
    except StudioError:
        return ""  # a shape of a newer version
    name = model.base.rstrip("/").rpartition("/")[2]
    return tr("from {base}", base=name) if name and name != model.name else ""


def task_title(task: str) -> str:
    """Return a task's name as a person reads it."""
    try:
        return tr(task_info(task).title)
    except StudioError:
        return task


def model_facts(model: SavedModel) -> str:
    """Return “classify · 77 labels · 9.6 MB”."""
    labels = labels_of_model(model)
    parts = [task_title(model.task).lower()]
    if labels:
        parts.append(tr("{n} {n:label|labels}", n=len(labels)))
    weights = weight_bytes(Path(model.folder))
    if weights:
        parts.append(bytes_words(weights))
    return " · ".join(parts)


def weight_bytes(folder: Path) -> int:
    """Return the bytes of a model's weights; 0 where there are none."""
    try:
        return sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    except OSError:
        return 0


def bytes_words(count: int) -> str:
    """Return a size as people read it. Example: bytes_words(9_600_000) == "9.6 MB\""""
    size = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 999.5 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" or size >= 99.5 else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("every size has a unit")
