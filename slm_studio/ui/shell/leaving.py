"""What was at work when the window closed: remembered, and offered at the next start until somebody decides."""

from collections.abc import Iterable

from slm_studio.core.errors import StudioError
from slm_studio.core.run import Run, find_run
from slm_studio.ui.shell.session import Session

KEY = "left"  # in window.json: the ids of these runs


def leave(session: Session, run_ids: Iterable[str]) -> None:
    """Remember runs that are at work (or paused) while the window closes."""
    session.remember(KEY, [*dict.fromkeys([*_ids(session), *run_ids])])


def settle(session: Session, run_id: str) -> None:
    """Offer a run no longer: it went on, was kept as a model, or waved away."""
    ids = _ids(session)
    if run_id in ids:
        session.remember(KEY, [each for each in ids if each != run_id])
        session.runs_changed.emit()


def left_runs(session: Session) -> list[Run]:
    """Return the runs that were left and can go on; those that were deleted or ended since are not offered."""
    found = []
    for run_id in _ids(session):
        try:
            run = find_run(run_id)
        except StudioError:
            continue
        if run.can_resume:
            found.append(run)
    return found


def _ids(session: Session) -> list[str]:
    kept = session.recall(KEY, [])
    return [each for each in kept if isinstance(each, str)] if isinstance(kept, list) else []
