"""What a search model is to other programs: a folder of sentence-transformers, and a plain one of Transformers."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.engine.models.embedding.prefixes import known_prefixes
from slm_studio.engine.models.embedding.sentence_files import read_sentences
from slm_studio.engine.models.embedding.texts import embed_now
from slm_studio.engine.tasks import task_of
from tests.tasks import fodder

TEXTS = ["red apple", "火车几点开", "word " * 80, "Apples hang on old trees behind the mill."]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("stock")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(place / "home"))
        (*_, read) = engine.read(str(fodder("search").write(place)))
        settings = {"epochs": 2, "batch": 8, "max_length": 32, "vocabulary": 400, "query_prefix": "query: ", "passage_prefix": "passage: "}  # fmt: skip
        recipe = make_recipe("search", base="blank:bert-nano", roles=fodder("search").roles, settings=settings)
        (*_, done) = engine.train(recipe.settled(), read.result, create_run(recipe, read.result))
    return Path(done.result.folder)


def ours(folder: Path, side: str) -> np.ndarray:
    facts = json.loads((folder / "studio.json").read_text(encoding="utf-8"))["facts"]
    return embed_now(task_of("search").open(folder, facts), TEXTS, side)


@pytest.mark.filterwarnings("ignore")
def test_sentence_transformers_give_the_same_vectors(folder: Path) -> None:
    library = pytest.importorskip("sentence_transformers")

    model = library.SentenceTransformer(str(folder), device="cpu", local_files_only=True)

    for side, prompt in (("query", "query"), ("passage", "document")):
        assert model.encode(TEXTS, prompt_name=prompt) == pytest.approx(ours(folder, side), abs=1e-5)
    assert model.similarity_fn_name == "cosine"


@torch.inference_mode()
def test_plain_transformers_give_the_same_vectors(folder: Path) -> None:
    net, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)

    batch = tokenizer(
        [f"query: {text}" for text in TEXTS], padding=True, truncation=True, max_length=32, return_tensors="pt"
    )
    hidden, mask = net(**batch).last_hidden_state, batch["attention_mask"][:, :, None]
    means = torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)

    assert means.numpy() == pytest.approx(ours(folder, "query"), abs=1e-5)


def test_a_folder_without_our_facts_is_read_by_its_own_files(folder: Path) -> None:
    stranger = task_of("search").open(folder, {})

    assert stranger.facts["prefixes"] == ["query: ", "passage: "] and stranger.facts["max_length"] == 32
    assert embed_now(stranger, TEXTS, "passage") == pytest.approx(ours(folder, "passage"), abs=1e-6)


def test_it_comes_in_without_our_facts_as_a_model_that_searches(folder: Path, tmp_path: Path) -> None:
    import shutil

    plain = shutil.copytree(folder, tmp_path / "sentence-encoder")
    (plain / "studio.json").unlink()

    (*_, done) = engine.adopt(str(plain))

    assert done.result.task == "search"


@pytest.mark.parametrize(
    ("modules", "pooling"),
    [
        ([{"type": "sentence_transformers.models.Dense", "path": "2_Dense"}], {}),
        ([{"type": "sentence_transformers.models.Pooling", "path": "1_Pooling"}], {"pooling_mode_lasttoken": True}),
        ([{"type": "sentence_transformers.models.Pooling", "path": "../elsewhere"}], {}),
    ],
)
def test_what_is_not_done_here_is_said(tmp_path: Path, modules: list[dict[str, str]], pooling: dict[str, bool]) -> None:
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(pooling))

    with pytest.raises(StudioError, match="which is not done here"):
        read_sentences(tmp_path)


def test_prefixes_are_known_by_name() -> None:
    assert known_prefixes("multilingual-e5-small") == ("query: ", "passage: ")
    assert known_prefixes("bge-small-zh-v1.5")[0].startswith("为这个句子")
    assert known_prefixes("house5") == known_prefixes("all-MiniLM-L6-v2") == ("", "")
