"""Decoding of encoder-decoders: token for token what `transformers.generate` writes, greedy and by beams."""

from types import SimpleNamespace

import pytest
import torch
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    PreTrainedModel,
    T5Config,
    T5ForConditionalGeneration,
)

from slm_studio.core.events import Progress
from slm_studio.core.generation import RewritingOptions
from slm_studio.core.results import Token, Variant
from slm_studio.core.work import outcome
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models.rewriters import make_rewriter
from slm_studio.engine.models.vocabulary import train_shared_pieces
from slm_studio.engine.writing import beams as beam_search
from slm_studio.engine.writing.beams import search
from slm_studio.engine.writing.decoding import end_ids
from slm_studio.engine.writing.pairs import Decoder, groups, start_id, write_with_chances
from slm_studio.engine.writing.rewriting import Asked, answer_all, answer_one, beams_of, may_be_together

VOCABULARY, PAD, END = 60, 0, 1
SOURCES = [[5, 9, 33, 12, 1], [7, 1], [40, 41, 42, 43, 44, 45, 46, 1], [3, 3, 3, 50, 1]]
TOKENIZER = train_shared_pieces(["to be or not to be", "生存还是毁灭"] * 3, 300)


def t5() -> PreTrainedModel:
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=VOCABULARY, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, decoder_start_token_id=PAD
        )
    )


def bart() -> PreTrainedModel:
    return BartForConditionalGeneration(
        BartConfig(
            vocab_size=VOCABULARY, d_model=32, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
            decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=64, pad_token_id=PAD,
            bos_token_id=2, eos_token_id=END, decoder_start_token_id=END, forced_eos_token_id=None, init_std=0.3,
        )
    )  # fmt: skip


def marian() -> PreTrainedModel:
    net = MarianMTModel(
        MarianConfig(
            vocab_size=VOCABULARY, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4,
            decoder_attention_heads=4, encoder_ffn_dim=64, decoder_ffn_dim=64, max_position_embeddings=64, pad_token_id=PAD,
            eos_token_id=END, decoder_start_token_id=PAD, forced_eos_token_id=None, init_std=0.3,
        )
    )  # fmt: skip
    net.generation_config.bad_words_ids = [[PAD]]
    return net


@pytest.fixture(scope="module", params=[t5, bart, marian])
def net(request: pytest.FixtureRequest) -> PreTrainedModel:
    """Return a small random network with opinions."""
    torch.manual_seed(11)
    made = request.param().eval()
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if weight.dim() > 1 and made.config.model_type == "t5" and "shared" not in name:
                weight.mul_(3)
    made.generation_config.pad_token_id, made.generation_config.eos_token_id = PAD, END
    return made


def reference(net: PreTrainedModel, source: list[int], **options: object) -> list[int]:
    written = net.generate(torch.tensor([source]), do_sample=False, **options)[0].tolist()
    return written[1:]


def cut(ids: list[int]) -> list[int]:
    """Return ids up to the one that ends them: a batch is filled up behind it."""
    return ids[: ids.index(END)] if END in ids else ids


def greedy(net: PreTrainedModel, sources: list[list[int]], most: int) -> list[list[int]]:
    """Return the likeliest answers, piece by piece."""
    return [cut([token for token, _ in each]) for each in outcome(write_with_chances(net, TOKENIZER, sources, most))]


def test_greedy_writes_what_generate_writes(net: PreTrainedModel) -> None:
    expected = [cut(reference(net, source, max_new_tokens=20, num_beams=1)) for source in SOURCES]

    found = greedy(net, SOURCES, 20)

    assert [cut(ids) for ids in found] == expected
    assert len({tuple(ids) for ids in expected}) > 1 or net.config.model_type == "marian"


@pytest.mark.parametrize("penalty", [0.0, 1.0, 2.0])
@pytest.mark.parametrize("beams", [2, 4])
def test_beams_find_what_generate_finds(net: PreTrainedModel, beams: int, penalty: float) -> None:
    for source in SOURCES:
        options = {"num_beams": beams, "length_penalty": penalty, "num_return_sequences": beams, "max_new_tokens": 12}
        expected = net.generate(torch.tensor([source]), do_sample=False, **options)[:, 1:].tolist()

        (found,) = outcome(search(net, [source], end_ids(net, TOKENIZER), beams=beams, most=12, length_penalty=penalty))

        assert [cut(list(each.ids)) for each in found] == [cut(ids) for ids in expected]


@pytest.mark.parametrize("beams", [2, 4])
def test_beams_of_many_sources_find_what_those_of_each_find(net: PreTrainedModel, beams: int) -> None:
    ends = end_ids(net, TOKENIZER)
    alone = [outcome(search(net, [source], ends, beams=beams, most=20))[0] for source in SOURCES]

    found = outcome(search(net, SOURCES, ends, beams=beams, most=20))

    assert [[each.ids for each in answers] for answers in found] == [
        [each.ids for each in answers] for answers in alone
    ]
    assert [[each.score for each in answers] for answers in found] == [
        pytest.approx([each.score for each in answers], abs=1e-4) for answers in alone
    ]


def test_what_does_not_fit_together_is_searched_in_groups(
    net: PreTrainedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = end_ids(net, TOKENIZER)
    whole = outcome(search(net, SOURCES, ends, beams=3, most=8))
    monkeypatch.setattr(beam_search, "TOGETHER", 30)

    work = search(net, SOURCES, ends, beams=3, most=8)
    told = [event for event in work if isinstance(event, Progress)]

    assert len(list(groups(SOURCES, 30 // 3))) > 1
    assert [event.total for event in told] == [len(SOURCES)] * len(told) and told[-1].done == len(SOURCES)
    assert [each[0].ids for each in outcome(search(net, SOURCES, ends, beams=3, most=8))] == [
        each[0].ids for each in whole
    ]


def test_a_beam_knows_how_likely_its_tokens_are(net: PreTrainedModel) -> None:
    ((best, *_),) = outcome(search(net, [SOURCES[0]], end_ids(net, TOKENIZER), beams=3, most=8, length_penalty=0.0))

    out = (
        net(input_ids=torch.tensor([SOURCES[0]]), decoder_input_ids=torch.tensor([[start_id(net), *best.ids[:-1]]]))
        .logits[0]
        .detach()
    )
    expected = out.log_softmax(-1)[torch.arange(len(best.ids)), torch.tensor(best.ids)]
    assert best.score == pytest.approx(float(expected.sum()), abs=1e-4)
    assert best.chances == pytest.approx(expected.exp().tolist(), rel=1e-3)


def test_rows_that_ended_are_computed_no_further(net: PreTrainedModel) -> None:
    alone = [greedy(net, [source], 20)[0] for source in SOURCES]

    assert greedy(net, SOURCES, 20) == alone


def test_what_generation_config_forces_comes_first() -> None:
    torch.manual_seed(2)
    made = bart().eval()
    made.generation_config.forced_bos_token_id = 17
    expected = reference(made, SOURCES[0], max_new_tokens=6, num_beams=3)

    (found,) = outcome(search(made, [SOURCES[0]], (END,), beams=3, most=6))

    assert found[0].ids[0] == 17 and cut(list(found[0].ids)) == cut(expected)


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("length", [1, 2, 3])
def test_no_run_is_written_twice_where_generate_writes_none(length: int, beams: int) -> None:
    torch.manual_seed(4)
    net = bart().eval()
    free = reference(net, SOURCES[2], max_new_tokens=20, num_beams=beams)
    net.generation_config.no_repeat_ngram_size = length
    expected = reference(net, SOURCES[2], max_new_tokens=20, num_beams=beams)

    if beams == 1:
        (found,) = greedy(net, [SOURCES[2]], 20)
    else:
        found = list(outcome(search(net, [SOURCES[2]], (END,), beams=beams, most=20))[0][0].ids)

    assert cut(found) == cut(expected) != cut(free)


@pytest.fixture(scope="module", params=["t5", "lstm", "lstm that copies"])
def loaded(request: pytest.FixtureRequest) -> Loaded:
    torch.manual_seed(4)
    family, copies = request.param.split()[0], "copies" in request.param
    net = make_rewriter(family, "nano", vocabulary_size=len(TOKENIZER), dropout=0.1, copies=copies).eval()
    with torch.no_grad():
        net.shared.weight.mul_(8)
    return Loaded(net, TOKENIZER)


def test_tokens_come_one_by_one_and_are_those_of_a_batch(loaded: Loaded) -> None:
    source = TOKENIZER("to be or not").input_ids
    (whole,) = greedy(loaded.net, [source], 12)

    items = list(answer_one(loaded, Asked(source), RewritingOptions(max_new_tokens=12)))

    assert [item.id for item in items if isinstance(item, Token) and item.id != END] == whole
    assert "".join(item.text for item in items) == TOKENIZER.decode(whole, skip_special_tokens=True)


def test_one_stops_within_a_token(loaded: Loaded) -> None:
    answer = answer_one(loaded, Asked([5, 1]), RewritingOptions(max_new_tokens=10_000))

    next(answer)
    answer.close()

    assert not loaded.net.training


def test_draws_hang_on_the_seed_alone(loaded: Loaded) -> None:
    drawn = [
        [
            item.id
            for item in answer_one(
                loaded, Asked([5, 9, 1]), RewritingOptions(temperature=1.5, seed=seed, max_new_tokens=12)
            )
        ]
        for seed in (1, 1, 2)
    ]

    assert drawn[0] == drawn[1] != drawn[2]


def test_beams_say_where_they_are_and_bring_the_others(loaded: Loaded) -> None:
    items = list(answer_one(loaded, Asked([5, 9, 1]), RewritingOptions(beams=3, max_new_tokens=6)))

    kinds = [type(item) for item in items]
    assert kinds == sorted(kinds, key=[Progress, Token, Variant].index)
    assert kinds.count(Variant) == 2 and Progress in kinds


@pytest.mark.parametrize("copies", [False, True])
def test_an_lstm_writes_the_same_with_its_memory_as_from_the_beginning(copies: bool) -> None:
    torch.manual_seed(8)
    net = make_rewriter("lstm", "micro", vocabulary_size=80, dropout=0.3, copies=copies).eval()
    source, target = torch.tensor([[5, 6, 7, 1]]), torch.tensor([[0, 9, 5, 6, 30]])

    whole_1TV = net(input_ids=source, decoder_input_ids=target).logits
    decoder = Decoder(net, [source[0].tolist()])
    steps = torch.stack([decoder.next_logits(target[:, at : at + 1])[0] for at in range(target.shape[1])])

    assert torch.allclose(steps, whole_1TV[0], atol=1e-5)


def test_padding_of_a_source_changes_nothing() -> None:
    torch.manual_seed(8)
    for family, copies in (("t5", False), ("lstm", False), ("lstm", True)):
        net = make_rewriter(family, "nano", vocabulary_size=80, dropout=0.3, copies=copies).eval()
        together = Decoder(net, [[5, 6, 7, 1], [9, 1]]).next_logits(torch.zeros(2, 1, dtype=torch.long))
        alone = Decoder(net, [[9, 1]]).next_logits(torch.zeros(1, 1, dtype=torch.long))

        assert torch.allclose(together[1], alone[0], atol=1e-5)


def test_a_network_without_a_first_token_of_its_own_begins_with_its_padding() -> None:
    config = SimpleNamespace(decoder_start_token_id=None, bos_token_id=None, pad_token_id=3)

    assert start_id(SimpleNamespace(config=config, generation_config=None)) == 3  # type: ignore[arg-type]


@pytest.mark.parametrize("beams", [1, 3])
@pytest.mark.parametrize("most", [4, 12])
def test_many_at_once_become_the_tokens_that_each_becomes_alone(loaded: Loaded, most: int, beams: int) -> None:
    sources = [TOKENIZER(text).input_ids for text in ("to be or not", "be", "not to be or to be", "or")]
    options = RewritingOptions(max_new_tokens=most, beams=beams)

    found: list[list[Token]] = [[] for _ in sources]
    for place, token in answer_all(loaded, [Asked(source) for source in sources], options):
        if isinstance(token, Token):
            found[place].append(token)

    for source, tokens in zip(sources, found, strict=True):
        alone = [each for each in answer_one(loaded, Asked(source), options) if isinstance(each, Token)]
        assert [(each.id, each.text) for each in tokens] == [(each.id, each.text) for each in alone]
        assert [each.score for each in tokens] == pytest.approx([each.score for each in alone], rel=1e-4)


@pytest.mark.parametrize(
    "wish", [{"temperature": 0.5}, {"alternatives": 3}, {"repetition_penalty": 1.2}, {"stop": ("a",)}]
)
def test_what_asks_for_more_than_the_likeliest_goes_one_by_one(wish: dict[str, object]) -> None:
    assert may_be_together(RewritingOptions(max_new_tokens=7, seed=3, top_p=0.5, back=True))
    assert not may_be_together(RewritingOptions(**wish))
    assert beams_of(Loaded(bart(), TOKENIZER, {"target": "translation"}), RewritingOptions(**wish)) == 1


@pytest.mark.parametrize(("kind", "expected"), [("translation", 4), ("summary", 1), ("correction", 1), ("", 1)])
def test_several_beams_look_for_a_translation_unless_a_number_is_asked_for(kind: str, expected: int) -> None:
    loaded = Loaded(bart(), TOKENIZER, {"target": kind})

    assert beams_of(loaded, RewritingOptions(max_new_tokens=9, back=True)) == expected
    assert beams_of(loaded, RewritingOptions(beams=2)) == 2
