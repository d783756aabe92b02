"""What pages do with what is out of sight: they scroll to it, stay where they are, and cut no title for a button."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from slm_studio.core.dataset import Finding
from slm_studio.core.events import Finished
from slm_studio.core.settings import Settings
from slm_studio.ui.evaluate.panel import EvaluatePanel
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.fields import Choice
from slm_studio.ui.widgets.page import Page
from tests.ui.data.test_panel import Place
from tests.ui.places import classify_report, make_model


def in_view(page: Page, widget: QWidget) -> bool:
    area = page._area.viewport()
    top = widget.mapTo(area, QPoint(0, 0)).y()
    return top >= 0 and (top + widget.height() <= area.height() or top <= 40)


@pytest.fixture
def low(qapp, tmp_path):
    """Open a file in a window so low that the findings stand below the table."""
    place = Place(tmp_path)
    found = tuple(
        Finding(
            code=f"f{n}", message="{count} rows repeat an earlier one.", count=n, fix="remove_duplicates", rows=(1,)
        )
        for n in range(1, 7)
    )
    place.engine.check = lambda dataset, recipe: iter([Finished(found)])
    place.engine.cleaned = replace(place.engine.cleaned, source=place.engine.dataset.source)  # as the engine says it
    place.panel.resize(800, 460)
    place.open()
    QTest.qWait(20)
    yield place
    place.close()


def to_the_end(page: Page) -> int:
    bar = page._area.verticalScrollBar()
    bar.setValue(bar.maximum())
    QTest.qWait(5)
    return bar.value()


def test_show_scrolls_to_the_table_that_it_filters(low) -> None:
    to_the_end(low.panel)
    assert not in_view(low.panel, low.panel.opened.rows)

    show = next(each for each in low.panel.opened.findings.findChildren(Button) if each.text() == "Show")
    show.click()

    assert in_view(low.panel, low.panel.opened.rows)
    assert low.panel.opened.rows.model.rowCount() == 1


def test_a_label_scrolls_to_the_table_that_it_filters(low) -> None:
    to_the_end(low.panel)
    low.panel.opened.overview.label_clicked.emit("card")

    assert in_view(low.panel, low.panel.opened.rows)


def test_mending_a_finding_stays_where_it_was_clicked(low) -> None:
    before = to_the_end(low.panel)
    bar, seen = low.panel._area.verticalScrollBar(), []
    bar.valueChanged.connect(seen.append)

    low.panel.opened.findings.rows()[-1].action.click()
    low.settle()
    QTest.qWait(20)

    assert low.session.dataset == low.engine.cleaned
    # The line of work above comes and goes, and the page may have become a little lower; nothing jumps.
    assert min([*seen, bar.value()]) >= min(before, bar.maximum()) - 60


def test_another_file_begins_at_its_own_findings(low, tmp_path: Path) -> None:
    low.engine.dataset = replace(low.engine.cleaned, source="/home/me/others.csv")
    low.engine.check = lambda dataset, recipe: iter(())
    low.panel.open_file(Path("/home/me/others.csv"))
    low.settle()

    assert not low.panel.opened.findings.rows()


def test_a_cell_of_the_matrix_scrolls_to_its_rows(shown, home) -> None:
    model = make_model()
    classify_report(Path(model.folder) / "report")
    panel = shown(EvaluatePanel, Session(Settings()), lambda verb, **rest: iter(()))
    panel.resize(800, 460)
    QTest.qWait(20)
    to_the_end(panel)

    panel.confusion.matrix.cell_opened.emit("refund", "billing")
    assert in_view(panel, panel.cases)

    to_the_end(panel)
    panel.classes.label_opened.emit("refund")
    assert in_view(panel, panel.cases)


@pytest.mark.parametrize(("verdicts", "amber"), [({"majority": "none"}, True), ({"majority": "better"}, False)])
def test_evaluate_says_that_so_few_rows_show_nothing(shown, home, verdicts, amber) -> None:
    model = make_model()
    folder = Path(model.folder) / "report"
    classify_report(folder)
    text = (folder / "report.json").read_text()
    (folder / "report.json").write_text(text.replace('"better"', f'"{verdicts["majority"]}"'))
    panel = shown(EvaluatePanel, Session(Settings()), lambda verb, **rest: iter(()))

    assert panel.verdict.isVisible() is amber
    words = "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())
    assert ("they are so few that this may be chance" in words) is amber


@pytest.mark.parametrize("title", ["Support tickets · classify", "客服工单（二〇二六年） · 文本分类"])
def test_actions_stand_below_a_title_rather_than_cut_it(theme, title: str) -> None:
    page = Page(title)
    for words in ("Runs", "More", "Stop and keep", "Pause"):
        page.header.add_action(Button(words))
    for width in range(1000, 480, -20):
        page.resize(width, 400)
        page.show()
        QTest.qWait(10)

        assert page.header.title.width() >= page.header.title.fontMetrics().horizontalAdvance(title)
    page.close()


def test_the_list_of_a_choice_has_a_frame(theme) -> None:
    holder = QWidget()
    holder.resize(300, 300)
    choice = Choice([(n, f"Family {n}") for n in range(3)])
    choice.setParent(holder)
    holder.show()
    choice.showPopup()
    QTest.qWait(20)
    view = choice.view()
    assert view.hasFocus() or view.isVisible()

    picture = view.parentWidget().grab().toImage()
    edge = [picture.pixelColor(x, y).name() for x, y in ((0, 20), (picture.width() - 1, 20), (20, 0))]
    choice.hidePopup()
    holder.close()

    assert set(edge) == {theme.tokens.border.lower()}
