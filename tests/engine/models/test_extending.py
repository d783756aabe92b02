"""A vocabulary is extended: what it lacked is one piece, old texts keep their ids, old rows their numbers."""

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)

from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.encoding import encode_plain, plain_backend
from slm_studio.engine.models.extending import coverage, extend
from slm_studio.engine.models.fillers import make_filler
from slm_studio.engine.models.vocabulary import character_vocabulary, train_byte_pairs, train_word_pieces
from slm_studio.engine.models.writers import make_writer

OLD = ["the fire burns", "我们去公园", "a red fire, again"] * 5
NEW = ["tűz űr tűz", "龘我", "the fire"]


def word_pieces() -> Loaded:
    tokenizer = train_word_pieces(OLD, 200, lowercase=True)
    torch.manual_seed(0)
    return Loaded(make_filler("bert", "nano", vocabulary_size=len(tokenizer), max_length=32, dropout=0.0), tokenizer)


def characters() -> Loaded:
    tokenizer = character_vocabulary(OLD)
    torch.manual_seed(0)
    return Loaded(make_writer("llama", "nano", vocabulary_size=len(tokenizer), max_length=32), tokenizer)


def unigram() -> Loaded:
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁", *sorted({*"".join(OLD)} - {" "})]
    backend = Tokenizer(models.Unigram([(piece, -3.0) for piece in pieces], unk_id=3))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="<pad>", unk_token="<unk>")
    torch.manual_seed(0)
    config = XLMRobertaConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, pad_token_id=1
    )
    return Loaded(XLMRobertaForMaskedLM(config), tokenizer)


@pytest.fixture(params=[word_pieces, characters, unigram])
def loaded(request) -> Loaded:
    return request.param()


def test_what_is_lacking_is_counted_and_named_most_frequent_first(loaded: Loaded) -> None:
    found = coverage(plain_backend(loaded.tokenizer), NEW)

    assert found.characters[0] == "ű" and "龘" in found.characters
    # t, u and z of the Hungarian words may be strangers, too
    assert 4 / 18 <= found.unknown < 0.6


def test_what_was_lacking_is_one_piece_and_old_texts_keep_their_ids(loaded: Loaded) -> None:
    before = encode_plain(loaded.tokenizer, OLD)

    added = extend(loaded, NEW, 50)

    assert coverage(plain_backend(loaded.tokenizer), NEW).unknown == 0
    assert encode_plain(loaded.tokenizer, OLD) == before
    ids = encode_plain(loaded.tokenizer, ["龘", "ű"])
    assert [each[-1] >= len(loaded.tokenizer) - len(added) for each in ids] == [True, True]
    assert len({*map(tuple, ids)}) == 2


@torch.no_grad()
def test_old_rows_stay_and_new_ones_begin_as_their_mean(loaded: Loaded) -> None:
    table = loaded.net.get_input_embeddings().weight.clone()
    ids = torch.tensor([encode_plain(loaded.tokenizer, OLD[:1])[0]])
    before = loaded.net.eval()(input_ids=ids).logits

    added = extend(loaded, NEW, 50)

    grown = loaded.net.get_input_embeddings().weight
    assert torch.equal(grown[: len(table)], table)
    assert torch.allclose(grown[len(table) :], table.mean(0).expand(len(added), -1), atol=1e-6)
    after = loaded.net(input_ids=ids).logits
    # A larger product may be summed in another order.
    assert torch.allclose(after[..., : len(table)], before, atol=1e-5) and after.shape[-1] == len(table) + len(added)
    assert loaded.net.config.vocab_size == len(table) + len(added) == len(loaded.tokenizer)


def test_no_more_pieces_are_added_than_may_be(loaded: Loaded) -> None:
    assert len(extend(loaded, NEW, 2)) == 2 and extend(loaded, OLD, 5) == [] and extend(loaded, NEW, 0) == []


def test_a_letter_inside_a_word_goes_on_with_it() -> None:
    loaded = word_pieces()

    extend(loaded, ["tűr"], 50)

    assert loaded.tokenizer.tokenize("űrű") == ["ű", "##r", "##ű"]
    assert loaded.tokenizer.tokenize("the tűr") == ["the", "t", "##ű", "##r"]


def test_it_opens_with_plain_transformers_and_says_the_same(tmp_path: Path) -> None:
    loaded = word_pieces()
    extend(loaded, NEW, 50)
    loaded.net.eval().save_pretrained(tmp_path)
    loaded.tokenizer.save_pretrained(tmp_path)

    net, tokenizer = AutoModelForMaskedLM.from_pretrained(tmp_path).eval(), AutoTokenizer.from_pretrained(tmp_path)

    assert tokenizer("tűz 龘").input_ids == loaded.tokenizer("tűz 龘").input_ids
    batch = tokenizer("tűz 龘", return_tensors="pt")
    with torch.inference_mode():
        assert torch.equal(net(**batch).logits, loaded.net(**batch).logits)


def test_a_vocabulary_of_bytes_lacks_nothing() -> None:
    assert coverage(plain_backend(train_byte_pairs(OLD, 300)), NEW).unknown == 0
