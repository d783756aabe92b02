"""The shortlist of bases: every entry has its form and its source, and the fitting ones stand first."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from slm_studio.core import bases, files, paths
from slm_studio.core.bases import MANY, Base, absent, read_bases, suited, wanted_language
from slm_studio.core.recipe import make_recipe
from slm_studio.core.saved import SavedModel, save_facts
from slm_studio.engine.models.architectures import ARCHITECTURES
from slm_studio.host.trash import bring_back, throw_away

BASES = read_bases()
GB = 10**9
KINDS = ("encoder", "embedder", "writer", "chat")
LICENSES = ("apache-2.0", "mit")  # such as allow any use; others would have to be said before fetching
TASKS = ("classify", "tag", "answer", "search", "write", "chat", "fill")


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "MODELSCOPE_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "person"))


@pytest.mark.parametrize("base", BASES, ids=lambda base: base.id)
def test_an_entry_has_its_form(base: Base) -> None:
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", base.id)
    assert re.fullmatch(r"([0-9a-f]{40})?", base.revision)
    assert base.kind in KINDS and base.license in LICENSES
    assert base.shape in ARCHITECTURES
    assert base.languages and all(re.fullmatch("[a-z]{2}|many", each) for each in base.languages)
    assert base.tasks and set(base.tasks) <= set(TASKS)
    assert base.width in (2, 4) and 4_000_000 <= base.parameters <= 1_750_000_000
    assert 0 < base.download - base.weights < 40_000_000  # a tokenizer and settings
    assert set(base.good_for) == {"en", "zh"}
    assert base.good_for["en"].endswith(".") and re.search(r"[\u4e00-\u9fff].*。$", base.good_for["zh"])
    assert set(base.prefix) in (set(), {"query", "passage"})
    assert base.template == (base.kind == "chat")
    assert base.source.startswith("https://huggingface.co/") and base.id.split("/")[1] in base.source
    assert date(2026, 11, 27) <= date.fromisoformat(base.seen)


def test_the_list_is_sorted_and_covers_what_people_ask_for() -> None:
    order = [(KINDS.index(base.kind), base.weights) for base in BASES]
    plain = files.read_object(paths.resources() / "bases.json")["bases"]

    assert order == sorted(order)
    assert len({base.id for base in BASES}) == len(BASES) == len(plain) and 18 <= len(BASES) <= 25
    for kinds in (("encoder", "embedder"), ("writer", "chat")):
        for language in ("en", "zh", "sw"):
            assert any(base.speaks(language) for base in BASES if base.kind in kinds), (kinds, language)
    assert min(base.parameters for base in BASES) < 5_000_000 < GB < max(base.parameters for base in BASES)


def test_memory_follows_the_stated_formula() -> None:
    base = replace(BASES[0], weights=400_000_000, width=4)

    assert base.parameters == 100_000_000
    assert base.memory_to_use == 500_000_000 + 480_000_000
    assert base.memory_to_train == 500_000_000 + 2_000_000_000


@pytest.mark.parametrize(
    ("shares", "language"),
    [
        ({}, ""),
        ({"en": 0.0, "zh": 0.0, "other": 0.0, "short": 1.0}, ""),
        ({"en": 0.9, "zh": 0.05, "other": 0.05, "short": 0.0}, "en"),
        ({"en": 0.1, "zh": 0.4, "other": 0.0, "short": 0.5}, "zh"),
        ({"en": 0.5, "zh": 0.5, "other": 0.0, "short": 0.0}, MANY),
        ({"en": 0.1, "zh": 0.0, "other": 0.9, "short": 0.0}, MANY),
    ],
)
def test_the_language_of_rows_decides_which_bases_speak_it(shares: dict[str, float], language: str) -> None:
    assert wanted_language(shares) == language
    if language == MANY:
        first = suited(BASES, 10**15, language, "classify")[0]
        assert first.speaks and MANY in first.base.languages


def test_what_fits_the_machine_and_speaks_the_language_stands_first() -> None:
    offers = suited(BASES, 4 * GB, "zh", "classify")

    good = [offer.fits and offer.speaks for offer in offers]
    assert good == sorted(good, reverse=True) and True in good and False in good
    assert offers[0].base.id == "BAAI/bge-small-zh-v1.5"  # Chinese alone, and small
    assert all("classify" in offer.base.tasks for offer in offers)
    speaking = [offer.speaks for offer in offers]
    assert speaking == sorted(speaking, reverse=True)
    large = next(offer for offer in offers if offer.base.id == "FacebookAI/xlm-roberta-base")
    assert large.speaks and large.usable and not large.fits
    english = next(offer for offer in offers if offer.base.id.endswith("all-MiniLM-L6-v2"))
    assert english.fits and not english.speaks and offers.index(large) < offers.index(english)


def test_without_language_and_task_all_are_offered_by_size() -> None:
    offers = suited(BASES, 10**15)

    assert len(offers) == len(BASES) and all(offer.fits and offer.speaks and not offer.here for offer in offers)
    sizes = [offer.base.parameters for offer in offers]
    assert sizes == sorted(sizes)


def test_a_machine_that_is_too_small_is_told_so() -> None:
    assert not any(offer.fits or offer.usable for offer in suited(BASES, GB // 4))


def test_chat_models_come_before_plain_writers_for_chat() -> None:
    kinds = [offer.base.kind for offer in suited(BASES, 10**15, "en", "chat")]

    assert kinds == sorted(kinds) and set(kinds) == {"chat", "writer"}


def put(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(b"x")
    return folder


def test_what_is_here_already_is_marked_and_stands_before_its_like(tmp_path: Path, home: Path) -> None:
    mini, e5, bge = (
        next(base for base in BASES if base.id.endswith(name)) for name in ("L6-v2", "e5-small", "small-zh-v1.5")
    )
    cached = put(bases.hub_cache() / "models--intfloat--multilingual-e5-small" / "snapshots" / e5.revision)
    other = put(Path("~/.lmstudio/models/BAAI/bge-small-zh-v1.5").expanduser())
    own = put(home / "models" / "mini")
    origin = f"hub:{mini.id}@{mini.revision}"
    save_facts(SavedModel(folder=str(own), name="mini", task="", base=mini.id, origin=origin), own)

    here = {offer.base.id: offer.here for offer in suited(BASES, 10**15) if offer.here}
    many = [offer.base.id for offer in suited(BASES, 10**15, "sw", "classify")]

    assert here == {mini.id: str(own), e5.id: str(cached), bge.id: str(other)}
    assert many.index(e5.id) < many.index("distilbert/distilbert-base-multilingual-cased")


def test_a_broken_download_and_another_revision_do_not_count() -> None:
    base = next(base for base in BASES if base.revision)
    snapshots = bases.hub_cache() / f"models--{base.id.replace('/', '--')}" / "snapshots"
    put(snapshots / ("0" * 40))
    (snapshots / base.revision).mkdir()
    (snapshots / base.revision / "config.json").write_text("{}", encoding="utf-8")

    assert bases.find_here(base) is None


def own_model(name: str) -> Path:
    folder = paths.models() / name
    folder.mkdir(parents=True)
    save_facts(SavedModel(folder=str(folder), name=name, task="fill", base="blank:bert-nano"))
    return folder


def test_a_plan_that_begins_with_a_model_that_was_thrown_away_cannot_be() -> None:
    folder = own_model("reviews")
    plan = make_recipe("classify", base=str(folder))
    assert absent(plan) is None

    thrown = throw_away(folder)

    error = absent(plan)
    assert error is not None and error.code == "model-gone"
    assert error.values["model"] == "reviews" and "trash" in error.hint
    bring_back(thrown)
    assert absent(plan) is None


def test_the_same_holds_for_the_vectors_that_a_net_begins_with() -> None:
    folder = own_model("vectors")
    plan = make_recipe("classify", base="blank:lstm-nano", settings={"vectors": str(folder)})
    assert absent(plan) is None

    throw_away(folder)

    assert (error := absent(plan)) is not None and error.values["model"] == "vectors"
    assert absent(replace(plan, base="blank:bert-nano")) is None, "a BERT reads no vectors"


@pytest.mark.parametrize("base", ["", "blank:bag-nano", "owner/name", "https://huggingface.co/owner/name"])
def test_nothing_and_what_can_be_fetched_is_never_absent(base: str) -> None:
    assert absent(make_recipe("classify", base=base)) is None


def test_a_name_of_nothing_is_no_base() -> None:
    error = absent(make_recipe("classify", base="reviews"))

    assert error is not None and error.code == "no-such-base"
    own_model("reviews")
    assert absent(make_recipe("classify", base="reviews")) is None
