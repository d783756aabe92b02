"""How long a person waits from the drop of a file to a first answer: `python -m tests.benchmarks.journey`.

The real window with its engine processes, a click as soon as each button can be clicked, the plan as it is proposed.
"""

import os
import sys
import time
from pathlib import Path

from tests.benchmarks.sheet import DATA, ROOT, Line, against, answer, home, in_process, print_machine, print_table

TARGET = 10.0  # seconds from the drop to the first answer
WARM = 12.0  # seconds between the start and the drop: by then the engines are warm
SAMPLES = ROOT / "resources" / "samples"
FILES = {
    "example, English": SAMPLES / "en" / "messages.csv",
    "example, Chinese": SAMPLES / "zh" / "messages.csv",
    "sms_spam": DATA / "sms_spam" / "train.tsv",
}


def main() -> None:
    """Print the table."""
    print_machine("From the drop of a file to the first answer")
    os.environ.update(QT_QPA_PLATFORM="offscreen", HF_HUB_OFFLINE="1")
    lines = []
    for name, path in FILES.items():
        if not path.is_file():
            lines.append(Line(name, "–", "", "the file is not here"))
            continue
        with home():
            found = in_process("tests.benchmarks.journey", "--probe", str(path))
        seconds = {key: float(value) for key, value in found.items()}  # type: ignore[arg-type]
        lines += [
            Line(f"{name}: plan on screen", f"{seconds['plan']:.1f} s"),
            Line(f"{name}: first curve", f"{seconds['step']:.1f} s"),
            Line(f"{name}: model with its report", f"{seconds['model']:.1f} s"),
            Line(f"{name}: first answer", f"{seconds['answer']:.1f} s", f"≤ {TARGET:g} s", against(seconds["answer"], TARGET)),
        ]  # fmt: skip
    print_table(lines)


def probe(path: Path) -> None:
    """Walk the journey and tell when each thing was there, in seconds after the drop."""
    from PySide6.QtWidgets import QApplication

    from slm_studio.core.settings import Settings
    from tests.studio import studio

    found: dict[str, object] = {}
    application = QApplication([])
    with studio(application, Settings(language="en", theme="light")) as window:
        window.engines.warm()
        window.wait(lambda: window.window.isVisible())
        time.sleep(WARM)  # somebody looks for the file meanwhile
        began = time.perf_counter()

        def note(what: str) -> None:
            found[what] = time.perf_counter() - began

        window.drop(path)
        note("plan")
        window.click(window.panel("data").train_button)
        train = window.panel("train")
        window.wait(lambda: train.setup.is_ready())
        window.click(train.actions_row.primary)
        window.wait(lambda: window.losses)
        note("step")
        window.wait(lambda: window.session.model is not None)
        note("model")
        window.click(train.actions_row.trial)
        view = window.panel("playground").view
        view.fill("where is my parcel")
        window.wait(view.answers)
        note("answer")
    answer(found)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--probe"]:
        probe(Path(sys.argv[2]))
    else:
        main()
