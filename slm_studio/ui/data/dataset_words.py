"""What is said of a dataset: how it was read, what was noticed, how much is held out. Pure functions, no Qt."""

from collections.abc import Sequence

from slm_studio.core.cleaning import step_called
from slm_studio.core.dataset import UNDIVIDED, Dataset, ReadReport, Remark
from slm_studio.core.recipe import Recipe, split_of
from slm_studio.core.texts import mark, say, tr

ENCODINGS = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8", "utf_8_sig": "UTF-8", "utf-16": "UTF-16", "utf-32": "UTF-32",
    "gb18030": "GB18030", "big5": "Big5", "cp950": "Big5", "big5hkscs": "Big5-HKSCS", "shift_jis": "Shift-JIS", "cp932": "Shift-JIS",
    "euc_jp": "EUC-JP", "euc_kr": "EUC-KR", "cp949": "EUC-KR",
    "cp1252": "Windows-1252", "cp1250": "Windows-1250", "cp1251": "Windows-1251", "cp1256": "Windows-1256",
    "iso8859_7": "ISO-8859-7", "iso8859-1": "ISO-8859-1", "iso8859-15": "ISO-8859-15", "koi8_r": "KOI8-R",
    "iso2022_jp": "ISO-2022-JP", "hz": "HZ", "mac_roman": "Mac Roman",
}  # fmt: skip
HELD_OUT = {
    "stratified": mark("{share} % held out, same label shares"),
    "shuffled": mark("{share} % held out, by chance"),
    "in order": mark("{share} % held out, from the end"),
    "grouped": mark("{share} % held out, groups kept whole"),
}
FORMATS = {
    "xlsx": "Excel",
    "docx": "Word",
    "parquet": "Parquet",
    "folder": mark("a text in each file"),
    "judged": mark("passages, queries and judgements"),
    "labelled": mark("label and text"),
    "conll": mark("CoNLL, a word a line"),
}
DELIMITERS = {
    ",": mark("comma"),
    ";": mark("semicolon"),
    "\t": mark("tab"),
    "|": mark("vertical bar"),
    " ": mark("space"),
    UNDIVIDED: mark("nothing"),
}
MOST_REMARKS = 2  # that stand in the line of facts
CLEANED = "cleaned-"  # how the codes of what cleaning did begin


def facts(dataset: Dataset) -> str:
    """Return “10,003 rows · UTF-8, comma · 13 rows have too few cells · nothing skipped”."""
    parts = [tr("{n} {n:row|rows}", n=dataset.rows + sum(dataset.held_out.values())), shape(dataset.report)]
    remarks = dataset.report.remarks
    parts += [remark_words(remark).rstrip("。.") for remark in remarks[:MOST_REMARKS]]
    if len(remarks) > MOST_REMARKS:
        parts.append(tr("{n} more", n=len(remarks) - MOST_REMARKS))
    if not remarks:
        parts.append(tr("nothing repaired, nothing skipped"))
    return " · ".join(part for part in parts if part)


def shape(report: ReadReport) -> str:
    """Return how the file is written. Example: “UTF-8, comma”"""
    name = tr(FORMATS[report.format]) if report.format in FORMATS else report.format.upper()
    encoding = encoding_name(report.encoding) if report.encoding else ""
    delimiter = delimiter_name(report.delimiter) if report.delimiter else ""
    kind = name if report.format not in ("csv", "tsv") or not encoding else ""
    sheet = f"“{report.sheet}”" if len(report.sheets) > 1 else ""
    return ", ".join(part for part in (kind, sheet, encoding, delimiter) if part)


def encoding_name(name: str) -> str:
    """Return an encoding as people write it."""
    return ENCODINGS.get(name, name.upper())


def delimiter_name(delimiter: str) -> str:
    """Return what parts two cells, in words."""
    return tr(DELIMITERS[delimiter]) if delimiter in DELIMITERS else f"“{delimiter}”"


def remark_words(remark: Remark) -> str:
    """Return one remark as a sentence."""
    values: dict[str, object] = dict(remark.told)
    if remark.code.startswith(CLEANED):
        values["step"] = tr(step_called(remark.code.removeprefix(CLEANED)).title)
    return say(remark.message, values)


def remark_places(remark: Remark) -> str:
    """Return where a remark counts, as the table counts rows or an editor counts lines, or ""."""
    if not remark.rows:
        return ""
    shown = ", ".join(f"{place if remark.in_lines else place + 1:,}" for place in remark.rows[:10])
    if remark.count > 10 or len(remark.rows) > 10:
        shown += " …"
    if remark.in_lines:
        return tr("in {n:line|lines} {places} of the file", n=len(remark.rows), places=shown)
    return tr("in {n:row|rows} {places}", n=len(remark.rows), places=shown)


def held_out(dataset: Dataset, recipe: Recipe) -> str:
    """Return how much is held out, and how. Example: “20 % held out, same label shares”"""
    settled = recipe.settled()
    if dataset.held_out:
        own = " + ".join(f"{rows:,}" for rows in dataset.held_out.values())
        return tr("{rows} {rows:row|rows} held out, as you gave them", rows=own)
    share = round(100 * ((settled.validation_share or 0) + (settled.test_share or 0)))
    return tr(HELD_OUT[split_of(recipe, dataset)], share=share)


def what_changed(steps: Sequence[str], before: Dataset, after: Dataset) -> str:
    """Return what cleaning did. Example: “Remove duplicates · 13 rows left out”"""
    titles = ", ".join(tr(step_called(name).title) for name in steps)
    gone = before.rows - after.rows
    if gone > 0:
        return f"{titles} · {tr('{n} {n:row|rows} left out', n=gone)}"
    wanted = {f"cleaned-{name}" for name in steps}
    cells = sum(remark.count for remark in after.report.remarks if remark.code in wanted)
    return f"{titles} · {tr('{n} {n:cell|cells} changed', n=cells) if cells else tr('nothing to change')}"
