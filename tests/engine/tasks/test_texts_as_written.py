"""What a person writes reaches the network as text, and what opens a text opens every block that is learnt or scored."""

from pathlib import Path

import numpy as np
import pytest
import torch

from slm_studio.core.recipe import make_recipe
from slm_studio.core.work import outcome
from slm_studio.engine.data.passages import passage_rows
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.tasks import task_of
from slm_studio.engine.tasks.write import end_id
from tests.engine.models.foreign import make_foreign

STORY = "He typed <|endoftext|> and <unk>, then went on. "


def blocks(loaded: Loaded, *texts: str) -> list[np.ndarray]:
    packed = outcome(task_of("write").examples(passage_rows(texts, "text"), loaded, None))
    return [packed.sequences["input_ids"][place] for place in range(len(packed))]


@pytest.fixture(params=["characters", "pieces"])
def blank(request: pytest.FixtureRequest) -> Loaded:
    settings = {"tokens": request.param, "max_length": 64}
    recipe = make_recipe("write", base="blank:llama-nano", roles={}, settings=settings)
    task, rows = task_of("write"), passage_rows([STORY] * 10, "text")
    return task.blank(recipe, task.learn(rows, recipe) | {"reads": "lines"}, rows)


def test_a_story_about_control_tokens_is_learnt_as_it_is_written(blank: Loaded) -> None:
    ids = np.concatenate(blocks(blank, STORY))

    assert (ids == end_id(blank)).sum() == 2  # before and after, and not in the middle
    assert blank.tokenizer.decode(ids, skip_special_tokens=True) == STORY


def test_the_passages_of_a_report_show_it(blank: Loaded) -> None:
    task, rows = task_of("write"), passage_rows([STORY], "text")
    examples = outcome(task.examples(rows, blank, None))
    with torch.inference_mode():
        seen = task.observe(blank, examples.take(range(len(examples))))

    judged = outcome(task.judge(seen, examples, rows, blank, whole=True))

    place = judged.cases.columns.index("text")
    assert "<|endoftext|>" in "".join(str(row[place]) for row in judged.cases.rows)


def test_a_prompt_that_spells_the_end_is_continued(blank: Loaded) -> None:
    seen: list[list[int]] = []
    handle = blank.net.get_input_embeddings().register_forward_hook(
        lambda _module, arguments, _out: seen.append(arguments[0][0].tolist())
    )

    list(task_of("write").answer(blank, [{"text": "He typed <|endoftext|>"}], {"max_new_tokens": 1}))
    handle.remove()

    assert end_id(blank) not in seen[0]
    assert blank.tokenizer.decode(seen[0], skip_special_tokens=True) == "He typed <|endoftext|>"


def test_every_block_begins_with_what_opens_a_text(tmp_path: Path) -> None:
    task = task_of("write")
    loaded = task.open(make_foreign(tmp_path / "model", "gemma", "write"), {"reads": "lines", "max_length": 16})
    texts = ["The quick brown fox jumps over the lazy dog.", "I would not buy this again!", "good"]
    bos, eos = loaded.tokenizer.bos_token_id, loaded.tokenizer.eos_token_id
    stream = [token for text in texts for token in [*loaded.tokenizer(text)["input_ids"], eos]]

    packed = outcome(task.examples(passage_rows(texts, "text"), loaded, None))
    found = [packed.sequences["input_ids"][place] for place in range(len(packed))]

    assert all(block[0] == bos and 1 < len(block) <= 17 for block in found)
    joined = [token for block in found for token in block[1:].tolist()]
    assert [token for token in joined if token != bos] == [token for token in stream if token != bos]
    with torch.inference_mode():
        seen = task.observe(loaded, packed.take(range(len(packed))))
    assert seen["tokens"].sum() == sum(token != bos for token in stream)  # each token once, and no opening
