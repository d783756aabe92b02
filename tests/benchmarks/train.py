"""Our loop against transformers.Trainer: `python -m tests.benchmarks.train [epochs] [file]`.

The same tiny BERT from scratch (same weights at step 0), the same tokens, batch, epochs and learning rate. A useful
token is one that is not padding. Each contender has a process of its own; they take turns.
"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from slm_studio.host.environment import engine_environment
from tests.benchmarks.sheet import (
    DATA,
    ROOT,
    Line,
    answer,
    home,
    in_process,
    print_machine,
    print_table,
    times,
)

os.environ.setdefault("HF_HUB_OFFLINE", "1")
SAMPLE = ROOT / "resources" / "samples" / "en" / "messages.csv"
ROUNDS = 2
OURS, PLAIN, BEST = "ours", "Trainer as people call it (fp32)", "Trainer at its best (bf16, by length)"
GOALS = {PLAIN: 5.0, BEST: 2.0}  # PERFORMANCE.md's, which were set for a MiniLM


def main(epochs: int = 2, file: str = "") -> None:
    """Print the table. The last column of `file` holds the labels, one called “text” the texts."""
    known = (Path(file).resolve() if file else DATA / "banking77" / "train.csv", SAMPLE)
    path = next(path for path in known if path.is_file())
    print_machine(
        f"Training bert-nano from scratch on {path.parent.name}/{path.name}, {epochs} epochs, best of {ROUNDS}"
    )
    contenders = [OURS]
    if find_spec("accelerate") is None:
        print("accelerate is not installed: transformers.Trainer cannot run, its rows are left out.\n")
    else:
        contenders += [PLAIN, BEST]
    with home():
        rounds = [{each: _measure(each, path, epochs) for each in contenders} for _ in range(ROUNDS)]
    found = {each: min((turn[each] for turn in rounds), key=lambda figures: figures["seconds"]) for each in contenders}
    ours = found[OURS]["tokens"] / found[OURS]["seconds"]
    print_table([_line(each, figures, ours) for each, figures in found.items()])


def _measure(contender: str, path: Path, epochs: int) -> dict:
    # Ours as the app starts it, the other as people call it.
    environment = engine_environment(0) if contender == OURS else None
    words = ("--contender", contender, str(path), str(epochs))
    return in_process("tests.benchmarks.train", *words, environment=environment)


def _line(contender: str, figures: dict, ours: float) -> Line:
    rate = figures["tokens"] / figures["seconds"]
    shown = f"{rate:>8,.0f} useful tokens/s · {figures['seconds']:.1f} s · held-out accuracy {figures['accuracy']:.3f}"
    goal = GOALS.get(contender, 0.0)
    how = f"{contender} [{figures['how']}]"
    return Line(how, shown, f"ours ≥ {goal:g} ×" if goal else "", f"ours {times(ours, rate, goal)}" if goal else "")


def compete(contender: str, path: Path, epochs: int) -> None:
    """Train in this process and tell tokens, seconds and how good it is."""
    plan = _plan(path, epochs)
    tokens = epochs * sum(len(example["input_ids"]) for example in plan.material.train)
    if contender == OURS:
        seconds, how = _ours(plan)
    else:
        seconds, how = _trainer(plan, at_its_best=contender == BEST)
    answer({"tokens": tokens, "seconds": seconds, "accuracy": _accuracy(plan), "how": how})


def _plan(path: Path, epochs: int):
    from slm_studio import engine
    from slm_studio.core.recipe import make_recipe
    from slm_studio.engine.training.plan import prepare

    dataset = list(engine.read(str(path)))[-1].result
    roles = {"text": "text", "label": dataset.columns[-1].name}
    settings = {"epochs": epochs, "patience": 0, "eval_every": 1_000_000, "label_smoothing": 0.0, "learning_rate": 5e-4}
    recipe = make_recipe("classify", base="blank:bert-nano", roles=roles, settings=settings).settled()
    return list(prepare(recipe, dataset))[-1]


def _ours(plan) -> tuple[float, str]:
    from slm_studio.core.events import Saved, Step
    from slm_studio.engine.training.load import Load
    from slm_studio.engine.training.machine import choose_machine
    from slm_studio.engine.training.trainer import Trainer

    machine = result_of(choose_machine(plan, Load()))
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(
            task=plan.task, loaded=plan.loaded, recipe=plan.recipe, material=plan.material, machine=machine,
            folder=Path(folder), history_length=lambda: 0,
        )  # fmt: skip
        events: Iterator = trainer.events()
        next(event for event in events if isinstance(event, Saved))  # the checkpoint before the first step
        began = time.perf_counter()
        for event in events:
            if isinstance(event, Step) and event.n == machine.steps:
                break
        seconds = time.perf_counter() - began
        list(events)
    trainer.use_best()
    return seconds, f"{machine.precision}, {machine.threads} threads, dropout {plan.recipe.dropout:g}"


def result_of(events):
    """Run a generator to its end and return its value."""
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return stop.value


def _trainer(plan, at_its_best: bool) -> tuple[float, str]:
    import torch
    from transformers import DataCollatorWithPadding, Trainer, TrainingArguments

    best = {"bf16": True, "train_sampling_strategy": "group_by_length"} if at_its_best else {}
    rows = [{"input_ids": list(each["input_ids"]), "labels": each["labels"]} for each in plan.material.train]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            output_dir=folder, per_device_train_batch_size=plan.recipe.batch, num_train_epochs=plan.recipe.epochs,
            learning_rate=plan.recipe.learning_rate, weight_decay=plan.recipe.weight_decay, report_to=[], disable_tqdm=True,
            save_strategy="no", logging_strategy="no", use_cpu=True, seed=plan.recipe.seed, **best,
        )  # fmt: skip
        trainer = Trainer(
            model=plan.loaded.net,
            args=arguments,
            train_dataset=rows,
            data_collator=DataCollatorWithPadding(plan.loaded.tokenizer),
        )
        began = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - began
    return (
        seconds,
        f"{'bf16' if at_its_best else 'fp32'}, {torch.get_num_threads()} threads, dropout {plan.recipe.dropout:g}",
    )


def _accuracy(plan) -> float:
    from slm_studio.engine.task import answers_of

    rows = plan.splits.validation
    plan.loaded.net.eval()
    answers = answers_of(plan.task, plan.loaded, [{"text": text} for text in rows.column("text")], {"top": 1})
    return sum(each[0].label == true for each, true in zip(answers, rows.column("label"), strict=True)) / len(rows)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contender"]:
        compete(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
