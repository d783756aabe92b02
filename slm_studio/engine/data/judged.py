"""Judged collections: passages in one file, queries in another, and in others which answers which: the layout of BEIR.

    corpus.jsonl                          {"_id": …, "title": …, "text": …}
    queries.jsonl                         {"_id": …, "text": …}
    qrels/train.tsv, dev.tsv, test.tsv    query-id, corpus-id, score

They become pairs: a query and a passage that answers it. As with all who use the layout, a passage begins with its title.
Source: Thakur et al. 2021, https://arxiv.org/abs/2104.08663
"""

# N texts of a file, J judgements

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event
from slm_studio.core.texts import mark
from slm_studio.engine.data.bundles import by_split, merge, part_of, say_splits
from slm_studio.engine.data.gathering import Gathered, Member
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.opening import read_part
from slm_studio.engine.data.parts import bare
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.table import TableWriter, batches

CORPUS, QUERIES, QRELS = "corpus", "queries", "qrels"
PAIR = ("query", "passage")  # columns of what they become
IDS = ("_id", "id", "docid", "doc_id", "qid", "query_id")
TEXTS = ("text", "contents", "content", "passage", "query", "question")
TITLE = "title"
PLACES = {2: (0, 1), 3: (0, 1, 2), 4: (0, 2, 3)}  # columns of query, passage and score; of four the second is TREC's 0
DENIES = r"^\s*(-.*|0+(\.0*)?)\s*$"  # a score that says: this passage does not answer it
UNKNOWN = mark(
    "{count} {count:line|lines} of the judgements {count:names|name} a query or a passage that is not there or holds no text, and {count:was|were} left out; the first: {first}."
)
DENIED = mark("{count} {count:judgement says|judgements say} that a passage does not answer a query, and {count:was|were} left out.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Collection:
    """The files of a judged collection; one that is missing is None."""

    corpus: Member | None
    queries: Member | None
    judgements: list[Member]


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one file: their ids, the columns that they are made of, and which of them were judged."""

    ids_N: pa.Array
    columns: pa.Table
    judged_N: np.ndarray

    def places(self, ids_J: pa.ChunkedArray) -> np.ndarray:
        """Return where [J] the texts of ids stand; -1 of one that is not there, or is blank."""
        places_J = pc.fill_null(pc.index_in(pc.utf8_trim_whitespace(ids_J), value_set=self.ids_N), -1).to_numpy().copy()
        known_J = np.flatnonzero(places_J >= 0)
        is_blank_J = pc.equal(self.texts(places_J[known_J]), "").to_numpy()
        places_J[known_J[is_blank_J]] = -1
        return places_J

    def texts(self, places_J: np.ndarray) -> pa.ChunkedArray:
        """Return some texts, below their titles where they have any."""
        columns = [pc.utf8_trim_whitespace(column) for column in self.columns.take(pa.array(places_J)).columns]
        return pc.utf8_trim_whitespace(pc.binary_join_element_wise(*columns, "\n")) if len(columns) > 1 else columns[0]


def collection_in(gathered: Gathered) -> Collection | None:
    """Return the judged collection that files are, where two of its three kinds are among them."""
    named: dict[str, Member] = {}
    for member in gathered.members:
        named.setdefault(_stem(member), member)
    corpus, queries = named.get(CORPUS), named.get(QUERIES)
    others = [member for member in gathered.members if member not in (corpus, queries)]
    judgements = [each for each in others if QRELS in map(str.casefold, each.folders) or _stem(each).startswith(QRELS)]
    if corpus and queries and not judgements:
        judgements = [each for each in others if each.ending == ".tsv"]
    is_collection = sum(map(bool, (corpus, queries, judgements))) > 1
    return Collection(corpus, queries, judgements) if is_collection else None


def read_collection(
    gathered: Gathered, collection: Collection, options: ReadOptions, staging: Path
) -> Generator[Event, None, dict[str, Part]]:
    """Read a judged collection; returns the pairs of each split. Raises StudioError."""
    if not (collection.corpus and collection.queries and collection.judgements):
        raise _incomplete(gathered, collection)
    plain, notes = ReadOptions(encoding=options.encoding), Notes(format="judged")
    queries = yield from _read_texts(collection.queries, plain, staging / "queries.arrow", notes)
    corpus = yield from _read_texts(collection.corpus, plain, staging / "corpus.arrow", notes)
    splits, left = by_split(collection.judgements)
    used = {each.path for each in (collection.corpus, collection.queries, *collection.judgements)}
    gathered.others += [each.name for each in (*left, *(each for each in gathered.members if each.path not in used))]
    found = {}
    for split, members in splits.items():
        out = staging / f"{split}.arrow"
        with TableWriter(out, notes, PAIR) as writer:
            for number, member in enumerate(members):
                judged = yield from _read_judgements(member, plain, staging / f"{split}-{number}.arrow", notes)
                for chunk in _pairs(judged, queries, corpus, notes):
                    writer.write(chunk)
        if writer.rows:
            found[split] = part_of(gathered.title, out, writer, notes if split == "train" else Notes(format="judged"))
    if "train" not in found:
        raise _strange(splits["train"][0], notes)
    _say(notes, sum(part.rows for part in found.values()), queries, corpus)
    say_splits(found, notes)
    gathered.say(notes)
    return found


def _read_texts(member: Member, options: ReadOptions, out: Path, notes: Notes) -> Generator[Event, None, Texts]:
    part = yield from read_part(member.path, options, out, member.name)
    part.notes.found.pop("cells-nested", None)  # what is said of a text beside it is not read
    merge(notes, part.notes)
    ids = next((name for name in IDS if name in part.columns), "")
    text = next((name for name in TEXTS if name in part.columns), "")
    if not ids or not text:
        raise StudioError(
            "texts-unnamed",
            "“{file}” has no column “{column}”, which passages and queries need.",
            "Its columns are: {columns}.",
            file=member.name,
            column=TEXTS[0] if ids else IDS[0],
            columns=", ".join(part.columns),
        )
    table = open_table(part.path)
    ids_N = pc.utf8_trim_whitespace(table.column(ids)).combine_chunks()
    columns = [name for name in (TITLE, text) if name in part.columns]
    return Texts(ids_N, table.select(columns), np.zeros(part.rows, bool))


def _read_judgements(member: Member, options: ReadOptions, out: Path, notes: Notes) -> Generator[Event, None, pa.Table]:
    """Return the columns of queries, of passages and, where there are any, of scores. A first line of names is a row, too."""
    part = yield from read_part(member.path, replace(options, header=False), out, member.name)
    if len(part.columns) not in PLACES:
        raise _strange(member, notes)
    return open_table(part.path).select(list(PLACES[len(part.columns)]))


def _pairs(judged: pa.Table, queries: Texts, corpus: Texts, notes: Notes) -> Iterator[dict[str, pa.ChunkedArray]]:
    """Yield what judgements say, as pairs; what cannot be one is counted."""
    names = True  # the first line of a file holds the names of its columns
    for batch in batches(judged):
        asked_J, answering_J = queries.places(batch.column(0)), corpus.places(batch.column(1))
        is_pair_J = (asked_J >= 0) & (answering_J >= 0)
        unknown = [place for place in np.flatnonzero(~is_pair_J).tolist() if place or not names]
        if unknown:
            said = notes.found.get("judgements-unknown")
            first = said.values["first"] if said else " → ".join(batch.column(at)[unknown[0]].as_py() for at in (0, 1))
            notes.add("judgements-unknown", UNKNOWN, count=len(unknown), first=first)
        if batch.num_columns > 2:
            is_denied_J = is_pair_J & pc.match_substring_regex(batch.column(2), DENIES).to_numpy()
            if is_denied_J.any():
                notes.add("judgements-denied", DENIED, count=int(is_denied_J.sum()))
            is_pair_J &= ~is_denied_J
        asked_J, answering_J, names = asked_J[is_pair_J], answering_J[is_pair_J], False
        queries.judged_N[asked_J] = corpus.judged_N[answering_J] = True
        yield {PAIR[0]: queries.texts(asked_J), PAIR[1]: corpus.texts(answering_J)}


def _say(notes: Notes, rows: int, queries: Texts, corpus: Texts) -> None:
    notes.add(
        "collection-pairs",
        mark(
            "Each row is a query with a passage that was judged to answer it: {queries} queries, {passages} passages."
        ),
        count=rows,
        queries=int(queries.judged_N.sum()),
        passages=int(corpus.judged_N.sum()),
    )
    if left := int((~corpus.judged_N).sum()):
        notes.add("passages-unasked", mark("{count} {count:passage answers|passages answer} no query and {count:is|are} in no row."), count=left)  # fmt: skip
    if left := int((~queries.judged_N).sum()):
        notes.add("queries-unanswered", mark("{count} {count:query has|queries have} no passage that answers {count:it|them} and {count:is|are} in no row."), count=left)  # fmt: skip


def _stem(member: Member) -> str:
    return bare(PurePosixPath(member.name).name).casefold()


def _incomplete(gathered: Gathered, collection: Collection) -> StudioError:
    """Return the error for a collection of which one kind of file is missing."""
    message = mark("“{name}” says which passage answers which query, but holds no file of passages (corpus.jsonl).")
    if collection.corpus:
        message = mark("“{name}” says which passage answers which query, but holds no file of queries (queries.jsonl).")
    if not collection.judgements:
        message = mark("“{name}” holds passages and queries, but no file that says which passage answers which query.")
    return StudioError(
        "collection-incomplete",
        message,
        "Put corpus.jsonl, queries.jsonl and the folder qrels with its .tsv files beside one another.",
        name=gathered.title,
    )


def _strange(member: Member, notes: Notes) -> StudioError:
    """Return the error for judgements of which none becomes a pair."""
    said = notes.found.get("judgements-unknown")
    return StudioError(
        "judgements-strange",
        "No line of “{file}” becomes a pair of a query and a passage that answers it. Its first line: {first}.",
        "Each line holds the id of a query, the id of a passage and a score above 0; the ids stand in “_id” of the other two files.",
        file=member.name,
        first=said.values["first"] if said else "–",
    )
