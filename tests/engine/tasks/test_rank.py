"""Ranking by models of every kind: what is learnt, what is held out, what is refused, and what stands on disk."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

from slm_studio import engine
from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Evaluated, Note, Step
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Ranked
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.verdict import verdict_of
from slm_studio.engine.tasks import task_of
from tests.tasks import fodder
from tests.test_task_contract import plan_for, recipe_for, result, rows_of

ROLES = {"candidates": "nbest", "scores": "scores", "reference": "truth"}


def write(folder: Path, rows: list[dict[str, object]], name: str = "a.jsonl"):
    path = folder / name
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return result(engine.read(str(path)))


def a_list(n: int, right: str = "") -> dict[str, object]:
    """Return a list whose right text is its second candidate, which its own scores know every other time."""
    right = right or f"the bus number {n} leaves at eight"
    return {"nbest": [right.replace("eight", "ate"), right], "scores": [-1.0, -2.0 if n % 2 else 0.0], "truth": right}


def recipe_of(base: str, roles: dict[str, str] = ROLES, **settings: object):
    common = {
        "epochs": 1,
        "precision": "fp32",
        "max_length": 32,
        "dropout": 0.0,
        "validation_share": 0.2,
        "test_share": 0.2,
    }
    return make_recipe("rank", base=base, roles=roles, settings=common | settings)


@pytest.fixture(scope="module")
def lenders(tmp_path_factory) -> dict[str, str]:
    """Return the folder of a tiny model of each kind."""
    found = {}
    for task, family in (("write", "llama"), ("fill", "bert"), ("chat", "llama"), ("search", "bag")):
        folder = tmp_path_factory.mktemp(task)
        recipe, rows = recipe_for(task, family, epochs=1), rows_of(task, folder)
        found[task] = result(engine.train(recipe, rows, create_run(recipe, rows))).folder
    return found


@pytest.mark.parametrize("lender", ["write", "fill", "chat", "search"])
def test_any_model_ranks_as_it_is_without_a_step(lender: str, lenders, tmp_path: Path) -> None:
    with_context = [row | {"context": "when does it leave?"} for row in map(a_list, range(60))]
    rows, roles = write(tmp_path, with_context), ROLES | {"context": "context"}

    events = list(
        engine.train(recipe_of(lenders[lender], roles), rows, create_run(recipe_of(lenders[lender], roles), rows))
    )

    model = events[-1].result
    assert model.steps == 0 and not [event for event in events if isinstance(event, Step)]
    assert len([event for event in events if isinstance(event, Evaluated)]) == 1
    assert {event.code for event in events if isinstance(event, Note)} >= {"how-it-runs", "ended"}
    before = task_of(lender).open(Path(lenders[lender]), {})
    after = task_of("rank").open(Path(model.folder), model.facts)
    assert all(
        torch.equal(one, other)
        for one, other in zip(before.net.state_dict().values(), after.net.state_dict().values(), strict=True)
    )
    opened = result(engine.open(model.folder, "cpu"))
    (best, *others) = (
        event.item
        for event in engine.predict(opened.handle, {"candidates": ["at ate", "at eight"], "context": "when?"}, {})
        if hasattr(event, "item")
    )
    assert (
        isinstance(best, Ranked) and best.score >= others[0].score and best.score + others[0].score == pytest.approx(1)
    )
    assert "no step: the network is as it was" in (Path(model.folder) / "README.md").read_text(encoding="utf-8")


def test_what_stands_on_disk_opens_in_transformers_with_equal_numbers(lenders, tmp_path: Path) -> None:
    rows = write(tmp_path, [a_list(n) for n in range(40)])
    for base, opener in (("blank:llama-nano", AutoModelForCausalLM), (lenders["fill"], AutoModelForMaskedLM)):
        recipe = recipe_of(base)
        model = result(engine.train(recipe, rows, create_run(recipe, rows)))
        mine = task_of("rank").open(Path(model.folder), model.facts).net
        theirs, told = opener.from_pretrained(model.folder, output_loading_info=True)
        ids = torch.tensor([[1, 5, 7, 9]])
        with torch.inference_mode():
            assert torch.equal(mine(input_ids=ids).logits, theirs.eval()(input_ids=ids).logits)
        assert not told["missing_keys"] and not told["unexpected_keys"]


def test_a_writer_goes_on_learning_where_that_is_wished(lenders, tmp_path: Path) -> None:
    rows = write(tmp_path, [a_list(n) for n in range(40)])
    recipe = recipe_of(lenders["write"], learns="net", learning_rate=0.003)

    events = list(engine.train(recipe, rows, create_run(recipe, rows)))

    losses = [event.loss for event in events if isinstance(event, Step)]
    assert losses[-1] < losses[0] and events[-1].result.steps == len(losses) == 2


@pytest.mark.parametrize("lender", ["fill", "search"])
def test_only_writers_learn_and_searchers_need_a_context(lender: str, lenders, tmp_path: Path) -> None:
    rows = write(tmp_path, [a_list(n) for n in range(40)])

    with pytest.raises(StudioError) as caught:
        plan_for(recipe_of(lenders[lender], learns="net").settled(), rows)

    assert caught.value.code == {"fill": "learns-not-here", "search": "needs-context"}[lender]


def test_weights_learn_whose_word_counts(tmp_path: Path) -> None:
    """Own scores that know everything win over a model that knows nothing, also where low ones are good."""
    generator = np.random.Generator(np.random.PCG64(0))
    lines = []
    for n in range(200):
        texts = [f"word {value}" for value in generator.permutation(1000)[:5]]
        lines.append(
            {"nbest": texts, "scores": [0.0 if at == n % 5 else 3.0 + at for at in range(5)], "truth": texts[n % 5]}
        )
    rows = write(tmp_path, lines)
    recipe = recipe_of("blank:llama-nano")

    model = result(engine.train(recipe, rows, create_run(recipe, rows)))

    assert model.facts["weights"]["own"] < 0 and model.facts["own_sign"] == -1
    assert model.metrics["wer"] == model.metrics["wer_before"] == 0.0
    assert model.baseline["as_listed"]["wer"] > 0.3 and model.verdicts["as_listed"] == "better"


def test_training_and_its_report_say_in_how_many_lists_own_scores_are_none(tmp_path: Path) -> None:
    lines = [a_list(n) | ({"scores": ["much", "little"]} if n % 4 == 0 else {}) for n in range(40)]
    rows, recipe = write(tmp_path, lines), recipe_of("blank:llama-nano")

    events = list(engine.train(recipe, rows, create_run(recipe, rows)))

    told = [each.values["count"] for each in events if isinstance(each, Note) and each.code == "lists-unscored"]
    report = json.loads((Path(events[-1].result.folder) / "report" / "report.json").read_text(encoding="utf-8"))
    remarks = {each["code"]: each["count"] for each in report["remarks"]}
    assert len(told) == 2 and told[1] == remarks["lists-unscored"]
    assert told[0] > told[1] > 0


@pytest.mark.parametrize("listed_by_scores", [True, False])
def test_a_report_says_where_the_order_as_it_came_is_that_of_own_scores(tmp_path: Path, listed_by_scores: bool) -> None:
    lines = [a_list(n) for n in range(40)]
    if listed_by_scores:
        lines = [each | {"nbest": each["nbest"][::-1], "scores": [-1.0, -2.0]} for each in lines]
    rows, recipe = write(tmp_path, lines), recipe_of("blank:llama-nano")

    model = result(engine.train(recipe, rows, create_run(recipe, rows)))

    report = json.loads((Path(model.folder) / "report" / "report.json").read_text(encoding="utf-8"))
    assert ("lists-by-own-scores" in [each["code"] for each in report["remarks"]]) == listed_by_scores
    assert [each["key"] for each in report["baselines"]] == ["as_listed"] + ["own_scores"] * (not listed_by_scores)


def two_scores(n: int, generator: np.random.Generator) -> dict[str, object]:
    """Return a list in which only the sum of both scores tells the right candidate."""
    texts = [f"word {value}" for value in generator.permutation(1000)[:5]]
    own = [round(float(value), 2) for value in generator.normal(size=5) * 8]
    total = [0.0 if at == n % 5 else -2.0 for at in range(5)]
    lm = [round(all_ - one, 2) for all_, one in zip(total, own, strict=True)]
    return {
        "nbest": [
            {"text": text, "am_score": one, "lm_score": other} for text, one, other in zip(texts, own, lm, strict=True)
        ],
        "truth": texts[n % 5],
    }


def test_where_the_sum_of_two_scores_tells_the_right_one_both_are_weighed(tmp_path: Path) -> None:
    generator = np.random.Generator(np.random.PCG64(0))
    rows = write(tmp_path, [two_scores(n, generator) for n in range(200)])
    roles = dict(result(engine.suggest(rows)).roles)
    assert roles == {"candidates": "nbest", "scores": "am_scores", "scores2": "lm_scores", "reference": "truth"}
    recipe, first_alone = recipe_of("blank:llama-nano", roles), {**roles}
    del first_alone["scores2"]
    other = recipe_of("blank:llama-nano", first_alone)

    model = result(engine.train(recipe, rows, create_run(recipe, rows)))
    blind = result(engine.train(other, rows, create_run(other, rows)))

    assert model.metrics["wer"] == model.metrics["wer_before"] == 0.0 < blind.metrics["wer"]
    own, (further,) = model.facts["weights"]["own"], model.facts["weights"]["further"]
    assert own > 0 and further == pytest.approx(own, rel=0.1)
    assert model.facts["score_names"] == {"scores": "am_scores", "scores2": "lm_scores"}
    assert "further" not in blind.facts["weights"] and "own_weights" not in blind.facts
    report = json.loads((Path(model.folder) / "report" / "report.json").read_text(encoding="utf-8"))
    assert (report["facts"]["own: am_scores"], report["facts"]["own: lm_scores"]) == (own, further)
    case = json.loads((Path(model.folder) / "report" / "cases.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert len(case["scores"]) == len(case["scores2"]) == 5

    handle = result(engine.open(model.folder, "cpu")).handle

    def asked(**scores: tuple[float, ...]) -> list[Ranked]:
        events = engine.predict(handle, {"candidates": ("word 1", "word 2"), **scores}, {})
        return [event.item for event in events if hasattr(event, "item")]

    both = asked(scores=(-9.0, 5.0), scores2=(9.0, -7.0))
    assert [(each.text, each.own, each.further) for each in both] == [
        ("word 1", -9.0, {"lm_scores": 9.0}),
        ("word 2", 5.0, {"lm_scores": -7.0}),
    ]
    assert both[0].score > 0.9
    one = asked(scores=(-9.0, 5.0))  # what is missing tells nothing apart
    assert one[0].text == "word 2" and one[0].further == {}
    with pytest.raises(StudioError) as caught:
        asked(scores=(-9.0, 5.0), scores2=(9.0,))
    assert caught.value.code == "scores-unequal"


def test_a_model_of_several_scores_goes_on_with_one(tmp_path: Path) -> None:
    generator = np.random.Generator(np.random.PCG64(1))
    rows = write(tmp_path, [two_scores(n, generator) for n in range(60)])
    roles = dict(result(engine.suggest(rows)).roles)
    first = recipe_of("blank:llama-nano", roles)
    model = result(engine.train(first, rows, create_run(first, rows)))
    again = recipe_of(model.folder, {name: column for name, column in roles.items() if name != "scores2"})

    other = result(engine.train(again, rows, create_run(again, rows)))

    assert "further" not in other.facts["weights"] and other.facts["score_names"] == {"scores": "am_scores"}
    assert other.metrics["wer_before"] > 0  # by the one score alone, not by both that its base weighed


def test_rows_without_candidates_teach_and_are_never_held_out(tmp_path: Path) -> None:
    texts = [{"nbest": [], "scores": [], "truth": f"the train number {n} leaves at nine"} for n in range(60)]
    rows = write(tmp_path, [*(a_list(n) for n in range(60)), *texts, *({**a_list(n), "nbest": []} for n in range(60))])

    task, recipe = task_of("rank"), recipe_of("blank:llama-nano").settled()
    splits = task.split(rows, task.settle(recipe, rows))

    held = {*splits.validation.column("reference"), *splits.test.column("reference")}
    assert len(splits.validation) == len(splits.test) == 12
    assert not held & set(splits.train.column("reference"))  # also where the same text stands without its list
    assert sum("train" in text for text in splits.train.column("reference")) == 60
    assert all("bus" in text for text in held)


def test_a_base_as_it_is_has_no_use_for_them(lenders, tmp_path: Path) -> None:
    rows = write(tmp_path, [*(a_list(n) for n in range(40)), {"nbest": [], "scores": [], "truth": "more"}])

    task, recipe = task_of("rank"), recipe_of(lenders["write"]).settled()
    splits = task.split(rows, task.settle(recipe, rows))

    assert sum(map(len, (splits.train, splits.validation, splits.test))) == 40
    assert splits.left_out.blank == {"nbest": 1}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nbest": []}, "lists-none"),
        ({"nbest": [1, 2]}, "lists-none"),
        ({"nbest": ["one alone"]}, "lists-of-one"),
        ({"truth": ""}, "lists-unanswered"),
        ({"nbest": ["same", "same"]}, "lists-alike"),
    ],
)
def test_hopeless_lists_are_refused_in_a_sentence(tmp_path: Path, change: dict[str, object], code: str) -> None:
    rows = write(tmp_path, [a_list(n) | change for n in range(20)] + [{"nbest": None, "truth": "x", "scores": None}])
    recipe = recipe_of("blank:llama-nano")

    with pytest.raises(StudioError) as caught:
        list(engine.train(recipe, rows, create_run(recipe, rows)))

    assert caught.value.code == code


def test_right_texts_alone_may_teach_where_the_held_out_files_hold_lists(tmp_path: Path) -> None:
    write(tmp_path, [a_list(n) for n in range(30)], "dev.jsonl")
    train = [{"nbest": None, "scores": None, "truth": f"the tram number {n} leaves at eight"} for n in range(40)]
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in train), encoding="utf-8")
    dev = str(tmp_path / "dev.jsonl")
    rows = result(engine.read(str(path), ReadOptions(validation=dev, test=dev)))
    recipe = recipe_of("blank:llama-nano")

    model = result(engine.train(recipe, rows, create_run(recipe, rows)))

    assert model.facts["weighed_on"] == 30 and model.metrics_on == "test"


def test_characters_are_counted_where_a_script_has_no_blanks(tmp_path: Path) -> None:
    recipe, rows = recipe_for("rank/characters", "llama", epochs=1), rows_of("rank/characters", tmp_path)

    model = result(engine.train(recipe, rows, create_run(recipe, rows)))

    assert {"cer", "cer_before", "cer_oracle"} <= set(model.metrics) and "wer" not in model.metrics
    assert model.info.metric == "cer"
    assert model.metrics["cer_oracle"] <= model.metrics["cer"]


@pytest.fixture(scope="module")
def ranker(tmp_path_factory: pytest.TempPathFactory) -> SavedModel:
    recipe = recipe_for("rank", "llama", test_share=0.3)
    rows = rows_of("rank", tmp_path_factory.mktemp("lists"))
    return result(engine.train(recipe, rows, create_run(recipe, rows)))


def test_a_report_compares_lists_in_pairs_and_says_how_it_counted(ranker: SavedModel) -> None:
    report = json.loads((Path(ranker.folder) / "report" / "report.json").read_text(encoding="utf-8"))

    assert report["counted"].startswith("WER: words between blanks")
    values = {metric["key"]: metric["value"] for metric in report["metrics"]}
    facts = report["facts"]
    assert facts["gain"] == pytest.approx(values["wer_before"] - values["wer"])
    assert facts["gain_low"] <= facts["gain"] <= facts["gain_high"]
    assert {each["key"] for each in report["baselines"]} <= {"as_listed", "own_scores"}


@pytest.mark.parametrize(
    ("tests", "words"),
    [
        ({"as_listed": "better"}, "Fewer errors than in the order as it came, and"),
        ({"as_listed": "better", "own_scores": "better"}, "own scores alone, and not"),
        ({"as_listed": "better", "own_scores": "none"}, "no difference from"),
        ({"as_listed": "better", "own_scores": "worse"}, "alone have fewer errors"),
        ({"as_listed": "worse"}, "as it came has fewer"),
        ({"as_listed": "none"}, "not shown to have fewer"),
    ],
)
def test_the_verdict_is_by_the_order_as_it_came_and_by_own_scores(tests: dict[str, str], words: str) -> None:
    assert words in verdict_of({"wer": 0.1}, {}, tests).sentence


def test_cases_bring_the_whole_list_those_that_lost_first(ranker: SavedModel) -> None:
    lines = (Path(ranker.folder) / "report" / "cases.jsonl").read_text(encoding="utf-8").splitlines()
    cases = [json.loads(line) for line in lines]

    assert all(
        case["predicted"] in case["candidates"] and len(case["scores"]) == len(case["candidates"]) for case in cases
    )
    known = [json.loads(line) for line in fodder("rank").rows.splitlines()]
    assert all(known[case["place"]]["truth"] == case["reference"] for case in cases)
    assert "context" not in cases[0]


def test_a_chat_that_is_an_adapter_beside_its_base_ranks_merged(tmp_path: Path) -> None:
    rows, blank = rows_of("chat", tmp_path), recipe_for("chat", "llama", epochs=1)
    base = result(engine.train(blank, rows, create_run(blank, rows)))
    own = {"merge": False, "epochs": 1, "precision": "fp32"}
    adapter = make_recipe("chat", base=base.folder, roles=fodder("chat").roles, settings=own)
    chat = result(engine.train(adapter, rows, create_run(adapter, rows)))
    assert not (Path(chat.folder) / "config.json").is_file()
    lists, recipe = write(tmp_path, [a_list(n) for n in range(40)]), recipe_of(chat.folder)

    assert result(engine.measure(lists, recipe)).steps == 0
    model = result(engine.train(recipe, lists, create_run(recipe, lists)))

    assert (Path(model.folder) / "config.json").is_file() and model.facts["lender"] == "chat"
    assert task_of("rank").open(Path(model.folder), model.facts).parameters == model.parameters


def test_a_ranker_goes_on_from_a_ranker(tmp_path: Path) -> None:
    lists = write(tmp_path, [a_list(n) for n in range(40)])
    first = recipe_of("blank:llama-nano")
    model = result(engine.train(first, lists, create_run(first, lists)))

    again = recipe_of(model.folder)
    other = result(engine.train(again, lists, create_run(again, lists)))

    assert other.steps == 0 and other.facts["lender"] == "write" and other.facts["ends"] is True
    assert other.facts["learns"] is False


def test_a_ranker_that_goes_on_as_it_is_weighs_the_new_lists(tmp_path: Path) -> None:
    good, bad = (
        write(tmp_path, [a_list(n) | {"scores": [sign, 2 * sign]} for n in range(40)], f"{sign}.jsonl")
        for sign in (1, -1)
    )
    first = recipe_of("blank:llama-nano")
    model = result(engine.train(first, good, create_run(first, good)))

    again = recipe_of(model.folder)
    other = result(engine.train(again, bad, create_run(again, bad)))

    assert (model.facts["own_sign"], other.facts["own_sign"]) == (1, -1)


@pytest.mark.parametrize(("rows", "knows"), [(40, 60), (4000, 300)])
def test_much_text_in_words_is_cut_into_pieces_and_little_into_characters(
    rows: int, knows: int, tmp_path: Path
) -> None:
    lists = write(
        tmp_path,
        [a_list(n) for n in range(40)]
        + [{"nbest": None, "scores": None, "truth": f"the bus {n} leaves late today"} for n in range(rows)],
    )

    plan = plan_for(recipe_of("blank:llama-nano").settled(), lists)

    assert (len(plan.loaded.tokenizer) > 257) is (knows > 257) and len(plan.loaded.tokenizer) <= 4096


def test_a_list_without_its_right_text_is_called_so() -> None:
    said = next(task_of("rank").on_unanswered(3, None))

    assert said.count == 3 and "no right text" in said.message
