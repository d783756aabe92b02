"""The window speaks one language, Qt's own dialogs included."""

import pytest
from PySide6.QtWidgets import QFileDialog, QLabel, QLineEdit, QMessageBox

from slm_studio.core.texts import tr
from slm_studio.ui.shell.language import speak

pytestmark = pytest.mark.usefixtures("qapp")


def words_of_qt() -> list[str]:
    box = QMessageBox(QMessageBox.Icon.Question, "", "", QMessageBox.StandardButton.Cancel)
    cancel = box.button(QMessageBox.StandardButton.Cancel).text()
    field = QLineEdit()
    menu = field.createStandardContextMenu()
    return [cancel.replace("&", ""), menu.actions()[0].text().replace("&", "").partition("\t")[0]]


def test_qt_speaks_the_language_of_the_window() -> None:
    english = words_of_qt()

    assert speak("zh_CN") == "zh_CN"
    assert tr("Open…") == "打开…"
    assert words_of_qt() == ["取消", "撤消(U)"]

    assert speak("en") == "en"
    assert words_of_qt() == english == ["Cancel", "Undo"]


def test_every_label_of_qts_file_dialog_is_translated() -> None:
    speak("zh_CN")
    dialog = QFileDialog()
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)

    labels = [label.text() for label in dialog.findChildren(QLabel)]

    assert labels
    assert all(any(letter > "\u4e00" for letter in label) for label in labels), labels
