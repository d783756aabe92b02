"""Splits: honest, deterministic, never an empty train."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.engine.data.splits import LeftOut, among, cut_by_shares, fold, split_dataset, text_keys
from tests.engine.data.ask import read, write_and_read


def recipe(**settings: object) -> Recipe:
    return make_recipe("classify", roles={"text": "text", "label": "label"}, settings=settings).settled()


def table(tmp_path: Path, lines: list[tuple[str, str]], **options: str) -> Dataset:
    body = "".join(f'"{text}",{label}\n' for text, label in lines)
    return write_and_read(tmp_path / "a.csv", "text,label\n" + body, header=True, **options)


def many(count: int, labels: str = "aab") -> list[tuple[str, str]]:
    return [(f"text number {n}", labels[n % len(labels)]) for n in range(count)]


def sizes(splits) -> tuple[int, int, int]:
    return len(splits.train), len(splits.validation), len(splits.test)


def test_every_row_stands_on_exactly_one_side(tmp_path: Path) -> None:
    splits = split_dataset(table(tmp_path, many(300)), recipe(), answer="label", stratified=True)

    sides = [set(part.indices.tolist()) for part in (splits.train, splits.validation, splits.test)]
    assert sorted(set.union(*sides)) == list(range(300)) and sum(map(len, sides)) == 300


def test_split_keeps_label_shares(tmp_path: Path) -> None:
    splits = split_dataset(table(tmp_path, many(300)), recipe(), answer="label", stratified=True)

    assert sizes(splits) == (240, 30, 30)
    for part in (splits.validation, splits.test):
        assert Counter(part.column("label")) == {"a": 20, "b": 10}


def test_same_seed_same_split_other_seed_another(tmp_path: Path) -> None:
    dataset = table(tmp_path, many(300))
    first, again, other = (
        split_dataset(dataset, recipe(seed=seed), answer="label", stratified=True) for seed in (1, 1, 2)
    )

    assert first.test.indices.tolist() == again.test.indices.tolist() != other.test.indices.tolist()


def test_split_of_a_seed_never_changes_between_versions() -> None:
    keys = np.arange(20, dtype=np.uint64)

    _, validation, test = cut_by_shares(keys, ["a", "b"] * 10, 0.2, 0.2, seed=42)

    assert (validation.tolist(), test.tolist()) == ([0, 5, 13, 14], [9, 10, 12, 17])


def test_same_text_stands_on_one_side_only(tmp_path: Path) -> None:
    lines = [(f"  Text   {n % 100}" if n % 2 else f"text {n % 100}", "ab"[n % 2]) for n in range(400)]

    splits = split_dataset(table(tmp_path, lines), recipe(), answer="label", stratified=True)

    sides = [{fold(text) for text in part.column("text")} for part in (splits.train, splits.validation, splits.test)]
    assert not sides[0] & sides[1] and not sides[0] & sides[2] and not sides[1] & sides[2]
    assert all(sides)


def test_text_that_stands_a_hundred_times_does_not_fill_the_test_rows(tmp_path: Path) -> None:
    splits = split_dataset(table(tmp_path, many(200) + [("ok", "a")] * 100), recipe(), answer="label", stratified=True)

    assert "ok" not in splits.test.column("text") and len(splits.test) == 30


def test_train_keeps_every_label(tmp_path: Path) -> None:
    lines = [*many(100), ("lonely one", "c"), ("two of us", "d"), ("the other of us", "d")]

    splits = split_dataset(table(tmp_path, lines), recipe(), answer="label", stratified=True)

    assert set(splits.train.column("label")) == {"a", "b", "c", "d"}


def test_rows_without_a_label_or_a_text_are_left_out_and_counted(tmp_path: Path) -> None:
    splits = split_dataset(
        table(tmp_path, [*many(60), ("unlabelled", ""), ("blank", "  "), ("", "a"), (" ", "b"), ("", "")]),
        recipe(),
        answer="label",
        stratified=True,
    )

    assert splits.left_out == LeftOut(3, {"text": 2}) and sum(sizes(splits)) == 60


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (1, (1, 0, 0)),
        (2, (2, 0, 0)),
        (3, (2, 1, 0)),
        (4, (3, 1, 0)),
        (9, (8, 1, 0)),
        (49, (44, 5, 0)),
        (50, (40, 5, 5)),
    ],
)
def test_few_rows_still_give_a_train_and_a_validation_side(tmp_path: Path, count: int, expected) -> None:
    splits = split_dataset(table(tmp_path, many(count, "ab")), recipe(), answer="label", stratified=True)

    assert sizes(splits) == expected


def test_all_rows_alike_stay_in_train(tmp_path: Path) -> None:
    assert sizes(split_dataset(table(tmp_path, [("same", "a")] * 60), recipe(), answer="label", stratified=True)) == (
        60,
        0,
        0,
    )


def test_own_validation_and_test_rows_are_used_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "val.csv").write_text("text,label\nv,a\nw,\n ,b\n")
    (tmp_path / "test.csv").write_text("text,label\nt,b\n")

    dataset = table(tmp_path, many(100), validation=str(tmp_path / "val.csv"), test=str(tmp_path / "test.csv"))
    splits = split_dataset(dataset, recipe(), answer="label", stratified=True)

    assert sizes(splits) == (100, 1, 1) and splits.left_out == LeftOut(1, {"text": 1})
    assert splits.validation.column("text") == ["v"] and splits.test.column("text") == ["t"]


def test_no_test_share_gives_no_test_rows(tmp_path: Path) -> None:
    settled = replace(recipe(), test_share=0.0)

    assert sizes(split_dataset(table(tmp_path, many(100)), settled, answer="label", stratified=True)) == (90, 10, 0)


def test_without_a_label_rows_are_drawn_by_seed(tmp_path: Path) -> None:
    writing = make_recipe("write", roles={"text": "text"}).settled()

    splits = split_dataset(table(tmp_path, many(100)), writing)

    assert sizes(splits) == (90, 5, 5)
    assert splits.test.indices.tolist() != list(range(95, 100))


def test_keys_fold_case_and_spaces_only() -> None:
    keys = text_keys(["A  b", " a B ", "ab", "Ａb", "a\u3000b"]).tolist()

    assert keys[0] == keys[1] == keys[4] and len(set(keys)) == 3


def test_real_data_splits_with_all_labels(real_data: Path) -> None:
    dataset = read(real_data / "banking77" / "train.csv")
    settled = make_recipe("classify", roles={"text": "text", "label": "category"}).settled()

    splits = split_dataset(dataset, settled, answer="label", stratified=True)

    assert {len(set(part.column("label"))) for part in (splits.train, splits.validation, splits.test)} == {77}


def test_keys_are_compared_whatever_their_size_and_number() -> None:
    """18067672023578803450 twice, among nothing but itself: numpy 2.0.0 raised OverflowError."""
    keys = np.array([18067672023578803450, 3], dtype=np.uint64)

    assert among(keys, np.repeat(keys[:1], 10)).tolist() == [True, False]
    assert among(keys[:1], keys[:0]).tolist() == [False]
