"""Names of models, also as people paste them from a browser."""

import pytest

from slm_studio.core.addresses import base_of, name_of
from slm_studio.core.errors import StudioError
from slm_studio.engine.sharing.address import check_call

OWN = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("written", "name", "revision"),
    [
        ("ada/tiny", "ada/tiny", ""),
        (" ada/tiny\n", "ada/tiny", ""),
        ("https://huggingface.co/ada/tiny", "ada/tiny", ""),
        ("https://huggingface.co/ada/tiny/", "ada/tiny", ""),
        ("https://huggingface.co/ada/tiny.git", "ada/tiny", ""),
        ("huggingface.co/ada/tiny/tree/main", "ada/tiny", "main"),
        ("https://hf-mirror.com/ada/tiny/blob/v2/config.json?a=b#c", "ada/tiny", "v2"),
        ("http://127.0.0.1:8080/ada/tiny", "ada/tiny", ""),
        ("https://huggingface.co/datasets/ada/tiny", "https://huggingface.co/datasets/ada/tiny", ""),
        ("https://elsewhere.example/ada/tiny", "https://elsewhere.example/ada/tiny", ""),
        ("https://[::1", "https://[::1", ""),
        ("../etc", "../etc", ""),
    ],
)
def test_an_address_of_a_page_is_its_name(written: str, name: str, revision: str) -> None:
    assert name_of(written, OWN) == (name, revision)


def test_a_base_is_named_by_its_id_unless_its_address_names_a_version() -> None:
    assert base_of(" https://huggingface.co/ada/tiny ", "") == "ada/tiny"
    assert base_of("ada/tiny", "") == "ada/tiny"
    assert base_of("https://huggingface.co/ada/tiny/tree/v2", "") == "https://huggingface.co/ada/tiny/tree/v2"


@pytest.mark.parametrize(
    ("endpoint", "shown"),
    [("https://ada:secret@hub.example", "https://hub.example"), ("ftp://hub.example", "ftp://hub.example")],
)
def test_what_is_wrong_with_an_address_is_said_and_its_password_is_not(endpoint: str, shown: str) -> None:
    with pytest.raises(StudioError) as caught:
        check_call("ada/tiny", endpoint, "")

    assert str(caught.value) == f"“{shown}” is not the address of a hub."
    assert "https://" in caught.value.hint and "--endpoint" in caught.value.hint
    assert "secret" not in str(caught.value.to_json())
