"""What the numbers of a report are called, how they are written, and what they mean, in words."""

import math
from collections.abc import Sequence

from slm_studio.core.dataset import Remark
from slm_studio.core.results import Baseline, Metric, Report
from slm_studio.core.texts import mark, say, tr
from slm_studio.ui.naming import file_words

METRICS = {
    "accuracy": mark("accuracy"),
    "f1_macro": mark("macro F1"),
    "f1_weighted": mark("weighted F1"),
    "precision_macro": mark("macro precision"),
    "recall_macro": mark("macro recall"),
    "loss": mark("loss"),
    "perplexity": mark("perplexity"),
    "bits_per_byte": mark("bits per byte"),
}
BASELINES = {
    "majority": mark("majority"),
    "tfidf_linear": mark("TF-IDF"),
    "uniform": mark("blind guess"),
    "unigram": mark("token counts"),
    "xz": mark("xz"),
}
SHARES = ("accuracy", "f1_macro", "f1_weighted", "precision_macro", "recall_macro")  # from 0 to 1
MILD = 0.02  # share of texts that are cut up to which a score means what it says
GOOD, FAIR = 0.03, 0.08  # calibration errors up to which certainty can be taken at its word, or nearly


def metric_name(key: str) -> str:
    """Return a metric's name."""
    return tr(METRICS[key]) if key in METRICS else key.replace("_", " ")


def baseline_name(key: str) -> str:
    """Return a simple method's name."""
    return tr(BASELINES[key]) if key in BASELINES else key.replace("_", " ")


def figure(key: str, value: float) -> str:
    """Return a score as it is read: shares with three digits after the point, the rest with three in all."""
    if not math.isfinite(value):
        return "–"
    if key in SHARES:
        return f"{value:.3f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}" if abs(value) >= 100 else f"{value:#.3g}"


def interval_words(metric: Metric) -> str:
    """Return “0.901 – 0.922, 95 %”, or "" where no interval is known."""
    if metric.low is None or metric.high is None:
        return ""
    return tr("{low} – {high}, 95 %", low=figure(metric.key, metric.low), high=figure(metric.key, metric.high))


def verdict_words(baseline: Baseline) -> str:
    """Return what the paired test says of the model against a simple method."""
    name = baseline_name(baseline.key)
    if baseline.verdict == "better":
        return tr("better than {method}", method=name)
    if baseline.verdict == "worse":
        return tr("worse than {method}: sometimes a neural net is not needed", method=name)
    return tr("no difference shown to {method}", method=name) if baseline.verdict == "none" else ""


def calibration_words(error: float) -> str:
    """Return what a calibration error means."""
    if error <= GOOD:
        return tr("good: 0.9 means about 9 in 10")
    if error <= FAIR:
        return tr("fair: off by {points} points on average", points=round(100 * error))
    return tr("poor: off by {points} points on average", points=round(100 * error))


def where_scored(report: Report, own: bool) -> str:
    """Return “on tickets.csv, 3,080 rows it has never seen”."""
    if own and report.split == "test" and "bytes" in report.facts:
        return tr(
            "on {dataset}, {bytes} bytes of text it has never seen",
            dataset=file_words(report.dataset),
            bytes=round(report.facts["bytes"]),
        )
    if report.split == "train":
        return tr(
            "on {dataset}, {rows} {rows:row|rows} it learnt from", dataset=file_words(report.dataset), rows=report.rows
        )
    if own and report.split == "validation":
        return tr(
            "on {dataset}, {rows} {rows:row|rows} held out to choose it",
            dataset=file_words(report.dataset),
            rows=report.rows,
        )
    if own:
        return tr(
            "on {dataset}, {rows} {rows:row|rows} it has never seen",
            dataset=file_words(report.dataset),
            rows=report.rows,
        )
    return tr("on {dataset}, {rows} {rows:row|rows}", dataset=file_words(report.dataset), rows=report.rows)


def learnt_words(report: Report) -> str:
    """Return how many rows of the file were learnt, and which ones the scores are of."""
    return say(report.about_learnt, {"learnt": report.learnt, "rows": report.rows})


def perplexity_words(value: float) -> str:
    """Return what a perplexity means."""
    return tr("as unsure as between {n} tokens", n=f"{value:,.1f}" if value < 10 else f"{value:,.0f}")


def baseline_value(baseline: Baseline, key: str) -> float | None:
    """Return a simple method's score, or None."""
    return next((metric.value for metric in baseline.metrics if metric.key == key), None)


def remarks_words(remarks: Sequence[Remark]) -> str:
    """Return what the numbers do not say by themselves, a line each."""
    return "\n".join(say(each.message, {"count": each.count, **(each.values or {})}) for each in remarks)


def remarks_tone(remarks: Sequence[Remark]) -> str:
    """Return the tone of a banner for them: facts are plain, what makes the numbers mean something else is a warning."""
    return "plain" if all(_is_mild(each) for each in remarks) else "warning"


def _is_mild(remark: Remark) -> bool:
    texts = (remark.values or {}).get("texts", 0)
    return remark.code == "rows-unlabelled" or (remark.code == "texts-cut" and remark.count < MILD * float(texts))
