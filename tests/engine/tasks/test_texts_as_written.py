"""What a person writes reaches the network as text, and what opens a text opens every block that is learnt or scored."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from slm_studio.core.recipe import make_recipe
from slm_studio.core.work import outcome
from slm_studio.engine.data.passages import text_rows
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.tasks import task_of
from slm_studio.engine.tasks.write import end_id
from tests.engine.models.foreign import make_foreign

STORY = "He typed <|endoftext|> and <unk>, then went on. "


def blocks(loaded: Loaded, *texts: str) -> list[np.ndarray]:
    return [example["input_ids"] for example in outcome(task_of("write").examples(text_rows(texts), loaded, None))]


@pytest.fixture(params=["characters", "pieces"])
def blank(request: pytest.FixtureRequest) -> Loaded:
    settings = {"tokens": request.param, "max_length": 64}
    recipe = make_recipe("write", base="blank:llama-nano", roles={}, settings=settings)
    task, rows = task_of("write"), text_rows([STORY] * 10)
    return task.build(recipe, task.learn(rows, recipe) | {"reads": "lines"}, rows)


def test_a_story_about_control_tokens_is_learnt_as_it_is_written(blank: Loaded) -> None:
    ids = np.concatenate(blocks(blank, STORY))

    assert (ids == end_id(blank)).sum() == 2  # before and after, and not in the middle
    assert blank.tokenizer.decode(ids, skip_special_tokens=True) == STORY


def test_the_passages_of_a_report_show_it(blank: Loaded, tmp_path: Path) -> None:
    task, rows = task_of("write"), text_rows([STORY])
    examples = outcome(task.examples(rows, blank, None))
    with torch.inference_mode():
        observed = [task.observe(blank, task.collate([each], blank)) for each in examples]

    report = task.report(observed, np.arange(len(examples)), rows, blank, tmp_path)

    cases = [json.loads(line)["text"] for line in Path(report.cases).read_text(encoding="utf-8").splitlines()]
    assert "<|endoftext|>" in "".join(cases)


def test_a_prompt_that_spells_the_end_is_continued(blank: Loaded) -> None:
    seen: list[list[int]] = []
    handle = blank.net.get_input_embeddings().register_forward_hook(
        lambda _module, arguments, _out: seen.append(arguments[0][0].tolist())
    )

    list(task_of("write").predict(blank, "He typed <|endoftext|>", {"max_new_tokens": 1}))
    handle.remove()

    assert end_id(blank) not in seen[0]
    assert blank.tokenizer.decode(seen[0], skip_special_tokens=True) == "He typed <|endoftext|>"


def test_every_block_begins_with_what_opens_a_text(tmp_path: Path) -> None:
    task = task_of("write")
    loaded = task.open(make_foreign(tmp_path / "model", "gemma", "write"), {"reads": "lines", "max_length": 16})
    texts = ["The quick brown fox jumps over the lazy dog.", "I would not buy this again!", "good"]
    bos, eos = loaded.tokenizer.bos_token_id, loaded.tokenizer.eos_token_id
    stream = [token for text in texts for token in [*loaded.tokenizer(text)["input_ids"], eos]]

    found = blocks(loaded, *texts)

    assert all(block[0] == bos and 1 < len(block) <= 17 for block in found)
    joined = [token for block in found for token in block[1:].tolist()]
    assert [token for token in joined if token != bos] == [token for token in stream if token != bos]
    with torch.inference_mode():
        batch = task.collate([{"input_ids": block} for block in found], loaded)
        scored = task.observe(loaded, batch)
    assert scored.tokens_B.sum() == sum(token != bos for token in stream)  # each token once, and no opening
