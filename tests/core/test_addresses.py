"""Names of models on a hub are told from folders and from what is made new."""

import pytest

from slm_studio.core.addresses import is_hub_name


@pytest.mark.parametrize("name", ["ada/tiny", "ада/маленький", "a.b/c-d_e"])
def test_owner_and_name_may_stand_on_a_hub(name: str) -> None:
    assert is_hub_name(name)


@pytest.mark.parametrize(
    "name", ["", "tiny", "/", "ada/", "/tiny", "a/b/c", "./tiny", "../tiny", "~/tiny", "blank:lstm-nano", "C:/tiny"]
)
def test_paths_and_single_words_are_no_names_on_a_hub(name: str) -> None:
    assert not is_hub_name(name)
