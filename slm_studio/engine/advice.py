"""Third-party exception → StudioError: what happened and what to do now."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from slm_studio.core.errors import StudioError


@contextmanager
def advising() -> Iterator[None]:
    """Let StudioErrors pass and turn the others that a person can act on into one."""
    try:
        yield
    except (StudioError, GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        # BaseException: a Rust panic from tokenizers is not an Exception.
        raise advise(error) from error


def advise(error: BaseException) -> StudioError:
    """Return the StudioError that says what `error` means for the person."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return StudioError(
            "out-of-memory",
            "The memory is full.",
            "Halve the batch size or the maximum length, choose a smaller size, or close other programs.",
        )
    if isinstance(error, OSError):
        return _advise_system(error)
    if type(error).__name__ == "PanicException":
        return StudioError(
            "native-panic",
            "A library stopped: {reason}.",
            "Try again; if it returns, the file or model is damaged.",
            reason=str(error)[:300],
        )
    return StudioError(
        "unexpected",
        "Something we did not foresee happened: {kind}: {reason}.",
        "Your work is on disk. The log file holds the details.",
        kind=type(error).__name__,
        reason=str(error)[:500],
    )


def _advise_system(error: OSError) -> StudioError:
    where = str(error.filename or "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StudioError(
            "disk-full",
            "The disk is full. “{path}” could not be written.",
            "Free some space, then continue.",
            path=where,
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StudioError(
            "not-allowed",
            "“{path}” may not be read or written.",
            "Check the permissions, or choose another place.",
            path=where,
        )
    if isinstance(error, FileNotFoundError):
        return StudioError(
            "file-missing", "“{path}” does not exist.", "Check the name, or choose another file.", path=where
        )
    if isinstance(error, IsADirectoryError):
        return StudioError("is-a-folder", "“{path}” is a folder.", "Choose a file.", path=where)
    return StudioError(
        "system",
        "The system refused “{path}”: {reason}.",
        "Check the disk and try again.",
        path=where,
        reason=str(error),
    )
