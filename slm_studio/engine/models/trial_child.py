"""The child of trial.py: load a foreign vocabulary, take texts apart that hurt greedy patterns, render the chat template.

It says nothing but how it ended; whatever it meets, the parent lives on. No torch and no Transformers: they take seconds.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

_SOUND, _TOO_MUCH, _UNREADABLE = 0, 1, 3
_LONGEST = 1 << 24  # characters that a template may make of three turns
_RUN = 2000  # characters of one kind in a row: patterns that go back and forth take squared or worse
_PLAIN = "The 3 cafés — 我们去公园吧 — cost 1,200.50 € (“cheap”)!\n\n\tThen: <a href='x'>y</a> 🙂\r\n"
_CHAT = [
    {"role": "user", "content": "Hello"},
    {"role": "assistant", "content": "Hi"},
    {"role": "user", "content": "你好"},
]


def main(folder: str) -> int:
    """Try the vocabulary and the templates of a folder; return how it went."""
    _bound()
    place = Path(folder)
    if (place / "tokenizer.json").is_file():
        try:
            _try_vocabulary(place / "tokenizer.json")
        except MemoryError:
            return _TOO_MUCH
        except BaseException as error:  # noqa: BLE001  (a panic in Rust is not an Exception)
            sys.stdout.write(" ".join(str(error).split())[:300])
            return _UNREADABLE
    try:
        for template in _templates(place):
            _render(template)
    except MemoryError:
        return _TOO_MUCH
    return _SOUND


def _bound() -> None:
    """Ask the system to refuse memory beyond the limit, where it knows how; the parent looks on as well."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        most = int(os.environ.get("SLM_STUDIO_TRIAL_MEMORY", str(1 << 31))) + (
            1 << 30
        )  # addresses are more than memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _try_vocabulary(path: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    for text in _texts(path):
        ids = tokenizer.encode(text).ids
        tokenizer.decode(ids[:_RUN])


def _texts(path: Path) -> Iterator[str]:
    """Yield plain words, then runs of each character that a pattern names, with an end that does not fit."""
    yield _PLAIN
    plain = json.loads(path.read_bytes())
    named = set("a1 .\n你Aé")
    waiting: list[object] = [plain.get(name) for name in ("normalizer", "pre_tokenizer", "decoder")]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            pattern = part.get("pattern")
            named |= set("".join(map(str, pattern.values()))) if isinstance(pattern, dict) else set()
            waiting += [value for name, value in part.items() if name != "precompiled_charsmap"]
        elif isinstance(part, list):
            waiting += part
    for character in sorted(named)[:100]:
        yield character * _RUN + "!\u2603"
        yield f"{character} " * (_RUN // 4) + "!"


def _templates(place: Path) -> Iterator[str]:
    """Yield the chat templates of a folder."""
    if (place / "chat_template.jinja").is_file():
        yield (place / "chat_template.jinja").read_text(encoding="utf-8", errors="replace")
    for name in ("chat_template.json", "tokenizer_config.json"):
        with contextlib.suppress(OSError, ValueError, RecursionError):
            found = json.loads((place / name).read_bytes()).get("chat_template")
            tables = found if isinstance(found, list) else [{"template": found}]
            yield from (each["template"] for each in tables if isinstance(each.get("template"), str))


def _render(template: str) -> None:
    """Render a few turns as Transformers does. A template that refuses them is sound: it may want others."""
    from jinja2.exceptions import TemplateError
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    def refuse(message: object) -> None:
        raise TemplateError(str(message))

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
    environment.globals |= {"raise_exception": refuse, "strftime_now": lambda pattern: "2026-01-01"}
    try:
        text = environment.from_string(template).render(
            messages=_CHAT, add_generation_prompt=True, bos_token="<s>", eos_token="</s>", tools=None, documents=None
        )
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  (also a type or a name that only a real chat brings)
        return
    if len(text) > _LONGEST:
        raise MemoryError
