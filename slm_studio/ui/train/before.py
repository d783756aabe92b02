"""BeforeCard: what should be known before Start. What cannot be, what hurts, whether it fits."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from slm_studio.core.bases import may_be_fetched
from slm_studio.core.dataset import Finding
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe
from slm_studio.core.results import Sizes
from slm_studio.core.texts import explain, in_line, mark, say, tr
from slm_studio.ui.parts.run_words import count_words, gigabytes
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.finding_row import Dot
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.words import Words

TIGHT = 0.8  # share of the free memory above which we warn
CUT = 0.02  # share of texts that are cut above which we say so
FITTED = mark("{wished} tokens of each text would cut most of them, so {length} are read.")
LIMITED = mark("The base reads at most {length} tokens at once, not the {wished} of the plan.")
UNEVEN = ("imbalance", "rare-labels")


class BeforeCard(Card):
    """Emits knobs that one of its links would change, or the wish to see the findings in Data."""

    knobs_chosen = Signal(object)  # dict[str, object]; the task's own knobs are among them
    data_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Before you start", parent=parent)
        self.body.setSpacing(2)

    def show_plan(
        self,
        recipe: Recipe,
        hindrances: Sequence[Words],
        findings: Sequence[Finding],
        sizes: Sizes | None,
    ) -> None:
        """Say everything about a plan; `hindrances` are why it cannot be started, the serious findings last."""
        self._clear()
        of_rows = sum(finding.serious for finding in findings)
        for at, hindrance in enumerate(hindrances):
            if at < len(hindrances) - of_rows:
                self._line("bad", hindrance)
            else:
                self._line("bad", hindrance, "Look at the rows", self.data_requested.emit)
        if sizes is not None:
            self._say_sizes(recipe, sizes)
        self._say_findings(recipe, [finding for finding in findings if not finding.serious])
        if may_be_fetched(recipe):
            self._line("quiet", "Where the base is not on this computer, it is downloaded once.")
        if sizes is None and len(hindrances) == of_rows:
            self._line("quiet", "Counting …")

    def _say_sizes(self, recipe: Recipe, sizes: Sizes) -> None:
        if sizes.free_memory and sizes.memory > TIGHT * sizes.free_memory:
            needed, free = gigabytes(sizes.memory), gigabytes(sizes.free_memory)
            level = "bad" if sizes.memory > sizes.free_memory else "warning"
            self._line(
                level,
                lambda: tr(
                    "Needs {needed} GB of {free} GB that are free. Close other programs, or take a smaller size or batch.",
                    needed=needed,
                    free=free,
                ),
            )
        else:
            self._line("good", partial(_room, sizes))
        wished = recipe.settled().max_length
        length = sizes.length or wished
        if wished and length and wished != length:
            level, said = ("warning", LIMITED) if sizes.limited else ("quiet", FITTED)
            self._line(level, lambda: tr(said, wished=wished, length=length))
        if sizes.cut >= CUT and length:
            share = f"{sizes.cut:.0%}".replace("%", " %")
            double = 0 if sizes.limited else 2 * length  # of a base that reads no more nothing can be wished
            self._line(
                "warning", lambda: tr("{share} of the texts are longer than {length} tokens and are cut there.", share=share, length=length),
                (lambda: tr("Read {length}", length=double)) if double else "", partial(self.knobs_chosen.emit, {"max_length": double}),
            )  # fmt: skip
        if sizes.unknown and sizes.addable:
            share = f"{max(0.1, 100 * sizes.unknown):.1f}"
            self._line(
                "warning", lambda: tr("{share} % of the characters are unknown to the vocabulary of the base: {characters} …", share=share, characters=", ".join(sizes.strangers)),
                "Add them", partial(self.knobs_chosen.emit, {"extend_vocabulary": 2 * sizes.addable}),
            )  # fmt: skip

    def _say_findings(self, recipe: Recipe, findings: Sequence[Finding]) -> None:
        options = recipe.settled().options
        uneven = next((finding for finding in findings if finding.code in UNEVEN), None)
        if uneven is not None and getattr(options, "class_weights", "") == "none":
            act = partial(self.knobs_chosen.emit, {"class_weights": "balanced"})
            self._line("warning", partial(finding_words, uneven), "Weigh labels evenly", act)
            findings = [finding for finding in findings if finding is not uneven]
        if findings:
            count = len(findings)

            def words() -> str:
                return tr("{n} {n:thing|things} about the rows {n:is|are} worth a look.", n=count)

            self._line("quiet", words, "See Data", self.data_requested.emit)

    def _line(self, level: str, sentence: Words, link: Words = "", act: Callable[[], object] | None = None) -> None:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        words = Text(sentence, wrap=True)
        words.setAlignment(Qt.AlignmentFlag.AlignTop)
        words.setContentsMargins(0, 3, 0, 3)
        row.addWidget(Dot(level, words), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        if link and act is not None:
            button = Button(link, "link", small=True)
            button.clicked.connect(act)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        self.add(holder).show()

    def _clear(self) -> None:
        empty(self.body)


def error_words(error: StudioError) -> str:
    """Return what is wrong and what to do, in one line."""
    return in_line(explain(error))


def _room(sizes: Sizes) -> str:
    if not sizes.tokens_per_second:
        return tr("Fits in memory, with room.")
    speed = count_words(round(sizes.tokens_per_second))
    return tr("Fits in memory, with room. About {speed} tokens a second on this machine.", speed=speed)


def finding_words(finding: Finding) -> str:
    """Return what was found and what it costs, in one line."""
    values = finding.told
    return in_line((say(finding.message, values), say(finding.cost, values)))
