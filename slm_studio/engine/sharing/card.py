"""The model card: README.md, written from the evidence of the run and from nothing else.

A field without evidence is left out. The same model and report give the same text, letter by letter.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from slm_studio.core import codec, files, knobs, paths, recipes
from slm_studio.core.errors import StudioError, show
from slm_studio.core.events import Event, Finished
from slm_studio.core.measures import measure, method
from slm_studio.core.recipe import Recipe, recipe_from_json
from slm_studio.core.results import Baseline, Metric, Report
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.core.span_errors import KINDS, span_errors
from slm_studio.core.tagged import labels_of_model
from slm_studio.core.tasks import TaskInfo
from slm_studio.core.verdict import verdict_of_model, verdict_of_report
from slm_studio.engine.models.architectures import OWN_TYPES
from slm_studio.engine.sharing.card_decisions import decisions
from slm_studio.engine.sharing.card_languages import languages_of
from slm_studio.engine.sharing.card_limits import limits
from slm_studio.engine.sharing.card_styles import styles_row
from slm_studio.engine.sharing.card_use import library_of, use_code
from slm_studio.engine.sharing.contents import REPORT, forget, scrub
from slm_studio.engine.sharing.own_part import marked

_STEPS = ("data", "pre-training", "fine-tuning", "training", "output")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_MOST_CLASSES = 200
_MOST_ERRORS = 20  # labels


def card_of(folder: Path, options: Mapping[str, object]) -> Iterator[Event]:
    """Write the card of a model folder. Ends in Finished(str)."""
    yield Finished(card_text(folder, options))


def card_text(folder: Path, options: Mapping[str, object]) -> str:
    """Return the person's own card where options["card"] holds one, else the card from the evidence."""
    own = options.get("card")
    if isinstance(own, str) and own.strip():
        return forget(own)
    model = open_saved(folder)
    report = codec.read(Report, folder / REPORT) if (folder / REPORT).is_file() else None
    chosen = {key: str(options.get(key) or "") for key in ("license", "language", "name")}
    return write_card(model, report, **chosen)


def write_card(
    model: SavedModel,
    report: Report | None,
    license: str = "",  # noqa: A002  (the front matter's name)
    language: str = "",
    name: str = "",
) -> str:
    """Return README.md. `name` is the repository's NAMESPACE/NAME, once it is known."""
    info, own = _info(model), _model_type(model) in OWN_TYPES
    folder = model.folder  # to look into; it is not written
    model = codec.from_json(SavedModel, scrub(codec.to_json(model)))  # a card is read by strangers
    model = replace(model, folder=folder)
    languages = languages_of(model, language)
    asked_in = model.language if model.language in languages or not languages else languages[0]
    called = name or (Path(model.folder).name if model.folder else files.slug(model.name))
    baselines = report.baselines if report else _baselines(model)
    metrics = report.metrics if report else _metrics(model)
    texts = {
        "front": _front(model, info, metrics, license, languages, own),
        "title": _plain(model.name),
        "summary": _summary(info),
        "facts": _facts(model, info, ", ".join(languages)),
        "labels": _labels(model),
        "use": _use(info),
        "code": use_code(model, info, called, own, asked_in),
        "data": _data(model),
        "lineage": [(each.step, _plain(each.what), _plain(each.detail)) for each in _ordered(model)],
        "recipe": _recipe(model),
        "machine": _machine(model),
        "scored_on": _scored_on(model, report),
        "score_head": [
            "score",
            "this model",
            "95 % interval",
            *(method(each.key).title for each in baselines),
        ],
        "scores": _scores(metrics, baselines),
        "verdicts": _verdicts(info, model, report, baselines),
        "classes": _classes(report),
        "error_kinds": [*KINDS.values()],
        "errors": _errors(report),
        "limits": limits(model, info, report, languages, metrics, _plain),
        "licence": _licence(license, model),
    }
    return _render(texts)


def _render(texts: Mapping[str, object]) -> str:
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    template = (paths.resources() / "cards" / "model.md.jinja").read_text(encoding="utf-8")
    body = re.sub(r"\n{3,}", "\n\n", environment.from_string(template).render(texts))
    return f"{texts['front']}\n{marked(body)}"


def _front(
    model: SavedModel,
    info: TaskInfo | None,
    metrics: Sequence[Metric],
    license_: str,
    languages: Sequence[str],
    own: bool,
) -> str:
    """Return the YAML front matter; every text is quoted as JSON, which YAML reads as it is."""
    table: dict[str, object] = {}
    if license_:
        table["license"] = license_
    if languages:
        table["language"] = [*languages]
    table["library_name"] = library_of(model, info, own)
    if info:
        table["pipeline_tag"] = info.hub_tag
    if base := base_model(model):
        table |= {"base_model": base} | ({"base_model_relation": "finetune"} if model.steps else {})
    table["tags"] = ["slm-studio", *([model.task] if model.task else [])]
    if known := [*dict.fromkeys(hub for metric in own_metrics(metrics) if (hub := measure(metric.key).hub))]:
        table["metrics"] = known
    if info and metrics and model.dataset_name:
        table["model-index"] = [{"name": model.name, "results": [_result(model, info, metrics)]}]
    lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
    return "\n".join(["---", *lines, "---"]) + "\n"


def own_metrics(metrics: Sequence[Metric]) -> list[Metric]:
    """Return the figures of the model itself: hubs would take those that it is held against for its own."""
    return [metric for metric in metrics if measure(metric.key).own]


def _result(model: SavedModel, info: TaskInfo, metrics: Sequence[Metric]) -> dict[str, object]:
    figures = []
    for metric in own_metrics(metrics):
        figure: dict[str, object] = {
            "type": measure(metric.key).hub or metric.key,
            "name": _capital(measure(metric.key).title),
        }
        figure["value"] = round(metric.value, 6)
        if metric.low is not None and metric.high is not None:
            figure["args"] = {"interval_95": [round(metric.low, 6), round(metric.high, 6)]}
        figures.append(figure)
    dataset = {"name": model.dataset_name, "type": files.slug(model.dataset_name), "split": model.metrics_on}
    return {"task": {"type": info.hub_tag, "name": info.title}, "dataset": dataset, "metrics": figures}


def base_model(model: SavedModel) -> str:
    """Return the hub id of the model that this one goes on from, or "" where there is none."""
    if model.base.startswith("blank:"):
        return ""
    if model.origin.startswith("hub:"):
        return model.origin.removeprefix("hub:").partition("@")[0] if not model.steps else _if_id(model.base)
    return _if_id(model.base)


def _if_id(base: str) -> str:
    if _HUB_ID.fullmatch(base):
        return base
    try:  # one of the person's models, which may have come from a hub
        parent = open_saved(paths.models() / base) if base and "/" not in base else None
    except StudioError:
        return ""
    return base_model(parent) if parent and parent.origin.startswith("hub:") else ""


def _info(model: SavedModel) -> TaskInfo | None:
    try:
        return model.info
    except StudioError:
        return None  # a base without a task


def _model_type(model: SavedModel) -> str:
    path = Path(model.folder) / "config.json"
    plain = files.read_json(path) if model.folder and path.is_file() else None
    if isinstance(plain, dict):
        return str(plain.get("model_type", ""))
    family = model.base.removeprefix("blank:").partition("-")[0]
    return f"slm-{family}" if model.base.startswith("blank:") else ""


def _summary(info: TaskInfo | None) -> str:
    return info.blurb if info else "A base without a task: it answers nothing by itself, and can be trained further."


def _use(info: TaskInfo | None) -> str:
    if info is None:
        return "As a base for training."
    return f"{info.title}: {info.blurb[0].lower()}{info.blurb[1:]} Made for texts like those it learnt from; on other texts it was not tested."


def _facts(model: SavedModel, info: TaskInfo | None, language: str) -> list[tuple[str, str]]:
    table = {
        "Task": info.title if info else "",
        "Answers": _answers(model, info),
        "Styles": styles_row(model.facts, _plain),
        "Base": "none: made from nothing" if model.base.startswith("blank:") else _plain(model.base),
        "Network": _plain(model.base.removeprefix("blank:")) if model.base.startswith("blank:") else "",
        "Parameters": f"{model.parameters:,}" if model.parameters else "",
        "Language": language,
        "Fetched from": _plain(model.origin) if model.origin else "",
        "Created": model.created,
    }
    return [(name, value) for name, value in table.items() if value]


def _answers(model: SavedModel, info: TaskInfo | None) -> str:
    """Return what the answers are, where they are no single label."""
    facts = model.facts
    if info and info.answers == "several":
        return "several labels of each text, or none; each has a threshold of its own, chosen on held-out rows"
    if info and info.answers == "labels":
        return "; ".join(map(_plain, decisions(facts)))
    if info is None or info.answers != "number" or "mean" not in facts:
        return ""
    off = facts.get("off")
    inside = f"; nine of ten held-out rows lay within ± {off:.3g}" if isinstance(off, float) else ""
    return f"a number; it learnt from numbers between {facts.get('low'):g} and {facts.get('high'):g}{inside}"


def _labels(model: SavedModel) -> str:
    labels = labels_of_model(model)
    shown = ", ".join(_plain(label) for label in labels[:50])
    return shown + (f" … ({len(labels)} in all)" if len(labels) > 50 else "")


def _data(model: SavedModel) -> list[tuple[str, str]]:
    if not model.dataset_name:
        return []
    too = {"validation": ", learnt too once they had chosen the checkpoint"} if model.learnt_validation else {}
    rows = [(f"Rows for {split}", f"{count:,}{too.get(split, '')}") for split, count in model.rows.items()]
    return [("Name", _plain(model.dataset_name)), *rows, ("Fingerprint (sha256)", f"`{model.fingerprint}`")]


def _ordered(model: SavedModel) -> list:  # type: ignore[type-arg]
    steps = [each for each in model.lineage if each.what != "none"]
    if model.base.startswith("blank:"):  # models of before name one of two steps, although there was one training
        steps = [replace(each, step="training") if each.step in _STEPS[1:3] else each for each in steps]
    return sorted(steps, key=lambda each: _STEPS.index(each.step) if each.step in _STEPS else len(_STEPS))


def _recipe(model: SavedModel) -> list[tuple[str, str]]:
    try:
        recipe = recipe_from_json(model.recipe) if model.recipe else None
    except StudioError:
        return []  # of another version: better no table than a wrong one
    if recipe is None:
        return []
    columns = [("Column for " + role, _plain(column)) for role, column in recipe.roles.items() if column]
    done = ", ".join(recipe.cleaning)
    cleaning = [("Cleaning", f"{done}: done to the rows, and to every prompt alike")] if done else []
    return (
        _named(recipe)
        + columns
        + cleaning
        + _settings(recipe, recipe.unused)
        + (_settings(recipe.options, recipe.unused) if recipe.options else [])
    )


def _named(recipe: Recipe) -> list[tuple[str, str]]:
    """Return the named recipe that it followed, and in what it did not."""
    if not recipe.named:
        return []
    changed = f" (changed: {', '.join(others)})" if (others := recipes.departures(recipe)) else ""
    return [("Recipe", _plain(recipes.title_of(recipe.named)) + changed)]


def _settings(owner: Recipe | object, unused: Collection[str]) -> list[tuple[str, str]]:
    told = [each for each in knobs.knobs(type(owner)) if each.name not in unused]
    idle = knobs.idle(type(owner), {each.name: getattr(owner, each.name) for each in told})
    values = [(each.label, getattr(owner, each.name)) for each in told if each.name not in idle]
    return [
        (label, _plain(knobs.written(value) if isinstance(value, tuple) else str(value)))
        for label, value in values
        if value is not None and value != ""
    ]


def _machine(model: SavedModel) -> list[tuple[str, str]]:
    if not model.steps:
        return []
    minutes, seconds = divmod(round(model.seconds), 60)
    table = [("Machine", _plain(model.machine)), ("Steps", f"{model.steps:,}"), ("Time", f"{minutes} min {seconds} s")]
    return [*table, ("Versions", ", ".join(f"{name} {version}" for name, version in model.versions.items()))]


def _metrics(model: SavedModel) -> tuple[Metric, ...]:
    known = model.intervals
    return tuple(
        Metric(key=key, value=value, low=known.get(key, (None, None))[0], high=known.get(key, (None, None))[1])
        for key, value in model.metrics.items()
    )


def _baselines(model: SavedModel) -> tuple[Baseline, ...]:
    return tuple(
        Baseline(
            key=key,
            metrics=tuple(Metric(key=each, value=value) for each, value in metrics.items()),
            seconds=0.0,
            verdict=model.verdicts.get(key, ""),
        )
        for key, metrics in model.baseline.items()
    )


def _scored_on(model: SavedModel, report: Report | None) -> str:
    split = report.split if report else model.metrics_on
    rows = report.rows if report else model.rows.get(split, 0)
    counted = f"{rows:,} {split} rows" if rows else f"the {split} rows"
    extra = "" if split == "test" else " They also chose the checkpoint, so other rows may fare a little worse."
    extra += f" Counted as `{report.counted}`." if report and report.counted else ""
    known = next((each for each in report.remarks if each.code == "rows-known"), None) if report else None
    if known is None:
        return f"Scored on {counted} that were held out of training.{extra}"
    which = "all of which" if known.count == rows else f"{known.count:,} of which"
    return f"Scored on {counted}, {which} stand among the training rows too: there the score tells what is remembered."


def _scores(metrics: Sequence[Metric], baselines: Sequence[Baseline]) -> list[list[str]]:
    lines = []
    for metric in metrics:
        interval = (
            f"{show(metric.low)} – {show(metric.high)}" if metric.low is not None and metric.high is not None else "–"
        )
        beside = [
            next((show(each.value) for each in base.metrics if each.key == metric.key), "–") for base in baselines
        ]
        lines.append([_capital(measure(metric.key).title), show(metric.value), interval, *beside])
    return lines


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]


def _verdicts(
    info: TaskInfo | None, model: SavedModel, report: Report | None, baselines: Sequence[Baseline]
) -> list[str]:
    """Return what the paired tests say; where there is none, as of a text and a compressor, what the studio says."""
    tests = [sentence for each in baselines if info and (sentence := _verdict(each, info.compared))]
    said = (verdict_of_report(report) if report else verdict_of_model(model)).sentence
    return tests or ([said] if said else [])


def _verdict(baseline: Baseline, compared: str) -> str:
    scored = [each.key for each in baseline.metrics]
    told = measure(compared if compared in scored or not scored else scored[0]).title
    name, test = method(baseline.key).title, f"A paired test of {told}"
    sentences = {
        "better": f"{test} shows this model ahead of the simple method “{name}”.",
        "worse": f"{test} shows this model behind the simple method “{name}”.",
        "none": f"{test} shows no difference to the simple method “{name}”.",
    }
    return sentences.get(baseline.verdict, "")


def _classes(report: Report | None) -> list[list[str]]:
    shown = report.per_label[:_MOST_CLASSES] if report else ()
    return [
        [_plain(each.label), f"{each.precision:.3f}", f"{each.recall:.3f}", f"{each.f1:.3f}", f"{each.support:,}"]
        for each in shown
    ]


def _errors(report: Report | None) -> list[list[str]]:
    """Return what became of the names of each label, where words are marked and the table is short."""
    counts = span_errors(report) if report else {}
    if len(counts) > _MOST_ERRORS:
        return []
    return [[_plain(label), *(f"{number:,}" for number in numbers)] for label, numbers in counts.items()]


def _licence(license_: str, model: SavedModel) -> str:
    base = base_model(model)
    chosen = f"`{license_}`" if license_ else "No licence was chosen."
    return chosen + (f" The licence of its base, {base}, applies too." if base else "")


def _plain(text: str) -> str:
    """Return foreign text as one line that Markdown shows as it is, in a table too."""
    return re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(text.split()))
