"""Files that programs name."""

from os import PathLike

from slm_studio.core import given, paths
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.host.verbs import OnEvent, explained, run_verb

File = str | PathLike[str]


def read(file: File, options: ReadOptions, on_event: OnEvent | None) -> Dataset:
    """Read a file into rows. Raises StudioError."""
    with explained():
        given.check_files({"file": file})
    return run_verb(Dataset, "read", on_event, path=paths.absolute(file), options=options)
