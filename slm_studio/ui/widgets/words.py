"""Sentences that follow the language: bind a setter to a template once, and every later language change runs it again."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from slm_studio.core.texts import tr

Words = str | Callable[[], str]  # a template in English (its own key), or a function that makes the sentence

_KEEPER = "_bound_words"


def words(setter: Callable[[str], Any], template: Words, **values: object) -> None:
    """Call `setter` with the sentence now, and again after each language change.

    `setter` is a bound method of a Qt object; the last binding of a setter counts. A value that can be called is
    asked each time (for parts that are translated themselves). Foreign text travels as a value, never as a template.
    Example: words(label.setText, "{rows} rows of {name}", rows=3, name=path.name)
    """
    _bind(setter, lambda: sentence(template, **values))


def sentence(template: Words, **values: object) -> str:
    """Return what `words` would show now."""
    return template() if callable(template) else tr(template, **_asked(values))


def retranslate(root: QObject) -> None:
    """Run every binding below `root` again, then each widget's own `retranslate()` where it has one."""
    everything = [root, *root.findChildren(QObject)]
    for each in everything:
        for name, make in list(getattr(each, _KEEPER, {}).items()):
            getattr(each, name)(make())
    for each in everything:
        again = getattr(each, "retranslate", None)
        if callable(again):
            again()


def _bind(setter: Callable[[str], Any], make: Callable[[], str]) -> None:
    owner = setter.__self__  # type: ignore[attr-defined]
    kept = getattr(owner, _KEEPER, None)
    if kept is None:
        kept = {}
        setattr(owner, _KEEPER, kept)
    kept[setter.__name__] = make
    setter(make())


def _asked(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value() if callable(value) else value for name, value in values.items()}
