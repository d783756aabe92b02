"""The language of the window: our own sentences, and what Qt says by itself in its dialogs and menus."""

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

from slm_studio.core.texts import use_language

_NAME = "qt-words"


def speak(language: str) -> str:
    """Choose the language of the window; "auto" follows the system. Returns the one in use."""
    chosen = use_language(language)
    application = QCoreApplication.instance()
    if application is not None:
        for old in application.findChildren(QTranslator, _NAME):
            application.removeTranslator(old)
            old.deleteLater()
        translator = _Words(application)
        translator.setObjectName(_NAME)
        # Qt is English by itself; where it has no words for a language, it stays so.
        if translator.load(f"qtbase_{chosen}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)):
            application.installTranslator(translator)
    return chosen


class _Words(QTranslator):
    """Qt's catalogue, which lags behind its code: “&Look in:” stands there as “Look in:”."""

    def translate(self, context: str, text: str, disambiguation: str | None = None, n: int = -1) -> str | None:  # type: ignore[override]
        """Return the translation with the key marked by “&”, or the one without, or None."""
        found = super().translate(context, text, disambiguation, n)  # type: ignore[arg-type]
        if not found and "&" in text:
            found = super().translate(context, text.replace("&", ""), disambiguation, n)  # type: ignore[arg-type]
        return found or None
