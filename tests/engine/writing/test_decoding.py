"""Decoding: equal to generate(), whole characters only, honest past the window."""

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.generation import DecodingOptions
from slm_studio.core.results import Token
from slm_studio.engine.models.vocabulary import character_vocabulary, train_byte_pairs
from slm_studio.engine.models.writers import FAMILIES, make_writer
from slm_studio.engine.writing import decoding
from slm_studio.engine.writing.decoding import Continuation, StopGuard, TextStream, has_ended, stream

CHINESE = "滚滚长江东逝水,浪花淘尽英雄。是非成败转头空,青山依旧在,几度夕阳红。👍🏽 e\u0301 🇨🇳 👩‍👩‍👧 naïve 𠮷\n"
GREEDY = DecodingOptions(temperature=0, max_new_tokens=40)


def blank(
    family: str, vocabulary_size: int = 300, max_length: int = 96, eos_token_id: int | None = None
) -> PreTrainedModel:
    """Return a small random network with opinions: larger weights, so that the best token wins clearly."""
    torch.manual_seed(5)
    net = make_writer(
        family,
        "nano",
        vocabulary_size=vocabulary_size,
        max_length=max_length,
        eos_token_id=eos_token_id,
        pad_token_id=0,
    ).eval()
    with torch.no_grad():
        for weight in net.parameters():
            if weight.dim() > 1:
                weight.mul_(3)
    return net


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    """Return byte pairs that cut through Chinese characters and emoji, and no token that ends a text."""
    return PreTrainedTokenizerFast(tokenizer_object=train_byte_pairs([CHINESE] * 3, size=300).backend_tokenizer)


def ids(tokens: list) -> list[int]:
    return [token.id for token in tokens]


def text(tokens: list) -> str:
    return "".join(token.text for token in tokens)


def generated(net: PreTrainedModel, prompt_ids: list[int], count: int) -> list[int]:
    """Return what transformers' own greedy search writes."""
    prompt_1T = torch.tensor([prompt_ids])
    out_1T = net.generate(prompt_1T, attention_mask=torch.ones_like(prompt_1T), do_sample=False, max_new_tokens=count)
    return out_1T[0, len(prompt_ids) :].tolist()


@pytest.mark.parametrize("attention", ["eager", "sdpa"])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("prompt", [[7], list(range(20, 60))])
def test_greedy_equals_generate(
    family: str, attention: str, prompt: list[int], tokenizer: PreTrainedTokenizerFast
) -> None:
    net = blank(family)
    net.set_attn_implementation(attention)

    assert ids(list(stream(net, tokenizer, prompt, GREEDY))) == generated(net, prompt, 40)


def test_the_end_of_a_turn_before_is_no_repetition(tokenizer: PreTrainedTokenizerFast) -> None:
    net = blank("llama")
    with torch.no_grad():
        net.lm_head.weight.copy_(net.get_input_embeddings().weight)
        for layer in net.model.layers:  # nothing is added to what a token is: each is followed by itself
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
    prompt, end = [5, 246], 246
    hard = DecodingOptions(temperature=0, max_new_tokens=1, repetition_penalty=10.0)
    assert generated(net, prompt, 1) == [end]

    assert ids(list(stream(net, tokenizer, prompt, hard))) != [end]
    net.config.eos_token_id = net.generation_config.eos_token_id = end
    assert ids(list(stream(net, tokenizer, prompt, hard))) == [end]


@pytest.mark.parametrize("family", FAMILIES)
def test_end_token_stops_as_in_generate(family: str, tokenizer: PreTrainedTokenizerFast) -> None:
    written = generated(blank(family), [7], 40)
    end = written[20]
    net = blank(family, eos_token_id=end)

    tokens = list(stream(net, tokenizer, [7], GREEDY))

    assert ids(tokens) == generated(net, [7], 40) == written[: written.index(end) + 1]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("length", [1, 15, 16, 17, 50])
def test_window_slides_and_computes_what_an_uncached_network_would(
    family: str, length: int, tokenizer: PreTrainedTokenizerFast
) -> None:
    net = blank(family, max_length=16)
    context = [(7 * n) % 300 for n in range(length)]

    written = ids(list(stream(net, tokenizer, context, GREEDY)))

    start = 0
    for token_id in written:
        if len(context) - start > 16:
            start = len(context) - 12
        logits_V = net(torch.tensor([context[start:]])).logits[0, -1]
        assert logits_V[token_id] >= logits_V.max() - 1e-4
        context.append(token_id)
    assert len(written) == 40


@pytest.mark.parametrize("length", [3, 16, 30])
def test_what_opens_every_text_stays_in_view_when_the_window_slides(
    length: int, tokenizer: PreTrainedTokenizerFast
) -> None:
    opening = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, bos_token="<|endoftext|>")
    bos = opening.bos_token_id
    opening.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|endoftext|> $A", special_tokens=[("<|endoftext|>", bos)]
    )
    net = blank("llama", max_length=16)
    seen: list[list[int]] = []
    handle = net.model.embed_tokens.register_forward_hook(
        lambda _module, arguments, _out: seen.append(arguments[0][0].tolist())
    )

    list(stream(net, opening, [bos, *range(1, length)], DecodingOptions(max_new_tokens=40, temperature=0)))
    handle.remove()

    prefills = [ids for ids in seen if len(ids) > 1]
    assert len(prefills) > 3
    assert all(ids[0] == bos and len(ids) <= 16 for ids in prefills)
    in_view = 0
    for ids in seen:  # never more than the network has positions for
        in_view = len(ids) if len(ids) > 1 else in_view + 1
        assert in_view <= 16


def test_each_position_is_computed_once(tokenizer: PreTrainedTokenizerFast) -> None:
    net = blank("llama")
    seen: list[int] = []
    handle = net.model.embed_tokens.register_forward_hook(
        lambda _module, arguments, _out: seen.append(arguments[0].numel())
    )

    list(stream(net, tokenizer, [1, 2, 3, 4], DecodingOptions(max_new_tokens=5)))
    handle.remove()

    assert seen == [4, 1, 1, 1, 1]


@pytest.mark.parametrize("family", FAMILIES)
def test_same_seed_writes_the_same_text(family: str, tokenizer: PreTrainedTokenizerFast) -> None:
    net = blank(family)

    one, two, three = (
        list(
            stream(net, tokenizer, [7], DecodingOptions(max_new_tokens=30, seed=seed, temperature=1.5, alternatives=3))
        )
        for seed in (1, 1, 2)
    )

    assert one == two
    assert one != three


def test_streamed_text_is_whole_characters_and_joins_to_the_decoded_text(tokenizer: PreTrainedTokenizerFast) -> None:
    encoded = tokenizer.encode(CHINESE * 2)
    texts = TextStream(tokenizer)

    pieces = [texts.add(token_id) for token_id in encoded]

    assert "".join(pieces) + texts.finish() == CHINESE * 2
    assert "" in pieces  # this vocabulary does cut characters
    assert not any("\ufffd" in piece for piece in pieces)


def test_random_bytes_join_to_the_decoded_text(tokenizer: PreTrainedTokenizerFast) -> None:
    net = blank("llama", vocabulary_size=len(tokenizer), max_length=32)

    for seed in range(3):
        tokens = list(
            stream(net, tokenizer, [9], DecodingOptions(max_new_tokens=80, temperature=3.0, top_p=1.0, seed=seed))
        )
        assert text(tokens) == tokenizer.decode(ids(tokens), skip_special_tokens=True)


def test_spaces_hidden_at_the_start_of_a_text_return_inside() -> None:
    words = {token: index for index, token in enumerate(["<unk>", "▁Once", "▁upon", "▁a", "▁time", "s"])}
    backend = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>")

    anew, continued = TextStream(tokenizer), TextStream(tokenizer, before_ids=[1, 2])

    assert [anew.add(3), anew.add(4), anew.add(5)] == ["a", " time", "s"]
    assert [continued.add(3), continued.add(4), continued.add(5)] == [" a", " time", "s"]


def test_special_tokens_leave_no_trace_in_the_text(tokenizer: PreTrainedTokenizerFast) -> None:
    texts = TextStream(tokenizer)
    encoded = [*tokenizer.encode("水 a"), 0, *tokenizer.encode("浪")]

    assert "".join(texts.add(token_id) for token_id in encoded) + texts.finish() == "水 a浪"


@pytest.mark.parametrize("family", FAMILIES)
def test_text_ends_before_the_first_stop_string(family: str) -> None:
    letters = character_vocabulary(["abcdefghijklmnopqrstuvwxyz \n"])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=letters.backend_tokenizer)  # nothing else ends the text
    net = blank(family, vocabulary_size=len(tokenizer))
    options = DecodingOptions(max_new_tokens=60, temperature=2.0, seed=1)
    whole = text(list(stream(net, tokenizer, [7], options)))
    stop = whole[20:23]
    assert len(stop) == 3

    tokens = list(
        stream(net, tokenizer, [7], DecodingOptions(max_new_tokens=60, temperature=2.0, seed=1, stop=("§", stop)))
    )

    assert text(tokens) == whole[: whole.index(stop)]
    assert len(tokens) < 60


def test_it_is_known_whether_a_text_ended_or_ran_out_of_length(tokenizer: PreTrainedTokenizerFast) -> None:
    net, prompt_ids = blank("llama"), tokenizer.encode("青山")
    written = list(stream(net, tokenizer, prompt_ids, GREEDY))
    ending = blank("llama", eos_token_id=written[5].id)

    def ended(net: PreTrainedModel, **options: object) -> bool:
        decoding = {"temperature": 0.0, "max_new_tokens": 40} | options
        found = list(stream(net, tokenizer, prompt_ids, DecodingOptions(**decoding)))
        return has_ended(net, tokenizer, found, decoding)

    count = len(list(stream(ending, tokenizer, prompt_ids, GREEDY)))
    stop = text(written[:12]).strip()[-1]
    found = len(
        list(stream(net, tokenizer, prompt_ids, DecodingOptions(temperature=0, max_new_tokens=40, stop=(stop,))))
    )
    assert not ended(net) and not ended(ending, max_new_tokens=count - 1)
    assert ended(ending) and ended(ending, max_new_tokens=count), "the last token that it may write ends it"
    assert ended(net, stop=(stop,)) and ended(net, stop=(stop,), max_new_tokens=found)
    assert not ended(net, stop=("never said",))


def test_what_only_begins_a_stop_string_is_held_back_then_shown() -> None:
    guard = StopGuard(["\n\nUser:", "END"])

    shown = [guard.add(piece) for piece in ("one\n", "\n", "two\n\nUs", "es E", "N", "x")]

    assert shown == ["one", "", "\n\ntwo", "\n\nUses ", "", "ENx"]
    assert guard.add("\n\nUser: hello") == ""
    assert guard.is_closed


def test_text_held_for_a_stop_string_comes_with_the_last_token() -> None:
    tokenizer = character_vocabulary(["ab"])
    net = blank("gpt", vocabulary_size=len(tokenizer))

    tokens = list(
        stream(net, tokenizer, [2], DecodingOptions(max_new_tokens=9, seed=1, stop=("aaaaaaaaaaa", "bbbbbbbbbbb")))
    )

    assert text(tokens) == tokenizer.decode(ids(tokens), skip_special_tokens=True)


def test_alternatives_are_the_likeliest_tokens(tokenizer: PreTrainedTokenizerFast) -> None:
    net = blank("llama")

    token = next(stream(net, tokenizer, [7], DecodingOptions(temperature=0, alternatives=3)))

    assert [score for _, score in token.alternatives] == sorted(
        (score for _, score in token.alternatives), reverse=True
    )
    assert token.alternatives[0][1] == pytest.approx(token.score)
    assert token.alternatives[0][0] == tokenizer.decode([token.id])


def test_network_in_training_stays_in_training(tokenizer: PreTrainedTokenizerFast) -> None:
    net = blank("gpt").train()

    writing = stream(net, tokenizer, [7], GREEDY)
    next(writing)
    writing.close()

    assert net.training


def test_empty_prompt_starts_with_the_beginning_token_or_says_what_is_missing(
    tokenizer: PreTrainedTokenizerFast,
) -> None:
    net = blank("llama")
    starting = PreTrainedTokenizerFast(tokenizer_object=tokenizer.backend_tokenizer, bos_token="<|endoftext|>")

    started = list(stream(net, starting, [], GREEDY))

    assert ids(started) == generated(net, [0], 40)
    with pytest.raises(StudioError, match="no text to continue"):
        next(stream(net, tokenizer, [], GREEDY))


def test_logits_do_not_depend_on_how_the_text_was_read(tokenizer: PreTrainedTokenizerFast) -> None:
    net = blank("gpt")
    context = list(range(30, 60))
    growing = Continuation(net)

    for end in (10, 11, 25, 30):
        logits_V = growing.next_logits(context[:end])

    torch.testing.assert_close(logits_V, Continuation(net).next_logits(context))


@pytest.mark.parametrize(("window", "total"), [(96, 70), (40, 30)])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_long_text_is_read_in_parts_and_says_how_far(
    family: str, window: int, total: int, tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    net = blank(family, max_length=window)
    context = [(7 * n) % 300 for n in range(70)]
    whole = list(stream(net, tokenizer, context, GREEDY))
    assert all(isinstance(each, Token) for each in whole)

    monkeypatch.setattr(decoding, "PART", 8)
    parts = list(stream(net, tokenizer, context, GREEDY))

    assert ids([each for each in parts if isinstance(each, Token)]) == ids(whole)
    assert [(each.done, each.total) for each in parts[:3]] == [(0, total), (8, total), (16, total)]
    slid = [each for each in parts[-60:] if isinstance(each, Progress)]  # what is read again when the window slides
    assert slid and slid[0].done == 0
