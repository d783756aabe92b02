"""Work gives its value in one way: it returns it."""

from slm_studio.core.events import Note, Progress
from slm_studio.core.work import Work, outcome, quietly


def counted(most: int) -> Work[int]:
    for done in range(most):
        yield Progress("Counting", done, most)
    return most


def test_the_value_of_work_is_what_it_returns() -> None:
    assert outcome(counted(3)) == 3


def test_work_within_work_passes_its_events_on() -> None:
    def both() -> Work[int]:
        first = yield from counted(2)
        yield Note("between", "between", {})
        return first + (yield from counted(1))

    events = []
    work = both()
    while True:
        try:
            events.append(next(work))
        except StopIteration as end:
            assert end.value == 3
            break
    assert [type(event).__name__ for event in events] == ["Progress", "Progress", "Note", "Progress"]


def test_quiet_work_keeps_its_notes_to_itself() -> None:
    note, kept, seen = Note("a", "A sentence."), [], []

    def telling() -> Work[int]:
        yield note
        return (yield from counted(2))

    def hearing() -> Work[int]:
        value = yield from quietly(telling(), kept)
        seen.append(value)
        return value

    assert [type(event) for event in hearing()] == [Progress, Progress]
    assert (kept, seen) == ([note], [2])
