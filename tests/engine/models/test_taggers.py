"""Taggers from scratch: what they see of words, that they learn, and that a saved folder says the same."""

import json

import pytest
import torch
from transformers import AutoModelForTokenClassification

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.architectures import ARCHITECTURES
from slm_studio.engine.models.config import network_config
from slm_studio.engine.models.crf import bio_chain, viterbi
from slm_studio.engine.models.foreign_vocabulary import check_vocabulary
from slm_studio.engine.models.opening import open_tokenizer
from slm_studio.engine.models.taggers import FAMILIES, make_tagger, register_taggers
from slm_studio.engine.models.tagging import LSTMForTokenClassification, TaggerConfig
from slm_studio.engine.models.word_features import PADDING, UNKNOWN, WordSettings, WordTokenizer, shape_of

LABELS = ["O", "B-place", "I-place", "B-name", "I-name"]
SENTENCES = [
    ["Anna", "lives", "in", "New", "York", "."],
    ["New", "York", "is", "far", "from", "Berlin", "."],
    ["Berlin", "knows", "Anna", "Schmidt", "."],
    ["小", "明", "住", "在", "北京", "。"],
]
TAGS = [
    ["B-name", "O", "O", "B-place", "I-place", "O"],
    ["B-place", "I-place", "O", "O", "O", "B-place", "O"],
    ["B-place", "O", "B-name", "I-name", "O"],
    ["B-name", "I-name", "O", "O", "B-place", "O"],
]


def learnt(**settings):
    return WordTokenizer.learn(SENTENCES, most=1000, settings=WordSettings(fewest=1, **settings))


def batch_of(tokenizer, sentences=SENTENCES, tags=TAGS):
    batch = tokenizer(sentences, return_tensors="pt")
    labels_BT = torch.full(batch["attention_mask"].shape, -100)
    for row, its in zip(labels_BT, tags, strict=True):
        row[: len(its)] = torch.tensor([LABELS.index(tag) for tag in its])
    return {**batch, "labels": labels_BT}


def tagger(tokenizer, dropout=0.3, size="nano"):
    torch.manual_seed(0)
    return make_tagger(
        "lstm", size, vocabulary_size=len(tokenizer), labels=LABELS, dropout=dropout, slots=tokenizer.settings.slots
    )


def answers(net, batch):
    net.eval()
    with torch.inference_mode():
        logits_BTL = net(batch["input_ids"], batch["attention_mask"]).logits
        tags_BT = viterbi(logits_BTL, batch["attention_mask"].bool(), net.chain() + bio_chain(LABELS))
    return [[LABELS[tag] for tag in row if tag >= 0] for row in tags_BT.tolist()]


def names_of(tokenizer, words):
    """Return the readable features of each word, as its ids say them."""
    slots, ids = tokenizer.settings.slots, tokenizer.encode(words)
    named = ["", "unknown", *tokenizer.names]
    return [[named[id_] for id_ in ids[at : at + slots] if id_ != PADDING] for at in range(0, len(ids), slots)]


def test_a_word_is_itself_its_shape_its_edges_and_its_parts():
    (found,) = names_of(learnt(), ["Berlin"])

    assert found[:2] == ["wberlin", "sXx"]
    assert {"pber", "elin", "c^b", "cin$", "cerli"} <= set(found)


def test_a_word_never_met_is_unknown_and_still_told_by_its_parts():
    (found,) = names_of(learnt(), ["Dublin"])

    assert found[0] == "unknown"
    assert {"sXx", "elin", "clin$"} <= set(found)


def test_chinese_has_characters_and_the_pairs_that_reach_into_the_neighbours():
    tokenizer = learnt()

    words = names_of(tokenizer, ["小", "明", "住", "在", "北京", "。"])

    assert {"c北", "c京", "b北京", "<在北", ">京。"} <= set(words[4])
    assert {"c明", "<小明", ">明住"} <= set(words[1])
    assert not any("小明" in name for name in names_of(tokenizer, ["明", "住"])[0])


def test_a_feature_needs_enough_words_and_there_are_at_most_so_many():
    rare = WordTokenizer.learn([["one", "one", "two"]], most=1000)
    few = WordTokenizer.learn(SENTENCES, most=7, settings=WordSettings(fewest=1))

    assert "wone" in rare.names
    assert "wtwo" not in rare.names
    assert len(few) == 9
    assert few.names[0] == "sXx"  # of nine words


def test_ids_are_the_same_whatever_order_the_rows_come_in():
    back = WordTokenizer.learn(SENTENCES[::-1], most=1000, settings=WordSettings(fewest=1))

    assert back.names == learnt().names


@pytest.mark.parametrize("words", [[""], ["🙂", "👩‍👩‍👧"], ["a" * 5000], ["\u200b"], ["北" * 500], []])
def test_odd_words_take_their_slots_and_no_more(words):
    tokenizer = learnt()

    ids = tokenizer.encode(words)

    assert len(ids) == len(words) * tokenizer.settings.slots
    assert all(ids[at] != PADDING for at in range(0, len(ids), tokenizer.settings.slots))


@pytest.mark.parametrize(
    ("word", "shape"),
    [("McDonald's", "XxXx'x"), ("2026-11-27", "9-9-9"), ("iPhone15", "xXx9"), ("北京A", "字X"), ("", "")],
)
def test_a_shape_names_kinds_of_characters(word, shape):
    assert shape_of(word) == shape


def test_a_saved_tokenizer_gives_the_same_ids(tmp_path):
    tokenizer = learnt(slots=12)
    tokenizer.save_pretrained(tmp_path)

    opened = WordTokenizer.from_pretrained(tmp_path)

    assert opened.settings == tokenizer.settings
    assert [opened.encode(words) for words in SENTENCES] == [tokenizer.encode(words) for words in SENTENCES]
    assert json.loads((tmp_path / "word_features.json").read_text(encoding="utf-8"))["names"] == tokenizer.names


def test_a_tagger_learns_four_sentences_by_heart():
    tokenizer = learnt()
    net, batch = tagger(tokenizer), batch_of(tokenizer)
    optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)

    net.train()
    for _ in range(80):
        optimizer.zero_grad()
        net(**batch).loss.backward()
        optimizer.step()

    assert answers(net, batch) == TAGS


def test_a_sentence_is_tagged_the_same_alone_and_beside_longer_ones():
    tokenizer = learnt()
    net, batch = tagger(tokenizer).eval(), batch_of(tokenizer)
    alone = batch_of(tokenizer, SENTENCES[2:3], TAGS[2:3])
    for name, parameter in net.lstm.named_parameters():
        if "bias" in name:  # without biases padding would leave no trace
            torch.nn.init.normal_(parameter)

    with torch.inference_mode():
        together_TL, alone_TL = net(**batch).logits[2, :5], net(**alone).logits[0]

    torch.testing.assert_close(together_TL, alone_TL)


def test_features_are_hidden_while_learning_only():
    tokenizer = learnt()
    net, batch = tagger(tokenizer, dropout=0.5), batch_of(tokenizer)
    net.dropout.p = 0.0  # leaves the hiding of features alone

    net.train()
    one, other = net(**batch).logits, net(**batch).logits
    net.eval()

    assert not torch.equal(one, other)
    assert torch.equal(net(**batch).logits, net(**batch).logits)


def test_the_row_of_padding_stays_zero():
    tokenizer = learnt()
    net, batch = tagger(tokenizer), batch_of(tokenizer)

    net.train()
    net(**batch).loss.backward()

    assert not net.embeddings.weight[PADDING].any()
    assert not net.embeddings.weight.grad[PADDING].any()
    assert net.embeddings.weight.grad[UNKNOWN].any()  # words are hidden now and then


def test_a_saved_tagger_opens_by_the_auto_class_and_says_the_same(tmp_path):
    tokenizer = learnt()
    net, batch = tagger(tokenizer).eval(), batch_of(tokenizer)
    torch.nn.init.normal_(net.crf.transitions)
    register_taggers()
    net.save_pretrained(tmp_path)

    opened = AutoModelForTokenClassification.from_pretrained(tmp_path, use_safetensors=True, local_files_only=True)

    assert isinstance(opened, LSTMForTokenClassification)
    assert opened.config.id2label == dict(enumerate(LABELS))
    assert {path.name for path in tmp_path.iterdir()} == {"config.json", "model.safetensors"}
    torch.testing.assert_close(opened.eval()(**batch).logits, net(**batch).logits, rtol=0, atol=0)
    torch.testing.assert_close(opened.eval()(**batch).loss, net(**batch).loss, rtol=0, atol=0)


@pytest.mark.parametrize("size", ["nano", "micro", "small", "base"])
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_and_size_tags_words(family, size):
    with torch.device("meta"):
        net = make_tagger(
            family, size, vocabulary_size=1000, labels=LABELS, dropout=0.1, slots=8, max_length=64, pad_token_id=0
        )

    assert net.config.id2label == dict(enumerate(LABELS))
    assert net.config.label2id["I-name"] == 4
    assert net.classifier.out_features == len(LABELS)


def test_the_same_seed_gives_the_same_weights():
    one, other = (tagger(learnt()).state_dict() for _ in range(2))

    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(("family", "size"), [("bag", "nano"), ("lstm", "huge")])
def test_what_is_no_tagger_is_refused(family, size):
    with pytest.raises(StudioError) as refused:
        make_tagger(family, size, vocabulary_size=10, labels=LABELS, dropout=0.1)

    assert refused.value.code == "no-such-network"


def saved(folder):
    tokenizer = learnt()
    tagger(tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder, json.loads((folder / "config.json").read_text(encoding="utf-8")), len(tokenizer)


def test_a_saved_folder_is_checked_and_opened_without_the_hub(tmp_path):
    folder, config, rows = saved(tmp_path)

    check_vocabulary(folder, config, rows)

    assert isinstance(network_config(folder), TaggerConfig)
    assert network_config(folder).slots == WordSettings().slots
    assert isinstance(open_tokenizer(folder), WordTokenizer)
    assert ARCHITECTURES["slm-tagger"].embedding == "embeddings.weight"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"names": ["w"] * 5000}, "model-vocabulary"),
        ({"names": [1, 2]}, "model-damaged"),
        ({"names": {}}, "model-damaged"),
        ({"slots": 10**9}, "model-damaged"),
        ({"slots": 7}, "model-damaged"),  # the network has another number
        ({"longest_part": 10**6}, "model-damaged"),
        ({"shortest_part": "2"}, "model-damaged"),
        ({"more": 1}, "model-damaged"),
    ],
)
def test_features_that_do_not_fit_are_refused(tmp_path, change, code):
    folder, config, rows = saved(tmp_path)
    path = folder / "word_features.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")

    with pytest.raises(StudioError) as refused:
        check_vocabulary(folder, config, rows)

    assert refused.value.code == code
