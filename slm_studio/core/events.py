"""The small frozen values that long work yields on its way. They end with Finished(result)."""

from dataclasses import dataclass, field

from slm_studio.core.errors import Value

MOST_THREADS = 4096
PRECISIONS = ("fp32", "bf16")
ATTENTIONS = ("eager", "sdpa")


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """Where and how a run computes: chosen once, frozen for the run, reused on resume."""

    device: str  # cpu, cuda:0, mps
    name: str  # the processor's or card's name
    precision: str  # fp32 | bf16
    threads: int
    steps: int  # optimizer steps of the first plan; a time budget is turned into steps here
    attention: str = "eager"
    reason: str = ""  # a template: why this choice
    values: dict[str, Value] = field(default_factory=dict)
    corrections: tuple[tuple[int, int], ...] = ()  # (step, new total): what the clock showed of a time budget

    def __post_init__(self) -> None:
        """Raise ValueError for numbers that no computer has: a record that was damaged must not reach the libraries."""
        is_sound = 0 < self.threads <= MOST_THREADS and self.steps >= 0
        if not is_sound or self.precision not in PRECISIONS or self.attention not in ATTENTIONS:
            raise ValueError(f"{self.threads} threads, {self.steps} steps, {self.precision}, {self.attention}")

    @property
    def total(self) -> int:
        """Return the optimizer steps the whole run will take, as far as is known."""
        return self.corrections[-1][1] if self.corrections else self.steps


@dataclass(frozen=True, slots=True)
class Started:
    """A run begins (or goes on, at step `n`)."""

    run: str
    machine: Machine
    n: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` units of `what` (a template). total 0 = unknown."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Step:
    """One optimizer step. `seconds` is cumulative over resumes, `memory` the peak in bytes."""

    n: int
    epoch: float
    seconds: float
    loss: float
    rate: float
    gradient_norm: float
    tokens_per_second: float
    memory: int


@dataclass(frozen=True, slots=True)
class Replanned:
    """After step `n` the clock showed that a time budget takes another number of steps: `steps` in all.

    `last`: the held-out rows have done their part, and a last pass learns them too.
    """

    n: int
    steps: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Held-out rows were scored after step `n`."""

    n: int
    seconds: float
    loss: float
    metrics: dict[str, float]
    best: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """What the model says after step `n`: a small table with the task's own columns."""

    n: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A checkpoint stands, complete, in `path`."""

    n: int
    path: str


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the person (a template and its values); `code` is stable."""

    code: str
    message: str
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Predicted:
    """One piece of an answer: a Token, Label, Span or Hit."""

    item: object


@dataclass(frozen=True, slots=True)
class Paused:
    """The work waits after step `n`, its state on disk."""

    n: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event. `result` is a noun of core (Dataset, SavedModel, Report …), a text, or None."""

    result: object


Event = Started | Progress | Step | Replanned | Evaluated | Sample | Saved | Note | Predicted | Paused | Finished
