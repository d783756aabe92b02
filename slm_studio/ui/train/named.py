"""NamedRecipes: “Recipe ▸ none”: plans of textbooks and other programs, each with what it is and what to expect."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import departures, recipes_of, title_of
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.choice_cards import ChoiceCards
from slm_studio.ui.widgets.fold import Fold

NONE = ""
MOST_NAMED = 3  # knobs that the line names
PLAIN = mark("As is recommended for what you begin from. Change what you like under Advanced.")


class NamedRecipes(Fold):
    """Emits the key of the recipe that the person took; "" is none."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Recipe", parent=parent)
        self._recipe: Recipe | None = None
        self._task = ""  # whose recipes the cards are
        self.cards = ChoiceCards(least=300, most=2, name="Recipe")
        self.add(self.cards)
        self.cards.chosen.connect(self.chosen)

    def show_plan(self, recipe: Recipe) -> None:
        """Show which recipe a plan follows, and in what it departs from it; hidden where its task has none."""
        self.setVisible(bool(recipes_of(recipe.task)))
        if recipe.task != self._task:
            self._task = recipe.task
            self.cards.clear()
            self.cards.add(NONE, "None", PLAIN)
            for each in recipes_of(recipe.task):
                self.cards.add(each.key, each.title, each.paragraph)
        self.cards.choose(recipe.named)
        self.set_summary(lambda: summary(recipe))


def summary(recipe: Recipe) -> str:
    """Return the recipe's title and what is no longer as it says. Example: “Textbook sentiment · changed: Dropout”"""
    if not recipe.named:
        return tr("none: as recommended")
    title, changed = tr(title_of(recipe.named)), departures(recipe)
    if not changed:
        return title
    names = ", ".join(tr(label) for label in changed[:MOST_NAMED]) + (" …" if len(changed) > MOST_NAMED else "")
    return tr("{recipe} · changed: {knobs}", recipe=title, knobs=names)
