"""What search reaches on real data: `python -m tests.benchmarks.search [SET …] [--quick]`.

cmrc_retrieval   questions on Chinese articles, split by article: meaning, words (BM25) and both (RRF), from nothing, from e5
                 untouched and from e5 continued
covid_faq        111 questions and answers, from nothing and from e5; 488 pairs of questions: how well e5 tells those that
                 mean the same (AUC), in both orders

The base stands in the folder that SLM_STUDIO_TEST_MODELS names, as `e5`. --quick leaves out what is continued.
"""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from slm_studio.core.work import outcome
from tests.benchmarks.sheet import DATA, MODELS, Line, home, print_machine, print_table

SETS = ("cmrc_retrieval", "covid_faq")
SETTINGS = {"test_share": 0.2}
CONTINUED = {"max_length": 256}


def main(*words: str) -> None:
    """Print the table of all sets, or of those that are named."""
    chosen = [word for word in words if word in SETS] or list(SETS)
    is_quick = "--quick" in words
    print_machine("What search reaches on real data with defaults")
    for name in chosen:
        with home() as place:
            path = pairs_of(name, Path(place))
            for base in ("blank:bag-small", *(() if is_quick else (str(MODELS / "e5"),))):
                print_table([learnt(name, path, base)])
    if "covid_faq" in chosen:
        print_table([told_apart()])


def pairs_of(name: str, place: Path) -> Path:
    """Return a file of questions and passages; of the BEIR layout one is made."""
    if name == "covid_faq":
        return DATA / name / "faq_cdc.csv"
    folder, out = DATA / name, place / f"{name}.jsonl"
    texts = {
        each: {row["_id"]: row["text"] for row in map(json.loads, (folder / each).open(encoding="utf-8"))}
        for each in ("corpus.jsonl", "queries.jsonl")
    }
    (relevant,) = (folder / "qrels").iterdir()
    lines = [line.split("\t") for line in relevant.read_text(encoding="utf-8").splitlines()[1:]]
    rows = [{"query": texts["queries.jsonl"][q], "passage": texts["corpus.jsonl"][p]} for q, p, _ in lines]
    out.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return out


def learnt(name: str, path: Path, base: str) -> Line:
    """Return what a model scores on passages that it has never seen, beside simpler ways."""
    from slm_studio import engine
    from slm_studio.core.recipe import make_recipe
    from slm_studio.core.run import create_run

    dataset = _result(engine.read(str(path)))
    roles = _result(engine.suggest(dataset, "search")).roles
    more = {} if base.startswith("blank:") else CONTINUED
    recipe = make_recipe("search", base=base, roles=roles, settings={**SETTINGS, **more}).settled()
    model = _result(engine.train(recipe, dataset, create_run(recipe, dataset)))
    said = [f"{key} {value['mrr']:.3f} ({model.verdicts.get(key, '')})" for key, value in model.baseline.items()]
    low, high = model.intervals["mrr"]
    return Line(
        f"{name} · {Path(base).name}", f"MRR@10 {model.metrics['mrr']:.3f}", f"{low:.3f} – {high:.3f}", "; ".join(said)
    )


def told_apart() -> Line:
    """Return how well the untouched base tells questions that mean the same from others, in both orders."""
    import numpy as np

    from slm_studio.engine.measuring.ranking import pair_auc
    from slm_studio.engine.models.embedding.texts import embed
    from slm_studio.engine.tasks import task_of

    folder = MODELS / "e5"
    if not folder.is_dir():
        return Line("covid_faq pairs · e5", "–", "", f"{folder} is not here")
    with (DATA / "covid_faq" / "eval_question_similarity_en.csv").open(encoding="utf-8") as stream:
        rows: Sequence[Mapping[str, str]] = list(csv.DictReader(stream))
    loaded = task_of("search").open(folder, {"max_length": 128})
    first, second = (
        outcome(embed(loaded, [row[key] for row in rows], "query")) for key in ("question_1", "question_2")
    )
    same = np.array([row["similar"] == "1" for row in rows])
    there, back = ((one * other).sum(1) for one, other in ((first, second), (second, first)))
    return Line(
        "covid_faq pairs · e5",
        f"AUC {pair_auc(same, there):.3f}",
        f"other order {pair_auc(same, back):.3f}",
        f"{len(rows)} pairs",
    )


def _result(events):  # type: ignore[no-untyped-def]
    (*_, last) = events
    return last.result


if __name__ == "__main__":
    main(*sys.argv[1:])
