"""Kinds: what a file is by its first bytes, and a sentence of its own for each kind that holds no rows."""

from pathlib import Path

from slm_studio.core.dropped import ZIP_DAMAGE, open_zip
from slm_studio.core.errors import StudioError
from slm_studio.core.pointers import refuse_pointer

SHEET, WORD, PDF, PARQUET, ZIP = "xlsx", "docx", "pdf", "parquet", "zip"  # all but the last are names of readers
ZIP_MAGIC, OLE_MAGIC = b"PK", b"\xd0\xcf\x11\xe0"

_ZIP_BEGINS = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
PICTURES = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"II*\0": "TIFF", b"MM\0*": "TIFF"}
ARCHIVES = {
    b"7z\xbc\xaf": "7z",
    b"Rar!": "RAR",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
}
OTHERS = {
    b"SQLite format 3": "SQLite",
    b"\x7fELF": "EXE, ELF",
    b"MZ\x90": "EXE, ELF",
    b"ARROW1": "Arrow",
    b"\x80\x04\x95": "pickle",
}
SOUNDS = (b"ID3\2", b"ID3\3", b"ID3\4", b"OggS\0", b"fLaC\0", b"\x1aE\xdf\xa3")
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."


def is_archive(path: Path) -> bool:
    """Say whether a file is a zip and no Excel or Word file, which are zips too. Raises StudioError for other kinds of these."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(4)
    return head in _ZIP_BEGINS and _kind_of_zip(path, path.name) == ZIP


def kind_of(path: Path, head: bytes, title: str) -> str:
    """Return the kind of a file that is no plain text: a reader's name, “zip”, or "" for text. Raises StudioError."""
    if head.startswith(b"PAR1"):
        return PARQUET
    if is_pdf(head, path.name):
        return PDF
    if head[:4] in _ZIP_BEGINS:
        return _kind_of_zip(path, title)
    if head.startswith(OLE_MAGIC):
        if path.suffix.lower() in (".doc", ".dot", ".ppt", ".msg"):
            raise _save_as(
                title, "Word 97 (.doc)" if path.suffix.lower() in (".doc", ".dot") else path.suffix.lower(), ".docx"
            )
        return SHEET
    refuse_kind(path, head, title)
    return ""


def refuse_kind(path: Path, head: bytes, title: str) -> None:
    """Refuse what holds no rows of text, each kind with its own sentence. Raises StudioError."""
    refuse_pointer(head, title)
    if picture := _picture(head):
        raise StudioError(
            "is-a-picture",
            "“{name}” is a picture ({kind}). SLM Studio learns from text.",
            "Choose a file with texts. The text of a scanned page has to be recognised (OCR) by another program first.",
            name=title,
            kind=picture,
        )
    if head.startswith(SOUNDS) or (head[:1] == b"\0" and head[4:8] == b"ftyp") or _is_riff(head, b"WAVE", b"AVI "):
        raise StudioError(
            "is-a-recording",
            "“{name}” is sound or film. SLM Studio learns from text.",
            "Choose a file with texts, for example a transcript.",
            name=title,
        )
    if is_tar(head, path.name):
        raise _unpack_first(title, "tar")
    for magic, kind in ARCHIVES.items():
        if head.startswith(magic):
            raise _unpack_first(title, kind)
    for magic, kind in OTHERS.items():
        if head.startswith(magic):
            raise unknown_format(title, kind)


def is_pdf(head: bytes, name: str) -> bool:
    """Say whether this is a PDF; some programs write a little before its mark."""
    return head.startswith(b"%PDF-") or (b"%PDF-" in head[:1024] and name.lower().endswith(".pdf"))


def is_tar(head: bytes, name: str) -> bool:
    """Say whether this is a tar archive."""
    return head[257:262] == b"ustar" or name.lower().endswith((".tar", ".tgz"))


def unknown_format(title: str, kind: str) -> StudioError:
    """Return the error for a kind of file that no reader takes."""
    return StudioError(
        "format-unknown",
        "“{name}” is of a kind that cannot be read: {kind}.",
        "Save it as CSV, Excel (.xlsx), JSON, JSON lines, Parquet or plain text, then open that file.",
        name=title,
        kind=kind,
    )


def _picture(head: bytes) -> str:
    if _is_riff(head, b"WEBP"):
        return "WebP"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "BMP"
    if head[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"):
        return "HEIC"
    return next((kind for magic, kind in PICTURES.items() if head.startswith(magic)), "")


def _is_riff(head: bytes, *kinds: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] in kinds


def _kind_of_zip(path: Path, title: str) -> str:
    """Office files are zips: tell them by what is in them."""
    try:
        with open_zip(path) as archive:
            names = set(archive.namelist())
            spoken = archive.open("mimetype").read(80) if "mimetype" in names else b""
    except (OSError, *ZIP_DAMAGE):
        return ZIP  # damaged: whoever opens it says so
    if "xl/workbook.xml" in names:
        return SHEET
    if "word/document.xml" in names:
        return WORD
    if spoken.startswith(_OPEN_DOCUMENT + b"spreadsheet") or "xl/workbook.bin" in names:
        raise _save_as(title, ".ods, .xlsb", ".xlsx")
    if spoken.startswith(_OPEN_DOCUMENT):
        raise _save_as(title, "OpenDocument (.odt)", ".docx")
    if "ppt/presentation.xml" in names or spoken.startswith(b"application/epub"):
        raise unknown_format(title, "PowerPoint" if "ppt/presentation.xml" in names else "EPUB")
    return ZIP


def _save_as(title: str, kind: str, ending: str) -> StudioError:
    return StudioError(
        "format-unknown",
        "“{name}” is of a kind that cannot be read: {kind}.",
        "Save it as {ending}, then open that file.",
        name=title,
        kind=kind,
        ending=ending,
    )


def _unpack_first(title: str, kind: str) -> StudioError:
    return StudioError(
        "format-unknown",
        "“{name}” is of a kind that cannot be read: {kind}.",
        "Unpack it, then open the file or the folder that was in it; a zip is read as it is.",
        name=title,
        kind=kind,
    )
