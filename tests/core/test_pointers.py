"""Git LFS: a note of where a file lies is never taken for the file, whoever opens it."""

from pathlib import Path

import pytest

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.engine.data.source import open_source
from slm_studio.engine.models.weights import read_header, read_json

POINTER = (
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1\nsize 12345\n"
)


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("rows.csv", open_source),
        ("rows.parquet", open_source),
        ("model.safetensors", read_header),
        ("tokenizer.json", read_json),
        ("studio.json", files.read_object),
    ],
)
def test_a_pointer_is_refused_by_name(tmp_path: Path, name: str, reads: object) -> None:
    (tmp_path / name).write_text(POINTER)

    with pytest.raises(StudioError, match=f"“{name}” is not the file itself") as caught:
        reads(tmp_path / name)  # type: ignore[operator]

    assert caught.value.code == "file-is-a-pointer"
