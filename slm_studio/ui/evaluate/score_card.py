"""ScoreCard: score the model on another file: read it, name its columns where they differ, evaluate, show the report."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.results import Opened, Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks.info import Role
from slm_studio.ui.parts.chain import Chain
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.widgets.buttons import IconButton, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.progress import Progress
from slm_studio.ui.widgets.words import Words


class ScoreCard(Card):
    """Hidden until a file is given. `scored` brings the report."""

    scored = Signal(object)  # Report

    def __init__(self, jobs: Jobs, device: str, parent: QWidget | None = None) -> None:
        self.close_button = IconButton("close", "Close")
        super().__init__("Score another file", self.close_button, parent=parent)
        self.device = device
        self._model: SavedModel | None = None
        self._dataset: Dataset | None = None
        self._choices: dict[str, Choice] = {}
        self.sentence = Text("", wrap=True)
        self.progress = Progress()
        self.button = WorkButton("Score", kind="plain")
        self.problem = ErrorBox(closable=False)
        self.chain = Chain(jobs, self.progress, self.button, self)
        self._columns = QHBoxLayout()
        self._columns.setSpacing(8)
        self._build()
        self.close_button.clicked.connect(self.close_card)
        self.button.started.connect(self._on_started)
        self.chain.stopped.connect(self._on_stopped)
        self.chain.failed.connect(self._on_failed)
        self.hide()

    @property
    def is_busy(self) -> bool:
        """Say whether a file is being read or scored."""
        return self.chain.is_busy

    def start(self, model: SavedModel, path: Path) -> None:
        """Read a file and score the model on it."""
        self._model, self._dataset = model, None
        self._clear_columns()
        self.set_title("Score on {file}", file=path.name)
        self.problem.clear()
        self.show()
        self._run("read", {"path": str(path), "options": ReadOptions()}, self._on_read)

    def stop(self) -> None:
        """Stop the work; the card says so."""
        self.chain.stop()

    def close_card(self) -> None:
        """Stop and go away."""
        self.stop()
        self.hide()

    def roles(self) -> dict[str, str]:
        """Return role → column as chosen."""
        return {role: str(choice.current()) for role, choice in self._choices.items()}

    def _build(self) -> None:
        self.add(self.sentence)
        self.body.addLayout(self._columns)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.progress, 1)
        row.addWidget(self.button)
        self.body.addLayout(row)
        self.add(self.problem)

    def _run(self, verb: str, arguments: dict[str, object], then: Callable[[Any], None]) -> None:
        self.sentence.hide()
        self.button.show()
        self.chain.run(verb, arguments, then)

    def _clear_columns(self) -> None:
        self._choices.clear()
        while (item := self._columns.takeAt(0)) is not None:
            if item.widget():
                item.widget().hide()
                item.widget().deleteLater()

    def _ask_columns(self, dataset: Dataset, learnt: dict[str, str]) -> None:
        """Ask which columns hold what the model needs."""
        assert self._model is not None
        names = [column.name for column in dataset.columns]
        for role in self._model.info.roles:
            if role.weighs or not (role.needed or learnt.get(role.name)):
                continue  # nothing is scored by it, or the model never knew it
            choice = Choice([(name, _Name(name)) for name in names], name=role.title)
            choice.choose(_proposed(role, dataset, learnt, [each.current() for each in self._choices.values()]))
            self._choices[role.name] = choice
            self._columns.addWidget(Text(role.title, "muted"))
            self._columns.addWidget(choice)
        self._columns.addStretch(1)
        self._tell("The file has other columns than the training. Which holds what?")

    def _tell(self, sentence: Words) -> None:
        self.sentence.set_words(sentence)
        self.sentence.show()

    def _evaluate(self) -> None:
        assert self._model is not None
        self._run("open", {"folder": self._model.folder, "device": self.device}, self._on_opened)

    def _on_started(self) -> None:
        self.problem.clear()
        if self._dataset is not None:
            self._evaluate()

    def _on_stopped(self) -> None:
        self._tell("Stopped. Nothing was changed." if self._dataset is not None else "Stopped.")
        self.button.setVisible(self._dataset is not None)

    def _on_read(self, dataset: Dataset) -> None:
        assert self._model is not None
        self._dataset = dataset
        recipe_roles = self._model.recipe.get("roles")
        learnt = (
            {str(role): str(column) for role, column in recipe_roles.items()} if isinstance(recipe_roles, dict) else {}
        )
        names = {column.name for column in dataset.columns}
        if self._model.info.missing([role for role, column in learnt.items() if column in names]):
            self._ask_columns(dataset, learnt)
        else:
            self._evaluate()

    def _on_opened(self, opened: Opened) -> None:
        arguments = {"handle": opened.handle, "dataset": self._dataset, "roles": self.roles()}
        self._run("evaluate", arguments, self._on_scored)

    def _on_scored(self, report: Report) -> None:
        self.hide()
        self.scored.emit(report)

    def _on_failed(self, error: StudioError) -> None:
        self.problem.show_error(error)
        self.button.setVisible(self._dataset is not None)


class _Name:
    """A column's name is the same in every language."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> str:
        return self._name


def _proposed(role: Role, dataset: Dataset, learnt: Mapping[str, str], taken: Sequence[object]) -> str:
    """Return the column that is proposed for a role: the one it learnt from, or one of its kind that no other has yet."""
    names = [column.name for column in dataset.columns]
    if learnt.get(role.name) in names:
        return learnt[role.name]
    own = {learnt.get(name) for name in learnt if name != role.name}
    free = [column for column in dataset.columns if column.name not in taken and column.name not in own]
    fitting = [column.name for column in free if column.kind == role.kinds[0]]
    return next(iter([*fitting, *(column.name for column in free), *names]))
