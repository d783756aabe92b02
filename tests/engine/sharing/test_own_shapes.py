"""The studio's own shapes travel like the stock ones, and their cards show code that runs."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.saved import save_facts
from slm_studio.core.shapes import ShapeOptions
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.sharing.archive import export_model, import_model
from slm_studio.engine.sharing.card import card_text
from slm_studio.engine.sharing.hub import fetch_model, publish_model
from slm_studio.engine.sharing.parity import same_answers
from tests.engine.sharing.conftest import LABELS, SOON, saved_model
from tests.hub_server import TOKEN, HubServer

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")


@pytest.fixture(params=["bag", "cnn", "rnn", "gru", "lstm"])
def own(request: pytest.FixtureRequest, home: Path) -> Path:
    """Make a small model of our own shape."""
    import torch

    from slm_studio.engine.models.bag import BagTokenizer
    from slm_studio.engine.models.classifiers import make_classifier
    from slm_studio.engine.models.vocabulary import train_word_pieces

    folder = home / "models" / request.param
    texts = ["the quick brown fox", "good bad fine"]
    tokenizer = (
        BagTokenizer.learn(texts, size="nano") if request.param == "bag" else train_word_pieces(texts, 100, True)
    )
    torch.manual_seed(0)
    net = make_classifier(
        request.param, "nano", vocabulary_size=len(tokenizer), labels=3, max_length=64, dropout=0.0, pad_token_id=0
    )
    net.config.id2label = dict(enumerate(LABELS))
    net.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    save_facts(saved_model(folder))
    return folder


def test_it_is_known_without_being_loaded(own: Path) -> None:
    found = inspect_folder(own)

    assert (found.model_type, found.task, found.labels) == (f"slm-{own.name}", "classify", LABELS)


def test_it_travels_through_hub_and_zip(own: Path, hub: HubServer, tmp_path: Path) -> None:
    *_, published = publish_model(own, "ada/own", hub.endpoint, {}, TOKEN, SOON)
    *_, fetched = fetch_model("ada/own", hub.endpoint, token=TOKEN, patience=SOON)
    *_, exported = export_model(own, "zip", tmp_path / "own.zip")
    *_, adopted = import_model(tmp_path / "own.zip", "again")

    assert published.result["checked"]["identical"] and exported.result.checked["same_answers"]
    for back in (fetched.result.folder, adopted.result.folder):
        assert same_answers(own, Path(back)).difference == 0.0


def test_its_card_shows_code_that_runs(
    own: Path, tmp_path: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(own, tmp_path / "reader" / "ada" / own.name)  # a folder is looked for before a hub is asked
    monkeypatch.chdir(tmp_path / "reader")
    card = card_text(own, {"name": f"ada/{own.name}"})
    code = re.findall(r"```python\n(.*?)```", card, re.S)

    assert 'library_name: "slm-studio"' in card
    assert len(code) == 1
    exec(code[0], {})  # what a reader would paste
    assert capsys.readouterr().out.strip() in LABELS


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_one_that_a_teacher_built_travels_too(cell: str, home: Path, tmp_path: Path) -> None:
    """Whole words, layers of their own widths, ReLU, and one sigmoid that is two labels to everybody."""
    import torch

    from slm_studio.engine.models.classifiers import make_classifier
    from slm_studio.engine.models.vocabulary import train_words

    folder, wished = home / "models" / "built", ShapeOptions(
        layers=(8, 6), embedding=12, directions="one", readout="last", activation="relu", output="sigmoid"
    )  # fmt: skip
    tokenizer = train_words(["the quick brown fox", "good bad fine"], 100, True, framed=False)
    torch.manual_seed(0)
    net = make_classifier(
        cell,
        "nano",
        vocabulary_size=len(tokenizer),
        labels=2,
        max_length=64,
        dropout=0.0,
        pad_token_id=0,
        wished=wished,
    )
    net.config.id2label = dict(enumerate(LABELS[:2]))
    net.save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    save_facts(replace(saved_model(folder), facts={"labels": list(LABELS[:2]), "max_length": 64}))

    found = inspect_folder(folder)
    *_, exported = export_model(folder, "zip", tmp_path / "own.zip")
    *_, adopted = import_model(tmp_path / "own.zip", "again")

    assert (found.model_type, found.task, found.labels) == (f"slm-{cell}", "classify", LABELS[:2])
    assert exported.result.checked["same_answers"]
    assert same_answers(folder, Path(adopted.result.folder)).difference == 0.0


@pytest.mark.parametrize("own", ["bag"], indirect=True)
def test_a_tokenizer_that_does_not_fit_is_refused(own: Path) -> None:
    path = own / "bag_tokenizer.json"
    sound = json.loads(path.read_text(encoding="utf-8"))
    for change, code in (
        ({"known": [*sound["known"], sound["hashes"] - 1, sound["hashes"] - 2]}, "model-vocabulary"),
        ({"known": [*sound["known"], sound["hashes"]]}, "model-damaged"),
        ({"longest_part": 10**9}, "model-damaged"),
        ({"hashes": "many"}, "model-damaged"),
    ):
        path.write_text(json.dumps(sound | change), encoding="utf-8")
        with pytest.raises(StudioError) as caught:
            inspect_folder(own)
        assert caught.value.code == code
