"""Page: what every place looks like. A title and one line of facts at the left, its actions at the right, then the rest."""

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QFrame, QScrollArea, QVBoxLayout, QWidget

from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.fitting import Fitting
from slm_studio.ui.widgets.labels import ElidedText
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words

SIDE, TOP, GAP = 32, 24, 16
REST = 120  # pixels that what stands above must leave for the rest of a page, or it is scrolled along
NAMES, WHOLE = 180, 380  # pixels of a title that have it beside the actions: at least; at most, where it is longer


class PlaceHeader(SideBySide):
    """Title, facts and actions of a place; the actions stand below where the window is too narrow."""

    def __init__(self, title: Words = "", facts: Words = "", parent: QWidget | None = None) -> None:
        super().__init__(gap=24, parent=parent)
        names, actions = _Names(), Actions()
        self._names = QVBoxLayout(names)
        self._names.setSpacing(3)
        self.title = ElidedText("", "title")
        self.facts = ElidedText("", "muted")
        self._names.setContentsMargins(0, 2, 0, 6)
        self._names.addWidget(self.title)
        self._names.addWidget(self.facts)
        self._actions = actions.flow
        self.add(names, 1)
        self.add(actions, 0)
        self.set_title(title)
        self.set_facts(facts)

    def set_title(self, title: Words, **values: object) -> None:
        """Name the place. Foreign names: set_title("{name}", name=…)"""
        self.title.set_words(title, **values)

    def set_facts(self, facts: Words, **values: object) -> None:
        """Say the facts in one line."""
        self.facts.set_words(facts, **values)

    def put_title(self, widget: QWidget) -> None:
        """Place a title of another kind (a choice) above the one in words; the place shows one of them."""
        self._names.insertWidget(0, widget, 0, Qt.AlignmentFlag.AlignLeft)

    def put_facts(self, widget: QWidget) -> None:
        """Place facts of another kind (with a choice in them) below those in words."""
        self._names.addWidget(widget)

    def add_action(self, widget: QWidget) -> QWidget:
        """Place an action at the right; the accent button comes last."""
        self._actions.addWidget(widget)
        return widget


class _Names(QWidget):
    """Title and facts: a title is not cut for the sake of the actions, those rather stand below it."""

    def minimumSizeHint(self) -> QSize:
        """Return what both need alone: a longer title ends in …, as the facts do."""
        return QSize(the_theme().px(NAMES), super().minimumSizeHint().height())

    def beside(self) -> int:
        """Return the room of the title beside the actions, within limits."""
        layout, theme = self.layout(), the_theme()
        items = [layout.itemAt(at) for at in range(layout.count())] if layout is not None else []
        titles = [item.widget() for item in items if item is not None and _is_title(item.widget())]
        widest = max((title.sizeHint().width() for title in titles if not title.isHidden()), default=0)
        return min(max(widest, theme.px(NAMES)), theme.px(WHOLE))


class _Head(QWidget):
    """Header and notices; says when they may need another height."""

    changed = Signal()

    def event(self, event: QEvent) -> bool:
        """Hear what happens inside."""
        is_known = super().event(event)
        if event.type() == QEvent.Type.LayoutRequest:
            self.changed.emit()
        return is_known


def _is_title(widget: QWidget | None) -> bool:
    return widget is not None and "title" in (widget.property("role"), widget.property("shape"))


class Page(Fitting):
    """Header above, a column of cards below. The column scrolls (or, with scroll=False, takes the height it gets).

    Where a low window leaves little below header and notices, they scroll along.
    """

    def __init__(
        self, title: Words = "", facts: Words = "", *, scroll: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setProperty("role", "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._scrolls = scroll
        self._outer = outer = QVBoxLayout(self)
        outer.setContentsMargins(0, TOP, 0, 0)
        outer.setSpacing(GAP)
        self.header = PlaceHeader(title, facts)
        self._head = _Head()
        self._head.changed.connect(self._fit)
        head = QVBoxLayout(self._head)
        head.setContentsMargins(SIDE, 0, SIDE, 0)
        head.setSpacing(GAP)
        head.addWidget(self.header)
        self.notices = QVBoxLayout()  # banners and progress stand here, above what scrolls
        self.notices.setSpacing(8)
        head.addLayout(self.notices)
        outer.addWidget(self._head)
        self._column = QWidget()
        self._column.setProperty("role", "scrolled")
        self.body = QVBoxLayout(self._column)
        self.body.setContentsMargins(SIDE, 0, SIDE, TOP)
        self.body.setSpacing(GAP)
        outer.addWidget(self._scrolled() if scroll else self._column, 1)

    def add(self, widget: QWidget, stretch: int = 0) -> QWidget:
        """Place a widget below the others and return it."""
        self.body.addWidget(widget, stretch)
        return widget

    def reveal(self, widget: QWidget) -> None:
        """Scroll to a widget that is not whole in view (what a click elsewhere on the page changed)."""
        bar, height = self._area.verticalScrollBar(), self._area.viewport().height()
        top = widget.mapTo(self._column, QPoint(0, 0)).y()
        if top < bar.value() or top + widget.height() > bar.value() + height:
            bar.setValue(max(0, top - GAP))

    def to_top(self) -> None:
        """Show it from its beginning: what it shows is another thing now."""
        if self._scrolls:
            self._area.verticalScrollBar().setValue(0)

    def _fit(self) -> None:
        if not self._scrolls:
            return
        above, was_along = self._head.layout(), self._head.parent() is self._column
        sides = 2 * SIDE if was_along else 0  # its margins, which are the column's there
        needed = above.heightForWidth(self.width() - sides)
        is_along = self.height() - TOP - needed - GAP < the_theme().px(REST)
        if is_along == was_along:
            return
        focus = QApplication.focusWidget()
        above.setContentsMargins(*((0, 0, 0, 0) if is_along else (SIDE, 0, SIDE, 0)))
        (self.body if is_along else self._outer).insertWidget(0, self._head)
        if focus is not None and self._head.isAncestorOf(focus):
            focus.setFocus()  # a widget that gets another parent loses it

    def _scrolled(self) -> QScrollArea:
        area = self._area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # A viewport of ours is not filled. To hand out the one it has, PySide would make every class it might be of (50 ms).
        area.setViewport(QWidget())
        area.setWidget(self._column)
        area.verticalScrollBar().rangeChanged.connect(self._on_range_changed)
        return area

    def _on_range_changed(self, low: int, high: int) -> None:
        # The scroll bar stands in the margin, so that cards keep their place whether it is there or not.
        bar = the_theme().px(10) if high > low else 0
        self.body.setContentsMargins(SIDE, 0, SIDE - bar, TOP)
