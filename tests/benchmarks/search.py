"""What search reaches on real data: the parts `search/…` of `python -m tests.benchmarks.tasks`.

cmrc_retrieval   questions on Chinese articles, split by article: meaning, words (BM25) and both (RRF), from nothing and from
                 e5, untouched and continued
covid_faq        111 questions and answers, from nothing, from e5 and from MiniLM; 488 pairs of questions: how well both tell
                 those that mean the same (AUC), in both orders, untouched and after learning these answers
index            200,000 short passages beside 20,000: what building and asking take in time and memory, with a small bag
"""

import csv
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from slm_studio.core.work import outcome
from tests.benchmarks.record import Part
from tests.benchmarks.sheet import DATA, MODELS, Line, against, answer, home, in_process

SETS = {"cmrc_retrieval": "cmrc_retrieval", "covid_faq": "covid_faq/faq_cdc.csv"}
BASES = {"cmrc_retrieval": ("e5",), "covid_faq": ("e5", "minilm")}  # besides one from nothing
BLANK = "blank:bag-small"
PAIRS = "covid_faq/eval_question_similarity_en.csv"
SETTINGS = {"test_share": 0.2}
CONTINUED = {
    "covid_faq": {"max_length": 256},
    "cmrc_retrieval": {"max_length": 256, "minutes": 15.0},
}  # as a part takes half an hour
PASSAGES, WORDS, KNOWN, QUESTIONS = (20_000, 200_000), 16, 30_000, 20


def parts() -> dict[str, Part]:
    """Return a part for each set and base, and one for an index."""
    learning = {
        f"search/{name}/{base.removeprefix('blank:')}": partial(learnt, name, base)
        for name in SETS
        for base in (BLANK, *BASES[name])
    }
    return learning | {"search/index": indexed}


def learnt(name: str, base: str) -> list[Line]:
    """Return what a model scores on passages that it has never seen, beside simpler ways; of the FAQ how it tells pairs apart."""
    title, folder = f"{name}, {base.removeprefix('blank:')}", base if base == BLANK else str(MODELS / base)
    if not (DATA / SETS[name]).exists() or (base != BLANK and not Path(folder).is_dir()):
        return [Line(title, "–", "", f"{name} or {base} is not here", is_whole=False)]
    with home():
        return _learnt(name, title, folder)


def _learnt(name: str, title: str, base: str) -> list[Line]:
    from slm_studio import engine
    from slm_studio.core.recipe import make_recipe
    from slm_studio.core.run import create_run

    is_blank = base == BLANK
    dataset = _result(engine.read(str(DATA / SETS[name])))
    roles = _result(engine.suggest(dataset, "search")).roles
    settings = SETTINGS if is_blank else SETTINGS | CONTINUED[name]
    recipe = make_recipe("search", base=base, roles=roles, settings=settings).settled()
    model = _result(engine.train(recipe, dataset, create_run(recipe, dataset)))
    said = [f"{key} {value['mrr']:.3f} ({model.verdicts.get(key, '')})" for key, value in model.baseline.items()]
    low, high = model.intervals["mrr"]
    lines = [Line(title, f"MRR@10 {model.metrics['mrr']:.3f}", f"{low:.3f} – {high:.3f}", "; ".join(said))]
    if name == "covid_faq" and not is_blank:
        lines += [
            told_apart(f"{title}, pairs, {what}", folder)
            for what, folder in (("untouched", base), ("continued", model.folder))
        ]
    return lines


def told_apart(title: str, folder: str) -> Line:
    """Return how well a model tells questions that mean the same from others: both as questions, and one as a passage."""
    import numpy as np

    from slm_studio.engine.measuring.ranking import pair_auc
    from slm_studio.engine.models.embedding.texts import PASSAGE, QUERY, embed
    from slm_studio.engine.tasks import task_of

    with (DATA / PAIRS).open(encoding="utf-8") as stream:
        rows: Sequence[Mapping[str, str]] = list(csv.DictReader(stream))
    loaded = task_of("search").open(Path(folder), {"max_length": 128})
    texts = [[row[key] for row in rows] for key in ("question_1", "question_2")]
    first, second = (outcome(embed(loaded, each, QUERY)) for each in texts)
    first_found, second_found = (outcome(embed(loaded, each, PASSAGE)) for each in texts)
    same = np.array([row["similar"] == "1" for row in rows])
    alike, there, back = (
        pair_auc(same, (one * other).sum(1))
        for one, other in ((first, second), (first, second_found), (second, first_found))
    )
    return Line(title, f"AUC {alike:.4f}", "", f"one as a passage {there:.4f}, the other {back:.4f}; {len(rows)} pairs")


def indexed() -> list[Line]:
    """Return what indexes of few and of many passages take, each in a process of its own."""
    few, many = (in_process("tests.benchmarks.search", str(passages)) for passages in PASSAGES)
    more = PASSAGES[1] - PASSAGES[0]
    lines = []
    for passages, found in zip(PASSAGES, (few, many), strict=True):
        build = f"{found['build']:.1f} s, {passages / found['build']:,.0f} passages/s, {found['built'] / 2**20:,.0f} MB more"
        ask = f"{found['ask'] * 1000:.1f} ms a question, {found['asked'] / 2**20:,.0f} MB more"
        lines += [
            Line(f"index of {passages:,} passages, built", build),
            Line(f"index of {passages:,} passages, asked", ask),
        ]
    for name, key in (
        ("memory for each passage more, built", "built"),
        ("memory for each passage more, asked", "asked"),
    ):
        bytes_each = max(0.0, (many[key] - few[key]) / more)
        lines.append(
            Line(
                name, f"{bytes_each:.0f} B", f"≤ {many['vector']:,} B, its vector", against(bytes_each, many["vector"])
            )
        )
    return lines


def measure_index(passages: int) -> None:
    """Build an index in this process, ask it, and tell what both took."""
    from slm_studio import engine

    with home() as place:
        path, model = _passages(place / "passages.tsv", passages), _tiny(place)
        opened = _result(engine.open(model.folder, "cpu"))
        out, began = place / "index", time.perf_counter()
        with _watched() as built:
            _result(engine.index(opened.handle, str(path), None, str(out)))
        build, times = time.perf_counter() - began, []
        questions = [
            line.rpartition("\t")[2] for line in path.read_text(encoding="utf-8").splitlines()[1 : QUESTIONS + 1]
        ]
        with _watched() as asked:
            for question in questions:
                began = time.perf_counter()
                list(engine.predict(opened.handle, {"query": question}, {"index": str(out)}))
                times.append(time.perf_counter() - began)
        width = (out / "vectors.npy").stat().st_size // passages
        answer({"build": build, "built": built[0], "ask": median(times), "asked": asked[0], "vector": width})


def _passages(path: Path, passages: int) -> Path:
    """Write short texts of words that are as unevenly frequent as real ones."""
    import numpy as np

    draw = np.random.default_rng(0)
    shares = 1 / np.arange(10, KNOWN + 10)
    with path.open("w", encoding="utf-8") as sink:
        sink.write("query\tpassage\n")
        for numbers in draw.choice(KNOWN, (passages, WORDS), p=shares / shares.sum()).tolist():
            sink.write(f"what is w{numbers[-1]}\t{' '.join(f'w{number}' for number in numbers)}\n")
    return path


def _tiny(place: Path):  # type: ignore[no-untyped-def]
    """Train a small bag on a few pairs: what it knows does not matter here."""
    from slm_studio import engine
    from slm_studio.core.recipe import make_recipe
    from slm_studio.core.run import create_run

    dataset = _result(engine.read(str(_passages(place / "few.tsv", 500))))
    settings = {"epochs": 1, "test_share": 0.0}
    roles = {"query": "query", "passage": "passage"}
    recipe = make_recipe("search", base="blank:bag-nano", roles=roles, settings=settings).settled()
    return _result(engine.train(recipe, dataset, create_run(recipe, dataset)))


@contextmanager
def _watched() -> Iterator[list[int]]:
    """Give a list whose number is, in the end, by how many bytes this process grew at most; mapped files are not counted."""
    before, found, over = _held(), [0], threading.Event()

    def look() -> None:
        while not over.wait(0.01):
            found[0] = max(found[0], _held() - before)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def _held() -> int:
    """Return the bytes that this process holds of its own. Linux alone says which they are."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) * 1024


def _result(events):  # type: ignore[no-untyped-def]
    (*_, last) = events
    return last.result


if __name__ == "__main__":
    measure_index(int(sys.argv[1]))
