"""PDF: each paragraph of its pages is one row of the column “text”; what only repeats at their edges is left out."""

from collections import deque
from collections.abc import Iterator

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.paragraphs import Paragraphs
from slm_studio.engine.data.pdfs import Page, Pdf, is_cut, opened
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.running_heads import NEAR, heads_of, pages_to_look_at, running_heads, without_heads
from slm_studio.engine.data.source import Source


def sniff(head: bytes, name: str) -> float:
    """Its first bytes tell, before its encoding is guessed."""
    return 0.0


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the paragraphs page by page."""
    notes.format, notes.header, notes.encoding = "pdf", False, ""
    with opened(source) as pdf:
        known: dict[int, Page] = {}
        for number in pages_to_look_at(pdf.count):
            known[number] = pdf.page(number)
            yield {}
        heads = running_heads({number: page.lines for number, page in known.items()})
        near: deque[set[str]] = deque(maxlen=NEAR)
        paragraphs, has_text, begins = Paragraphs(), False, 0
        pages = notes.pages[source.title] = []
        for number in range(pdf.count):
            page = known.pop(number, None) or pdf.page(number)
            lines = without_heads(page.lines, number, heads.union(*near))
            near.append(heads_of(page.lines))
            _note(page, len(page.lines) - len(lines), notes)
            has_text |= bool(lines)
            source.position = source.size * (number + 1) // pdf.count
            done = paragraphs.add(lines)
            pages += [begins or number + 1, *[number + 1] * len(done)][: len(done)]  # the first may have begun before
            if lines and (done or not begins):
                begins = number + 1
            yield {"text": done}
        done = paragraphs.end()
        pages += [begins] * len(done)
        yield {"text": done}
        if not has_text:
            raise _without_text(source, pdf, notes)
    if is_cut(source):
        notes.add("pdf-cut", mark("The end of the file is missing; what could still be found was read."))


def _note(page: Page, heads: int, notes: Notes) -> None:
    if page.is_damaged:
        notes.add("pdf-pages-damaged", mark("{count} {count:page is|pages are} damaged and could not be read."))
    if page.is_picture:
        notes.add(
            "pdf-pictures",
            mark("{count} {count:page holds|pages hold} pictures of text, which cannot be read here."),
        )
    if heads:
        notes.add(
            "pdf-heads",
            mark(
                "{count} {count:line that repeats|lines that repeat} at the edges of pages {count:was|were} left out."
            ),
            count=heads,
        )


def _without_text(source: Source, pdf: Pdf, notes: Notes) -> StudioError:
    if "pdf-pages-damaged" in notes.found:
        return StudioError(
            "pdf-damaged",
            "“{name}” is damaged: none of its {count} pages could be read.",
            "Copy or download it again.",
            name=source.title,
            count=pdf.count,
        )
    if "pdf-pictures" not in notes.found:
        return StudioError("pdf-empty", "The pages of “{name}” are empty.", "Choose another file.", name=source.title)
    return StudioError(
        "pdf-pictures",
        "No page of “{name}” holds text: a scanned page is a picture of text.",
        "Let a program for scans (OCR) recognise the text first, and open the PDF or the text that it makes of it.",
        name=source.title,
    )
