"""ContextWatch: asks, at a calm pace, how much of the context the next message takes and what no longer fits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

PAUSE = 300  # milliseconds after the last change
Prompt = tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Context:
    """How full the context is with what would be sent now."""

    used: int = 0  # tokens
    limit: int = 0  # 0: nothing is known
    not_sent: int = 0  # the oldest messages
    cut: int = 0  # characters at the beginning of the question
    system: str = ""  # what the model is told where the chat has no system prompt


class ContextWatch(QObject):
    """What cannot be found out leaves an empty Context."""

    found = Signal(object)  # Context

    def __init__(
        self, inquired: object, prompt: Callable[[], Prompt], options: Callable[[], dict[str, object]], parent: QObject
    ) -> None:
        """`inquired` is the view's signal (verb, arguments, whom to tell); `prompt` returns what would be sent now."""
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

    def look_at(self, prompt: Prompt) -> None:
        """Look now, at what is being sent."""
        asked = (prompt, repr(self._options()))
        if asked == self._asked:
            return
        self._asked = asked
        self._turn += 1
        arguments = {"prompt": {"messages": prompt}, "options": self._options()}
        self._inquired.emit("render", arguments, partial(self._on_told, self._turn))  # type: ignore[attr-defined]

    def forget(self) -> None:
        """Ask again whatever was asked: another model answers."""
        self._asked = None
        self._turn += 1
        self.found.emit(Context())
        self.look()

    def hold(self, is_held: bool) -> None:
        """Ask nothing while an answer is on its way: the model can do one thing at a time."""
        self._is_held = is_held
        if not is_held:
            self._on_pause()

    def _on_pause(self) -> None:
        if not self._is_held:
            self.look_at(self._prompt())

    def _on_told(self, turn: int, result: object) -> None:
        """Take what was found out about the question of that turn."""
        if turn != self._turn:
            return
        if isinstance(result, Mapping):
            numbers = (_number(result.get(key)) for key in ("used", "limit", "not_sent", "cut"))
            self.found.emit(Context(*numbers, system=str(result.get("system") or "")))
            return
        self._asked = None
        self.found.emit(Context())
        if result is None:  # the model was put down: where it shall be opened again, that is found out then
            self.look()


def _number(value: object) -> int:
    return int(value) if isinstance(value, int | float) else 0
