"""slm-studio demo: from a sample to a trained classifier and three answers, without asking anything."""

import argparse

from slm_studio.cli.command import Command
from slm_studio.cli.predict import answer
from slm_studio.core import paths
from slm_studio.core.answers import item_json
from slm_studio.core.prompt import prompt_of
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Suggestion
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info

MESSAGES = {
    "en": (
        "my parcel says delivered but nothing is here",
        "the kettle leaks since day one, I want my money back",
        "can't log in, the code never arrives",
    ),
    "zh": ("快递显示签收了可是我没收到", "水壶第一天就漏水，我要退款", "登录不上，验证码一直收不到"),
}

VERDICTS = {"better": "this model is better", "worse": "this model is worse", "none": "no difference shown"}


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("demo", help="train on a sample and answer three messages")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    parser.add_argument(
        "--no-window", action="store_true", help="stay in the terminal (by itself where there is no screen)"
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Train, score, answer. (With a screen and without --no-window or --json, __main__ opens the window instead.)"""
    dataset = work.read(str(paths.resources() / "samples" / arguments.lang / "messages.csv"))
    guess = work.do(Suggestion, "suggest", dataset=dataset)
    recipe = make_recipe(guess.task, base=guess.base, roles=guess.roles)
    run_ = create_run(recipe, dataset)
    model = work.do(SavedModel, "train", recipe=recipe, dataset=dataset, run=run_)
    opened = work.open(model.folder)
    predictions = []
    for message in MESSAGES[arguments.lang]:
        (best,), _ = answer(work, opened.handle, prompt_of(message, task_info(guess.task)), {"top": 1})
        predictions.append({"text": message} | item_json(best, message))
    intervals = {f"{key}_interval": list(pair) for key, pair in model.intervals.items()}
    result: dict[str, object] = {
        "run": run_.id,
        "model": model.folder,
        "metrics": model.metrics | intervals,
        "baseline": model.baseline,
        "predictions": predictions,
    }
    if work.screen.as_json:
        return result
    _tell(work, model, predictions)
    return None


def _tell(work: Command, model: SavedModel, predictions: list[dict[str, object]]) -> None:
    low, high = model.intervals.get("accuracy", (0.0, 0.0))
    work.screen.table(
        f"Accuracy on {model.rows.get(model.metrics_on, 0)} {model.metrics_on} rows it has never seen",
        ("method", "accuracy", ""),
        [("this model", f"{model.metrics['accuracy']:.3f}", f"{low:.3f} – {high:.3f}, 95 %")]
        + [
            (key, f"{scores['accuracy']:.3f}", VERDICTS.get(model.verdicts.get(key, ""), ""))
            for key, scores in model.baseline.items()
        ],
    )
    work.screen.table(
        "",
        ("message", "label", "score"),
        [(each["text"], each["label"], f"{each['score']:.2f}") for each in predictions],
    )
    work.screen.write(f"\nThe model lies in {model.folder}\nOpen the window with: slm-studio\n")
