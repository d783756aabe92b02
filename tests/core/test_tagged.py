"""What a model marks is told from its tags."""

from slm_studio.core.saved import SavedModel
from slm_studio.core.tagged import labels_of_model, types_of, unequal_rows


def test_labels_are_told_from_tags() -> None:
    assert types_of(["O", "B-PER", "I-PER", "S-LOC", "MISC"]) == ["PER", "LOC", "MISC"]


def test_a_model_that_marks_says_what_and_one_that_sorts_its_labels() -> None:
    facts = {"labels": ["O", "B-PER", "I-PER"]}

    assert labels_of_model(SavedModel(folder="", name="", task="tag", base="", facts=facts)) == ["PER"]
    assert labels_of_model(SavedModel(folder="", name="", task="classify", base="", facts=facts)) == facts["labels"]
    assert labels_of_model(SavedModel(folder="", name="", task="write", base="")) == []


def test_rows_with_more_or_fewer_tags_than_words_are_found() -> None:
    texts = ['["a", "b"]', '["a", "b"]', '["a"]', "a b", "a b", '["a"]']
    cells = ['["O", "O"]', '["O"]', '["O", "O"]', '["O", "B-X"]', '[{"start": 0, "end": 1, "label": "X"}]', "no list"]

    assert unequal_rows(texts, cells) == [1, 2]


def test_a_row_that_nobody_marked_or_without_anything_to_mark_has_no_missing_tags() -> None:
    assert unequal_rows(["a b", "a b", '["a", "b"]', '["a", "b"]'], ["", "[]", "", "[]"]) == [3]
