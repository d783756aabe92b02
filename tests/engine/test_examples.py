"""Packed examples give the batches that lists of numbers would."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from slm_studio.engine.examples import HELD, Packer, by_length

SEQUENCES = st.lists(st.lists(st.integers(0, 2**31 - 1), max_size=9), min_size=1, max_size=12)


@given(SEQUENCES, st.integers(0, 5), st.data())
def test_a_batch_is_the_sequences_that_were_packed_filled_at_their_ends(ids, filler: int, data) -> None:
    places = data.draw(st.lists(st.integers(0, len(ids) - 1), min_size=1))
    border = data.draw(st.integers(0, len(ids)))
    packer = Packer(input_ids=filler)
    packer.add(range(border), input_ids=ids[:border], labels=range(border))
    packer.add(range(border, len(ids)), input_ids=ids[border:], labels=range(border, len(ids)))

    batch = packer.packed().take(places)

    width = max(1, *(len(ids[place]) for place in places))
    wanted = [ids[place] + [filler] * (width - len(ids[place])) for place in places]
    assert batch["input_ids"].tolist() == wanted
    assert batch["attention_mask"].tolist() == [
        [1] * len(ids[place]) + [0] * (width - len(ids[place])) for place in places
    ]
    assert batch["labels"].tolist() == places
    assert {tensor.dtype for tensor in batch.values()} == {torch.int64}


def test_each_example_knows_its_row_and_its_work() -> None:
    packer = Packer(input_ids=0)
    packer.add([4, 4, 7], input_ids=[[1, 2, 3], [], [5]])

    packed = packer.packed(unpaid=1)

    assert packed.rows_N.tolist() == [4, 4, 7]
    assert packed.work_N.tolist() == [2, -1, 0]


def test_nothing_packs_into_nothing() -> None:
    packed = Packer(input_ids=0).packed()

    assert len(packed) == 0
    assert packed.sequences["input_ids"].lengths.tolist() == []


def test_a_short_text_takes_little_memory() -> None:
    packer = Packer(input_ids=0)
    packer.add(range(1000), input_ids=[np.arange(12)] * 1000, labels=[1] * 1000)
    packed = packer.packed()

    bytes_ = sum(each.values_S.nbytes + each.offsets_N.nbytes for each in packed.sequences.values())
    assert (bytes_ + packed.numbers["labels"].nbytes) / 1000 < 70  # 48 are the tokens


@given(st.lists(st.integers(0, 2000), max_size=60), st.integers(1, 9), st.sampled_from([1, 8_000, 49_152, 300_000]))
def test_every_example_is_taken_once_and_never_more_than_fits(lengths, most: int, width: int) -> None:
    work_N = np.array(lengths, np.int64)

    batches = list(by_length(work_N, most, width))

    assert sorted(np.concatenate([np.zeros(0, np.int64), *batches]).tolist()) == list(range(len(lengths)))
    for places in batches:
        assert 1 <= len(places) <= most
        assert len(places) == 1 or len(places) * work_N[places].max() * width <= HELD
    ordered = [work_N[place] for places in batches for place in places]
    assert ordered == sorted(ordered)


def test_many_short_examples_are_taken_together_and_few_long_ones_of_a_large_vocabulary() -> None:
    assert [len(each) for each in by_length(np.full(130, 100), 64, 1)] == [64, 64, 2]
    assert [len(each) for each in by_length(np.full(5, 1024), 64, 49_152)] == [2, 2, 1]
