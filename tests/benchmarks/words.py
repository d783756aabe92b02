"""Our word vectors against gensim's: the parts `words/…` of `python -m tests.benchmarks.tasks`.

The peer of GloVe is the paper's own way in plain NumPy (glove.py), at no pace of its own.
The same words in the same order, vectors of 100 numbers, window 5, 5 negative samples. Each contender has a process of its
own; they take turns. Speed is words of the text a second, over training alone, after the compiler. Alike are they where
neighbours and likenesses agree as much, in the mean of all pairs of runs, as those of any two runs of the peer, whose runs
read the text in other orders, as ours do. Ours holds out a hundredth of the text, so the peer reads none of it.
"""

import json
import os
import random
import sys
import tempfile
import time
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from itertools import combinations, product
from pathlib import Path

import numpy as np

from slm_studio.host.environment import engine_environment
from tests.benchmarks import glove
from tests.benchmarks.record import Part
from tests.benchmarks.sheet import DATA, Line, answer, home, in_process, peak_memory, times

ROUNDS, EPOCHS = 3, 5
CORPORA = {"shakespeare": "tinyshakespeare/input.txt", "sanguo": "sanguo_yanyi/sanguo.txt"}
FAMILIES = ("skipgram", "cbow", "glove")
OURS, ORDERED, SHUFFLED = "ours", "gensim", "gensim, text in another order"
PAPER = "as the paper has it"
HELD = "held.json"
GOAL = 0.5  # of gensim's words a second
STRETCH = 64  # words of a text: both then see the same windows
FREQUENT, ASKED, NEAREST = 1000, 50_000, 10


def parts() -> dict[str, Part]:
    """Return a part for each corpus and family."""
    return {f"words/{corpus}/{family}": partial(_lines, corpus, family) for corpus in CORPORA for family in FAMILIES}


def _lines(corpus: str, family: str) -> list[Line]:
    peers = (PAPER, PAPER) if family == "glove" else (ORDERED, SHUFFLED)
    if not (DATA / CORPORA[corpus]).exists() or (ORDERED in peers and find_spec("gensim") is None):
        return [Line(f"{corpus}, {family}", "–", "", "gensim or the text is not here", is_whole=False)]
    with tempfile.TemporaryDirectory() as place:
        file, words = _write(corpus, Path(place))
        orders = dict.fromkeys((OURS, *peers))
        rounds = [{each: _measure(each, file, EPOCHS, family, turn) for each in orders} for turn in range(ROUNDS)]
        found = {each: max((turn[each] for turn in rounds), key=lambda one: one["rate"]) for each in orders}
        theirs = max(found[each]["rate"] for each in peers)
        goal = 0.0 if PAPER in peers else GOAL
        told = [_line(each, found[each], theirs, goal) for each in (OURS, peers[0])]
        told += _alike([turn[OURS] for turn in rounds], [turn[peers[1]] for turn in rounds])
    about = f"{corpus}, {words:,} words, {EPOCHS} epochs, {family}"
    return [replace(line, what=f"{about}: {line.what}") for line in told]


def _measure(contender: str, file: Path, epochs: int, family: str, turn: int) -> dict:
    environment = engine_environment(0) if contender == OURS else None
    words = (contender, str(file), str(epochs), family, str(turn))
    return in_process("tests.benchmarks.words", *words, environment=environment)


def _line(contender: str, figures: dict, peer: float, goal: float) -> Line:
    shown = (
        f"{figures['rate']:>10,.0f} words/s · {figures['seconds']:.1f} s · {figures['memory'] / 2**20:,.0f} MB at most"
    )
    name = f"{contender} [{figures['how']}]"
    if contender != OURS:
        return Line(name, shown)
    return Line(name, shown, f"≥ {goal:g} × peer" if goal else "", times(figures["rate"], peer, goal))


def _alike(ours: list[dict], peers: list[dict]) -> list[Line]:
    """Return how alike neighbours and likenesses are, of any two runs of the peer and of each of ours with each of the peer's."""
    pairs = {
        "peer and peer": combinations(peers, 2),
        "ours and peer": product(ours, peers),
        "ours and ours": combinations(ours, 2),
    }
    found = {name: np.array([_agreement(*_shared(*pair)) for pair in each]) for name, each in pairs.items()}
    least = found["peer and peer"].min(axis=0)
    is_within = bool((found["ours and peer"].mean(axis=0) >= least).all())
    lines = [Line(name, _told(each)) for name, each in found.items()]
    wanted = f"≥ {least[0]:.3f} and {least[1]:.3f}: the least of the peer"
    lines[1] = replace(lines[1], target=wanted, ratio="met" if is_within else "NOT met")
    return lines


def _told(figures: np.ndarray) -> str:
    """Say the mean of pairs of runs, and the range."""
    (overlap, correlation), low, high = figures.mean(axis=0), figures.min(axis=0), figures.max(axis=0)
    return (
        f"{overlap:.3f} ({low[0]:.3f} – {high[0]:.3f}) of {NEAREST} neighbours the same · "
        f"likenesses correlate {correlation:.3f} ({low[1]:.3f} – {high[1]:.3f})"
    )


def _shared(one: dict, other: dict) -> tuple[np.ndarray, np.ndarray]:
    """Return the vectors of the words that both know, in one order."""
    names = [json.loads(Path(each["names"]).read_text(encoding="utf-8")) for each in (one, other)]
    places = [{name: place for place, name in enumerate(each)} for each in names]
    both = [name for name in names[0] if name in places[1]]
    first, second = (
        np.load(each["vectors"])[[place[name] for name in both]]
        for each, place in zip((one, other), places, strict=True)
    )
    return first, second


def _agreement(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    units = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in (one, other)]
    frequent = min(FREQUENT, len(one))
    nearest = []
    for unit in units:
        likeness = unit[:frequent] @ unit.T
        likeness[np.arange(frequent), np.arange(frequent)] = -9
        nearest.append(np.argpartition(-likeness, NEAREST, 1)[:, :NEAREST])
    overlap = float(np.mean([len(set(a) & set(b)) / NEAREST for a, b in zip(*nearest, strict=True)]))
    draw = np.random.default_rng(0)
    first, second = draw.integers(0, frequent, (2, ASKED))
    first, second = first[first != second], second[first != second]
    values = [(unit[first] * unit[second]).sum(1) for unit in units]
    return overlap, float(np.corrcoef(*values)[0, 1])


def _write(corpus: str, place: Path) -> tuple[Path, int]:
    """Write the words of a corpus, a stretch a line."""
    from slm_studio.engine.models.vectors.cutting import Cutting

    words = Cutting().words((DATA / CORPORA[corpus]).read_text(encoding="utf-8"))
    path = place / "words.jsonl"
    stretches = (words[start : start + STRETCH] for start in range(0, len(words), STRETCH))
    path.write_text("".join(json.dumps({"words": each}) + "\n" for each in stretches), encoding="utf-8")
    return path, len(words)


def compete(contender: str, path: Path, epochs: int, family: str, turn: int) -> None:
    """Train in this process and tell how fast."""
    held = path.with_name(HELD)
    if contender == OURS:  # which comes first
        names, vectors, seconds, how = _ours(path, epochs, family, turn, held)
    unseen = set(map(tuple, json.loads(held.read_text(encoding="utf-8"))))
    texts = [json.loads(line)["words"] for line in path.read_text(encoding="utf-8").splitlines()]
    texts = [text for text in texts if tuple(text) not in unseen]
    if contender == PAPER:
        began = time.perf_counter()
        names, vectors = glove.learn(texts, 100, epochs, turn)
        seconds, how = time.perf_counter() - began, "NumPy"
    elif contender != OURS:
        if contender == SHUFFLED:
            random.Random(turn).shuffle(texts)
        names, vectors, seconds, how = _gensim(texts, epochs, family, turn)
    memory = peak_memory()
    out = path.with_name(f"{contender}-{turn}.npy")
    np.save(out, vectors)
    out.with_suffix(".json").write_text(json.dumps(names), encoding="utf-8")
    files = {"vectors": str(out), "names": str(out.with_suffix(".json"))}
    rate = sum(map(len, texts)) * epochs / seconds
    answer({"rate": rate, "seconds": seconds, "memory": memory, "how": how} | files)


def _gensim(texts: list[list[str]], epochs: int, family: str, turn: int):
    from gensim.models import Word2Vec

    workers = len(os.sched_getaffinity(0))
    net = Word2Vec(vector_size=100, window=5, min_count=5, negative=5, sample=1e-3, sg=int(family == "skipgram"), workers=workers, epochs=epochs, seed=turn)  # fmt: skip
    net.build_vocab(texts)
    began = time.perf_counter()
    net.train(texts, total_examples=len(texts), epochs=epochs)
    seconds = time.perf_counter() - began
    return net.wv.index_to_key, net.wv.vectors, seconds, f"{workers} workers"


def _ours(path: Path, epochs: int, family: str, turn: int, held: Path):
    from slm_studio import engine
    from slm_studio.core.events import Saved, Step
    from slm_studio.core.recipe import make_recipe
    from slm_studio.core.work import outcome
    from slm_studio.engine.training.load import Load
    from slm_studio.engine.training.machine import choose_machine
    from slm_studio.engine.training.plan import prepare
    from slm_studio.engine.training.trainer import Trainer

    with home() as place:
        dataset = list(engine.read(str(path)))[-1].result
        settings = {
            "epochs": epochs,
            "patience": 0,
            "validation_share": 0.01,
            "test_share": 0.0,
            "eval_every": 1_000_000,
            "seed": turn,
            "segmentation": "given",  # the words are cut already, and cutting them again finds other ones
        }
        recipe = make_recipe(
            "words", base=f"blank:{family}-micro", roles={"text": "words"}, settings=settings
        ).settled()
        plan = outcome(prepare(recipe, dataset))
        held.write_text(f"[{','.join(plan.material.held.column('text'))}]", encoding="utf-8")
        machine = outcome(choose_machine(plan, Load()))
        trainer = Trainer(
            task=plan.task, loaded=plan.loaded, recipe=plan.recipe, material=plan.material, machine=machine,
            folder=place / "checkpoints", history_length=lambda: 0,
        )  # fmt: skip
        events = trainer.events()
        next(event for event in events if isinstance(event, Saved))  # the checkpoint before the first step
        began = time.perf_counter()
        for event in events:
            if isinstance(event, Step) and event.n == machine.steps:
                break
        seconds = time.perf_counter() - began
        list(events)
    return plan.loaded.tokenizer.names, plan.loaded.net.whole().numpy(), seconds, f"{machine.threads} threads"


if __name__ == "__main__":
    compete(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
