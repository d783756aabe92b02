"""Vectors at /v1/embeddings, asked with the real client, and passages at /v1/search."""

import base64

import numpy as np
import pytest

from slm_studio import engine
from slm_studio.core.saved import SavedModel, open_saved
from tests.fuzz.models import make_models
from tests.serve.asking import ask

openai = pytest.importorskip("openai")

TEXTS = ["red apple", "the baker's bread", "火车几点开"]
LONG = "word " * 100


@pytest.fixture
def client(server):
    with openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0) as found:
        yield found


def test_texts_become_vectors_of_length_1_with_their_usage(client) -> None:
    told = client.embeddings.create(model="my-search", input=TEXTS)

    vectors = np.array([each.embedding for each in told.data])
    assert [each.index for each in told.data] == [0, 1, 2] and told.model == "my-search"
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
    assert told.usage.prompt_tokens == told.usage.total_tokens > 3


def test_plain_numbers_and_base64_are_the_same(server) -> None:
    plain, packed = (
        ask(server, "/v1/embeddings", {"input": TEXTS[0], "encoding_format": form}).json["data"][0]["embedding"]
        for form in ("float", "base64")
    )

    assert np.frombuffer(base64.b64decode(packed), "<f4") == pytest.approx(np.array(plain, np.float32))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"input": [[1, 2]]}, "a text, or a list of texts"),
        ({"input": ""}, "a text without a word"),
        ({"input": "a", "dimensions": 7}, "numbers, not 7"),
        ({"input": "a", "encoding_format": "hex"}, "Choose one of: float, base64"),
        ({"input": "a", "model": "my-tag"}, "does not answer at"),
        ({}, "holds no “input”"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(server, more, says) -> None:
    told = ask(server, "/v1/embeddings", more)

    assert told.status == 400 and says in told.json["error"]["message"]


def test_a_model_that_makes_no_vectors_is_sent_to_what_it_does(server) -> None:
    told = ask(server, "/v1/embeddings", {"model": "my-rank", "input": "a"})

    assert told.status == 400
    assert told.error["message"] == (
        "“my-rank” does the task “rank” and does not answer at /v1/embeddings. Ask it at /v1/rank."
    )


def test_many_texts_come_back_in_their_order(server) -> None:
    texts = [f"{TEXTS[place % 3]} {place}" for place in range(80)]

    together = ask(server, "/v1/embeddings", {"input": texts}).json["data"]
    alone = ask(server, "/v1/embeddings", {"input": texts[70]}).json["data"][0]["embedding"]

    assert len(together) == 80 and together[70]["embedding"] == pytest.approx(alone, abs=1e-6)


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    """Return a model that reads 32 tokens of a text."""
    place = tmp_path_factory.mktemp("encoder")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(place / "home"))
        (folder, *_) = make_models(place, {"search": ("bert",)})
    return open_saved(folder)


def test_a_text_beyond_what_the_model_reads_is_refused_with_both_numbers(serve, encoder) -> None:
    server = serve(encoder)
    with openai.OpenAI(base_url=server.base_url, api_key=server.key, max_retries=0) as client:
        (model,) = client.models.list()
        assert len(client.embeddings.create(model=model.id, input=TEXTS).data) == 3
        for texts in (LONG, [*TEXTS * 20, LONG]):
            with pytest.raises(
                openai.BadRequestError, match=r"“word word .*…” is \d+ tokens long, .* reads 32"
            ) as caught:
                client.embeddings.create(model=model.id, input=texts)
            assert caught.value.code == "context-exceeded"


def test_what_is_not_read_of_documents_that_come_along_is_told(serve, encoder) -> None:
    server = serve(encoder)
    asked = {"query": "red apple", "documents": [TEXTS[0], *["bread"] * 40]}

    plain = ask(server, "/v1/search", asked).json
    cut = ask(server, "/v1/search", asked | {"documents": [LONG, *asked["documents"]]}).json
    longer = ask(server, "/v1/search", asked | {"query": LONG * 2}).json

    assert "end_unread" not in plain and cut["end_unread"] > 60
    assert longer["end_unread"] > cut["end_unread"] and len(longer["items"]) == 10


def test_documents_that_come_along_are_ranked(server) -> None:
    told = ask(server, "/v1/search", {"query": "red apple", "documents": [TEXTS[2], "a red apple", TEXTS[1]], "top": 2})

    first, _ = told.json["items"]
    assert first["row"] == 1


def test_a_question_without_documents_and_without_an_index_is_said(server) -> None:
    told = ask(server, "/v1/search", {"query": "red apple"})

    assert told.status == 400 and "nothing to search" in told.json["error"]["message"]


def test_an_index_that_is_older_than_its_documents_says_so(serve, encoder, tmp_path) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "one.txt").write_text("A red apple.", encoding="utf-8")
    handle = list(engine.open(encoder.folder, "cpu"))[-1].result.handle
    list(engine.index(handle=handle, source=str(documents), out=f"{encoder.folder}/indexes/documents"))
    server = serve(encoder)

    fresh = ask(server, "/v1/search", {"query": "red apple"}).json
    (documents / "two.txt").write_text("A green apple.", encoding="utf-8")
    old = ask(server, "/v1/search", {"query": "red apple"}).json

    assert len(fresh["items"]) == len(old["items"]) == 1 and "remarks" not in fresh
    assert [each["code"] for each in old["remarks"]] == ["index-documents"]
