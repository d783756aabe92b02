"""Several continuations of one text: each is what its seed writes alone, whoever writes beside it."""

from dataclasses import replace

import pytest
from tokenizers import Tokenizer, decoders, models
from transformers import PreTrainedTokenizerFast

from slm_studio.core.events import Progress
from slm_studio.core.generation import DecodingOptions, seed_at
from slm_studio.core.results import Token
from slm_studio.engine.models.vocabulary import train_byte_pairs
from slm_studio.engine.models.writers import FAMILIES
from slm_studio.engine.writing.decoding import Continuation, stream
from slm_studio.engine.writing.several import write_several
from tests.engine.writing.test_decoding import CHINESE, blank

OPTIONS = DecodingOptions(temperature=1.5, top_p=0.9, max_new_tokens=60, seed=11)


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """Return byte pairs that cut through characters."""
    return PreTrainedTokenizerFast(tokenizer_object=train_byte_pairs([CHINESE] * 3, size=300).backend_tokenizer)


def tokens_of(items, place: int) -> list[Token]:
    return [replace(each, place=0) for each in items if isinstance(each, Token) and each.place == place]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("length", [1, 40, 90])  # the longest outgrows the window of 96 on the way
def test_a_seed_writes_the_same_alone_and_beside_others(family: str, length: int, tokenizer) -> None:
    net, prompt = blank(family), [20 + at % 200 for at in range(length)]

    beside = list(write_several(net, tokenizer, prompt, OPTIONS, 3))

    for place in range(3):
        alone = list(stream(net, tokenizer, prompt, replace(OPTIONS, seed=seed_at(11, place)), continues=True))
        assert tokens_of(beside, place) == alone
    assert len({tuple(each.id for each in tokens_of(beside, place)) for place in range(3)}) == 3


def test_a_vocabulary_that_hides_the_first_space_shows_it() -> None:
    words = {"▁once": 0, "▁upon": 1, "▁a": 2}
    backend = Tokenizer(models.WordLevel(words, unk_token="▁a"))
    backend.decoder = decoders.Metaspace()
    net = blank("llama", vocabulary_size=3)

    written = list(write_several(net, PreTrainedTokenizerFast(tokenizer_object=backend), [0], OPTIONS, 2))

    firsts = [next(each.text for each in written if isinstance(each, Token) and each.place == at) for at in (0, 1)]
    assert all(text.startswith(" ") for text in firsts)


def test_they_grow_by_turns_and_one_that_ends_leaves_the_turns_to_the_others(tokenizer) -> None:
    net = blank("llama")
    alone = [list(stream(net, tokenizer, [7], replace(OPTIONS, seed=11 + at), continues=True)) for at in range(3)]
    net.generation_config.eos_token_id = alone[1][4].id

    places = [each.place for each in write_several(net, tokenizer, [7], OPTIONS, 3)]

    assert places[:6] == [0, 1, 2, 0, 1, 2]
    assert places.count(1) <= 5 < max(places.count(0), places.count(2))


def test_a_long_text_is_read_once(tokenizer, monkeypatch) -> None:
    net, read = blank("llama", max_length=1024), []
    step = Continuation._step
    monkeypatch.setattr(Continuation, "_step", lambda self, ids_1T: read.append(ids_1T.shape[1]) or step(self, ids_1T))
    prompt = [20 + at % 200 for at in range(500)]

    items = list(write_several(net, tokenizer, prompt, replace(OPTIONS, max_new_tokens=4), 3))

    assert isinstance(items[0], Progress)
    assert sum(read) == 500 + 3 * 3  # and of each token but the last of each
