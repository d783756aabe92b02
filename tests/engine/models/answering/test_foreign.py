"""Encoders of others: continued, saved so that plain Transformers opens them and says the same of the same tokens."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer

from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.snippets import plain_code
from slm_studio.core.work import outcome
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.examples import IDS
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.inspect import inspect_as, inspect_folder
from slm_studio.engine.models.opening import open_net
from slm_studio.engine.task import answers_of
from slm_studio.engine.tasks.answer import TASK
from tests.engine.models.foreign import DECODERS, ENCODERS, make_foreign

PASSAGE = "The quick brown fox jumps over the lazy dog. A model reads a text and writes the next word of it."
ROWS = [("who jumps", PASSAGE, "The quick brown fox"), ("what reads a text", PASSAGE, "A model"), ("who barks", PASSAGE, "")]  # fmt: skip
ROLES = {"question": "question", "passage": "passage", "answer": "answer"}
PROMPTS = [{"question": "who jumps", "passage": PASSAGE}, {"question": "?", "passage": "good " * 200}]


def rows() -> Rows:
    columns = zip(*ROWS, strict=True)
    return Rows(
        pa.table({name: pa.array(cells, pa.large_string()) for name, cells in zip(ROLES, columns, strict=True)}), ROLES
    )


def recipe(base: Path, **settings: object) -> Recipe:
    return make_recipe("answer", base=str(base), roles=ROLES, settings={"max_length": 48, **settings}).settled()


def continued(folder: Path) -> Loaded:
    plan = recipe(folder)
    inspect_folder(folder, "answer")
    loaded = TASK.continued(plan, TASK.learn(rows(), plan), folder)
    lessons = outcome(TASK.lessons(rows(), loaded, plan))
    loss = TASK.loss(loaded, lessons.take(range(len(lessons))), plan)
    loss.backward()
    assert torch.isfinite(loss)
    loaded.net.eval()
    return loaded


@pytest.fixture(params=ENCODERS)
def base(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make_foreign(tmp_path / request.param, request.param, "")


def test_it_opens_in_plain_transformers_with_the_same_logits(base: Path, tmp_path: Path) -> None:
    loaded = continued(base)
    TASK.save(loaded, tmp_path / "out")

    stock = AutoModelForQuestionAnswering.from_pretrained(tmp_path / "out").eval()
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "out")
    question, passage = ROWS[0][:2]
    pair = tokenizer(question, passage, truncation="only_second", max_length=48, return_tensors="pt")
    with torch.inference_mode():
        out = stock(**pair)

    (packed, *_) = [outcome(TASK.examples(rows().take(np.array([0])), loaded, None))]
    ids = packed.sequences[IDS][0]
    assert pair.input_ids[0].tolist() == ids.tolist()
    mine = TASK.numbers(loaded, PROMPTS[:1])[: len(ids)]
    inside = torch.tensor([side == 1 for side in pair.sequence_ids(0)])
    assert mine[inside] == pytest.approx(out.start_logits[0][inside].numpy(), abs=1e-4)


def test_what_was_saved_answers_the_same_and_words_are_characters_of_the_passage(base: Path, tmp_path: Path) -> None:
    loaded = continued(base)
    TASK.save(loaded, tmp_path / "out")
    inspect_as(tmp_path / "out", "answer")

    opened = TASK.open(tmp_path / "out", loaded.facts)

    before, after = (answers_of(TASK, each, PROMPTS, {}) for each in (loaded, opened))
    assert [[quote.text for quote in one] for one in before] == [[quote.text for quote in one] for one in after]
    for prompt, quotes in zip(PROMPTS, before, strict=True):
        assert all(prompt["passage"][quote.start : quote.end] == quote.text for quote in quotes)
        assert sum(quote.chosen for quote in quotes) == 1 and quotes[0].chosen


@pytest.mark.parametrize("model_type", DECODERS[:2])
def test_a_network_that_looks_back_only_is_refused_in_words(model_type: str, tmp_path: Path) -> None:
    folder = make_foreign(tmp_path / model_type, model_type, "")

    with pytest.raises(StudioError, match="cannot point at answers"):
        inspect_folder(folder, "answer")


def test_a_folder_that_answers_is_known_for_it(tmp_path: Path) -> None:
    loaded = continued(make_foreign(tmp_path / "bert", "bert", ""))
    TASK.save(loaded, tmp_path / "out")

    assert inspect_folder(tmp_path / "out", "").task == "answer"
    assert type(open_net(tmp_path / "out", "answer")).__name__ == "BertForQuestionAnswering"


def test_the_program_of_the_card_points_at_words_with_plain_transformers(tmp_path: Path, capsys) -> None:
    loaded = continued(make_foreign(tmp_path / "bert", "bert", ""))
    TASK.save(loaded, tmp_path / "out")
    prompt = PROMPTS[0]

    code = plain_code(TASK.info, str(tmp_path / "out"), prompt["question"], prompt["passage"])
    exec(compile(code, "snippet", "exec"), {})

    said = capsys.readouterr().out.strip()
    best = next(quote for quote in answers_of(TASK, loaded, [prompt], {})[0] if quote.text)
    assert said and said in PASSAGE and said == best.text
