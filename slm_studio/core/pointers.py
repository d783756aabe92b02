"""Pointers: the notes that Git LFS leaves where a file has not been fetched yet. https://git-lfs.com, spec v1"""

from slm_studio.core.errors import StudioError

BEGINS = b"version https://git-lfs.github.com/spec/"


def refuse_pointer(head: bytes, name: str) -> None:
    """Refuse a file that begins with `head` where it only says where the real one lies. Raises StudioError."""
    if head.startswith(BEGINS):
        raise StudioError(
            "file-is-a-pointer",
            "“{name}” is not the file itself, only a note of Git LFS that says where it lies.",
            "Fetch the file itself: git lfs pull, or the download button of its page.",
            name=name,
        )
