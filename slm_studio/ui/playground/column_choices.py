"""ColumnChoices: for a file that is answered as a whole, the columns of what the model is asked, and what else it must know."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Signal

from slm_studio.core.asked_columns import is_enough, learnt_columns, likely_columns, needed_roles
from slm_studio.core.dataset import Dataset
from slm_studio.core.index import indexes_of, titles_of
from slm_studio.core.saved import SavedModel
from slm_studio.core.sides import sides_of
from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import Role
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.field_rows import FieldRows
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.words import Words, words

MOST = max(len(info.asked) for info in all_tasks())
NONE, CHOOSE = mark("None"), mark("Choose…")
ALONE = mark("Column with the texts")  # what the column is called where a model asks for one


class ColumnChoices(QObject):
    """One choice a part of the question, set to the column that the model learnt it from; then what is searched, or the direction."""

    changed = Signal()

    def __init__(self, rows: FieldRows, parent: QObject) -> None:
        """Stand below what these rows hold already."""
        super().__init__(parent)
        self._model: SavedModel | None = None
        self._chosen: dict[str, object] = {}
        self._dataset: Dataset | None = None
        self._roles: tuple[Role, ...] = ()
        self._lines = [(Text("", "muted"), Choice()) for _ in range(MOST)]
        self.direction, self.documents = Choice(name="Direction"), Choice(name="Documents")
        self._further = [(Text("Direction", "muted"), self.direction), (Text("Documents", "muted"), self.documents)]
        for name, choice in (*self._lines, *self._further):
            scaled(choice.setMaximumWidth, 280)
            rows.add(name, choice)
            choice.chosen.connect(self._on_chosen)
        self._show()

    @property
    def choices(self) -> dict[str, Choice]:
        """Return role → its choice, of those that are asked for."""
        return {role.name: choice for role, (_, choice) in zip(self._roles, self._lines, strict=False)}

    def set_model(self, model: SavedModel, chosen: Mapping[str, object]) -> None:
        """Ask for what this model needs; a direction and documents are those that were `chosen` elsewhere."""
        is_other = self._model is None or self._model.folder != model.folder
        self._model = model
        self._roles = needed_roles(model, model.info)
        if is_other:
            self._offer_columns()
        self._offer_further(chosen if is_other or chosen != self._chosen else {})  # else what was chosen here stays
        self._chosen = dict(chosen)
        self._show()
        self.changed.emit()

    def set_dataset(self, dataset: Dataset | None) -> None:
        """Offer the columns of a file."""
        self._dataset = dataset
        self._offer_columns()
        self.changed.emit()

    def missing(self) -> list[str]:
        """Return the roles that the model learnt from and no name of a column tells."""
        learnt = learnt_columns(self._model, self._model.info) if self._model is not None else {}
        return [role for role, choice in self.choices.items() if role in learnt and not choice.current()]

    def guess(self, roles: dict[str, str]) -> None:
        """Choose the columns that look like those of missing roles."""
        taken = {choice.current() for choice in self.choices.values()}
        for role in self.missing():
            if role in roles and roles[role] not in taken:
                self.choices[role].choose(roles[role])
        self.changed.emit()

    def options(self) -> dict[str, object]:
        """Return what the choices say to the verb that answers a file; where there is nothing to choose, nothing."""
        chosen = {role: choice.current() or "" for role, choice in self.choices.items()}
        is_plain = self._dataset is not None and len(self._dataset.columns) == 1 == len(chosen)
        found: dict[str, object] = {} if is_plain else {"columns": chosen}
        if self._goes_both_ways():
            found["back"] = self.direction.current() is True
        if self._searches() and self.documents.current():
            found["index"] = self.documents.current()
        return found

    def lacks(self) -> Words:
        """Return a sentence that says what has to be chosen before a row can be answered, or ""."""
        if self._model is None or self._dataset is None:
            return ""
        info, chosen = self._model.info, [role for role, choice in self.choices.items() if choice.current()]
        if not is_enough(chosen, info):
            needed = [role for role in self._roles if role.needed] or self._roles[:1]
            lacking = [role.title for role in needed if role.name not in chosen]
            if len(self._dataset.columns) < len(needed):
                return partial(_too_few, [role.title for role in needed], self._dataset)
            return partial(_lacking, lacking, self._dataset)
        if self._searches() and not self.documents.current() and chosen == [info.asked[0].name]:
            return mark("Nothing is indexed for this model: drop documents into the Playground, or choose a column of passages.")  # fmt: skip
        return ""

    def set_enabled(self, enabled: bool) -> None:
        """Let the person choose, or not."""
        for _, choice in (*self._lines, *self._further):
            choice.setEnabled(enabled)

    def _offer_columns(self) -> None:
        """Offer the columns to each role, its likeliest one chosen."""
        names = [column.name for column in self._dataset.columns] if self._dataset is not None else []
        likely = likely_columns(self._model, self._model.info, self._dataset) if self._model and self._dataset else {}
        is_alone = len(self._roles) == 1
        for role, (name, choice) in zip(self._roles, self._lines, strict=False):
            title = ALONE if is_alone else role.title
            name.set_words(title)
            words(choice.setAccessibleName, title)
            nothing: list[tuple[object, Words]] = []
            if not role.needed and not is_alone:
                nothing = [("", NONE)]
            elif names and role.name not in likely:
                nothing = [("", CHOOSE)]
            choice.set_options([*nothing, *((each, partial(str, each)) for each in names)], likely.get(role.name, ""))

    def _offer_further(self, chosen: Mapping[str, object]) -> None:
        """Offer both directions, and what is indexed for the model."""
        if self._model is None:
            return
        one, other = sides_of(self._model.facts)
        there: Words = partial(str, f"{one} → {other}") if one else mark("As it was learnt")
        back: Words = partial(str, f"{other} → {one}") if one else mark("The other way round")
        self.direction.set_options(((False, there), (True, back)), chosen.get("back", self.direction.current()))
        titles = titles_of(indexes_of(self._model.folder)) if self._searches() else {}
        searched = [(folder, partial(str, title)) for folder, title in titles.items()]
        self.documents.set_options(searched, chosen.get("index", self.documents.current()))

    def _show(self) -> None:
        for at, (name, choice) in enumerate(self._lines):
            for widget in (name, choice):
                widget.setVisible(at < len(self._roles))
        is_searched = self._searches() and self.documents.count() > 0
        for (name, choice), shown in zip(self._further, (self._goes_both_ways(), is_searched), strict=True):
            for widget in (name, choice):
                widget.setVisible(shown)

    def _goes_both_ways(self) -> bool:
        return self._model is not None and bool(self._model.facts.get("both_ways"))

    def _searches(self) -> bool:
        return self._model is not None and "index" in self._model.info.answer_options

    def _on_chosen(self, value: object) -> None:
        self.changed.emit()


def _lacking(titles: list[str], dataset: Dataset) -> str:
    named = "”, “".join(map(tr, titles))
    return tr("The names of the columns in “{file}” do not tell which holds “{roles}”: choose it.", file=dataset.name, roles=named)  # fmt: skip


def _too_few(titles: list[str], dataset: Dataset) -> str:
    return tr(
        "The model is asked with “{roles}”, a column each, and “{file}” has only {count} {count:column|columns}.",
        roles="”, “".join(map(tr, titles)), file=dataset.name, count=len(dataset.columns),
    )  # fmt: skip
