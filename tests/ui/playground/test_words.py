"""What the playground says without a window: code to copy, examples, beginnings, sizes."""

import ast
import shlex
from pathlib import Path

import pytest

from slm_studio.core import files, snippets
from slm_studio.core.report import Case
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.ui.parts.models import bytes_words, shape_words
from slm_studio.ui.tasks.classify.view import how_often_right, pick_examples
from slm_studio.ui.tasks.write import beginnings
from tests.ui.places import make_model

ODD = 'it\'s "late" `$HOME` $(echo hi) \\n &\n第二行\u2028\x07😀'


@pytest.mark.parametrize("text", [ODD, "-- dash", "", "a\\"])
@pytest.mark.parametrize("own", [True, False])
def test_code_quotes_whatever_stands_in_path_and_text(tmp_path, own, text):
    model = make_model(f"odd {ODD[:12]}")
    files.write_json(Path(model.folder) / "config.json", {"model_type": "slm-bag" if own else "bert"})
    assert snippets.is_own_shape(model) == own

    info, write = task_info(model.task), snippets.studio_code if own else snippets.plain_code
    code = write(info, model.folder, text)
    texts = {node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)}
    parts = shlex.split(snippets.command_line(info, model.folder, text, windows=False))

    assert {model.folder, text} <= texts
    assert parts[:3] == ["slm-studio", "predict", model.folder]
    assert parts[3:] in (["--text", text], [f"--text={text}"])


def test_examples_are_not_mistakes_alone():
    wrong = [Case(row=n, cells={"text": "w", "right": False}) for n in range(5)]
    right = [Case(row=n, cells={"text": "r", "right": True}) for n in range(50)]

    assert [case.right for case in pick_examples(wrong + right, 4)] == [True, True, True, False]
    assert pick_examples([], 4) == []
    assert how_often_right([(0.9, True), (0.92, False), (0.5, True)], 0.91) == (1, 2)


def test_beginnings_are_whole_words():
    writer = make_model("alice", "write", reads="book")
    cases = [
        Case(row=0, cells={"text": "xyz,\nOnce upon a time there lived an old king alone"}),
        Case(row=1, cells={"text": "no line break"}),
    ]

    assert beginnings(writer, cases) == ["Once upon a time there lived an old"]


def test_sizes_are_read_at_a_glance():
    assert [bytes_words(n) for n in (12, 9_600_000, 999_700, 3_400_000_000)] == ["12 B", "9.6 MB", "1.0 MB", "3.4 GB"]


def test_shapes_are_named_as_in_train():
    def shape(base: str, task: str = "classify") -> str:
        return shape_words(SavedModel(folder="/m", name="m", task=task, base=base))

    assert shape("blank:lstm-small") == "LSTM small"
    assert shape("blank:cubist-small") == shape("", "") == ""
    assert shape("org/bert-base") == "from bert-base"
