"""Models of every task are published under a name that hubs take, and fetched into another home: there they answer alike.

The code of their cards is run as a reader would paste it, and says what the studio says. The default suite takes each task
once, and the shapes that other libraries open; the full grid runs with: pytest -m slow tests/engine/sharing/test_every_task.py
"""

import ast
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core import paths
from slm_studio.core.dataset import Dataset
from slm_studio.core.hub_names import is_repository_name
from slm_studio.core.index import INDEXES
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.core.snippets import literal
from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import CONTINUED
from slm_studio.engine.sharing.card_use import examples
from slm_studio.engine.sharing.hub import fetch_model, publish_model
from slm_studio.engine.tasks import task_of
from slm_studio.face import Model
from tests.engine.sharing.conftest import SOON
from tests.hub_server import TOKEN, HubServer
from tests.tasks import fodder, forms
from tests.test_task_contract import answers, assert_same, recipe_for, result, rows_of

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

# The shape that a task begins with, and those that Transformers, sentence-transformers and gensim open.
SHOWN = (
    "classify-bert", "tag-bert", "write-gpt", "write/styles-llama", "answer-lstm", "chat-llama", "fill-bert",
    "rewrite-lstm", "rewrite-t5", "search-bert", "rank/characters-llama", "words-skipgram",
)  # fmt: skip
# What a model of a form goes on from, where it goes on from another.
BASES = {
    "classify": "fill-bert", "tag": "fill-bert", "answer": "fill-bert", "search": "fill-bert", "fill": "fill-bert",
    "chat": "write-llama", "write": "write-llama", "rank": "write-llama", "rewrite": "rewrite-t5", "words": "words-skipgram",
}  # fmt: skip
EACH = [(form, each.key) for info in all_tasks() for form in forms(info.key) for each in info.families]
GRID = [
    pytest.param(form, family, id=f"{form}-{family}", marks=[] if f"{form}-{family}" in SHOWN else [pytest.mark.slow])
    for form, family in EACH
    if family != CONTINUED or form in BASES
]
PASSAGES = "Books may be kept for four weeks.\nThe library is closed on Mondays."
GREEDY = {"temperature": 0.0}
FEW = 12  # tokens
CUT = ("classify", "tag", "answer", "rewrite", "search")  # of what is too long other programs read the beginning, too


@pytest.mark.parametrize(("form", "family"), GRID)
def test_it_comes_back_from_the_hub_as_it_was(
    form: str, family: str, hub: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:  # fmt: skip
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)  # the suite runs offline; the loopback is no network
    rows = rows_of(form, tmp_path)
    model = _trained(form, family, rows, f"情感分析 {form}!")

    *_, published = publish_model(Path(model.folder), "ada/", hub.endpoint, {}, TOKEN, SOON)
    name = str(published.result["url"]).removeprefix(f"{hub.endpoint}/")
    monkeypatch.setenv("SLM_STUDIO_HOME", str(tmp_path / "elsewhere"))
    *_, fetched = fetch_model(name, hub.endpoint, token=TOKEN, patience=SOON)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")

    back, card = fetched.result, hub.files(name)["README.md"].decode()
    task = task_of(model.task)
    one, other = (task.open(Path(each.folder), each.facts) for each in (model, back))
    assert_same(answers(task, replace(one, kept=None), form), answers(task, other, form))
    assert is_repository_name(name.removeprefix("ada/"))
    assert back.name == model.name == f"情感分析 {form}!"
    _assert_nothing_private(hub.files(name), form)
    assert all(f"{model.metrics[key]:.4g}" in card for key in model.info.shown)

    _assert_code_runs(card, name, Model(back, "cpu"), tmp_path / "reader", monkeypatch, capsys)


def _trained(form: str, family: str, rows: Dataset, name: str) -> SavedModel:
    """Train a model that learnt a little, with an index and a report beside it."""
    recipe = _continued(form) if family == CONTINUED else recipe_for(form, family, epochs=1)
    recipe = replace(recipe, name=name)
    model = result(engine.train(recipe, rows, create_run(recipe, rows)))
    assert isinstance(model, SavedModel)
    beside = Path(model.folder) / INDEXES / "secret"
    beside.mkdir(parents=True)
    (beside / "passages.jsonl").write_text('{"text": "a secret passage"}\n', encoding="utf-8")
    (Path(model.folder) / "known_pairs.jsonl").write_text('["a secret pair", "of mine"]\n', encoding="utf-8")
    return model


def _continued(form: str) -> Recipe:
    """Return a recipe that goes on from a model that learnt a little."""
    base, _, family = BASES[form].partition("-")
    recipe, fed = recipe_for(base, family, epochs=1, max_length=96), fodder(form)
    rows = rows_of(base, Path(tempfile.mkdtemp(dir=paths.home())))
    start = result(engine.train(recipe, rows, create_run(recipe, rows)))
    assert isinstance(start, SavedModel)
    settings = {
        "max_length": 96,
        "batch": 8,
        "epochs": 1,
        "precision": "fp32",
        "validation_share": 0.2,
        "test_share": 0.0,
    }
    return make_recipe(form, base=start.folder, roles=fed.roles, settings=settings | fed.settings).settled()


def _assert_nothing_private(sent: dict[str, bytes], form: str) -> None:
    """Neither rows nor what stands beside a model is among the files; words by themselves make a vocabulary."""
    whole = b"\n".join(data for name, data in sent.items() if not name.endswith(".safetensors"))
    cells = re.split(r'["\t\n]+,?', fodder(form).rows)
    private = {cell for cell in cells if len(cell.split()) > 3 or len(cell) > 12} | {"a secret"}
    assert not [text for text in private if text.encode() in whole]
    assert not [
        name
        for name in sent
        if re.search("report|index|known|log|run", name) and name != "model.safetensors.index.json"
    ]


def _assert_code_runs(
    card: str, name: str, model: Model, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """Run what a reader would paste, beside the files that it speaks of."""
    shutil.copytree(model.folder, place / name)  # where the hub's own cache would have it
    (place / "documents").mkdir()
    for number, passage in enumerate(PASSAGES.splitlines()):
        (place / "documents" / f"{number}.txt").write_text(passage, encoding="utf-8")
    monkeypatch.chdir(place)
    if model.saved.info.exports:
        result(engine.export(str(model.folder), "word2vec", str(place / "vectors.txt")))
    blocks = re.findall(r"```python\n(.*?)```", card, re.S)
    assert any("slm_studio.load" in block for block in blocks)
    assert len(blocks) == 1 + any(each in card for each in ("from transformers", "sentence_transformers", "gensim"))
    for block in blocks:
        if "gensim" in block and find_spec("gensim") is None:
            continue  # it comes with the benchmarks
        capsys.readouterr()
        exec(_greedy(block), {})
        said = capsys.readouterr().out
        prompts = [node.value for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Constant)]
        if "slm_studio" not in block:
            SAME[model.task](said, model, [str(each) for each in prompts])
            if model.task in CUT:
                exec(_greedy(_long(block, model)), {})
        else:
            assert said.strip() or model.saved.info.answers in ("spans", "tokens")


def _long(code: str, model: Model) -> str:
    """Return a program that asks about far more than a model reads."""
    texts = examples(open_saved(model.folder), model.saved.info, model.saved.language)
    asked = next(text for text in reversed(texts) if text)
    return code.replace(literal(asked), literal(f"{asked} " * 60))


def _greedy(code: str) -> str:
    """Return a program that draws nothing, and writes little."""
    code = re.sub(r"do_sample=True, temperature=[\d.]+, top_p=[\d.]+", "do_sample=False", code)
    return code.replace("max_new_tokens=200", f"max_new_tokens={FEW}")


def _same_label(said: str, model: Model, texts: list[str]) -> None:
    found, prompt = ast.literal_eval(said), _example(model)
    own = model({"text": prompt, "text2": prompt} if len(model.saved.info.asked) > 1 else prompt)
    if isinstance(found, float):
        assert found == pytest.approx(own.items[0].value, rel=1e-4)
    elif model.saved.info.answers == "several":
        assert {each["label"] for each in found} == {each.label for each in own if each.chosen}
    else:
        assert found[0]["label"] == str(own)


def _same_spans(said: str, model: Model, texts: list[str]) -> None:
    text = _example(model)
    found = [f"{text[span.start : span.end]} {span.label}" for span in model(text)]
    assert [line.rpartition(" ")[0] for line in said.splitlines()] == found


def _same_text(said: str, model: Model, texts: list[str]) -> None:
    asked, length = _example(model), int(str(model.saved.facts["max_length"]))
    style = model.saved.facts.get("styles")
    prompt = {"text": asked, "style": style[0]} if isinstance(style, list) else asked
    own = str(model(prompt, max_new_tokens=min(100, length - len(asked)), **GREEDY)).strip()
    written = said.partition(asked)[2].strip()
    assert own[:10] == written[:10]


def _same_reply(said: str, model: Model, texts: list[str]) -> None:
    assert str(model(_example(model), max_new_tokens=FEW, **GREEDY)).strip() == said.strip()


def _same_rewriting(said: str, model: Model, texts: list[str]) -> None:
    assert str(model(_example(model), max_new_tokens=FEW)).strip() == said.strip()


def _same_fillings(said: str, model: Model, texts: list[str]) -> None:
    found = re.findall(r"'token_str': '(.*?)'", said)
    assert found == [each.text for each in model(_example(model), top=5)]


def _same_nearness(said: str, model: Model, texts: list[str]) -> None:
    hits = model.search(_example(model), "documents", way="meaning")
    near = {line.partition(" ")[2]: float(line.partition(" ")[0]) for line in said.splitlines()}
    assert near == pytest.approx({hit.text: hit.score for hit in hits}, abs=2e-3)


def _same_order(said: str, model: Model, texts: list[str]) -> None:
    assert ast.literal_eval(said) == [each.text for each in model.rank(_example(model).splitlines())]


def _same_words(said: str, model: Model, texts: list[str]) -> None:
    (word,) = (text for text in texts if text in said or text not in ("vectors.txt",))
    assert [near for near, _ in ast.literal_eval(said)] == [each.text for each in model(word)]


def _same_quote(said: str, model: Model, texts: list[str]) -> None:
    question, passage = examples(open_saved(model.folder), model.saved.info, model.saved.language)
    assert said.strip() in [each.text for each in model({"question": question, "passage": passage})]


SAME: dict[str, Callable[[str, Model, list[str]], None]] = {
    "classify": _same_label, "tag": _same_spans, "write": _same_text, "chat": _same_reply, "rewrite": _same_rewriting,
    "fill": _same_fillings, "search": _same_nearness, "rank": _same_order, "words": _same_words,
    "answer": _same_quote,
}  # fmt: skip


def _example(model: Model) -> str:
    return examples(open_saved(model.folder), model.saved.info, model.saved.language)[0]


def test_there_is_a_check_for_every_task_that_other_libraries_open() -> None:
    assert set(SAME) == {info.key for info in all_tasks()}
