"""A token is kept where the system keeps secrets, and goes where its owner meant it to go."""

import pytest

from slm_studio.core.settings import Settings
from slm_studio.host.secrets import ENVIRONMENT, KEYRING, MEMORY, NOWHERE, Secrets, token_for_base

MIRROR = "https://hf-mirror.com"


class Safe(dict):
    def get_password(self, service_name, username):
        return self.get(username)

    def set_password(self, service_name, username, password):
        self[username] = password

    def delete_password(self, service_name, username):
        del self[username]


class NoSafe(Safe):
    def set_password(self, service_name, username, password):
        raise RuntimeError("no safe here")

    get_password = set_password


def test_a_token_is_kept_in_the_safe_and_forgotten() -> None:
    secrets = Secrets(Safe(), environment={})

    assert secrets.where("https://huggingface.co") == NOWHERE
    assert secrets.keep("https://huggingface.co", "hf_x") == KEYRING
    assert secrets.token("https://huggingface.co") == "hf_x"
    assert secrets.token("https://hf-mirror.com") == ""
    secrets.forget("https://huggingface.co")
    assert secrets.where("https://huggingface.co") == NOWHERE


def test_without_a_safe_a_token_lives_in_memory() -> None:
    secrets = Secrets(NoSafe(), environment={})

    assert secrets.keep("https://huggingface.co", "hf_x") == MEMORY
    assert secrets.where("https://huggingface.co") == MEMORY


def test_the_environments_token_is_for_hugging_face_only() -> None:
    secrets = Secrets(Safe(), environment={"HF_TOKEN": "hf_env"})

    assert secrets.where("https://huggingface.co") == ENVIRONMENT
    assert secrets.token("https://hf-mirror.com") == ""


@pytest.mark.parametrize(
    ("base", "settings", "token"),
    [
        ("ada/base", Settings(), "hf_env"),
        ("ada/base", Settings(endpoint=MIRROR), ""),
        ("ada/base", Settings(endpoint=MIRROR, send_token_to_mirrors=True), "hf_env"),
        ("ada/base", Settings(endpoint="http://127.0.0.1:8000"), "hf_env"),
        ("blank:bag-small", Settings(), ""),
        ("my model", Settings(), ""),
        ("https://huggingface.co/ada/base/tree/v2", Settings(), "hf_env"),
        ("https://elsewhere.example/ada/base", Settings(), ""),
        ("/models/ada/base", Settings(), ""),
    ],
)
def test_a_token_goes_with_a_hub_id_only(base: str, settings: Settings, token: str) -> None:
    assert token_for_base(base, settings, Secrets(Safe(), environment={"HF_TOKEN": "hf_env"})) == token


def test_a_folder_that_looks_like_a_hub_id_needs_no_token(tmp_path, monkeypatch) -> None:
    (tmp_path / "ada" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)

    assert token_for_base("ada/base", Settings(), Secrets(Safe(), environment={"HF_TOKEN": "hf_env"})) == ""
