"""Errors: templates travel with their values."""

import json

import pytest

from slm_studio.core.errors import StudioError, fill


def test_an_error_survives_json() -> None:
    error = StudioError("code", "“{name}” has {rows} rows.", "Add {more}.", name="a{b}", rows=12345, more=2)

    back = StudioError.from_json(json.loads(json.dumps(error.to_json())))

    assert (str(back), back.advice, back.code) == ("“a{b}” has 12,345 rows.", "Add 2.", "code")


@pytest.mark.parametrize(
    ("template", "values", "expected"),
    [
        ("{a} and {b}", {"a": "{b}", "b": 1}, "{b} and 1"),
        ("{missing} stays", {}, "{missing} stays"),
        ("an open { brace", {}, "an open { brace"),
        ("{ratio} ×", {"ratio": 1234.5678}, "1,235 ×"),
        ("{n} of {m}", {"n": 86680.0, "m": 3.14159}, "86,680 of 3.142"),
        ("", {"a": 1}, ""),
        ("{n} {n:row is|rows are} empty", {"n": 1}, "1 row is empty"),
        ("{n} {n:row is|rows are} empty", {"n": 0}, "0 rows are empty"),
        ("{n:row|rows} of {m:x|y}", {"n": 2}, "rows of {m:x|y}"),
        ("No file: {reason}.", {"reason": "It is cut."}, "No file: It is cut."),
        ("没有文件：{reason}。", {"reason": "It is cut."}, "没有文件：It is cut。"),
        ("No file ({reason})", {"reason": "It is cut."}, "No file (It is cut.)"),
    ],
)
def test_fill_never_formats_a_value_again(template: str, values: dict[str, object], expected: str) -> None:
    assert fill(template, values) == expected
