"""What is said of plans and runs: shapes, scores, states, sizes. Pure functions."""

from datetime import datetime

from slm_studio.core.dataset import Dataset, distinct_values
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Machine
from slm_studio.core.measures import measure, method
from slm_studio.core.recipe import Recipe, info_of_recipe, split_base
from slm_studio.core.recipes import title_of
from slm_studio.core.results import Sizes
from slm_studio.core.run import CREATED, FAILED, FINISHED, INTERRUPTED, PAUSED, RUNNING, STOPPED, Run
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.devices import device_name
from slm_studio.ui.widgets.progress import clock

STATES = {
    CREATED: mark("not started"), RUNNING: mark("running"), PAUSED: mark("paused"), FINISHED: mark("finished"),
    STOPPED: mark("stopped"), FAILED: mark("ended with an error"), INTERRUPTED: mark("interrupted"), "stopping": mark("stopping"),
    "elsewhere": mark("at work in another window"),
}  # fmt: skip
DOCTOR = {  # code of a Note → title and tone of its card
    "learning-well": (mark("Learning well"), "soft"), "learning-with-gap": (mark("Learning, with a gap"), "soft"),
    "by-heart": (mark("Learning by heart"), "warning"), "plateau": (mark("No gain for a while"), ""),
    "not-learning": (mark("Not learning yet"), "warning"), "unstable": (mark("Unstable"), "bad"),
    "ended": (mark("Ended"), ""), "ended-by-heart": (mark("Ended, the best is kept"), ""),
    "ended-diverging": (mark("Its loss ran away"), "warning"), "first-look": (mark("A first look"), ""),
    "ended-nothing": (mark("Nothing learnt that shows"), "warning"), "stopped": (mark("Stopped"), ""),
    "ended-beaten": (mark("A simpler method does better"), "warning"), "ended-unsure": (mark("Too few rows to tell"), "warning"),
    "diverging": (mark("Diverging"), "bad"), "no-gain": (mark("No gain at the latest look"), ""),
}  # fmt: skip


def run_score(run: Run) -> str:
    """Return a run's leading score. Example: “0.912 accuracy”"""
    try:
        info = task_info(run.task)
    except StudioError:
        return ""
    metrics = run.metrics or {}
    info = info.fitting(metrics)
    key = next((each for each in (*info.shown, info.metric) if each in metrics), "")
    return f"{measure(key).written(metrics[key])} {measure(key).name}" if key else ""


def state_words(state: str) -> str:
    """Return a run's state."""
    return tr(STATES.get(state, state))


def base_words(task: str, base: str) -> str:
    """Return what a model starts from. Example: “LSTM small, from scratch”, “from bert-base-chinese”"""
    try:
        family, size = split_base(base)
        if size:
            return tr("{family} {size}, from scratch", family=tr(task_info(task).family(family).title), size=tr(size))
    except StudioError:
        return base  # a shape of a newer version
    return tr("from {base}", base=base.rstrip("/\\").replace("\\", "/").rpartition("/")[2])


def count_words(count: int) -> str:
    """Return a large count, short. Example: count_words(2_400_000) == "2.4 M\""""
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if count >= size:
            return f"{count / size:.0f} {unit}" if count >= 100 * size else f"{count / size:.1f} {unit}"
    return str(count)


def gigabytes(count: float) -> str:
    """Return bytes as GB with one digit, as memory is told."""
    return f"{count / 1e9:.1f}"


def span_words(low: float, high: float) -> str:
    """Return a range of seconds in the unit that suits it. Example: span_words(240, 360) == "4 – 6 min\""""
    if high < 100:
        size, unit = 1, tr("s")
    elif high < 2 * 3600:
        size, unit = 60, tr("min")
    else:
        size, unit = 3600, tr("h")
    first, last = max(1, round(low / size)), max(1, round(high / size))
    return f"{first} {unit}" if first == last else f"{first} – {last} {unit}"


def device_words(device: str, precision: str = "auto") -> str:
    """Return where a run computes. Example: “CPU, bf16”"""
    name = device_name(device)
    return name if precision in ("auto", "") else f"{name}, {precision}"


def run_facts(
    task: str,
    base: str,
    sizes: Sizes | None,
    rows: dict[str, int] | None = None,
    parameters: int = 0,
    named: str = "",
) -> str:
    """Return “LSTM small, from scratch · 2.4 M parameters · 9,003 rows train, 1,000 held out”, a recipe's title before it."""
    parts = [tr(title_of(named))] if named else []
    parts.append(base_words(task, base))
    parameters = parameters or (sizes.parameters if sizes else 0)
    rows = rows or (sizes.rows if sizes else {})
    if parameters:
        parts.append(tr("{count} parameters", count=count_words(parameters)))
    if rows.get("train"):
        held = sum(count for split, count in rows.items() if split != "train")
        parts.append(tr("{train} {train:row|rows} train, {held} held out", train=rows["train"], held=held))
    return " · ".join(parts)


def result_words(model: SavedModel) -> str:
    """Return the score of a finished run beside its baselines, in one line."""
    info = model.info
    key = next((each for each in (info.compared, *info.shown, info.metric) if each in model.metrics), "")
    if not key:
        return tr("The model is saved.")
    known = measure(key)
    first = f"{known.name} {known.written(model.metrics[key])}"
    if key in model.intervals:
        low, high = model.intervals[key]
        first += f" ({known.written(low)} – {known.written(high)})"
    rows = model.rows.get(model.metrics_on, 0)
    if rows:
        first += " " + (
            tr("on {n} test {n:row|rows}", n=rows)
            if model.metrics_on == "test"
            else tr("on {n} held-out {n:row|rows}", n=rows)
        )
    parts = [tr("Done in {time}", time=clock(model.seconds)), first] if model.seconds else [first]
    for name, scores in model.baseline.items():
        if key in scores:
            parts.append(f"{method(name).name} {known.written(scores[key])}")
    return " · ".join(parts)


def machine_words(machine: Machine) -> str:
    """Return where a run computes, by its Started event."""
    return f"{machine.name} · {device_words(machine.device)}"


def day(created: str) -> str:
    """Return an ISO time as people read it here: local, without seconds."""
    try:
        return datetime.fromisoformat(created).astimezone().strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return created[:16]


def recipe_sentence(recipe: Recipe, dataset: Dataset) -> str:
    """Return what a recipe learns, and what else plays a role. Example: “Learn to write like text · Style: author”"""
    info = info_of_recipe(recipe, dataset)
    if info.missing(recipe.chosen):
        return tr("{task}; a column is still to be chosen", task=tr(info.title).lower())
    counts = {f"{role}_values": distinct_values(dataset, column) for role, column in recipe.roles.items()}
    told = tr(info.sentence, task=tr(info.title).lower(), **recipe.roles, **counts)
    further = [role for role in info.roles if role.name in recipe.chosen and f"{{{role.name}" not in info.sentence]
    return " · ".join([told, *(f"{tr(role.title)}: {recipe.roles[role.name]}" for role in further)])
