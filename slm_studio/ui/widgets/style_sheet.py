"""The one style sheet: made from the theme's tokens, so that no widget names a colour."""

from collections.abc import Callable
from string import Template

from slm_studio.ui.widgets.colours import Tokens

_LENGTHS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 24, 28, 32, 34, 36, 38)
_SIZES = {"second": 12.5, "small": 11.5, "base": 13.5, "lead": 15.0, "title": 20.0, "number": 17.0, "big": 22.0}

_WORDS = """
QWidget { color: $text; }
QMainWindow, QDialog, QWidget[role="page"] { background: $background; }
QLabel { background: transparent; }
QLabel[role="title"] { font-size: ${title}pt; font-weight: 700; }
QLabel[role="heading"] { font-weight: 600; }
QLabel[role="strong"] { font-weight: 600; }
QLabel[role="muted"] { color: $muted; font-size: ${second}pt; }
QLabel[role="second"] { font-size: ${second}pt; }
QLabel[role="small"] { color: $muted; font-size: ${small}pt; }
QLabel[role="lead"] { font-size: ${lead}pt; }
QLabel[role="number"] { font-size: ${number}pt; font-weight: 600; }
QLabel[role="big"] { font-size: ${big}pt; font-weight: 600; }
QLabel[role="accent"] { color: $accent; font-weight: 600; }
QLabel[role="warning"] { color: $warning; font-size: ${second}pt; }
QLabel[role="bad"] { color: $bad; font-size: ${second}pt; }
QToolTip { background: $surface; color: $text; border: 1px solid $line; padding: ${p6}px ${p8}px; font-size: ${second}pt; }
"""
_FRAMES = """
QFrame[role="card"] { background: $surface; border: 1px solid $line; border-radius: ${p10}px; }
QFrame[role="card"][tone="soft"] { background: $soft; border: 1px solid $soft; }
QFrame[role="card"][tone="warning"] { background: $warning_soft; border: 1px solid $warning_soft; }
QFrame[role="card"][tone="bad"] { background: $bad_soft; border: 1px solid $bad_soft; }
QFrame[role="rule"] { background: $line; border: none; }
QFrame[role="banner"] { background: $soft; border: none; border-radius: ${p8}px; }
QFrame[role="banner"][tone="warning"] { background: $warning_soft; }
QFrame[role="banner"][tone="bad"] { background: $bad_soft; }
QFrame[role="banner"][tone="plain"] { background: $surface; border: 1px solid $line; }
QWidget[role="sidebar"] { background: $sidebar; border: none; border-right: 1px solid $line; }
QPlainTextEdit[role="code"] { background: $hover; }
QFrame[role="finder"] { background: $surface; border: 1px solid $border; border-radius: ${p10}px; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget[role="scrolled"] { background: transparent; }
"""
_BUTTONS = """
QPushButton { background: $surface; color: $text; border: 1px solid $line; border-radius: ${p8}px;
  min-height: ${p32}px; max-height: ${p32}px; padding: 0 ${p14}px; font-weight: 500; }
QPushButton:hover { background: $hover; border-color: $border; }
QPushButton:pressed { background: $line; }
QPushButton:disabled { color: $border; }
QPushButton:focus { border: 2px solid $accent; padding: 0 ${p14m1}px; min-height: ${p32m2}px; max-height: ${p32m2}px; }
QPushButton[kind="primary"] { background: $accent; color: $on_accent; border: 1px solid $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover { background: $strong_accent; border-color: $strong_accent; }
QPushButton[kind="primary"]:pressed { background: $accent; }
QPushButton[kind="primary"]:focus { border: 2px solid $text; }
QPushButton[kind="primary"]:disabled { background: $line; border-color: $line; color: $muted; }
QPushButton[kind="quiet"] { background: transparent; border: 1px solid transparent; color: $muted; padding: 0 ${p8}px; }
QPushButton[kind="quiet"]:hover { background: $hover; color: $text; }
QPushButton[kind="quiet"]:focus { border: 2px solid $accent; }
QPushButton[kind="fold"] { background: transparent; border: 1px solid transparent; font-weight: 600; padding: 0 ${p6}px; }
QPushButton[kind="fold"]:hover { background: $hover; }
QPushButton[kind="fold"]:focus { border: 2px solid $accent; }
QPushButton[kind="facts"] { background: transparent; border: 1px solid transparent; color: $muted; padding: 0 ${p4}px;
  font-size: ${second}pt; font-weight: 400; }
QPushButton[kind="facts"]:hover { color: $text; text-decoration: underline; }
QPushButton[kind="facts"]:focus { border: 2px solid $accent; }
QPushButton[kind="danger"] { color: $bad; }
QPushButton[kind="danger"]:hover { background: $bad_soft; border-color: $bad; }
QPushButton[kind="link"] { background: transparent; border: 1px solid transparent; color: $accent; padding: 0 ${p4}px;
  min-height: ${p24}px; max-height: ${p24}px; font-weight: 600; border-radius: ${p4}px; }
QPushButton[kind="link"]:hover { color: $strong_accent; text-decoration: underline; }
QPushButton[kind="link"]:focus { border: 2px solid $accent; }
QPushButton[kind="link"]:disabled, QPushButton[kind="quiet"]:disabled, QPushButton[kind="facts"]:disabled,
  QPushButton[kind="danger"]:disabled { color: $border; }
QPushButton[kind="pill"]:checked { border: 1px solid $accent; color: $accent; background: $surface; }
QPushButton[kind="pill"]:checked:focus { border: 2px solid $accent; background: $soft; }
QPushButton[size="small"] { min-height: ${p28m2}px; max-height: ${p28m2}px; padding: 0 ${p12}px; }
QPushButton[shape="title"], QPushButton[shape="title"]:focus { min-height: ${p25m2}px; max-height: ${p25m2}px; }
QPushButton[shape="icon"] { padding: 0; min-width: ${p32}px; max-width: ${p32}px; }
QPushButton[shape="icon"][size="small"] { padding: 0; min-width: ${p28m2}px; max-width: ${p28m2}px; border-radius: ${p6}px; }
QPushButton[shape="icon"]:focus { min-width: ${p32m2}px; max-width: ${p32m2}px; padding: 0; }
QPushButton::menu-indicator { image: none; width: 0; }
"""
_FIELDS = """
QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QSpinBox, QDoubleSpinBox { background: $surface; color: $text;
  border: 1px solid $line; border-radius: ${p8}px; padding: 0 ${p10}px; selection-background-color: $accent;
  selection-color: $on_accent; }
QLineEdit { min-height: ${p32}px; max-height: ${p32}px; }
QPlainTextEdit, QTextEdit, QTextBrowser { padding: ${p8}px; }
QLineEdit:hover, QPlainTextEdit:hover, QTextEdit:hover { border-color: $border; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QTextBrowser:focus { border: 1px solid $accent; }
QLineEdit[problem="true"] { border: 1px solid $bad; }
QLineEdit:disabled, QPlainTextEdit:disabled { color: $muted; background: $hover; }
QPlainTextEdit[role="bare"], QTextEdit[role="bare"], QTextBrowser[role="bare"], QLineEdit[role="bare"] { border: none;
  background: transparent; padding: 0; border-radius: 0; }
QTextBrowser[role="bare"]:focus { border: none; }
QComboBox { font-weight: 500; }
QComboBox QAbstractItemView, QComboBox QAbstractItemView:focus { background: $surface; border: 1px solid $border; padding: ${p4}px; outline: none;
  selection-background-color: $soft; selection-color: $text; font-weight: 400; }
QComboBox QAbstractItemView::item { min-height: ${p32}px; padding: 0 ${p6}px; border-radius: ${p6}px; }
QComboBox QAbstractItemView::item:selected { background: $soft; color: $text; border: none; }
QComboBoxPrivateContainer { background: $surface; border: 1px solid $border; }
"""
_LISTS = """
QTableView, QListView, QTreeView { background: transparent; border: none; outline: none; gridline-color: $line;
  selection-background-color: $soft; selection-color: $text; }
QListView { background: $surface; border: 1px solid $border; color: $text; }
QListWidget { background: transparent; }
QTableView:focus, QListWidget, QListWidget:focus { border: none; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $muted; border: none; border-bottom: 1px solid $line;
  padding: 0 ${p10}px; font-size: ${second}pt; font-weight: 500; min-height: ${p36}px; }
QTableCornerButton::section { background: transparent; border: none; }
QTableView QLineEdit { min-height: 0; max-height: 999px; border-radius: ${p4}px; }
QListView::item { min-height: ${p34}px; padding: 0 ${p8}px; border-radius: ${p6}px; }
QListView::item:selected { background: $soft; color: $text; }
QListView::item:hover { background: $hover; }
QListView::item:selected:hover { background: $soft; }
QMenu { background: $surface; border: 1px solid $border; padding: ${p4}px; }
QMenu::item { padding: ${p6}px ${p28}px ${p6}px ${p12}px; border-radius: ${p5}px; color: $text; }
QMenu::item:selected { background: $soft; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: ${p4}px ${p8}px; }
QScrollBar:vertical { background: transparent; width: ${p10}px; margin: ${p2}px; }
QScrollBar:horizontal { background: transparent; height: ${p10}px; margin: ${p2}px; }
QScrollBar::handle { background: $border; border-radius: ${p3}px; min-height: ${p28}px; min-width: ${p28}px; }
QScrollBar::handle:hover { background: $muted; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }
QAbstractScrollArea::corner { background: transparent; }
QSplitter::handle { background: transparent; }
"""


def style_sheet(tokens: Tokens, px: Callable[[float], int], points: Callable[[float], float]) -> str:
    """Return the style sheet for these tokens; `px` and `points` scale lengths and letters to the zoom."""
    names: dict[str, object] = {name: getattr(tokens, name) for name in tokens.__slots__}
    names |= {f"p{length}": px(length) for length in _LENGTHS}
    names |= {"p14m1": px(14) - 1, "p32m2": px(32) - 2, "p28m2": px(28) - 2, "p25m2": px(25) - 2}
    names |= {name: f"{points(size):.3f}" for name, size in _SIZES.items()}
    return Template(_WORDS + _FRAMES + _BUTTONS + _FIELDS + _LISTS).substitute(names)
