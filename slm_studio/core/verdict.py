"""Verdict: what the scores of a model say beside simple methods. One opinion, for the doctor, Train and Evaluate alike."""

from collections.abc import Mapping
from dataclasses import dataclass

from slm_studio.core.errors import Value
from slm_studio.core.events import Note
from slm_studio.core.results import Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark

LEARNT, BEATEN, NOTHING, UNSURE = "learnt", "beaten", "nothing", "unsure"
ENDED = {BEATEN: "ended-beaten", NOTHING: "ended-nothing", UNSURE: "ended-unsure"}  # the codes of last words
VISIBLY = 0.1  # of accuracy above the most frequent label, which a reader takes for something learnt
CLEARLY = 0.02  # of MRR by which one way finds more than another, where no test compares them
MOSTLY = 0.5  # share of labels that were never learnt, from which scores say nothing of a model
Scores = Mapping[str, float]

SENTENCES = {
    "no-label": mark(
        "It is not shown to do better than always answering the most frequent label: these texts do not tell this column apart, or too few rows were scored to see it."
    ),
    "label-missed": mark(
        "It is not shown to do better than always answering the most frequent label: it learnt too little, or too few rows were scored to see it."
    ),
    "other-labels": mark(
        "Half of the labels in these rows or more are ones that it never learnt, so the scores do not say how well it tells its own apart."
    ),
    "no-label-known": mark(
        "None of the labels in these rows is one that it learnt, so the scores do not say how well it tells its own apart."
    ),
    "few-labels": mark(
        "It answers more of the scored rows rightly than the most frequent label would, but they are so few that this may be chance. Score it on more rows."
    ),
    "no-company": mark(
        "It is not shown to tell the real neighbours of words from random ones: it learnt from too little text, or too little was scored to see it."
    ),
    "beaten-by-counts": mark("Counting which words stand together (PPMI and SVD) tells real neighbours better. More text or more epochs help."),
    "beats-counts": mark("Better than counting which words stand together, and not by chance."),
    "as-counts": mark("Better than random vectors; no difference from counting which words stand together could be shown."),
    "beats-random": mark("Better than random vectors, and not by chance."),
    "no-text": mark("It knows no more than how often each token occurs. Train it longer, or on more text."),
    "beaten-by-xz": mark(
        "It knows more than how often tokens occur, and less than the compressor xz keeps of the training text. More text or more time helps."
    ),
    "beaten-by-linear": mark("TF-IDF with a linear model does better on these rows: it is smaller, and enough."),
    "beats-xz": mark(
        "It foresees text it has never seen better than a compressor that holds the whole training text."
    ),
    "beats-majority": mark("Better than always answering the most frequent label, and not by chance."),
    "beats-linear": mark("Better than TF-IDF with a linear model, and not by chance."),
    "as-linear": mark("Better than the most frequent label; no difference from TF-IDF with a linear model could be shown."),
    "no-labels": mark(
        "It is not shown to do better than always answering the same most frequent labels: it learnt too little, or too few rows were scored to see it."
    ),
    "beats-frequent": mark("Better than always answering the most frequent labels, and not by chance."),
    "as-linears": mark("Better than the most frequent labels; no difference from TF-IDF with a linear model for each label could be shown."),
    "no-number": mark(
        "It is not shown to come nearer than the mean of all numbers: these texts do not tell this number, or too few rows were scored to see it."
    ),
    "number-missed": mark(
        "It is not shown to come nearer than the mean of all numbers: it learnt too little, or too few rows were scored to see it."
    ),
    "beaten-by-ridge": mark("TF-IDF with a ridge regression comes nearer on these rows: it is smaller, and enough."),
    "beats-ridge": mark("Nearer than TF-IDF with a ridge regression, and not by chance."),
    "as-ridge": mark("Nearer than the mean; no difference from TF-IDF with a ridge regression could be shown."),
    "beats-mean": mark("Nearer than the mean of all numbers, and not by chance."),
    "no-span": mark(
        "It is not shown to do better than giving each word the tag it most often has: it learnt too little, or too few rows were scored to see it."
    ),
    "beaten-by-names": mark("A list of the names in the training rows finds more than it does. More rows, more time or another base helps."),
    "beats-names": mark("Better than a list of the names in the training rows, and not by chance: it finds names it has never seen."),
    "as-names": mark("Better than the most frequent tag of each word; no difference from a list of the names in the training rows could be shown."),
    "no-answer": mark(
        "It is not shown to foresee held-out answers better than its base did: it learnt too little, or too few rows were scored to see it."
    ),
    "beaten-by-nearest": mark(
        "The known answer to the nearest question is more like the true answers than what it writes: looking answers up does better here."
    ),
    "beats-nearest": mark("Its answers are more like the true ones than the known answer to the nearest question, and not by chance."),
    "beaten-by-words": mark("Searching by shared words (BM25) finds more on these rows; searching by both, as the Playground does, is the better choice."),
    "spoils-words": mark("Searching by shared words (BM25) alone finds more on these rows than its meanings, and more than both together: its rows taught it too few words. Continuing an encoder helps; until then, search by words."),
    "beats-words": mark("Its meanings find more than shared words (BM25), and not by chance."),
    "as-words": mark("No difference from searching by shared words (BM25) could be shown; both together are safer than one."),
    "as-words-alone": mark("No difference from searching by shared words (BM25) could be shown; on these rows words alone find more than both together. Score it on more rows before you trust it."),
    "adds-to-words": mark("No difference from searching by shared words (BM25) could be shown, but both together find more than its meanings alone."),
    "below-base": mark("Its base finds more on these rows than it does: it learnt these pairs at the cost of what it knew. Fewer epochs or a lower learning rate helps."),
    "no-likeness": mark("Shared words tell likeness better on these rows than it does. More rows, more time or a base helps."),
    "beats-likeness": mark("It tells likeness better than shared words do, and not by chance."),
    "as-likeness": mark("No difference from shared words could be shown in telling likeness."),
    "spoils-order": mark("The order as it came has fewer errors than its own: leave it, or give it more lists and more text to learn from."),
    "no-order": mark("It is not shown to have fewer errors than the order as it came: it learnt too little, or too few lists were scored to see it."),
    "beaten-by-own": mark("The candidates' own scores alone have fewer errors: leave the order to them, or try a base that knows the language better."),
    "as-own": mark("Fewer errors than in the order as it came; no difference from the candidates' own scores alone could be shown."),
    "beats-order": mark("Fewer errors than in the order as it came, and not by chance."),
    "beats-own": mark("Fewer errors than by the candidates' own scores alone, and not by chance."),
    "no-gap": mark(
        "It is not shown to do better than always guessing the most frequent token: train it longer, or on more text."
    ),
    "beaten-by-neighbours": mark(
        "Counting which tokens stand beside each other finds more of the hidden ones than it does. More text or more time helps."
    ),
    "beats-neighbours": mark(
        "It finds more hidden tokens than counting neighbours does, and not by chance: it reads further than one token to each side."
    ),
    "as-neighbours": mark(
        "Better than the most frequent token; no difference from counting neighbouring tokens could be shown."
    ),
    "no-quote": mark(
        "It is not shown to do better than always showing the first sentence of a passage: it learnt too little, or too few rows were scored to see it."
    ),
    "beaten-by-sentence": mark("The sentence that shares most words with the question says more of the true answers than what it points at. More questions, more time or a base helps."),
    "beats-sentence": mark("It points at the true answers better than the sentence that shares most words with the question, and not by chance."),
    "as-sentence": mark("No difference from the sentence that shares most words with the question could be shown."),
    "no-rewriting": mark(
        "It is not shown to come nearer to the right texts than the sources as they are: it learnt too little, or too few rows were scored to see it."
    ),
    "beaten-by-lead": mark("The first sentence of a source says more of what its summary should than what it writes. More rows, more time or a base helps."),
    "beaten-by-pairs": mark(
        "What belongs to the nearest source of the training rows comes nearer to the right texts than what it writes: it learnt too little, or from too few rows."
    ),
    "beats-pairs": mark("It comes nearer to the right texts than what belongs to the nearest source of the training rows, and not by chance."),
    "as-pairs": mark("No difference from what belongs to the nearest source of the training rows could be shown."),
    "as-lead": mark("No difference from the first sentences of the sources could be shown."),
    "beats-base": mark("It foresees held-out answers better than its base did, and not by chance."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is learnt, beaten (by a simple method that needs no training), nothing (no better than guessing) or unsure
    (better, but on so few rows that it may be chance)."""

    code: str
    sentence: str  # a template of SENTENCES; "" where there is nothing to compare with


def verdict_of(metrics: Scores, baselines: Mapping[str, Scores], tests: Mapping[str, str]) -> Verdict:
    """Judge scores beside those of simple methods, with what the paired tests said: better, worse or none."""
    if "bits_per_byte" in metrics:
        return _on_text(metrics["bits_per_byte"], baselines)
    if "frequent_labels" in tests:
        return _by_two(
            tests,
            ("frequent_labels", "no-labels", "beats-frequent"),
            ("tfidf_linear", "beaten-by-linear", "beats-linear", "as-linears"),
        )
    if "mean" in tests:
        missed = "number-missed" if _tells(baselines, "mse", "tfidf_ridge", "mean") else "no-number"
        return _by_two(
            tests, ("mean", missed, "beats-mean"), ("tfidf_ridge", "beaten-by-ridge", "beats-ridge", "as-ridge")
        )
    if "neighbours" in tests and "unigram" in tests:
        return _by_two(
            tests,
            ("unigram", "no-gap", "beats-neighbours"),
            ("neighbours", "beaten-by-neighbours", "beats-neighbours", "as-neighbours"),
        )
    if "random_vectors" in tests:
        return _by_two(
            tests,
            ("random_vectors", "no-company", "beats-random"),
            ("ppmi_svd", "beaten-by-counts", "beats-counts", "as-counts"),
        )
    if "frequent_tag" in tests:
        return _on_spans(tests)
    if "nearest_sentence" in tests:
        return _by_two(
            tests,
            ("lead", "no-quote", "beats-sentence"),
            ("nearest_sentence", "beaten-by-sentence", "beats-sentence", "as-sentence"),
        )
    if "copy" in tests or "lead" in tests:
        return _on_rewriting(tests)
    if "as_listed" in tests:
        return _on_order(tests)
    if "bm25" in tests:
        return _on_passages(tests, baselines)
    if "tfidf_cosine" in tests:
        return _on_likeness(tests)
    if "base" in tests or "nearest" in tests:
        return _on_answers(tests)
    if "accuracy" not in metrics or "majority" not in baselines:
        return Verdict(LEARNT, "")
    # A model of an older version has no tests: its scores alone speak.
    ahead = metrics["accuracy"] - baselines["majority"].get("accuracy", 0.0)
    if tests.get("majority", "better" if ahead > 0 else "none") != "better":
        if ahead >= VISIBLY:
            return Verdict(UNSURE, SENTENCES["few-labels"])
        is_told = _tells(baselines, "accuracy", "majority", "tfidf_linear")
        return Verdict(NOTHING, SENTENCES["label-missed" if is_told else "no-label"])
    linear = tests.get("tfidf_linear", "")
    if linear == "worse":
        return Verdict(BEATEN, SENTENCES["beaten-by-linear"])
    return Verdict(LEARNT, SENTENCES[{"better": "beats-linear", "none": "as-linear"}.get(linear, "beats-majority")])


def verdict_of_model(model: SavedModel) -> Verdict:
    """Judge a model by the scores it was saved with."""
    return verdict_of(model.metrics, model.baseline, model.verdicts)


def verdict_of_report(report: Report) -> Verdict:
    """Judge a model by a report: its own, or one on another file, whose labels may be others than those it learnt."""
    strange = report.facts.get("unseen_share", 0)
    if strange >= MOSTLY:
        return Verdict(NOTHING, SENTENCES["other-labels" if strange < 1 else "no-label-known"])
    return verdict_of(
        {metric.key: metric.value for metric in report.metrics},
        {each.key: {metric.key: metric.value for metric in each.metrics} for each in report.baselines},
        {each.key: each.verdict for each in report.baselines if each.verdict},
    )


def last_word(model: SavedModel, *, best: int, steps: int, opinion: str = "") -> Note:
    """Return what is said of a run that ended with a model: whether it learnt, and which of its states is kept.

    `opinion` is the code of what the doctor said last of its curve.
    """
    verdict = verdict_of_model(model)
    values: dict[str, Value] = {"best": best, "steps": steps}
    if opinion == "diverging" and best < steps:
        return Note(
            "ended-diverging",
            "It ended at step {steps}. After step {best} its loss ran away, so the state of that step is kept. Train again with a third of the learning rate.",
            values,
        )
    if verdict.code != LEARNT:
        return Note(ENDED[verdict.code], verdict.sentence, values)
    if not steps:
        return Note(
            "ended",
            "The base is as it was. What its word, own scores and length count for was learnt from lists.",
            values,
        )
    if model.learnt_validation:
        return Note(
            "ended",
            "It ended at step {steps}. The state of step {best} did best on held-out rows; from there it learnt these rows, too.",
            values,
        )
    if opinion == "by-heart" and best < steps:
        return Note(
            "ended-by-heart",
            "It ended at step {steps}. After step {best} it began to learn rows by heart, so the state of that step is kept.",
            values,
        )
    if best < steps:
        return Note(
            "ended",
            "It ended at step {steps}. The state of step {best} did best on held-out rows and is kept.",
            values,
        )
    return Note("ended", "It ended at step {steps}, the best of all on held-out rows.", values)


def _tells(baselines: Mapping[str, Scores], key: str, lower: str, higher: str) -> bool:
    """Say whether one simple method has less of a score than another: then it is not the rows that tell nothing."""
    less, more = (baselines.get(name, {}).get(key) for name in (lower, higher))
    return less is not None and more is not None and less < more


def _by_two(tests: Mapping[str, str], first: tuple[str, str, str], second: tuple[str, str, str, str]) -> Verdict:
    """Judge by a method that knows nothing and one that needs no net. Each: its key, and the sentences: worse, better, no difference."""
    method, nothing, better = first
    if tests[method] != "better":
        return Verdict(NOTHING, SENTENCES[nothing])
    other, beaten, ahead, alike = second
    found = tests.get(other, "")
    if found == "worse":
        return Verdict(BEATEN, SENTENCES[beaten])
    return Verdict(LEARNT, SENTENCES[{"better": ahead, "none": alike}.get(found, better)])


def _on_spans(tests: Mapping[str, str]) -> Verdict:
    if tests["frequent_tag"] != "better":
        return Verdict(NOTHING, SENTENCES["no-span"])
    names = tests.get("gazetteer", "none")
    if names == "worse":
        return Verdict(BEATEN, SENTENCES["beaten-by-names"])
    return Verdict(LEARNT, SENTENCES["beats-names" if names == "better" else "as-names"])


def _on_rewriting(tests: Mapping[str, str]) -> Verdict:
    """Judge beside the source as it is, of summaries beside its first sentence, and beside the training rows."""
    if tests.get("copy", "better") != "better":
        return Verdict(NOTHING, SENTENCES["no-rewriting"])
    if tests.get("lead") == "worse":
        return Verdict(BEATEN, SENTENCES["beaten-by-lead"])
    nearest = tests.get("nearest_pair", "none")
    if nearest == "worse":
        return Verdict(BEATEN, SENTENCES["beaten-by-pairs"])
    if tests.get("lead") == "none":
        return Verdict(LEARNT, SENTENCES["as-lead"])
    return Verdict(LEARNT, SENTENCES["beats-pairs" if nearest == "better" else "as-pairs"])


def _on_passages(tests: Mapping[str, str], baselines: Mapping[str, Scores]) -> Verdict:
    if tests.get("base") == "worse":
        return Verdict(BEATEN, SENTENCES["below-base"])
    words = tests["bm25"]
    alone, both = (baselines.get(key, {}).get("mrr", 0.0) for key in ("bm25", "hybrid"))
    if words == "worse":
        return Verdict(BEATEN, SENTENCES["spoils-words" if alone > both else "beaten-by-words"])
    if words == "better":
        return Verdict(LEARNT, SENTENCES["beats-words"])
    if tests.get("hybrid") == "worse":
        return Verdict(LEARNT, SENTENCES["adds-to-words"])
    return Verdict(LEARNT, SENTENCES["as-words-alone" if alone > both + CLEARLY else "as-words"])


def _on_order(tests: Mapping[str, str]) -> Verdict:
    """Judge beside the order as it came and, where candidates bring scores, beside these alone."""
    listed, own = tests["as_listed"], tests.get("own_scores", "better")
    if listed == "worse":
        return Verdict(BEATEN, SENTENCES["spoils-order"])
    if own == "worse":
        return Verdict(BEATEN, SENTENCES["beaten-by-own"])
    if listed != "better":
        return Verdict(NOTHING, SENTENCES["no-order"])
    if own != "better":
        return Verdict(LEARNT, SENTENCES["as-own"])
    return Verdict(LEARNT, SENTENCES["beats-own" if "own_scores" in tests else "beats-order"])


def _on_likeness(tests: Mapping[str, str]) -> Verdict:
    if tests.get("base") == "worse":
        return Verdict(BEATEN, SENTENCES["below-base"])
    words = tests["tfidf_cosine"]
    if words == "worse":
        return Verdict(BEATEN, SENTENCES["no-likeness"])
    return Verdict(LEARNT, SENTENCES["beats-likeness" if words == "better" else "as-likeness"])


def _on_answers(tests: Mapping[str, str]) -> Verdict:
    if tests.get("base", "better") != "better":
        return Verdict(NOTHING, SENTENCES["no-answer"])
    nearest = tests.get("nearest", "none")
    if nearest == "worse":
        return Verdict(BEATEN, SENTENCES["beaten-by-nearest"])
    if nearest == "better":
        return Verdict(LEARNT, SENTENCES["beats-nearest"])
    return Verdict(LEARNT, SENTENCES["beats-base"] if "base" in tests else "")


def _on_text(mine: float, baselines: Mapping[str, Scores]) -> Verdict:
    counting, compressor = (baselines.get(key, {}).get("bits_per_byte") for key in ("unigram", "xz"))
    if counting is not None and mine >= counting:
        return Verdict(NOTHING, SENTENCES["no-text"])
    if compressor is not None and mine >= compressor:
        return Verdict(BEATEN, SENTENCES["beaten-by-xz"])
    return Verdict(LEARNT, SENTENCES["beats-xz"] if compressor is not None else "")
