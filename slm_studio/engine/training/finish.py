"""From trained weights to a model folder with its report and card."""

import platform
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from slm_studio import __version__
from slm_studio.core import files, paths
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.events import Machine, Note
from slm_studio.core.knobs import knobs
from slm_studio.core.recipe import Recipe, recipe_to_json, split_base
from slm_studio.core.results import Report
from slm_studio.core.run import Run
from slm_studio.core.saved import REPORT_FOLDER, STUDIO_FILE, Lineage, SavedModel, list_models, open_saved, save_facts
from slm_studio.core.tasks import TaskInfo
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.languages import main_language, main_languages
from slm_studio.engine.evaluation.evaluate import score_rows
from slm_studio.engine.sharing.card import write_card
from slm_studio.engine.training.checkpoint import Position
from slm_studio.engine.training.plan import Plan

UNSCORED = mark("Nothing could be held out of {rows} {rows:row|rows}, so there is no score. More rows, or a file for the test, give one.")  # fmt: skip
OF_TRAINING = ("fresh", "base_folder", "dropout", "still")  # facts that nobody needs afterwards
LIBRARIES = ("torch", "transformers", "tokenizers")


@dataclass(frozen=True, slots=True)
class Trained:
    """A trained plan and how it came to be."""

    plan: Plan
    run: Run
    dataset: Dataset
    machine: Machine
    position: Position


def make_model(work: Trained) -> SavedModel:
    """Write the model folder: net, tokenizer, studio.json. No score yet but the held-out one of training."""
    while True:
        try:
            return _written_model(work)
        except files.PlaceTaken:  # another program has put a model of this name there meanwhile
            continue


def _written_model(work: Trained) -> SavedModel:
    plan, run = work.plan, work.run
    name = files.free_title(run.name, {each.name for each in list_models()})  # a run may be kept more than once
    folder = paths.models() / files.free_name(paths.models(), files.slug(name))
    rows = {"train": len(plan.splits.train), "validation": len(plan.splits.validation), "test": len(plan.splits.test)}
    model = SavedModel(
        folder=str(folder),
        name=name,
        task=run.task,
        base=public_base(run.base),
        facts={name: value for name, value in plan.loaded.facts.items() if name not in OF_TRAINING},
        metrics=dict(work.position.best_metrics),
        recipe=recipe_to_json(public_recipe(plan.recipe)),
        run=run.id,
        dataset=work.dataset.id,
        dataset_name=work.dataset.name,
        fingerprint=work.dataset.fingerprint,
        rows=rows,
        learnt_validation=work.position.last > 0,
        parameters=plan.task.kept_parameters(plan.loaded, plan.recipe),
        seconds=work.position.seconds,
        steps=work.position.step,
        machine=fill("{name}, {device}, {precision}, {threads} {threads:thread|threads}", asdict(work.machine)),
        language=main_language(plan.task.texts(plan.splits.train[:500])),
        languages=main_languages(plan.task.taught(plan.splits.train[:500])),
        lineage=lineage(work),
        versions={"slm_studio": __version__, "python": platform.python_version()}
        | {name: version(name) for name in LIBRARIES},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    with files.atomic_folder(folder, is_new=True) as partial:
        plan.task.keep(plan.loaded, plan.recipe, public_base(plan.recipe.base), partial)
        save_facts(model, partial)
    return model


def unscored_model(work: Trained) -> SavedModel | None:
    """Return the model that this run left when it was stopped, or killed, while it was scored: it needs no second one."""
    return next(
        (
            model
            for model in list_models()
            if (model.run, model.steps) == (work.run.id, work.position.step)
            and not (Path(model.folder) / REPORT_FOLDER / "report.json").is_file()
        ),
        None,
    )


def score_model(work: Trained, model: SavedModel) -> Work[SavedModel]:
    """Score the test rows once (validation rows where there are none), with baselines; write report and card."""
    plan = work.plan
    on_test = len(plan.splits.test) > 0
    rows = plan.splits.test if on_test else plan.splits.validation
    if not len(rows):
        yield Note("no-scores", UNSCORED, {"rows": len(plan.splits.train)})
        return _describe(model, None)
    folder = Path(model.folder) / REPORT_FOLDER
    report = yield from score_rows(
        plan.task, plan.loaded, plan.recipe, rows, folder=folder,
        train=plan.splits.learnt(validation=model.learnt_validation),
        names=(model.name, work.dataset.name, "test" if on_test else "validation"), rows_of=work.dataset.id,
    )  # fmt: skip
    return _describe(model, report)


def _describe(model: SavedModel, report: Report | None) -> SavedModel:
    if report is not None:
        model = replace(
            model,
            metrics={metric.key: metric.value for metric in report.metrics},
            intervals={
                metric.key: (metric.low, metric.high)
                for metric in report.metrics
                if metric.low is not None and metric.high is not None
            },
            metrics_on=report.split,
            baseline={each.key: {metric.key: metric.value for metric in each.metrics} for each in report.baselines},
            verdicts={each.key: each.verdict for each in report.baselines if each.verdict},
        )
    save_facts(model)
    files.write_atomic(Path(model.folder) / "README.md", write_card(model, report))
    return model


def lineage(work: Trained) -> tuple[Lineage, ...]:
    """Return data → pre-training → fine-tuning → output; a model from scratch has one training instead of the two."""
    plan, position = work.plan, work.position
    data = Lineage(
        step="data",
        what=work.dataset.name,
        detail=f"{len(plan.splits.train):,} rows to learn from, fingerprint {work.dataset.fingerprint[:12]}",
    )
    trained = f"{position.step:,} steps, {position.seconds:,.0f} s"
    if not plan.task.learns(plan.recipe):
        trained = "no step: the network is as it was"
    if added := plan.loaded.facts.get("added_pieces"):
        trained += f"; added to the vocabulary: {', '.join(map(str, added))[:200]}"  # type: ignore[call-overload]
    if plan.recipe.is_blank:
        family, size = split_base(plan.recipe.base)
        named = str(getattr(plan.recipe.options, "vectors", "") or "")
        begun = (Lineage(step="pre-training", what=public_base(named), detail="word vectors"),) if named else ()
        learning = (
            *begun,
            Lineage(step=plan.task.info.blank_is, what=f"from scratch: {family} {size}", detail=trained),
        )
    else:
        learning = (
            Lineage(step="pre-training", what=public_base(plan.recipe.base), detail=_ancestry(plan.recipe)),
            Lineage(step=_goes_on(plan.task.info), what=work.dataset.name, detail=trained),
        )
    output = Lineage(
        step="output", what=work.run.name, detail=f"{plan.task.kept_parameters(plan.loaded, plan.recipe):,} parameters"
    )
    return (data, *learning, output)


def _goes_on(info: TaskInfo) -> str:
    """Return what it is called to learn on top of a base: whoever pre-trains from nothing pre-trains there, too."""
    return "pre-training" if info.blank_is == "pre-training" else "fine-tuning"


def _ancestry(recipe: Recipe) -> str:
    folder = Path(recipe.base)
    folder = folder if folder.is_dir() else paths.models() / recipe.base
    if not (folder / STUDIO_FILE).is_file():
        return ""  # a plain Transformers folder
    try:
        parent = open_saved(folder)
    except StudioError:
        return ""  # damaged: a line of the lineage must not cost the model that was just trained
    return "; ".join(f"{each.step}: {each.what}" for each in parent.lineage)


def public_recipe(recipe: Recipe) -> Recipe:
    """Return a recipe without the paths of this computer."""
    options = recipe.options
    for each in knobs(type(options)) if options is not None else ():
        if each.models:
            options = replace(options, **{each.name: public_base(getattr(options, each.name))})  # type: ignore[type-var]
    return replace(recipe, base=public_base(recipe.base), options=options)


def public_base(base: str) -> str:
    """Return a base without the paths of this computer: a folder is named by its last part."""
    path = Path(base).expanduser()
    return path.name if path.is_absolute() or path.is_dir() else base
