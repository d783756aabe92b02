"""MarkdownView: a foreign model card, shown safely: no HTML, no images, nothing fetched, links ask first."""

import re

from PySide6.QtCore import QByteArray, QUrl
from PySide6.QtGui import QDesktopServices, QFont, QImage, QTextBlock, QTextCursor, QTextDocument, QTextFormat
from PySide6.QtWidgets import QTextBrowser, QWidget

from slm_studio.ui.widgets.question import ask
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import break_endless_words

_SCHEMES = ("http", "https", "mailto")
HEADINGS = (18.0, 16.0, 14.5, 13.5)  # pixels of the levels
_HEAD = re.compile(r"\A---\r?\n.*?\r?\n---\r?\n", re.DOTALL)


class MarkdownView(QTextBrowser):
    """Shows Markdown. The card's YAML head is left out."""

    def __init__(self, *, bare: bool = True, name: Words = "Model card", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._text = ""
        self.setProperty("role", "bare" if bare else "")
        break_endless_words(self)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        words(self.setAccessibleName, name)
        self.anchorClicked.connect(self._on_link)
        self._theme.changed.connect(self._show)

    def set_markdown(self, text: str) -> None:
        """Show a card."""
        self._text = without_comments(_HEAD.sub("", text))
        self._show()
        self.verticalScrollBar().setValue(0)

    def _show(self) -> None:
        document = self.document()
        document.setDefaultStyleSheet(f"a {{ color: {self._theme.tokens.accent}; }}")
        document.setDefaultFont(self._theme.font())
        features = QTextDocument.MarkdownFeature.MarkdownDialectGitHub | QTextDocument.MarkdownFeature.MarkdownNoHTML
        document.setMarkdown(without_images(self._text), features)
        self._calm_headings()
        self.moveCursor(QTextCursor.MoveOperation.Start)  # Qt leaves it at the end and scrolls there when shown

    def _calm_headings(self) -> None:
        """Give headings the sizes of this window; Qt's own would shout."""
        block = self.document().begin()
        while block.isValid():
            level = block.blockFormat().headingLevel()
            if level:
                self._resize(block, HEADINGS[min(level, len(HEADINGS)) - 1])
            block = block.next()

    def _resize(self, block: QTextBlock, pixels: float) -> None:
        pieces, at = [], block.begin()
        while not at.atEnd():
            pieces.append(at.fragment())
            at += 1
        for piece in pieces:
            letters = piece.charFormat()
            letters.clearProperty(QTextFormat.Property.FontSizeAdjustment)  # it would win over the size
            letters.setFontPointSize(self._theme.font(pixels).pointSizeF())
            letters.setFontWeight(QFont.Weight.DemiBold)
            cursor = QTextCursor(self.document())
            cursor.setPosition(piece.position())
            cursor.setPosition(piece.position() + piece.length(), QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(letters)

    def _on_link(self, url: QUrl) -> None:
        if url.scheme() not in _SCHEMES:
            return
        address = url.toString(QUrl.ComponentFormattingOption.FullyEncoded)
        if ask(self, "Open this address in the browser?", "{address}", action="Open", address=address):
            QDesktopServices.openUrl(url)

    def loadResource(self, kind: int, name: QUrl) -> object:
        """Load nothing: a card may not read files or the network."""
        # Returning nothing would let Qt read files of this computer; a dot of nothing stops it.
        if kind == QTextDocument.ResourceType.ImageResource.value:
            image = QImage(1, 1, QImage.Format.Format_ARGB32)
            image.fill(0)
            return image
        return QByteArray()


def without_comments(text: str) -> str:
    """Return Markdown without HTML comments, which are for programs. Example: without_comments("a<!-- b -->c") == "ac\""""
    kept, rest = [], text
    while True:
        before, opened, rest = rest.partition("<!--")
        kept.append(before)
        _, closed, behind = rest.partition("-->")
        if not closed:
            return "".join(kept) + opened + rest
        rest = behind


def without_images(text: str) -> str:
    """Return Markdown whose images are their descriptions. Example: "![a chart](x.png)" → "a chart\""""
    return re.sub(r"!\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])", r"\1", text)
