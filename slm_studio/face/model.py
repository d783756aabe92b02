"""A model that is asked, scored and published from a program."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, overload

from slm_studio.core import given, knobs, paths, planning, targets
from slm_studio.core.answer import Answer, Hits
from slm_studio.core.answer_options import plain_options
from slm_studio.core.candidate_columns import OWN, candidates_prompt
from slm_studio.core.copied import Copied
from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError, fill
from slm_studio.core.events import Note
from slm_studio.core.generation import COUNT, count_of
from slm_studio.core.index import Index, IndexOptions, is_index
from slm_studio.core.moderation import is_for_a_person
from slm_studio.core.prompt import UNANSWERABLE, Cell, check_form, prompt_of, refuse_unasked
from slm_studio.core.results import LIST, FileResult, Hit, Item, Opened, Ranked, Report, Token
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.core.settings import load_settings
from slm_studio.face.reading import File, read
from slm_studio.host.hub import PUBLISHING, fetch, model_here, publish
from slm_studio.host.verbs import OnEvent, explained, items_of, run_verb

Prompt = str | Mapping[str, Cell]  # a text, or what each role of the question holds: {"text": "…"}


class Model:
    """A model to ask: `model("text")`. It is opened by the first question and closed by `close` or the program's end."""

    def __init__(self, saved: SavedModel, device: str = "auto") -> None:
        self.saved = saved  # all that is known of it: recipe, lineage, scores
        self._device = device
        self._handle = ""

    def __repr__(self) -> str:
        """Return name and task."""
        return f"<Model {self.saved.name!r}: {self.task}>"

    @property
    def folder(self) -> Path:
        """Return the folder in which it stands."""
        return Path(self.saved.folder)

    @property
    def task(self) -> str:
        """Return the key of its task: classify, write …"""
        return self.saved.task

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels that it can answer; none where it writes."""
        known = self.saved.facts.get("labels")
        return tuple(str(label) for label in known) if isinstance(known, list | tuple) else ()

    @property
    def metrics(self) -> dict[str, float]:
        """Return the scores of its training, on rows that it had not seen."""
        return dict(self.saved.metrics)

    @overload
    def __call__(self, prompt: Prompt, **options: object) -> Answer: ...  # type: ignore[overload-overlap]  # a text is no list of its letters
    @overload
    def __call__(self, prompt: Iterable[Prompt], **options: object) -> list[Answer]: ...
    def __call__(self, prompt: Prompt | Iterable[Prompt], **options: object) -> Answer | list[Answer]:
        """Answer one prompt, or each of a list (a column of a table, a generator). Options: `top`; of what writes
        `max_new_tokens`, `temperature`, `seed` …

        A dialogue is one prompt: {"messages": [{"role": "user", "content": "…"}]}.

        Answers stand in the order of their prompts, one for each: where a prompt of a list holds no word, or where there
        is no room for what must be read of it, its answer is empty and its `problem` says so, whatever the task. Alone
        it raises StudioError; so does, in a list too, what is no prompt at all (None, NaN), with its place. Of a prompt
        that is longer than the model reads the rest is answered, and the answer's `notes` say what was left out.
        """
        many = given.listed(prompt)
        if many is not None:
            return [self._answer_at(place, each, options) for place, each in enumerate(many)]
        return self._answer(prompt, options)

    def stream(self, prompt: Prompt, **options: object) -> Iterator[Item]:
        """Yield an answer item by item, as it comes to be. Whoever stops reading ends the writing."""
        yield from self._items(prompt, options, {}, [])

    def _items(
        self, prompt: object, options: Mapping[str, object], more: Mapping[str, object], notes: list[Note]
    ) -> Iterator[Item]:
        """Yield the items of an answer; `more` are options that are not the caller's to name, `notes` takes what is said."""
        with explained():
            told = plain_options(options, self.saved.info)
            asked: Any = given.plain(prompt)  # what it may be besides a prompt is refused by its form
            asked = prompt_of(asked, self.saved.info) if isinstance(asked, str) else asked
            check_form(asked, self.saved.info)
            try:
                yield from items_of(self._handle or self._open(), asked, {**told, **more}, notes)
            except StudioError as error:
                if error.code != "not-open":  # the shelf holds a few models: others were opened meanwhile
                    raise
                yield from items_of(self._open(), asked, {**told, **more}, notes)

    def continuations(self, prompt: Prompt, count: int = 3, **options: object) -> tuple[Answer, ...]:
        """Go on with a text in several ways, side by side. With seed=S the one at place p is what seed=S + p writes alone."""
        with explained():
            count_of({COUNT: count}, COUNT)
        items: list[list[Item]] = [[] for _ in range(count)]
        notes: list[Note] = []
        for item in self._items(prompt, options, {COUNT: count}, notes):
            items[item.place if isinstance(item, Token) else 0].append(item)
        return tuple(Answer(tuple(each), self.saved.info.answers, notes=_sentences(notes)) for each in items)

    def answer_file(
        self, file: File, out: File, columns: Mapping[str, str] | None = None, *,
        overwrite: bool = False, on_event: OnEvent | None = None, **options: object,
    ) -> FileResult:  # fmt: skip
        """Answer every row of a file, and write all its columns with the answers beside them to `out` (.csv, .jsonl …).

        `columns` says which holds what is asked ({"question": "q", "passage": "text"}), where their names do not tell; "" leaves
        out what may be left out. Options are those of one prompt. `overwrite` replaces what stands in `out`.
        """
        with explained():
            given.check_files({"file": file, "out": out})
            given.check_columns("columns", columns)
            told = plain_options(options, self.saved.info)
            refuse_unasked(columns or {}, self.saved.info)
            path, target = Path(paths.absolute(file)), Path(paths.absolute(out))
            targets.refuse_taken(target, overwrite=overwrite, source=path)
        asked, handle = {**told, "columns": dict(columns or {})}, self._open()
        return run_verb(
            FileResult, "predict_file", on_event, handle=handle, path=str(path), out=str(target), options=asked
        )

    def evaluate(
        self, file: File, roles: Mapping[str, str] | None = None, *, on_event: OnEvent | None = None
    ) -> Report:
        """Score it on the rows of a file that it has not learnt, beside simple methods; `roles` names other columns."""
        with explained():
            given.check_columns("roles", roles)
        dataset = read(file, ReadOptions(), on_event)
        with explained():
            planning.check_roles(roles or {}, dataset, self.task)
        handle = self._open()  # anew, so that the shelf has it
        return run_verb(Report, "evaluate", on_event, handle=handle, dataset=dataset, roles=dict(roles or {}))

    def index(
        self, source: File, out: File | None = None, *, on_event: OnEvent | None = None, **options: object
    ) -> Index:
        """Index documents, or a table's column, beside the model or in `out`. Options: `length` in tokens, `column`."""
        with explained():
            for name in options:
                knobs.check_name("option", name, [each.name for each in knobs.knobs(IndexOptions)])
            given.check_files({"source": source, "out": out or ""})
        return run_verb(
            Index, "index", on_event, handle=self._open(), source=paths.absolute(source), out=paths.absolute(out),
            options=IndexOptions(**options),  # type: ignore[arg-type]
        )  # fmt: skip

    def search(self, question: str, corpus: File | Index, *, top: int = 10, way: str = "both") -> Hits:
        """Find passages: in an index, or in documents, which are indexed first where they are not, or have changed.

        `notes` of what is found say where an index is older than its documents, or was made by another model.
        """
        with explained():
            given.check_files({"corpus": corpus.folder if isinstance(corpus, Index) else corpus})
            plain_options({"top": top, "way": way}, self.saved.info)
        place = Path(paths.absolute(corpus.folder if isinstance(corpus, Index) else corpus))
        folder = str(place) if is_index(place) else self.index(place).folder
        notes: list[Note] = []
        found = tuple(self._items(question, {"index": folder, "top": top, "way": way}, {}, notes))
        return Hits((item for item in found if isinstance(item, Hit)), _sentences(notes))

    def trace(self, text: str) -> Copied:
        """Find the longest stretch of a text that it wrote in the text that it learnt from."""
        with explained():
            given.check_texts({"text": text}, needed=True)
        return run_verb(Copied, "trace", None, handle=self._open(), texts=(text,))

    def rank(
        self, candidates: Iterable[str], scores: Iterable[float] | None = None, context: str = "", *,
        top: int | None = None, **further: Iterable[float],
    ) -> tuple[Ranked, ...]:  # fmt: skip
        """Put candidates in the order of how likely each is the best, by their own `scores` (scores2 …), with `context` before."""
        with explained():
            given.check_texts({"context": context}, needed=True)
            kinds = {role: given.need_list(role, each or ()) for role, each in {OWN: scores, **further}.items()}
            asked = candidates_prompt(given.need_list("candidates", candidates), kinds, context)
        told = {} if top is None else {"top": top}
        return tuple(item for item in self.stream(asked, **told) if isinstance(item, Ranked))

    def publish(
        self, name: str, *, endpoint: str = "", on_event: OnEvent | None = None, **options: object
    ) -> dict[str, object]:
        """Publish it to a hub as `owner/name`, privately, and return what stands there: url, commit, visibility, files.

        `owner/` alone gets a name that is made for it: a hub takes no other letters than a to z. Options: `license`,
        `language` ("zh", "en,zh"), `public`, `overwrite`.
        """
        with explained():
            for each in options:
                knobs.check_name("option", each, PUBLISHING)
        return publish(self.folder, name, endpoint, options, on_event)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Give its memory back, as the end of `with slm_studio.load(…) as model:` does; the next question opens it again."""
        if self._handle:
            run_verb(type(None), "close", None, handle=self._handle)
            self._handle = ""

    def _answer(self, prompt: object, options: Mapping[str, object]) -> Answer:
        notes: list[Note] = []
        items = tuple(self._items(prompt, options, {}, notes))
        for_a_person = is_for_a_person(items, self.saved.facts)
        return Answer(items, self.saved.info.answers, self._joined, for_a_person, notes=_sentences(notes))

    @property
    def _joined(self) -> str:
        return str(self.saved.facts.get("joined") or LIST)

    def _answer_at(self, place: int, prompt: object, options: Mapping[str, object]) -> Answer:
        """Answer a prompt of a list: one that has no answer does not cost the others theirs."""
        try:
            return self._answer(prompt, options)
        except StudioError as error:
            if error.code in UNANSWERABLE:
                return Answer((), self.saved.info.answers, self._joined, problem=error)
            error.add_note(f"Asked with item {place} of the list, counted from 0.")
            raise

    def _open(self) -> str:
        self._handle = run_verb(Opened, "open", None, folder=self.saved.folder, device=self._device).handle
        return self._handle


def _sentences(notes: Sequence[Note]) -> tuple[str, ...]:
    return tuple(fill(each.message, each.values) for each in notes)


def load(model: File, *, revision: str = "", device: str = "auto", on_event: OnEvent | None = None) -> Model:
    """Open a model: a folder, the name of one of your own, or a hub id, which is fetched once and then stands here.

    Example: slm_studio.load("ada/tickets"). Raises StudioError.
    """
    settings = load_settings()
    with explained():
        given.check_files({"model": model})
        given.check_texts({"revision": revision}, needed=True)
        folder = model_here(str(model), revision)
        saved = open_saved(folder) if folder is not None else fetch(str(model), revision, settings, on_event)
    found = Model(saved, settings.device if device == "auto" else device)
    found._open()  # what is wrong with it is said now
    return found
