"""How an engine process ended, in words."""

import signal
from pathlib import Path

from slm_studio.core.errors import StudioError

ENDED = "engine-ended"
_SIGNALS = {
    "SIGKILL": "killed by SIGKILL: often the system was out of memory",
    "SIGSEGV": "a library crashed with SIGSEGV",
    "SIGBUS": "a library crashed with SIGBUS: a file it was reading became shorter, or the disk is full",
    "SIGABRT": "a library gave up with SIGABRT",
    "SIGILL": "a library used an instruction that this processor does not know (SIGILL)",
    "SIGTERM": "the system asked it to end (SIGTERM)",
}
_WINDOWS = {
    0xC0000005: "a library crashed: access violation",
    0xC000001D: "a library used an instruction that this processor does not know",
    0xC0000017: "the system was out of memory",
    0xC00000FD: "a library crashed: stack overflow",
    0xC0000409: "a library gave up",
}


def how_it_ended(status: int) -> str:
    """Return an exit status in words. Example: how_it_ended(-11) == "a library crashed with SIGSEGV\""""
    if status < 0:
        try:
            name = signal.Signals(-status).name
        except ValueError:
            return f"killed by signal {-status}"
        return _SIGNALS.get(name, f"killed by {name}")
    if status == 0:
        return "something asked it to end"
    return _WINDOWS.get(status, f"exit status {status}")


def engine_died(how: str, log: Path) -> StudioError:
    """Return the error of work that its engine took along."""
    return StudioError(
        "engine-died",
        "The engine stopped unexpectedly ({how}).",
        "Start it again: a training goes on from what it saved last. If the memory was full, take a smaller batch or model. Details: {log}",
        how=how,
        log=str(log),
    )


def engine_was_ended() -> StudioError:
    """Return the error of work whose engine was asked to end by the system; a training that had begun saved its state."""
    return StudioError(
        ENDED,
        "The system asked the engine to end (SIGTERM), so the work was stopped.",
        "Start it again: a training goes on from what it saved last.",
    )


def engine_did_not_start(how: str, log: Path) -> StudioError:
    """Return the error of an engine that never said hello."""
    return StudioError(
        "engine-no-start",
        "The engine could not be started ({how}).",
        "Close other programs and try again; if it returns, install SLM Studio again. Details: {log}",
        how=how,
        log=str(log),
    )
