"""The one table of measures and of simple methods: what each is called, how it is written, what it means.

Window, command line and model card read it; a task names the keys.
"""

import math
from dataclasses import dataclass
from typing import Literal

from slm_studio.core.texts import mark, tr

Form = Literal["share", "number", "nats"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One number of a report."""

    key: str  # as in CLI.md
    title: str
    form: Form = "number"  # share: 0 to 1; nats: a mean loss
    better: Literal["higher", "lower"] = "higher"
    hub: str = ""  # what the hub's cards call it; "": they have no name for it
    own: bool = True  # False: of what a model is held against: the order before it, the best there could be
    meaning: str = ""  # a template with {value}: the number in words

    @property
    def name(self) -> str:
        """Return its name in the language of now."""
        return tr(self.title)

    def written(self, value: float | None) -> str:
        """Return a value as it is read: shares and losses with three digits after the point, the rest with three in all.

        Example: MEASURES["perplexity"].written(12345.6) == "12,346"
        """
        if value is None or not math.isfinite(value):
            return "–"
        if self.form != "number":
            return f"{value:.3f}"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) >= 100 else f"{value:#.3g}"

    def in_words(self, value: float) -> str:
        """Return what a value means, or ""."""
        shown = f"{value:.2g}" if value < 1 else f"{value:,.1f}" if value < 10 else f"{value:,.0f}"
        return tr(self.meaning, value=shown) if self.meaning else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """What a model is compared with."""

    key: str
    title: str
    simple: bool = True  # no neural net

    @property
    def name(self) -> str:
        """Return its name in the language of now."""
        return tr(self.title)


MEASURES = {
    each.key: each
    for each in (
        Measure(key="loss", title=mark("loss"), form="nats", better="lower"),
        Measure(key="accuracy", hub="accuracy", title=mark("accuracy"), form="share"),
        Measure(key="f1_macro", title=mark("macro F1"), form="share", hub="f1"),
        Measure(key="f1_micro", title=mark("micro F1"), form="share", hub="f1"),
        Measure(key="exact_match", hub="exact_match", title=mark("exactly right"), form="share"),
        Measure(
            key="f1",
            hub="f1",
            title=mark("words shared (F1)"),
            form="share",
            meaning=mark(
                "how much of the words is shared by the answer and the true one; in Chinese, of the characters"
            ),
        ),
        Measure(key="f1_answered", title=mark("where there is an answer (F1)"), form="share", hub="f1"),
        Measure(key="no_answer_right", title=mark("right that there is none"), form="share", hub="accuracy"),
        Measure(
            key="hamming_loss",
            title=mark("wrong decisions"),
            form="share",
            better="lower",
            meaning=mark("share of all labels of all rows that were given or left out wrongly"),
        ),
        Measure(
            key="ranking_loss",
            title=mark("wrong order"),
            form="share",
            better="lower",
            meaning=mark("how often a wrong label stands above a right one"),
        ),
        Measure(
            key="mae",
            hub="mae",
            title=mark("mean error"),
            better="lower",
            meaning=mark("answers lie {value} off on average"),
        ),
        Measure(key="mse", hub="mse", title=mark("mean squared error"), better="lower"),
        Measure(key="spearman", hub="spearmanr", title=mark("rank correlation"), form="share"),
        Measure(
            key="auc",
            title=mark("pairs told apart"),
            form="share",
            meaning=mark(
                "how often a pair that belongs together is found more alike than one that does not; 0.5 is guessing"
            ),
        ),
        Measure(
            key="mrr",
            title=mark("MRR@10"),
            form="share",
            meaning=mark("1 where the passage is found first, 1/2 where it is second … 0 where it is not among ten"),
        ),
        Measure(
            key="recall_at_1",
            title=mark("found first"),
            form="share",
            meaning=mark("how often the first passage found is the right one"),
        ),
        Measure(key="recall_at_5", title=mark("among the first 5"), form="share"),
        Measure(
            key="recall_at_10",
            title=mark("among the first 10"),
            form="share",
            meaning=mark("how often the passage is among the ten that are found"),
        ),
        Measure(key="ndcg_at_10", title=mark("nDCG@10"), form="share"),
        Measure(key="brier", hub="brier_score", title=mark("Brier score"), form="share", better="lower"),
        Measure(key="f1_weighted", title=mark("weighted F1"), form="share", hub="f1"),
        Measure(key="precision_macro", title=mark("macro precision"), form="share", hub="precision"),
        Measure(key="recall_macro", title=mark("macro recall"), form="share", hub="recall"),
        Measure(key="caught", title=mark("caught"), form="share"),
        Measure(key="rightly_caught", title=mark("rightly caught"), form="share"),
        Measure(key="automatic", title=mark("without a person"), form="share"),
        Measure(key="rightly_automatic", title=mark("right without a person"), form="share"),
        Measure(key="entity_f1", title=mark("entity F1"), form="share", hub="f1"),
        Measure(key="entity_precision", title=mark("entity precision"), form="share", hub="precision"),
        Measure(key="entity_recall", title=mark("entity recall"), form="share", hub="recall"),
        Measure(
            key="perplexity",
            hub="perplexity",
            title=mark("perplexity"),
            better="lower",
            meaning=mark("as unsure as between {value} tokens"),
        ),
        Measure(key="answer_loss", title=mark("loss on answers"), form="nats", better="lower"),
        Measure(key="stop_rate", title=mark("stops by itself"), form="share"),
        Measure(key="different", title=mark("different answers"), form="share"),
        Measure(key="distinct_1", title=mark("different words"), form="share"),
        Measure(key="distinct_2", title=mark("different pairs of words"), form="share"),
        Measure(key="chrf", hub="chrf", title=mark("likeness (chrF)"), form="share"),
        Measure(key="chrf_there", title=mark("likeness there (chrF)"), form="share", hub="chrf"),
        Measure(key="chrf_back", title=mark("likeness back (chrF)"), form="share", hub="chrf"),
        Measure(key="bleu", hub="bleu", title="BLEU", form="share"),
        Measure(key="rouge1", title="ROUGE-1", form="share", hub="rouge"),
        Measure(key="rouge2", title="ROUGE-2", form="share", hub="rouge"),
        Measure(key="rougeL", title="ROUGE-L", form="share", hub="rouge"),
        Measure(
            key="context_accuracy",
            title=mark("neighbour accuracy"),
            form="share",
            meaning=mark("how often the real neighbour of a word is preferred to a random one; 0.5 is guessing"),
        ),
        Measure(
            key="masked_accuracy",
            title=mark("hidden tokens found"),
            form="share",
            hub="accuracy",
            meaning=mark("how often the hidden token is the likeliest of all"),
        ),
        Measure(
            key="masked_accuracy_at_5",
            title=mark("among the first five"),
            form="share",
            hub="accuracy",
            meaning=mark("how often the hidden token is among the five likeliest"),
        ),
        Measure(
            key="spans_found",
            title=mark("terms pointed at"),
            form="share",
            hub="exact_match",
            meaning=mark("how often it points at exactly the term that a sentence lacks, in another passage"),
        ),
        Measure(
            key="wer",
            hub="wer",
            title="WER",
            form="share",
            better="lower",
            meaning=mark("words put in, left out or changed, per word of the right texts"),
        ),
        Measure(key="wer_before", title=mark("WER before"), form="share", better="lower", own=False),
        Measure(
            key="wer_oracle",
            title=mark("WER at best"),
            form="share",
            better="lower",
            own=False,
            meaning=mark("if always the best candidate came first"),
        ),
        Measure(
            key="cer",
            hub="cer",
            title="CER",
            form="share",
            better="lower",
            meaning=mark("characters put in, left out or changed, per character of the right texts"),
        ),
        Measure(key="cer_before", title=mark("CER before"), form="share", better="lower", own=False),
        Measure(
            key="cer_oracle",
            title=mark("CER at best"),
            form="share",
            better="lower",
            own=False,
            meaning=mark("if always the best candidate came first"),
        ),
        Measure(
            key="best_first",
            title=mark("best one first"),
            form="share",
            hub="accuracy",
            meaning=mark("how often no candidate has fewer errors than the first"),
        ),
        Measure(key="best_first_before", title=mark("best one first before"), form="share", own=False),
        Measure(key="analogy_accuracy", title=mark("analogies solved"), form="share"),
        Measure(key="bits_per_byte", title=mark("bits per byte"), better="lower"),
    )
}
METHODS = {
    each.key: each
    for each in (
        Method(key="majority", title=mark("most frequent label")),
        Method(key="tfidf_linear", title=mark("TF-IDF + linear")),
        Method(key="frequent_labels", title=mark("most frequent labels")),
        Method(key="mean", title=mark("always the mean")),
        Method(key="tfidf_ridge", title=mark("TF-IDF + ridge")),
        Method(key="frequent_tag", title=mark("usual tag")),
        Method(key="gazetteer", title=mark("name list")),
        Method(key="nearest", title=mark("nearest question")),
        Method(key="nearest_pair", title=mark("target of the nearest source")),
        Method(key="copy", title=mark("source as it is")),
        Method(key="nearest_sentence", title=mark("nearest sentence")),
        Method(key="lead", title=mark("first sentence")),
        Method(key="as_listed", title=mark("order as it came")),
        Method(key="own_scores", title=mark("own scores alone")),
        Method(key="bm25", title="BM25"),
        Method(key="hybrid", title=mark("both (RRF)"), simple=False),
        Method(key="tfidf_cosine", title=mark("shared words (TF-IDF)")),
        Method(key="base", title=mark("its base, untouched"), simple=False),
        Method(key="random_vectors", title=mark("random vectors")),
        Method(key="ppmi_svd", title=mark("counting (PPMI + SVD)")),
        Method(key="unigram", title=mark("token counts")),
        Method(key="neighbours", title=mark("neighbouring tokens")),
        Method(key="xz", title=mark("xz")),
    )
}


def measure(key: str) -> Measure:
    """Return the measure called `key`; one that this version does not know goes by its key."""
    return MEASURES.get(key) or Measure(key=key, title=key.replace("_", " "))


def method(key: str) -> Method:
    """Return the simple method called `key`; one that this version does not know goes by its key."""
    return METHODS.get(key) or Method(key=key, title=key.replace("_", " "))
