"""Cells: what the text of a cell means to a role. Messages may be written in any of the ways in which files hold dialogues."""

from collections.abc import Sequence

from slm_studio.core.errors import StudioError
from slm_studio.core.listed_texts import LISTED
from slm_studio.core.messages import messages_to_plain
from slm_studio.core.prompt import Cell, as_text, read_cell
from slm_studio.core.tasks.info import Reads
from slm_studio.engine.data.dialogues import Written, asked_in, messages_in

LENIENT: tuple[Reads, ...] = ("candidates", "numbers")


def meant(cell: str, reads: Reads) -> Cell:
    """Return what a cell means; of lists to choose from the cell as it stands where it is none, so that a damaged row costs only itself."""
    if reads not in LENIENT:
        return read_cell(cell, reads)
    try:
        return read_cell(cell, reads)
    except StudioError:
        return cell


def said(cell: str, reads: Reads) -> str:
    """Return a cell as running text."""
    if reads == "text":
        return cell
    if reads == "messages":
        return "\n".join(message.content for message in messages_in(cell))
    return as_text(meant(cell, reads))


def as_read(cells: Sequence[str], reads: Reads) -> Sequence[str]:
    """Return cells as they stand, but texts that are kept as lists as they read (see core.listed_texts)."""
    return [said(cell, reads) for cell in cells] if reads in LISTED.values() else cells


def asked(cell: str, reads: Reads) -> Cell:
    """Return a cell as a part of a prompt: of a dialogue the messages up to the last question, and a plain text is one."""
    if reads != "messages":
        return meant(cell, reads)
    is_list = cell.lstrip().startswith("[") and cell.lstrip()[1:].lstrip().startswith("{")
    written = Written(messages=cell) if is_list else Written(question=cell)
    return tuple(messages_to_plain(asked_in(written)))
