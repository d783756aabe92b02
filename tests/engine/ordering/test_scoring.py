"""What nets say of candidates, beside Transformers: a likelihood token by token, a pseudo-likelihood by hand, a cosine."""

from pathlib import Path

import numpy as np
import pytest
import torch

from slm_studio import engine
from slm_studio.core.run import create_run
from slm_studio.engine.data.lists import Listed
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import encode_plain, frame_of
from slm_studio.engine.ordering.asking import ENDS, LENDER, encode_lists, encode_right, end_of
from slm_studio.engine.ordering.scoring import score_lists
from slm_studio.engine.tasks import task_of
from tests.test_task_contract import recipe_for, result, rows_of

LISTS = (
    Listed(("red apples and pears", "read apples", "苹果很甜", "🙂")),
    Listed(("a", "", "the green grass grows " * 30)),
)


def model_of(task: str, family: str, folder: Path) -> Loaded:
    rows, recipe = rows_of(task, folder), recipe_for(task, family, epochs=1)
    model = result(engine.train(recipe, rows, create_run(recipe, rows)))
    loaded = task_of(task).open(Path(model.folder), model.facts)
    loaded.facts |= {LENDER: task, ENDS: True, "max_length": 48}
    return loaded


@pytest.fixture(scope="module")
def writer(tmp_path_factory) -> Loaded:
    return model_of("write", "llama", tmp_path_factory.mktemp("writer"))


@pytest.fixture(scope="module")
def filler(tmp_path_factory) -> Loaded:
    return model_of("fill", "bert", tmp_path_factory.mktemp("filler"))


@torch.inference_mode()
def test_a_likelihood_is_that_of_transformers_own_loss(writer: Loaded) -> None:
    scores = score_lists(writer, encode_lists(writer, LISTS))

    end = end_of(writer.tokenizer)
    for each, mine in zip(LISTS, scores, strict=True):
        for text, score in zip(each.texts, mine, strict=True):
            ids = torch.tensor([[end, *encode_plain(writer.tokenizer, [text])[0][:46], end]])
            loss = writer.net(input_ids=ids, labels=ids).loss  # a mean over all but the first
            assert score == pytest.approx(-float(loss) * (ids.shape[1] - 1), rel=1e-4)


@torch.inference_mode()
def test_behind_a_context_only_the_candidate_counts(writer: Loaded) -> None:
    (mine,) = score_lists(writer, encode_lists(writer, [Listed(("grass",), context="the green")]))[0]

    end, before, text = end_of(writer.tokenizer), *encode_plain(writer.tokenizer, ["the green\n", "grass"])
    ids = torch.tensor([[end, *before, *text, end]])
    labels = ids.clone()
    labels[:, : len(before) + 1] = -100
    assert mine == pytest.approx(-float(writer.net(input_ids=ids, labels=labels).loss) * (len(text) + 1), rel=1e-4)


def test_a_chat_answers_by_its_template(tmp_path: Path) -> None:
    chat = model_of("chat", "llama", tmp_path)
    listed = Listed(("yes", "no"), context="Is it red?")

    (encoded,) = encode_lists(chat, [listed])

    begun = chat.tokenizer.apply_chat_template(
        [{"role": "user", "content": "Is it red?"}], add_generation_prompt=True, return_dict=False
    )
    assert encoded.candidates[0][: encoded.skip] == begun[-encoded.skip :]
    assert encoded.skip == min(len(begun), 24)


@torch.inference_mode()
def test_a_pseudo_likelihood_hides_each_token_by_itself(filler: Loaded) -> None:
    scores = score_lists(filler, encode_lists(filler, LISTS[:1]))[0]

    frame, mask = frame_of(filler.tokenizer), filler.tokenizer.mask_token_id
    for text, score in zip(LISTS[0].texts, scores, strict=True):
        ids = [*frame.opening, *encode_plain(filler.tokenizer, [text])[0], *frame.closing]
        nats = 0.0
        for place in range(len(frame.opening), len(ids) - len(frame.closing)):
            hidden = [*ids[:place], mask, *ids[place + 1 :]]
            nats += float(filler.net(input_ids=torch.tensor([hidden])).logits[0, place].log_softmax(-1)[ids[place]])
        assert score == pytest.approx(nats, rel=1e-4)


def test_a_searcher_compares_with_the_context(tmp_path: Path) -> None:
    searcher = model_of("search", "bag", tmp_path)
    texts = ("The baker lights her oven at four in the morning.", "On Mondays a physician comes to the village hall.")

    asked, unasked = score_lists(
        searcher, encode_lists(searcher, [Listed(texts, context="who bakes the bread"), Listed(texts)])
    )

    one, *others = (searcher_vector(searcher, text) for text in ("who bakes the bread", *texts))
    assert asked == pytest.approx([float(one @ other) for other in others], abs=1e-5)
    assert unasked.tolist() == [0.0, 0.0]


def searcher_vector(loaded: Loaded, text: str) -> np.ndarray:
    task = task_of("search")
    (vector,) = _outcome(task.vectors(loaded, [text], are_questions=text.startswith("who")))
    return vector


def _outcome(work):
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def test_who_shares_a_batch_changes_no_score(writer: Loaded, filler: Loaded) -> None:
    for loaded in (writer, filler):
        together = score_lists(loaded, encode_lists(loaded, LISTS[:1]))[0]
        alone = [score_lists(loaded, encode_lists(loaded, [Listed((text,))]))[0][0] for text in LISTS[0].texts]
        assert together == pytest.approx(alone, rel=1e-4)


def test_right_texts_are_learnt_as_candidates_are_read(writer: Loaded) -> None:
    listed = Listed(("it rains",), context="the sky is grey", reference="it rains")

    (right,), (skip,) = encode_right(writer, [listed])
    (encoded,) = encode_lists(writer, [listed])

    assert (right, skip) == (encoded.candidates[0], encoded.skip)
