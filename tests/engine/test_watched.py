"""Work that says nothing is watched: a stop need not wait for it."""

import threading

import pytest

from slm_studio.core.events import Progress
from slm_studio.core.work import outcome
from slm_studio.engine.watched import watched


def test_it_returns_what_the_work_made() -> None:
    assert outcome(watched("Working", lambda: 42)) == 42


def test_it_says_what_it_does_before_it_begins_and_while_it_lasts() -> None:
    gate = threading.Event()
    signs = watched("Working", gate.wait)

    seen = [next(signs) for _ in range(3)]

    assert seen == [Progress("Working", 0, 0)] * 3
    gate.set()
    assert outcome(signs) is True


def test_a_consumer_may_leave_at_once() -> None:
    gate = threading.Event()
    signs = watched("Working", gate.wait)
    next(signs), next(signs)

    signs.close()  # would never return if it waited for the work

    gate.set()


def test_errors_arrive_where_one_waits() -> None:
    class Panic(BaseException):
        """What tokenizers raises is no Exception."""

    def fail() -> None:
        raise Panic("a Rust panic")

    with pytest.raises(Panic, match="a Rust panic"):
        outcome(watched("Working", fail))


def test_work_that_was_left_and_the_next_do_not_mingle() -> None:
    gate, order = threading.Event(), []

    def first() -> None:
        gate.wait()
        order.append("first")

    left = watched("Working", first)
    next(left), next(left)
    left.close()
    then = watched("Working", lambda: order.append("second"))
    next(then), next(then)
    gate.set()
    outcome(then)

    assert order == ["first", "second"]
