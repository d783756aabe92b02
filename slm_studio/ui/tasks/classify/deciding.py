"""Who decides? How sure the model has to be to answer by itself, and what that brings on the scored rows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.intervals import wilson
from slm_studio.core.moderation import PERSON, catch_of, person_of
from slm_studio.core.report import all_cases
from slm_studio.core.results import Report
from slm_studio.core.saved import REPORT_FOLDER, SavedModel, open_saved, save_facts
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.view import ReportCard
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.size_slider import SizeSlider

ALL, NONE = mark("always"), mark("never")
STOPS = (0.6, 0.7, 0.8, 0.9, 0.95, 0.99)


class DecidingCard(ReportCard):
    """Hidden where answers are not one label each. What is chosen stands in the model's facts, so that every face says the same."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Who decides?", parent=parent)
        self._model: SavedModel | None = None
        self._scores: list[tuple[float, bool]] = []  # of the scored rows: how sure, and whether right
        self._report: Report | None = None
        self._stops: dict[str, float] = {}  # what is written → the threshold
        self.asked = Text(
            "The model answers by itself where it is at least so sure. The rest is for a person.", "muted", wrap=True
        )
        self.slider = SizeSlider((ALL,), name="How sure the model has to be to answer by itself")
        self.alone, self.caught = Text("", wrap=True), Text("", wrap=True)
        for widget in (self.asked, self.slider, self.alone, self.caught):
            self.add(widget)
        self.slider.chosen.connect(self._on_chosen)

    def set_report(self, report: Report) -> None:
        """Show the rows of a report."""
        cases = all_cases(Path(report.folder)) if report.target in ("", "one") and report.per_label else ()
        self._scores = [(case.number("score"), bool(case.right)) for case in cases if "score" in case.cells]
        self._report, self._model = report, _own_model(report)
        self.setVisible(bool(self._scores))
        self.slider.setVisible(self._model is not None)
        self._show_stops()
        self._say()

    def _show_stops(self) -> None:
        below = self._below()
        own = {written(below): below} if 0 < below <= 1 else {}
        self._stops = {written(each): each for each in STOPS} | own
        ordered = sorted(self._stops, key=lambda stop: self._stops[stop])
        self.slider.set_stops((ALL, *ordered, NONE), written(below))

    def _below(self) -> float:
        person = person_of(self._model.facts) if self._model is not None else None
        return person.below if person is not None else 0.0

    def _say(self) -> None:
        below, report = self._below(), self._report
        self.alone.set_words(lambda: alone_words(self._scores, below))
        catch = catch_of(self._model.facts) if self._model is not None else None
        self.caught.setVisible(catch is not None)
        if catch is not None and report is not None:
            self.caught.set_words(lambda: caught_words(catch.label, report))

    def _on_chosen(self, stop: str) -> None:
        """Keep with the model how sure it has to be."""
        if self._model is None:
            return
        below = 0.0 if stop == ALL else 1.01 if stop == NONE else self._stops[stop]
        facts = {name: value for name, value in self._model.facts.items() if name != PERSON}
        self._model = replace(self._model, facts=facts | ({PERSON: {"below": below}} if below else {}))
        save_facts(self._model)
        self._say()
        self.settled.emit(self._model)


def written(below: float) -> str:
    """Return the stop of a threshold."""
    return ALL if below <= 0 else NONE if below > 1 else f"{below:.2f}"


def alone_words(scores: Sequence[tuple[float, bool]], below: float) -> str:
    """Return how many of a hundred texts are answered without a person, and how rightly."""
    alone = [right for score, right in scores if score >= below]
    if not alone:
        return tr("All {rows} scored rows are for a person.", rows=len(scores))
    low, high = (round(100 * each) for each in wilson(sum(alone), len(alone)))
    values = {
        "count": round(100 * len(alone) / len(scores)),
        "right": f"{100 * sum(alone) / len(alone):.1f}",
        "low": low,
        "high": high,
    }
    if len(alone) == len(scores):
        return tr("It answers every text, and {right} of 100 rightly ({low} – {high}, 95 %).", **values)
    return tr(
        "Of 100 texts it answers about {count}, and {right} of 100 of these rightly ({low} – {high}, 95 %). About {rest} are for a person.",
        **values,
        rest=100 - round(100 * len(alone) / len(scores)),
    )


def caught_words(label: str, report: Report) -> str:
    """Return how much of a label is caught, and what that costs."""
    found = {metric.key: metric for metric in report.metrics}
    caught, rightly = found.get("caught"), found.get("rightly_caught")
    if caught is None or rightly is None:
        return ""
    values = {"caught": f"{100 * caught.value:.1f}", "rightly": f"{100 * rightly.value:.1f}"}
    bounds = {"low": caught.low, "high": caught.high, "least": rightly.low, "most": rightly.high}
    return tr(
        "It catches {caught} of 100 texts with “{label}” ({low} – {high}, 95 %). Where it says so, it is right {rightly} times of 100 ({least} – {most}).",
        label=label,
        **values,
        **{name: round(100 * (bound or 0)) for name, bound in bounds.items()},
    )


def _own_model(report: Report) -> SavedModel | None:
    """Return the model whose own report this is."""
    folder = Path(report.folder)
    if folder.name != REPORT_FOLDER:
        return None
    try:
        return open_saved(folder.parent)
    except StudioError:
        return None
