"""A time budget became a number of steps when the run started; the clock says whether the number was right."""

from collections import deque

WRONG = 1.2  # times too long or too short from which a plan is corrected
MOST = 2  # corrections of a run
EARLY, LATER = 0.08, 0.5  # shares of what was left after which the first correction may come, and the next
PIECES = 50  # of the budget, at whose borders the pace is noted
RECENT = 10  # pieces that are recent
FEWEST = 5  # steps that tell a pace, where the time allows as many
ASLEEP, LONGEST = 20, 10.0  # a step that takes so many usual ones and seconds was none: the computer slept


class Budget:
    """Keeps one run to its seconds. Tell it of every step; it answers with a new total where the old one was wrong."""

    def __init__(self, seconds: float, steps: int) -> None:
        self.seconds, self.total = seconds, steps
        self.corrections = 0
        self._heard = 0.0  # seconds of the run when the last step ended
        self._spent = 0.0  # of the budget: without those in which the computer slept
        self._since = (0, 0.0)  # step and spent seconds of the last correction
        self._marks: deque[tuple[int, float]] = deque(maxlen=RECENT)

    def correct(self, n: int, seconds: float) -> int | None:
        """Return how many steps the run shall take, after step `n` at `seconds`; None where the plan is right."""
        self._spend(n, seconds - self._heard)
        self._heard = seconds
        if self.corrections >= MOST or not self._may_look(n):
            return None
        # In the middle of a change of pace nobody knows what it will be: both halves of what is recent must agree.
        if not self._error(n, self._before(n)) * self._error(n, self._pace(n)) > 0:
            return None
        total = n + max(1, round((self.seconds - self._spent) / self._pace(n)))
        if total == self.total:
            return None
        self.total, self._since = total, (n, self._spent)
        self.corrections += 1
        return total

    def _spend(self, n: int, passed: float) -> None:
        usual = self._pace(n - 1) if len(self._marks) > 1 else passed
        self._spent += usual if passed > max(LONGEST, ASLEEP * usual) else passed
        # The first step sets things up, and tells nothing of the others.
        if not self._marks or self._spent - self._marks[-1][1] >= self.seconds / PIECES:
            self._marks.append((n, self._spent))

    def _may_look(self, n: int) -> bool:
        step, spent = self._since
        share = LATER if self.corrections else EARLY
        is_time = self._spent >= spent + share * (self.seconds - spent) or n >= step + share * (self.total - step)
        return n < self.total and is_time and (n >= FEWEST or self._spent > self.seconds / 2)

    def _error(self, n: int, pace: float) -> int:
        """Return 1 where the run would end too late at a pace, -1 too early, else 0."""
        ends = self._spent + pace * (self.total - n)
        return (ends > self.seconds * WRONG) - (ends < self.seconds / WRONG)

    def _pace(self, n: int) -> float:
        """Return the seconds a step takes of late, with the looks at held-out rows and the checkpoints between them."""
        step, spent = self._middle(n)
        return max(1e-9, (self._spent - spent) / (n - step))

    def _before(self, n: int) -> float:
        """Return the seconds a step took before that."""
        (first, then), (step, spent) = self._marks[0], self._middle(n)
        return (spent - then) / (step - first) if step > first else self._pace(n)

    def _middle(self, n: int) -> tuple[int, float]:
        """Return the mark in the middle of what is recent; the begin of the run where step `n` is its first."""
        marks = [mark for mark in self._marks if mark[0] < n]
        return marks[(len(marks) - 1) // 2] if marks else (0, 0.0)
