"""Code that does what the playground does, ready to run: paths and texts are quoted, whatever stands in them."""

import json
import os
import shlex
import subprocess
from pathlib import Path

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import SavedModel

OWN = "slm-"  # model types of our own shapes, which plain Transformers does not know

_PIPELINES = {
    "classify": """\
from transformers import pipeline

classify = pipeline("text-classification", model={folder})
print(classify({text}, top_k=5, truncation=True))
""",
    "write": """\
from transformers import pipeline

write = pipeline("text-generation", model={folder})
written = write({text}, max_new_tokens=100, do_sample=True, temperature=0.8, top_p=0.95)
print(written[0]["generated_text"])
""",
}
_STUDIO = {
    "classify": """\
from slm_studio import engine

*_, opened = engine.open({folder})
for event in engine.predict(opened.result.handle, {text}, {{"top": 5}}):
    if hasattr(event, "item"):
        print(event.item.label, round(event.item.score, 3))
""",
    "write": """\
from slm_studio import engine

*_, opened = engine.open({folder})
for event in engine.predict(opened.result.handle, {text}, {{"max_new_tokens": 200}}):
    if hasattr(event, "item"):
        print(event.item.text, end="", flush=True)
""",
}


def is_own_shape(model: SavedModel) -> bool:
    """Say whether the model's shape is our own, so that only SLM Studio opens it."""
    try:
        config = files.read_json(Path(model.folder) / "config.json")
    except StudioError:
        return False
    return isinstance(config, dict) and str(config.get("model_type", "")).startswith(OWN)


def python_code(model: SavedModel, text: str) -> str:
    """Return a Python program that answers `text`: with Transformers alone where it knows the shape."""
    templates = _STUDIO if is_own_shape(model) else _PIPELINES
    return templates[model.task].format(folder=literal(model.folder), text=literal(text))


def command_line(model: SavedModel, text: str, windows: bool = os.name == "nt") -> str:
    """Return a command that answers `text`."""
    if model.task == "write":
        return quoted(["slm-studio", "generate", model.folder, _flag("--prompt", text)], windows)
    return quoted(["slm-studio", "predict", model.folder, _flag("--text", text)], windows)


def file_command(model: SavedModel, windows: bool = os.name == "nt") -> str:
    """Return a command that answers every row of a file."""
    return quoted(["slm-studio", "predict", model.folder, "--file", "texts.csv", "--out", "answers.csv"], windows)


def literal(text: str) -> str:
    """Return a text as Python writes it; letters of any script stay. Example: literal('a "b"') == '"a \\\\"b\\\\""'"""
    shown = json.dumps(text, ensure_ascii=False)  # in double quotes; its escapes are Python's too
    return shown if shown.isprintable() else repr(text)


def quoted(parts: list[str | tuple[str, str]], windows: bool) -> str:
    """Return a command as a shell reads it: no part is split, expanded or taken for a flag."""
    flat = [each if isinstance(each, str) else f"{each[0]}={each[1]}" for each in parts]
    if windows:
        return subprocess.list2cmdline(flat)
    return " ".join(each if isinstance(each, str) and not _needs_quotes(each) else _posix(each) for each in parts)


def _flag(name: str, value: str) -> tuple[str, str]:
    # With = a text that begins with - is not taken for another flag.
    return name, value


def _posix(part: str | tuple[str, str]) -> str:
    if isinstance(part, str):
        return shlex.quote(part)
    name, value = part
    return f"{name}={shlex.quote(value)}" if value.startswith("-") else f"{name} {shlex.quote(value)}"


def _needs_quotes(part: str) -> bool:
    return shlex.quote(part) != part
