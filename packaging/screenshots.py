"""Take pictures of every place, in both languages and both looks: `python packaging/screenshots.py`.

The real window, real engines and real training on the samples that travel with the app, in a home of its own that is
thrown away. Ten to twenty minutes on two cores. The pictures lie in packaging/screenshots/<place>-<language>-<look>.png.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from PySide6.QtGui import QImage  # noqa: E402
from PySide6.QtTest import QTest  # noqa: E402
from PySide6.QtWidgets import QApplication, QPushButton  # noqa: E402

from slm_studio.core import paths  # noqa: E402
from slm_studio.core.saved import open_saved  # noqa: E402
from slm_studio.core.settings import Settings  # noqa: E402
from slm_studio.core.texts import use_language  # noqa: E402
from slm_studio.ui.widgets.theme import the_theme  # noqa: E402
from tests.studio import Studio  # noqa: E402

LOOKS = ("light", "dark")
PATIENCE = 1200.0  # seconds for one piece of work on a busy machine
ASKED = 1500  # milliseconds after which what was typed is asked
SETTLE = 250  # milliseconds: the last timers run out, the last jobs paint
COLOURS = 256
BAG = {"base": "blank:bag-small"}
CURVES = {
    "base": "blank:lstm-nano",
    "epochs": 24,
    "batch": 16,
    "learning_rate": 0.001,
    "patience": 20,
    "eval_every": 48,
}
WRITER = {"base": "blank:llama-nano", "minutes": 0.7}
# What a person would call their things, and would type.
WORDS = {
    "en": {
        "locale": "en", "classifier": "Support messages", "curves": "Support messages, word by word",
        "writer": "Alice", "book": "alice.txt",
        "text": "My parcel was due on Monday and the courier says it is lost", "beginning": "Alice looked at the ",
        "tagger": "Names in messages", "talk": ("What is the capital of France?", "Name three fruits."),
        "further": {
            "rewrite": ("notices.jsonl", "Notices in short", ""), "answer": ("guide_questions.json", "The town's guide", ""),
            "search": ("library_faq.csv", "The library's answers", "Can I keep a book for longer?"),
            "rank": ("heard.jsonl", "What was heard", ""), "words": ("village.txt", "Words of the village", "queen"),
            "fill": ("harbour.txt", "The harbour", ""),
        },
    },
    "zh": {
        "locale": "zh_CN", "classifier": "客服消息", "curves": "客服消息（逐词）",
        "writer": "论语", "book": "lunyu.txt",
        "text": "快递三天没动了，能帮我催一下吗", "beginning": "子曰：", "tagger": "消息里的名字",
        "talk": ("What is the capital of France?", "Name three fruits."),  # the model knows no Chinese
        "further": {
            "rewrite": ("notices.jsonl", "通知摘要", ""), "answer": ("guide_questions.json", "小城导览", ""),
            "search": ("library_faq.csv", "图书馆问答", "书可以多借几天吗？"), "rank": ("heard.jsonl", "听到的话", ""),
            "words": ("village.txt", "村里的词", "国王"), "fill": ("harbour.txt", "海港", ""),
        },
    },
}  # fmt: skip


class Photographer:
    """Walks through the window in one language and keeps a picture of each place in both looks."""

    def __init__(self, language: str, out: Path) -> None:
        self.language, self.out, self.words = language, out, WORDS[language]
        self.samples = paths.resources() / "samples" / language
        use_language(self.words["locale"])
        settings = Settings(language=self.words["locale"], theme="light", namespace="mei-lab")
        self.studio = Studio(settings)
        self.session = self.studio.session
        self.session.secrets.keep(settings.endpoint, "hf_a_token_that_opens_nothing")

    def walk(self) -> None:
        """Go the way of a person's first half hour, and leave nothing running."""
        try:
            self._walk()
        finally:
            self.studio.close()

    def _walk(self) -> None:
        self.settle()
        self.shoot("welcome")
        self.look_at_rows()
        self.plan_and_train()
        self.watch_curves()
        self.judge_and_try()
        self.share()
        self.write()
        self.tag()
        self.chat()
        for task in self.words["further"]:
            self.try_further(task)
        self.studio.panel("settings")
        self.shoot("settings")

    def look_at_rows(self) -> None:
        """Drop the messages; wait until they were counted and checked."""
        desk = self.studio.window.panel("data").desk
        seen: set[str] = set()
        desk.described.connect(_Noted(seen, "described"))
        desk.checked.connect(_Noted(seen, "checked"))
        self.studio.drop(self.samples / "messages.csv")
        self.studio.wait(lambda: len(seen) == 2)
        self.shoot("data")

    def plan_and_train(self) -> None:
        """Show the plan, then train the model that the other places need."""
        self.studio.panel("train")
        self.wait_for_sizes()
        self.shoot("train-setup")
        self.studio.plan(**BAG, name=self.words["classifier"])
        self.train()

    def watch_curves(self) -> None:
        """Train a recurrent net and take the picture in the middle of it."""
        self.session.set_run(None)
        train = self.studio.panel("train")
        classifier = self.session.model
        self.studio.plan(**CURVES, name=self.words["curves"])
        self.wait_for_sizes()
        self.studio.click(train.actions_row.primary)
        story = train.book.story(self.session.run)
        self.studio.wait(lambda: story.total and story.n > 0.55 * story.total and story.samples, PATIENCE)
        self.shoot("train")
        self.studio.click(train.actions_row.keep)
        self.studio.wait(lambda: story.model is not None)
        self.session.set_model(classifier)

    def judge_and_try(self) -> None:
        """Show the report of the classifier, and let it answer."""
        evaluate = self.studio.panel("evaluate")
        self.studio.wait(lambda: evaluate.report is not None)
        self.shoot("evaluate")
        view = self.studio.panel("playground").view
        for text in (*(row.value.text("text") for row in view.examples_model.rows()[:2]), self.words["text"]):
            view.fill(text)
            self.studio.wait(
                lambda: view.tried_model.rowCount() and view.tried_model.value(0) == (view.text().strip(), "")
            )
        self.shoot("playground-classify")

    def write(self) -> None:
        """Train a small writer and let it go on with a beginning."""
        self.learn_sample(self.words["book"], self.words["writer"], WRITER)
        playground = self.studio.panel("playground")
        view = playground.view
        view.fill(self.words["beginning"])
        view.primary()
        self.studio.wait(lambda: view.button.state == "ready" and view.page.written() > 20)
        self.shoot("playground-write")

    def tag(self) -> None:
        """Find the names in a message."""
        self.learn_sample("names.conll", self.words["tagger"], {})
        view = self.studio.panel("playground").view
        view.fill(view.examples_model.rows()[0].value.text("text"))
        self.studio.wait(lambda: view.found_model.rowCount() > 0)
        self.shoot("playground-tag")

    def chat(self) -> None:
        """Talk with a real small model as it was imported; without one there is no picture."""
        folder = Path(os.environ.get("SLM_STUDIO_TEST_MODELS", ROOT.parent / "models")) / "smollm2"
        if not folder.is_dir():
            print(f"no picture of a chat: no model is at {folder}")
            return
        subprocess.run([sys.executable, "-m", "slm_studio", "import", str(folder)], check=True, cwd=ROOT)
        self.session.set_model(open_saved(max(paths.models().iterdir(), key=lambda path: path.stat().st_mtime)))
        view = self.studio.panel("playground").view
        view.side.settings.restore({"temperature": 0.0})
        for line in self.words["talk"]:
            view.fill(line)
            view.primary()
            self.studio.wait(lambda: view.talk.composer.is_busy)
            self.studio.wait(lambda: not view.talk.composer.is_busy, PATIENCE)
        self.shoot("playground-chat")

    def try_further(self, task: str) -> None:
        """Learn a task's sample and ask the model: what stands in WORDS, else the first thing that its view offers."""
        file, name, asked = self.words["further"][task]
        self.learn_sample(file, name, {})
        playground = self.studio.panel("playground")
        view = playground.view
        if asked:
            view.fill(asked)
        elif hasattr(view, "examples_model"):
            view.examples.clicked.emit(view.examples_model.index(0, 0))
        else:
            self.studio.click(view.offered.findChild(QPushButton))
        QTest.qWait(ASKED)
        self.studio.wait(lambda: not playground.answering.is_busy, PATIENCE)
        self.shoot(f"playground-{task}")

    def learn_sample(self, file: str, name: str, plan: dict[str, object]) -> None:
        """Drop one of the samples and train on it."""
        self.session.set_dataset(None)
        self.studio.drop(self.samples / file)
        self.session.set_run(None)
        self.studio.panel("train")
        self.studio.plan(**plan, name=name)
        self.train()

    def share(self) -> None:
        """Open the card with which the classifier would be published."""
        hub = self.studio.panel("hub")
        hub._choose_tab("publish")
        self.studio.wait(lambda: hub.publish._files.count() > 0)
        self.shoot("hub")

    def wait_for_sizes(self) -> None:
        """Wait until the plan of now was measured."""
        setup = self.studio.panel("train").setup
        self.studio.wait(lambda: setup.settled_sizes() is not None, PATIENCE)

    def train(self) -> None:
        """Press Start and wait for the model."""
        before = self.session.model
        self.studio.click(self.studio.panel("train").actions_row.primary)
        self.studio.wait(lambda: not self.studio.trainings.active, PATIENCE)
        self.studio.wait(lambda: self.session.model != before)

    def shoot(self, place: str) -> None:
        """Keep a picture of the window in each look."""
        for look in LOOKS:
            self.session.change_settings(theme=look)
            self.settle()
            image = self.studio.window.grab().toImage()
            save_small(image, self.out / f"{place}-{self.language}-{look}.png")

    def settle(self) -> None:
        """Let the window come to rest, without notices that pass by."""
        QTest.qWait(SETTLE)
        self.studio.window.toast.hide()
        QTest.qWait(20)


class _Noted:
    """Notes that a signal came (a lambda would keep the panel alive)."""

    def __init__(self, seen: set[str], name: str) -> None:
        self._seen, self._name = seen, name

    def __call__(self, found: object) -> None:
        self._seen.add(self._name)


def save_small(image: QImage, path: Path) -> None:
    """Write a PNG with at most 256 colours: the most frequent ones, every other pixel takes the nearest of them."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    width, height = image.width(), image.height()
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(height, width) & 0xFFFFFF
    colours, places, counts = np.unique(pixels, return_inverse=True, return_counts=True)
    chosen = colours[np.argsort(-counts)[:COLOURS]]
    nearest = _nearest(colours, chosen)
    indices = np.ascontiguousarray(nearest[places.reshape(-1)].reshape(height, width).astype(np.uint8))
    small = QImage(indices.data, width, height, width, QImage.Format.Format_Indexed8)
    small.setColorTable([int(colour) | 0xFF000000 for colour in chosen])
    path.parent.mkdir(parents=True, exist_ok=True)
    if not small.save(str(path), "PNG", 0):
        raise OSError(f"{path} cannot be written")


def _nearest(colours: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return for each colour (0xRRGGBB) the index of the nearest chosen one."""
    one, other = (
        np.stack([each >> 16 & 255, each >> 8 & 255, each & 255], 1).astype(np.int32) for each in (colours, chosen)
    )
    parts = [
        ((part[:, None] - other[None]) ** 2).sum(2).argmin(1) for part in np.array_split(one, max(1, len(one) // 4096))
    ]
    return np.concatenate(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures that are asked for, one language after the other, each in a process and a home of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=tuple(WORDS), help="only this language")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_suffix(""), help="where the pictures go")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)  # the process of one language
    given = parser.parse_args(arguments)
    if given.inside:
        application = QApplication.instance() or QApplication([])
        the_theme()
        Photographer(given.language, given.out).walk()
        application.quit()
        return 0
    began = time.monotonic()
    for language in [given.language] if given.language else WORDS:
        with tempfile.TemporaryDirectory(prefix="slm-studio-pictures-", ignore_cleanup_errors=True) as home:
            words = [sys.executable, __file__, "--inside", "--language", language, "--out", str(given.out.resolve())]
            subprocess.run(words, check=True, env=os.environ | {"SLM_STUDIO_HOME": home}, cwd=home)
    pictures = sorted(given.out.glob("*.png"))
    size = sum(picture.stat().st_size for picture in pictures)
    print(f"{len(pictures)} pictures, {size / 1e6:.1f} MB, {time.monotonic() - began:.0f} s, in {given.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
