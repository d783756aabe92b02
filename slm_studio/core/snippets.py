"""Code that does what a person did in the window, ready to run, for the window and for model cards: paths and texts are quoted, whatever stands in them."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from slm_studio.core import files
from slm_studio.core.candidate_columns import CHARACTERS
from slm_studio.core.errors import StudioError
from slm_studio.core.pair_columns import TRANSLATION
from slm_studio.core.prompt import prompt_of
from slm_studio.core.routes import CHAT_COMPLETIONS, COMPLETIONS, VERSION
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks.info import TaskInfo

OWN = "slm-"  # model types of our own shapes, which plain Transformers does not know
ONLY_HERE = "only_here"  # a fact: its net is a stock one, but what makes answers of it is ours
UNKNOWN_LENGTH = 1024  # tokens that a model of which nothing is known sees at once
KEY_VARIABLE = "SLM_STUDIO_KEY"  # a key stands in no program

_CLIENT = """\
import os

from openai import OpenAI

key = os.environ["SLM_STUDIO_KEY"]
client = OpenAI(base_url={base_url}, api_key=key)
answer = {call}
print({answer})
"""
_REQUEST = """\
import json
import os
import urllib.request

request = urllib.request.Request(
    {address},
    json.dumps({body}).encode(),
    {{"Authorization": "Bearer " + os.environ["SLM_STUDIO_KEY"], "Content-Type": "application/json"}},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer))
"""

_BASE = """\
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained({model})
model = AutoModel.from_pretrained({model})
"""


def is_own_shape(model: SavedModel) -> bool:
    """Say whether the model's shape is our own, so that only SLM Studio opens it, or its answers are more than a call of a library."""
    if model.facts.get(ONLY_HERE):
        return True
    try:
        config = files.read_json(Path(model.folder) / "config.json")
    except StudioError:
        return False
    return isinstance(config, dict) and str(config.get("model_type", "")).startswith(OWN)


def plain_code(
    info: TaskInfo | None, model: str, prompt: str, second: str = "", facts: Mapping[str, object] | None = None
) -> str:
    """Return a Python program that answers `prompt` with Transformers alone; `model` is a folder or a hub id.

    `second` is the other text of a pair; `facts` of the model tell in which unit its numbers are.
    """
    template, known = info.code.plain if info else _BASE, facts or {}
    lead, weights, system = _lead(known, second), known.get("weights"), str(known.get("system") or "")
    weighed = weights if isinstance(weights, dict) else {}
    return template.format(
        model=literal(model), prompt=literal(prompt), second=literal(second), lead=literal(lead), asked=literal(lead + prompt),
        mean=known.get("mean", 0.0), scale=known.get("scale", 1.0), thresholds=_thresholds(known),
        length=known.get("max_length") or UNKNOWN_LENGTH, beams=4 if known.get("target") == TRANSLATION else 1,
        system=f'{{"role": "system", "content": {literal(system)}}}, ' if system else "",
        closing=", end" if known.get("ends") else "", units='text.replace(" ", "")' if known.get("target") == CHARACTERS else "text.split()",
        model_weight=weighed.get("model", 1.0), length_weight=weighed.get("length", 0.0),
    )  # fmt: skip


def _lead(facts: Mapping[str, object], second: str) -> str:
    """Return what stands before a text that shall be rewritten, or written on in the style `second`."""
    leads, styles = facts.get("leads"), facts.get("styles")
    place = styles.index(second) if isinstance(styles, list) and second in styles else 0
    return str(leads[place]) if isinstance(leads, list) and leads else ""


def _thresholds(facts: Mapping[str, object]) -> str:
    """Return from which probability on each of several labels is right, as Python writes it."""
    labels, known = facts.get("labels"), facts.get("thresholds")
    pairs = zip(labels, known, strict=False) if isinstance(labels, list) and isinstance(known, list) else ()
    return "{" + ", ".join(f"{literal(str(label))}: {threshold}" for label, threshold in pairs) + "}"


def studio_code(info: TaskInfo, folder: str, prompt: str, second: str = "") -> str:
    """Return a Python program that answers `prompt` with SLM Studio."""
    return info.code.studio.format(model=literal(folder), prompt=literal(prompt), second=literal(second))


def command_line(
    info: TaskInfo, folder: str, prompt: str, second: str = "", windows: bool = os.name == "nt", corpus: str = ""
) -> str:
    """Return a command that answers `prompt`; what else must be asked is `second`, what is searched `corpus`."""
    others = [(f"--{role.name}", second) for role in info.asked[1:] if role.needed or (info.goes_on and second)]
    searched = [corpus] if corpus else []
    return quoted(["slm-studio", info.verb, folder, *searched, (info.code.flag, prompt), *others], windows)


def file_command(folder: str, windows: bool = os.name == "nt") -> str:
    """Return a command that answers every row of a file."""
    return quoted(["slm-studio", "predict", folder, "--file", "texts.csv", "--out", "answers.csv"], windows)


def serve_command(folder: str, windows: bool = os.name == "nt") -> str:
    """Return a command that lets other programs ask a model."""
    return quoted(["slm-studio", "serve", folder], windows)


def client_code(info: TaskInfo, name: str, prompt: str, url: str, second: str = "") -> str:
    """Return a Python program that asks the local server; `name` is what it calls the model."""
    if info.route == CHAT_COMPLETIONS:
        call = f'client.chat.completions.create(\n    model={literal(name)}, messages=[{{"role": "user", "content": {literal(prompt)}}}]\n)'
        return _CLIENT.format(base_url=literal(url + VERSION), call=call, answer="answer.choices[0].message.content")
    if info.route == COMPLETIONS:
        others = {role.name: second for role in info.asked[1:] if second}
        extra = f", extra_body={json.dumps(others, ensure_ascii=False)}" if others else ""
        call = f"client.completions.create(model={literal(name)}, prompt={literal(prompt)}, max_tokens=100{extra})"
        return _CLIENT.format(base_url=literal(url + VERSION), call=call, answer="answer.choices[0].text")
    fields = ", ".join(f'"{field}": {_value(value)}' for field, value in _asked(info, name, prompt, second).items())
    return _REQUEST.format(address=literal(url + info.route), body=f"{{{fields}}}")


def curl_command(
    info: TaskInfo, name: str, prompt: str, url: str, second: str = "", windows: bool = os.name == "nt"
) -> str:
    """Return a command that asks the local server; the shell puts the key in."""
    body = json.dumps(_asked(info, name, prompt, second), ensure_ascii=windows)
    key = f"%{KEY_VARIABLE}%" if windows else f"${KEY_VARIABLE}"
    lines = [
        f"curl {url}{info.route}",
        f'-H "Authorization: Bearer {key}"',
        '-H "Content-Type: application/json"',
        f"-d {subprocess.list2cmdline([body]) if windows else shlex.quote(body)}",
    ]
    return " ".join(lines) if windows else " \\\n  ".join(lines)


def _asked(info: TaskInfo, name: str, prompt: str, second: str) -> dict[str, object]:
    """Return a request as JSON; what else must be asked is `second`."""
    if info.route == COMPLETIONS:
        return {"model": name, "prompt": prompt, **{role.name: second for role in info.asked[1:] if second}}
    others: dict[str, object] = {role.name: second for role in info.asked[1:] if role.needed and second}
    if info.pools:  # without them the newest index beside the model is searched, where there is one
        others["documents"] = ["A passage.", "Another one."]
    return {"model": name, **prompt_of(prompt, info), **others}


def _value(value: object) -> str:
    return literal(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


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


def _posix(part: str | tuple[str, str]) -> str:
    # With = a text that begins with - is not taken for another flag.
    if isinstance(part, str):
        return shlex.quote(part)
    name, value = part
    return f"{name}={shlex.quote(value)}" if value.startswith("-") else f"{name} {shlex.quote(value)}"


def _needs_quotes(part: str) -> bool:
    return shlex.quote(part) != part
