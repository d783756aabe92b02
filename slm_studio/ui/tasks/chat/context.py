"""ContextWatch: asks, at a calm pace, how much of the context the next question takes and what no longer fits."""

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

PAUSE = 300  # milliseconds after the last change
Prompt = tuple[dict[str, str], ...]


class ContextWatch(QObject):
    """Nothing is asked where there is nothing to send; `found` then says that nothing is known."""

    found = Signal(object, object, object, object)  # used, limit, messages not sent, characters cut

    def __init__(
        self, inquired: object, prompt: Callable[[], Prompt], options: Callable[[], dict[str, object]], parent: QObject
    ) -> None:
        """`inquired` is the view's signal (verb, arguments, whom to tell)."""
        super().__init__(parent)
        self._inquired, self._prompt, self._options = inquired, prompt, options
        self._is_held = False
        self._asked: object = None  # what the last question was about: the same is not asked twice
        self._turn = 0
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE)
        self._pause.timeout.connect(self._on_pause)

    def look(self) -> None:
        """Look again, soon."""
        self._pause.start()

    def forget(self) -> None:
        """Ask again whatever was asked: another model answers."""
        self._asked = None
        self._turn += 1
        self.look()

    def hold(self, is_held: bool) -> None:
        """Ask nothing while an answer is on its way: the model can do one thing at a time."""
        self._is_held = is_held

    def take(self, numbers: Mapping[str, object]) -> None:
        """Take what an answer told of its context; the answer itself stands in it by now."""
        used, limit, unsent, cut = (_number(numbers.get(key)) for key in ("used", "limit", "not_sent", "cut"))
        if not limit:
            self.look()
        else:
            self._asked = (self._prompt(), repr(self._options()))
            self.found.emit(used + _number(numbers.get("count")), limit, unsent, cut)

    def _on_pause(self) -> None:
        prompt = self._prompt()
        asked = (prompt, repr(self._options()))
        if self._is_held or asked == self._asked:
            return
        self._asked = asked
        self._turn += 1
        if not prompt:
            self.found.emit(0, 0, 0, 0)
            return
        arguments = {"prompt": {"messages": prompt}, "options": self._options()}
        self._inquired.emit("render", arguments, partial(self._on_told, self._turn))  # type: ignore[attr-defined]

    def _on_told(self, turn: int, result: object) -> None:
        """Take what was found out about the question of that turn."""
        if turn != self._turn or self._is_held:
            return
        if isinstance(result, dict):
            self.found.emit(*(_number(result.get(key)) for key in ("used", "limit", "not_sent", "cut")))
        else:  # stopped, or an error, which the answer itself will say
            self._asked = None
            self.found.emit(0, 0, 0, 0)


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
