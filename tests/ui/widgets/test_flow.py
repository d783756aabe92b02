"""Flow: lines break like words, and what is tied stays with what follows it."""

import pytest
from PySide6.QtWidgets import QWidget

from slm_studio.ui.widgets.flow import Flow


class Block(QWidget):
    """A widget of one size."""

    def sizeHint(self):  # noqa: N802  (Qt calls it so)
        return self.minimumSize()


@pytest.fixture
def holder(qapp):
    made = QWidget()
    yield made
    made.deleteLater()


def filled(holder: QWidget, *widths: int) -> tuple[Flow, list[Block]]:
    flow, blocks = Flow(holder, gap=10), []
    for width in widths:
        block = Block()
        block.setMinimumSize(width, 20)
        flow.addWidget(block)
        blocks.append(block)
    return flow, blocks


def lines(flow: Flow, room: int) -> list[int]:
    return [len(line) for line in flow._lines(room)]


def test_lines_break_where_the_room_ends(holder) -> None:
    flow, _ = filled(holder, 50, 50, 50)

    assert lines(flow, 170) == [3] and lines(flow, 169) == [2, 1] and lines(flow, 40) == [1, 1, 1]


def test_a_tied_widget_goes_to_the_next_line_with_what_follows(holder) -> None:
    flow, (_, title, _) = filled(holder, 50, 50, 50)
    flow.tie(title)

    assert lines(flow, 169) == [1, 2]
    assert lines(flow, 60) == [1, 1, 1], "where both do not fit on a line, each takes one"
    flow.clear()
    assert flow.count() == 0 and not flow._tied
