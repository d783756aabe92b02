"""RunnersUp: which other columns could be the label, with their evidence, each one click away; and what else to know."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import RunnerUp, Suggestion
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import in_line, mark, say, tr
from slm_studio.ui.widgets.buttons import Button, ElidedButton
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.labels import Text

LONGEST = 32  # characters of a column's name in a button
WITH_FIT = mark("{column}: {contradictions} {contradictions:contradiction|contradictions}, {right} % guessed right")
WITHOUT = mark("{column}: {contradictions} {contradictions:contradiction|contradictions}")
NOTHING = mark("Choose the columns yourself, or open another file.")


class RunnersUp(QWidget):
    """Stands below the sentence; hidden where there is nothing to add to it."""

    chosen = Signal(str, str)  # role, column

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.words = Text("", "second", wrap=True)
        self._holder = QWidget()
        self._flow = Flow(self._holder, gap=8)
        self.buttons: dict[str, Button] = {}
        column.addWidget(self.words)
        column.addWidget(self._holder)
        self.hide()

    def show_plan(self, dataset: Dataset, recipe: Recipe, suggestion: Suggestion | None) -> None:
        """Say what should be known of the plan, and offer what else would fit."""
        sentences = plan_words(recipe, suggestion) if suggestion is not None else []
        self.words.setVisible(bool(sentences))
        self.words.set_role("second" if suggestion is not None and suggestion.task else "warning")
        self.words.set_words("{words}", words=in_line(sentences))
        offered = rivals(recipe, suggestion) if suggestion is not None else []
        self._flow.clear()
        self.buttons.clear()
        self._holder.setVisible(bool(offered))
        if offered:
            self._flow.addWidget(Text("Also fits:", "muted"))
        for role, name, words in offered:
            button = ElidedButton("{words}", small=True, words=words)
            button.clicked.connect(partial(self.chosen.emit, role, name))
            self.buttons[name] = button
            self._flow.addWidget(button)
        self.setVisible(bool(sentences or offered))


def plan_words(recipe: Recipe, suggestion: Suggestion) -> list[str]:
    """Return why nothing is suggested, or what should be known of what is."""
    if not suggestion.task and not recipe.roles:
        return [say(suggestion.reason, suggestion.said()), tr(NOTHING)]
    info = task_info(recipe.task)
    label = recipe.roles.get(info.answer.name, "") if info.answer else ""
    known = [remark for remark in suggestion.remarks if label and (remark.values or {}).get("label") == label]
    found = [say(remark.message, remark.told) for remark in known]
    if suggestion.runners_up and (suggestion.task, suggestion.roles) == (recipe.task, recipe.roles):
        found.insert(0, say(suggestion.reason, suggestion.said()))
    return found


def rivals(recipe: Recipe, suggestion: Suggestion) -> list[tuple[str, str, str]]:
    """Return role, column and words of every column that could play a role it does not play now."""
    found = []
    for each in suggestion.runners_up:
        guessed = suggestion.roles.get(each.role, "")
        if each.role in recipe.roles and guessed not in recipe.roles.values() and each is suggestion.runners_up[0]:
            found.append((each.role, guessed, tr("{column}: as guessed", column=_short(guessed))))
        if each.role in recipe.roles and each.column not in recipe.roles.values():
            found.append((each.role, each.column, _words(each)))
    return found


def _words(each: RunnerUp) -> str:
    return say(WITH_FIT if each.evidence.right else WITHOUT, each.values | {"column": _short(each.column)})


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
