"""Vocabularies and templates that would take all memory or all time: refused in a sentence, soon, and nothing else suffers."""

import base64
import json
import shutil
import struct
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.engine.models import trial
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.models.trial import vocabulary_on_trial
from tests.engine.models.foreign import make_foreign
from tests.work import at_most


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_foreign(tmp_path_factory.mktemp("sound") / "model", "llama", "write")


@pytest.fixture
def folder(sound: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sound, tmp_path / "model"))


def change(folder: Path, **parts: object) -> None:
    path = folder / "tokenizer.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | parts), encoding="utf-8")


def refused(folder: Path) -> StudioError:
    with at_most(10), pytest.raises(StudioError) as caught:
        inspect_folder(folder)
    return caught.value


def replace(pattern: dict, content: str) -> dict:
    return {"type": "Replace", "pattern": pattern, "content": content}


JINJA = "chat_template.jinja"
CHARSMAP = base64.b64encode(struct.pack("<I", 4) + b"\0\0\0\0" + b"x" * 100_000).decode()
RULES = {
    "one rule puts in much": {"normalizer": replace({"String": "a"}, "a" * 1000)},
    "rules in a row double": {"normalizer": {"type": "Sequence", "normalizers": [replace({"String": "a"}, "aa")] * 30}},
    "an empty pattern": {"normalizer": {"type": "Sequence", "normalizers": [replace({"String": ""}, "a")] * 30}},
    "a pattern grows": {"normalizer": {"type": "Sequence", "normalizers": [replace({"Regex": "."}, "aaaaaaaa")] * 3}},
    "chains in chains": {
        "normalizer": {"type": "Sequence", "normalizers": [
            {"type": "Sequence", "normalizers": [replace({"String": "a"}, "aa")] * 20},
            {"type": "Sequence", "normalizers": [replace({"String": "a"}, "aa")] * 20},
        ]}},
    "a prefix": {"normalizer": {"type": "Prepend", "prepend": "x" * 10_000}},
    "too many parts": {"normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}] * 100}},
    "a character map": {"normalizer": {"type": "Precompiled", "precompiled_charsmap": CHARSMAP}},
    "a decoder": {"decoder": replace({"String": "▁"}, " " * 1_000_000)},
    "decoders in a row": {"decoder": {"type": "Sequence", "decoders": [replace({"String": "▁"}, "▁▁")] * 30}},
    "a frame": {"post_processor": {
        "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}] * 100_000, "pair": [],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}},
    "tokens of a frame": {"post_processor": {
        "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}], "pair": [],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [1] * 100_000, "tokens": ["<s>"] * 100_000}}}},
    "a long token": {"added_tokens": [
        {"id": 1, "content": "x" * 100_000, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    ]},
}  # fmt: skip


@pytest.mark.parametrize("case", RULES)
def test_a_rule_that_makes_much_of_little_is_refused(folder: Path, case: str) -> None:
    change(folder, **RULES[case])

    assert refused(folder).code == "model-vocabulary-bomb"


def test_a_pattern_that_goes_back_for_ever_is_stopped(folder: Path) -> None:
    change(
        folder,
        pre_tokenizer={
            "type": "Split",
            "pattern": {"Regex": "(q+)+(q+)+(q+)+z"},
            "behavior": "Isolated",
            "invert": False,
        },
    )

    assert refused(folder).code in ("model-vocabulary-bomb", "model-damaged")  # the library may give up by itself


@pytest.mark.parametrize(
    ("name", "template"),
    [
        (JINJA, "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}"),
        (
            JINJA,
            "{% set x = namespace(t='ab') %}{% for a in range(40) %}{% set x.t = x.t ~ x.t %}{% endfor %}{{ x.t }}",
        ),
        (JINJA, "{{ 'a' * 10000000000 }}"),
        ("tokenizer_config.json", "{{ 'a' * 10000000000 }}"),
    ],
)
def test_a_template_that_takes_all_is_stopped(folder: Path, name: str, template: str) -> None:
    if name.endswith("jinja"):
        (folder / name).write_text(template, encoding="utf-8")
    else:
        plain = json.loads((folder / name).read_text(encoding="utf-8"))
        (folder / name).write_text(json.dumps(plain | {"chat_template": template}), encoding="utf-8")

    assert refused(folder).code == "model-vocabulary-bomb"


@pytest.mark.parametrize(
    "template",
    [
        "{% for message in messages %}{{ bos_token ~ message['content'] }}{% endfor %}",
        "{{ raise_exception('roles must alternate') }}",
        "{% for broken",
        "{{ unknown.thing.deep }}",
    ],
)
def test_a_template_that_only_fails_is_let_pass(folder: Path, template: str) -> None:
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")

    assert inspect_folder(folder).task == "chat", (
        "who brings a template is for chatting, and says what is wrong with it"
    )


def test_a_vocabulary_that_cannot_be_read_says_why(folder: Path) -> None:
    change(folder, pre_tokenizer={"type": "Invented"})

    error = refused(folder)

    assert (error.code, error.values["file"]) == ("model-damaged", "tokenizer.json")


def test_memory_is_bounded_for_what_no_rule_foresees(folder: Path) -> None:
    for _ in range(2):  # what was refused is never taken for what was survived
        with pytest.raises(StudioError) as caught, vocabulary_on_trial(folder, memory=1024 * 1024):
            pass

        assert caught.value.code == "model-vocabulary-bomb"


def test_what_was_survived_is_tried_again_only_where_a_byte_of_it_changed(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / JINJA).write_text("{{ messages }}", encoding="utf-8")
    with vocabulary_on_trial(folder):
        pass
    monkeypatch.setattr(trial, "trial_command", lambda folder: pytest.fail("it was tried again"))
    with vocabulary_on_trial(Path(shutil.copytree(folder, tmp_path / "the same elsewhere"))):
        pass

    (folder / JINJA).write_text("{{ messages  }}", encoding="utf-8")

    with pytest.raises(pytest.fail.Exception, match="tried again"), vocabulary_on_trial(folder):
        pass


def test_a_check_that_fails_first_leaves_no_process(folder: Path) -> None:
    with pytest.raises(KeyError), vocabulary_on_trial(folder):
        raise KeyError
