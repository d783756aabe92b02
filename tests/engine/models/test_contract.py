"""The contract of foreign models, for every (task, architecture): our answers are those of plain Transformers on the same folder."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.recipe import make_recipe
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.core.work import outcome
from slm_studio.engine.data.passages import passage_rows
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.models import demands
from slm_studio.engine.models.foreign_config import check_config
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.models.opening import open_net
from slm_studio.engine.models.weights import read_weights
from slm_studio.engine.task import Task, answers_of
from slm_studio.engine.tasks import task_of
from tests.engine.models.foreign import DECODERS, ENCODERS, LABELS, MADE_DECODERS, SHAPES, TEXTS, make_foreign

WRITERS = [(name, {}) for name in DECODERS] + [(name, {"is_decoder": True}) for name in MADE_DECODERS]
PAIRS = [("classify", name, {}) for name in SHAPES] + [("write", name, more) for name, more in WRITERS]


def prompts(texts: Sequence[str]) -> list[dict[str, str]]:
    return [{"text": text} for text in texts]


def opened(folder: Path) -> tuple[Task, Loaded]:
    """Import a folder as a person does, and open what came of it."""
    model = list(engine.adopt(str(folder)))[-1].result
    assert isinstance(model, SavedModel)
    task = task_of(model.task)
    return task, task.open(Path(model.folder), model.facts)


@pytest.mark.parametrize("name", SHAPES)
def test_a_classifier_says_of_many_texts_what_transformers_says_of_each(tmp_path: Path, name: str) -> None:
    folder = make_foreign(tmp_path / "model", name, "classify")
    plain = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)

    task, loaded = opened(folder)
    answers = answers_of(task, loaded, prompts(TEXTS), {"top": 3})

    assert task.key == "classify"
    for text, answer in zip(TEXTS, answers, strict=True):
        with torch.inference_mode():
            logits = plain(
                **tokenizer(text, return_tensors="pt", truncation=True, max_length=loaded.facts["max_length"])
            ).logits[0]
        wanted = {LABELS[place]: score for place, score in enumerate(logits.softmax(-1).tolist())}
        assert {label.label: label.score for label in answer} == pytest.approx(wanted, abs=2e-6)


@pytest.mark.parametrize(("name", "more"), WRITERS)
def test_a_writer_writes_what_transformers_writes(tmp_path: Path, name: str, more: dict) -> None:
    folder = make_foreign(tmp_path / "model", name, "write", **more)
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    framed = tokenizer("The quick", return_special_tokens_mask=True)
    closing = framed["special_tokens_mask"][::-1].index(0)  # what would end the text already
    given = torch.tensor(framed["input_ids"])[None, : len(framed["input_ids"]) - closing]
    wanted = given
    for _ in range(12):
        with torch.inference_mode():
            wanted = torch.cat([wanted, plain(wanted).logits[:, -1].argmax(-1, keepdim=True)], dim=1)
    if name in DECODERS:  # of the made ones, `generate` numbers the positions of some otherwise than their own forward
        written = plain.generate(
            given, attention_mask=torch.ones_like(given), do_sample=False, max_new_tokens=12, pad_token_id=0
        )
        assert written.tolist() == wanted[:, : written.shape[1]].tolist()
        wanted = written

    task, loaded = opened(folder)
    (tokens,) = answers_of(task, loaded, prompts(["The quick"]), {"temperature": 0, "max_new_tokens": 12})

    assert task.key == "write"
    ids = [token.id for token in tokens]
    assert ids == wanted[0, given.shape[1] :].tolist()[: len(ids)]
    assert len(ids) == 12 or ids[-1] == tokenizer.eos_token_id


@pytest.mark.parametrize(("name", "more"), WRITERS)
def test_a_text_is_as_likely_as_transformers_finds_it(tmp_path: Path, name: str, more: dict) -> None:
    folder = make_foreign(tmp_path / "model", name, "write", **more)
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    task, loaded = opened(folder)
    loaded.facts |= {"reads": "lines", "max_length": 62}
    opening = AutoTokenizer.from_pretrained(folder)("a", return_special_tokens_mask=True)["special_tokens_mask"][0] == 1

    examples = outcome(task.examples(passage_rows([TEXTS[1]], "text"), loaded, None))
    batch = examples.take([0])
    with torch.inference_mode():
        seen = task.observe(loaded, batch)

    assert len(examples) == 1
    ids = batch["input_ids"]
    wanted = AutoTokenizer.from_pretrained(folder)(TEXTS[1], return_special_tokens_mask=True)
    closing = wanted["special_tokens_mask"][::-1].index(0)
    assert ids[0, (0 if opening else 1) : -1].tolist() == wanted["input_ids"][: len(wanted["input_ids"]) - closing]
    with torch.inference_mode():
        loss = plain(ids, labels=ids).loss.item()
    assert seen["nats"][0] / seen["tokens"][0] == pytest.approx(loss, rel=1e-5)


@pytest.mark.parametrize(("task", "name", "more"), PAIRS)
def test_each_kind_of_tensor_is_missed(tmp_path: Path, task: str, name: str, more: dict) -> None:
    folder = make_foreign(tmp_path / "model", name, task, **more)
    tensors = read_weights(folder)
    kinds = {re.sub(r"\.1\.", ".0.", tensor): tensor for tensor in tensors}
    demands.check_tensors(folder, tensors, task)

    for tensor in kinds.values():
        with pytest.raises(StudioError) as caught:
            demands.check_tensors(folder, {other: each for other, each in tensors.items() if other != tensor}, task)
        assert caught.value.code == "model-incomplete-weights"


@pytest.mark.parametrize(("name", "more"), WRITERS)
def test_a_writer_that_lacks_something_is_no_beginning(tmp_path: Path, name: str, more: dict) -> None:
    folder = make_foreign(tmp_path / "model", name, "write", **more)
    config, tensors = check_config(folder), read_weights(folder)
    demands.check_beginning(folder, config, tensors, "write")
    lacking = {other: each for other, each in tensors.items() if other != max(tensors)}

    with pytest.raises(StudioError) as caught:
        demands.check_beginning(folder, config, lacking, "write")

    assert caught.value.code == "model-incomplete-weights"


@pytest.mark.parametrize("name", SHAPES)
def test_a_bare_base_learns_to_classify_in_batches(tmp_path: Path, name: str) -> None:
    folder = make_foreign(tmp_path / "base", name, "")
    assert inspect_folder(folder, "classify").task == ""
    recipe = make_recipe("classify", base=str(folder), roles={}, settings={"max_length": 32})
    task = task_of("classify")

    loaded = task.continued(recipe, {"labels": ["x", "y"], "counts": [1, 1], "max_length": 32}, folder)
    labels = ["xy"[place % 2] for place in range(len(TEXTS))]
    rows = Rows(pa.table({"text": list(TEXTS), "label": labels}), {"text": "text", "label": "label"})
    examples = outcome(task.examples(rows, loaded, recipe))
    task.loss(loaded, examples.take(range(len(examples))), recipe).backward()

    before = set(read_weights(folder))
    assert loaded.facts["fresh"]
    assert all(not any(old.endswith(new) for old in before) for new in loaded.facts["fresh"])
    assert set(loaded.facts["fresh"]) <= set(loaded.net.state_dict())


@pytest.mark.parametrize("name", ["gpt2", "llama"])
def test_a_task_goes_on_from_the_models_it_names_and_from_no_other(tmp_path: Path, name: str) -> None:
    folders = {task: make_foreign(tmp_path / f"from-{task}", name, task) for task in ("classify", "write")}

    for task in ("classify", "write"):
        for own, folder in folders.items():
            if task_info(task).may_continue(own):
                assert inspect_folder(folder, task).task == own
            else:
                with pytest.raises(StudioError) as caught:
                    inspect_folder(folder, task)
                assert caught.value.code == "base-of-another-task" and own in str(caught.value)
    assert task_info("classify").may_continue("write") and not task_info("write").may_continue("classify")

    recipe = make_recipe("classify", base=str(folders["write"]), roles={}, settings={"max_length": 32})
    facts = {"labels": ["x", "y"], "counts": [1, 1], "max_length": 32}
    loaded = task_of("classify").continued(recipe, facts, folders["write"])
    assert loaded.facts["fresh"] and loaded.net.config.num_labels == 2


@pytest.mark.parametrize("name", ENCODERS)
def test_what_reads_from_both_sides_is_no_writer(tmp_path: Path, name: str) -> None:
    folder = make_foreign(tmp_path / "base", name, "write" if name in MADE_DECODERS else "")

    assert inspect_folder(folder).task == ""
    with pytest.raises(StudioError) as caught:
        inspect_folder(folder, "write")
    assert caught.value.code == "model-looks-ahead"


@pytest.mark.parametrize("change", [{"is_causal": False}, {"use_bidirectional_attention": True}])
def test_a_decoder_told_to_look_ahead_is_no_writer(tmp_path: Path, change: dict) -> None:
    folder = make_foreign(tmp_path / "base", "gemma", "write")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | change), encoding="utf-8")

    assert inspect_folder(folder).task == ""


@pytest.mark.parametrize(("name", "more"), WRITERS)
def test_no_writer_sees_the_token_it_predicts(tmp_path: Path, name: str, more: dict) -> None:
    net = open_net(make_foreign(tmp_path / "model", name, "write", **more), "write").eval()

    with torch.inference_mode():
        one, other = (net(torch.tensor([[5, 6, last]])).logits[0, :2] for last in (7, 8))

    assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("name", ["llama", "gpt2", "gemma3_text", "modernbert"])
def test_a_config_chooses_no_code(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make_foreign(tmp_path / "model", name, "classify")
    wanted = open_net(folder, "classify").config._attn_implementation
    wishes = {
        "_attn_implementation": "flex_attention", "attn_implementation": "flex_attention", "_experts_implementation": "grouped_mm",
        "_attn_implementation_internal": "flex_attention", "reference_compile": True, "fusion_config": {"rms_norm": True},
        "return_dict": False, "output_hidden_states": True, "output_attentions": True, "dtype": "bfloat16", "torch_dtype": "float16",
        "use_cache": False, "transformers_weights": "../../elsewhere.safetensors", "per_layer_config": {"0": {"head_dim": 8}},
        "chunk_size_feed_forward": 3, "quantization_config": None,
    }  # fmt: skip
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | wishes), encoding="utf-8")
    monkeypatch.setattr(torch, "compile", lambda *_, **__: pytest.fail("a compiler was started"))

    _, loaded = opened(folder)

    assert loaded.net.config._attn_implementation == wanted != "flex_attention"
    assert {tensor.dtype for tensor in loaded.net.parameters()} == {torch.float32}
    assert not {"fusion_config", "reference_compile", "transformers_weights", "per_layer_config"} & set(
        vars(loaded.net.config)
    )
    assert answers_of(task_of("classify"), loaded, prompts(TEXTS), {})[0]


def test_names_that_contradict_are_refused(tmp_path: Path) -> None:
    folder = make_foreign(tmp_path / "model", "bert", "classify")
    model = list(engine.adopt(str(folder)))[-1].result
    saved = Path(model.folder) / "studio.json"
    plain = json.loads(saved.read_text(encoding="utf-8"))
    plain["facts"]["labels"] = ["bad", "good", "so so"]
    saved.write_text(json.dumps(plain), encoding="utf-8")

    for verb in (engine.open(model.folder), engine.adopt(model.folder)):
        with pytest.raises(StudioError) as caught:
            list(verb)
        assert caught.value.code == "model-labels-differ"
        assert "“good” there and “bad” here" in str(caught.value)


def test_a_config_that_builds_nothing_is_said(tmp_path: Path) -> None:
    folder = make_foreign(tmp_path / "model", "llama", "write")
    sound = check_config(folder)
    for change in (
        {"hidden_act": "evil"},
        {"num_attention_heads": 3},
        {"rope_scaling": "x"},
        {"rms_norm_eps": "a"},
        {"pad_token_id": "b"},
    ):
        (folder / "config.json").write_text(json.dumps(sound | change), encoding="utf-8")
        with pytest.raises(StudioError) as caught:
            inspect_folder(folder)
        assert caught.value.code in ("model-config", "model-misfit"), change
