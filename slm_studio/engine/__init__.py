"""THE DOOR: every verb of the engine. Host and tests see only this file.

Each verb returns an iterator of events (slm_studio.core.events) that ends in Finished(result). Nothing happens before
the first `next()`, and each verb imports its room on first use, so that torch is loaded only where a verb needs it.
Verbs raise StudioError; errors of libraries are turned into one by engine/advice.py.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import ParamSpec

from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.editing import Change
from slm_studio.core.events import Event
from slm_studio.core.index import IndexOptions
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe
from slm_studio.core.run import Run

P = ParamSpec("P")
Verb = Callable[P, Iterator[Event]]


def _advised(verb: Verb[P]) -> Verb[P]:
    """Turn third-party exceptions into StudioErrors at the door."""

    @wraps(verb)
    def advised(*args: P.args, **kwargs: P.kwargs) -> Iterator[Event]:
        from slm_studio.engine.advice import advising

        with advising():
            yield from verb(*args, **kwargs)

    return advised


def _with_transformers(verb: Verb[P]) -> Verb[P]:
    """Load Transformers before a verb imports its room: beside another thread that does, it would be handed half of it."""

    @wraps(verb)
    def loading(*args: P.args, **kwargs: P.kwargs) -> Iterator[Event]:
        from slm_studio.engine.libraries import load_transformers

        load_transformers()
        return verb(*args, **kwargs)

    return loading


@_advised
def warm(torch: bool = True) -> Iterator[Event]:
    """Import what later verbs need. Ends in Finished(None)."""
    from slm_studio.engine.warming import warm_up

    return warm_up(torch)


@_advised
def read(path: str, options: ReadOptions = ReadOptions()) -> Iterator[Event]:  # noqa: B008  (frozen)
    """Read a file into an app-owned dataset. Ends in Finished(Dataset)."""
    from slm_studio.engine.data.reading import read_dataset

    return read_dataset(Path(path), options)


@_advised
def check(dataset: Dataset, recipe: Recipe) -> Iterator[Event]:
    """Look for what would hurt. Ends in Finished(tuple[Finding, …])."""
    from slm_studio.engine.data.checks import check_dataset

    return check_dataset(dataset, recipe)


@_advised
def clean(dataset: Dataset, steps: tuple[str, ...], recipe: Recipe) -> Iterator[Event]:
    """Apply named cleaning steps as a new version. Ends in Finished(Dataset)."""
    from slm_studio.engine.data.cleaning import clean_dataset

    return clean_dataset(dataset, steps, recipe)


@_advised
def edit(dataset: Dataset, changes: tuple[Change, ...] = (), columns: tuple[str, ...] = ()) -> Iterator[Event]:
    """Change some cells, and add empty columns, as a new version. Ends in Finished(Dataset)."""
    from slm_studio.engine.data.editing import edit_dataset

    return edit_dataset(dataset, changes, columns)


@_advised
def convert(dataset: Dataset, out: str, to: str = "", bom: bool | None = None) -> Iterator[Event]:
    """Write a dataset as csv, tsv, jsonl, json, txt or parquet. Ends in Finished(FileResult)."""
    from slm_studio.engine.data.writing import write_file

    return write_file(dataset, Path(out), to, bom)


@_advised
def suggest(dataset: Dataset, task: str = "") -> Iterator[Event]:
    """Guess task, roles and base from the columns. Ends in Finished(Suggestion)."""
    from slm_studio.engine.data.suggesting import suggest_task

    return suggest_task(dataset, task)


@_advised
def describe(dataset: Dataset, recipe: Recipe) -> Iterator[Event]:
    """Count labels and lengths. Ends in Finished(dict): {"labels": {label: n}, "lengths": [edges, counts], …}."""
    from slm_studio.engine.data.describe import describe_dataset

    return describe_dataset(dataset, recipe)


@_advised
@_with_transformers
def measure(dataset: Dataset, recipe: Recipe) -> Iterator[Event]:
    """Count parameters, memory and time of a plan. Ends in Finished(Sizes)."""
    from slm_studio.engine.training.measure import measure_plan

    return measure_plan(dataset, recipe)


@_advised
def train(recipe: Recipe, dataset: Dataset, run: Run, token: str = "") -> Iterator[Event]:
    """Train, score and save. Yields Started, Step, Evaluated, Sample, Saved, Note …; ends in Finished(SavedModel).

    `token` fetches a base that its hub does not give to everybody; it is written nowhere.
    """
    from slm_studio.engine.warming import make_ready

    yield from make_ready()
    from slm_studio.engine.training.runs import train_run

    yield from train_run(recipe, dataset, run, token)


@_advised
def resume(run: Run, token: str = "") -> Iterator[Event]:
    """Go on from the last checkpoint, bit by bit as if nothing had happened. Ends in Finished(SavedModel).

    `token` is that of `train`, for a run that was stopped before its base was fetched.
    """
    from slm_studio.engine.warming import make_ready

    yield from make_ready()
    from slm_studio.engine.training.runs import resume_run

    yield from resume_run(run, token)


@_advised
@_with_transformers
def keep(run: Run, checkpoint: int | None = None) -> Iterator[Event]:
    """Turn a checkpoint (None: the last) into a model. Ends in Finished(SavedModel)."""
    from slm_studio.engine.training.runs import keep_checkpoint

    return keep_checkpoint(run, checkpoint)


@_advised
@_with_transformers
def open(folder: str, device: str = "auto") -> Iterator[Event]:  # noqa: A001  (the verb's name is part of the protocol)
    """Load a model. Ends in Finished(Opened)."""
    from slm_studio.engine.inference.shelf import open_model

    return open_model(Path(folder), device)


@_advised
@_with_transformers
def devices() -> Iterator[Event]:
    """Name the devices of this computer, slowest first. Ends in Finished(tuple[str, …])."""
    from slm_studio.engine.device import tell_devices

    return tell_devices()


@_advised
@_with_transformers
def close(handle: str) -> Iterator[Event]:
    """Forget an open model. Ends in Finished(None)."""
    from slm_studio.engine.inference.shelf import close_model

    return close_model(handle)


@_advised
@_with_transformers
def predict(handle: str, prompt: Prompt, options: dict[str, object]) -> Iterator[Event]:
    """Answer one prompt: asked role → text, words, messages or candidates. Yields Predicted(Label | Token …); ends in Finished(dict of numbers about the answer).

    With options["whole"] a prompt that a model that writes has no room for is refused instead of cut.
    """
    from slm_studio.engine.inference.shelf import predict_prompt

    return predict_prompt(handle, prompt, options)


@_advised
@_with_transformers
def render(handle: str, prompt: Prompt, options: dict[str, object]) -> Iterator[Event]:
    """Show what a model that chats receives of a prompt, before it answers; of word vectors show a map around it.

    Ends in Finished(dict): {"text", "tokens": [[piece, is_answer], …], "used", "limit", "not_sent", "cut"}.
    """
    from slm_studio.engine.inference.shelf import render_prompt

    return render_prompt(handle, prompt, options)


@_advised
@_with_transformers
def look_inside(handle: str, prompt: Prompt, step: str = "") -> Iterator[Event]:
    """Show the way from a prompt to its answer through the net, and the numbers of one step. Ends in Finished(Inside)."""
    from slm_studio.engine.inference.shelf import look_into

    return look_into(handle, prompt, step)


@_advised
@_with_transformers
def trace(handle: str, texts: tuple[str, ...]) -> Iterator[Event]:
    """Look for the longest stretch of what a model wrote in the text that it learnt from. Ends in Finished(Copied)."""
    from slm_studio.engine.evaluation.tracing import trace_texts

    return trace_texts(handle, texts)


@_advised
@_with_transformers
def predict_file(handle: str, path: str, out: str, options: dict[str, object]) -> Iterator[Event]:
    """Answer every row of a file. Ends in Finished(FileResult)."""
    from slm_studio.engine.inference.file import predict_rows

    return predict_rows(handle, Path(path), Path(out), options)


@_advised
@_with_transformers
def index(
    handle: str = "",
    source: str = "",
    dataset: Dataset | None = None,
    out: str = "",
    options: IndexOptions = IndexOptions(),  # noqa: B008  (frozen)
) -> Iterator[Event]:
    """Make an index of a file, a folder, a zip or a dataset's column, beside the model or in `out`. Ends in Finished(Index).

    Without a model (handle "") it is searched by words alone.
    """
    from slm_studio.engine.inference.indexing import make_index

    return make_index(handle, source, dataset, out, options)


@_advised
@_with_transformers
def look(folder: str, handle: str = "") -> Iterator[Event]:
    """Say what an index holds and why it may be no longer true. Ends in Finished(Index)."""
    from slm_studio.engine.inference.indexing import look_at_index

    return look_at_index(folder, handle)


@_advised
@_with_transformers
def find(folder: str, question: str, options: dict[str, object]) -> Iterator[Event]:
    """Search an index by words alone, without a model. Yields Predicted(Hit); ends in Finished(dict)."""
    from slm_studio.engine.inference.indexing import find_words

    return find_words(folder, question, options)


@_advised
@_with_transformers
def embed(handle: str, texts: tuple[str, ...], questions: bool = False, whole: bool = False) -> Iterator[Event]:
    """Turn a few texts into vectors. Ends in Finished(dict): {"vectors" (base64 of float32), "width", "tokens"}.

    It tells, too, how many tokens of the longest text are not read (“end_unread”); `whole` refuses a text that is cut.
    """
    from slm_studio.engine.inference.embedding import embed_texts

    return embed_texts(handle, texts, questions, whole)


@_advised
@_with_transformers
def evaluate(handle: str, dataset: Dataset, split: str = "", roles: dict[str, str] = {}) -> Iterator[Event]:  # noqa: B006
    """Score a model on labelled rows. Ends in Finished(Report)."""
    from slm_studio.engine.evaluation.evaluate import evaluate_model

    return evaluate_model(handle, dataset, split, roles)


@_advised
@_with_transformers
def export(folder: str, kind: str, out: str) -> Iterator[Event]:
    """Write a model as a folder or a zip and check that it answers the same. Ends in Finished(FileResult)."""
    from slm_studio.engine.sharing.archive import export_model

    return export_model(Path(folder), kind, Path(out))


@_advised
@_with_transformers
def adopt(source: str, name: str = "") -> Iterator[Event]:
    """Import a folder, a zip or a .gguf file as a model of the person's. Ends in Finished(SavedModel)."""
    from slm_studio.engine.sharing.archive import import_model

    return import_model(Path(source), name)


@_advised
def fetch(id: str, endpoint: str, revision: str = "", out: str = "", token: str = "") -> Iterator[Event]:  # noqa: A002
    """Download a model from a hub, resumable and checked by sha256. Ends in Finished(SavedModel)."""
    from slm_studio.engine.sharing.hub import fetch_model

    return fetch_model(id, endpoint, revision, out, token)


@_advised
def plan_publish(folder: str, options: dict[str, object], endpoint: str = "", token: str = "") -> Iterator[Event]:
    """Say what `publish` would send and, where an endpoint is named, look at what stands at options["name"].

    Ends in Finished(dict): {"files": [{"name", "bytes"}], "card", "total", "visibility", "standing"}.
    """
    from slm_studio.engine.sharing import publishing

    if not endpoint:
        return publishing.plan_publish(Path(folder), options)
    from slm_studio.engine.sharing.hub import plan_publication

    return plan_publication(Path(folder), options, endpoint, token)


@_advised
def publish(folder: str, name: str, endpoint: str, options: dict[str, object], token: str = "") -> Iterator[Event]:
    """Upload a model in one commit, load it back and compare. Ends in Finished(dict: url, commit, visibility …)."""
    from slm_studio.engine.sharing.hub import publish_model

    return publish_model(Path(folder), name, endpoint, options, token)


@_advised
def card(folder: str, options: dict[str, object]) -> Iterator[Event]:
    """Write the model card from the run's evidence. Ends in Finished(str: Markdown)."""
    from slm_studio.engine.sharing.card import card_of

    return card_of(Path(folder), options)
