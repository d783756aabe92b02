"""What the numbers of a report are called, how they are written, and what they mean, in words."""

from collections.abc import Sequence

from slm_studio.core.dataset import Remark
from slm_studio.core.measures import measure, method
from slm_studio.core.results import Baseline, Metric, Report
from slm_studio.core.texts import mark, say, tr
from slm_studio.ui.parts.naming import file_words

# how it is, not what is wrong
MILD_CODES = (
    "rows-unlabelled",
    "rows-blank",
    "label-caught",
    "handed-on",
    "few-tuned",
    "few-frozen",
    "searched-among",
    "copied",
)
MILD = 0.02  # share of texts that are cut up to which a score means what it says
GOOD, FAIR = 0.03, 0.08  # calibration errors up to which certainty can be taken at its word, or nearly


def interval_words(metric: Metric) -> str:
    """Return “0.901 – 0.922, 95 %”, or "" where no interval is known."""
    if metric.low is None or metric.high is None:
        return ""
    written = measure(metric.key).written
    return tr("{low} – {high}, 95 %", low=written(metric.low), high=written(metric.high))


def verdict_words(baseline: Baseline) -> str:
    """Return what the paired test says of the model against a simple method, or against its base."""
    known, name = method(baseline.key), method(baseline.key).name
    if baseline.verdict == "better":
        return tr("better than {method}", method=name)
    if baseline.verdict == "worse" and not known.simple:
        return tr("worse than {method}", method=name)
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
    """Return “on tickets.csv, 3,080 rows it has never seen”; held out, where some stand among those that it learnt from, too."""
    is_known = any(remark.code == "rows-known" for remark in report.remarks)
    if own and report.split == "test" and "bytes" in report.facts:
        return tr(
            mark("on {dataset}, {bytes} bytes of text held out")
            if is_known
            else mark("on {dataset}, {bytes} bytes of text it has never seen"),
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
            mark("on {dataset}, {rows} {rows:row|rows} held out")
            if is_known
            else mark("on {dataset}, {rows} {rows:row|rows} it has never seen"),
            dataset=file_words(report.dataset),
            rows=report.rows,
        )
    return tr("on {dataset}, {rows} {rows:row|rows}", dataset=file_words(report.dataset), rows=report.rows)


def learnt_words(report: Report) -> str:
    """Return how many rows of the file were learnt, and which ones the scores are of."""
    return say(report.about_learnt, {"learnt": report.learnt, "rows": report.rows})


def baseline_value(baseline: Baseline, key: str) -> float | None:
    """Return a simple method's score, or None."""
    return next((metric.value for metric in baseline.metrics if metric.key == key), None)


def remarks_tone(remarks: Sequence[Remark]) -> str:
    """Return the tone of a banner for them: facts are plain, what makes the numbers mean something else is a warning."""
    return "plain" if all(_is_mild(each) for each in remarks) else "warning"


def _is_mild(remark: Remark) -> bool:
    texts = (remark.values or {}).get("texts", 0)
    return remark.code in MILD_CODES or (remark.code == "texts-cut" and remark.count < MILD * float(texts))
