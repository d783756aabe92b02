"""What a model marks is told from its tags."""

from slm_studio.core.saved import SavedModel
from slm_studio.core.tagged import labels_of_model, types_of


def test_labels_are_told_from_tags() -> None:
    assert types_of(["O", "B-PER", "I-PER", "S-LOC", "MISC"]) == ["PER", "LOC", "MISC"]


def test_a_model_that_marks_says_what_and_one_that_sorts_its_labels() -> None:
    facts = {"labels": ["O", "B-PER", "I-PER"]}

    assert labels_of_model(SavedModel(folder="", name="", task="tag", base="", facts=facts)) == ["PER"]
    assert labels_of_model(SavedModel(folder="", name="", task="classify", base="", facts=facts)) == facts["labels"]
    assert labels_of_model(SavedModel(folder="", name="", task="write", base="")) == []
