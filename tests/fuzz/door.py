"""One odd input at the door: what is done with it, and what came back."""

import json
import os
import random
import re
import shutil
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from slm_studio import engine
from slm_studio.core import paths
from slm_studio.core.cleaning import STEPS
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Step
from slm_studio.core.knobs import Knob, knobs
from slm_studio.core.prompt import prompt_of
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import create_run, open_run
from slm_studio.core.saved import open_saved
from slm_studio.core.tasks import all_tasks, task_info
from slm_studio.core.tasks.info import CONTINUED
from slm_studio.engine.advice import advising
from slm_studio.engine.sharing.download import Patience
from tests.fuzz.gguf_files import write_odd
from tests.fuzz.materials import (
    BLANKS,
    ENDINGS,
    NAMES,
    ODD,
    chat_files,
    flipped,
    mutate,
    mutate_json,
    real_files,
    small_files,
    tagged_files,
)  # fmt: skip
from tests.fuzz.models import last, make_models
from tests.fuzz.prompts import TEMPLATES, TEXTS, odd_options, odd_prompt
from tests.fuzz.requests import Asked
from tests.hub_server import Fault, HubServer
from tests.tasks import fodder

SHARES = {
    "read": 66, "adopt": 10, "fetch": 2, "train": 3, "resume": 2, "evaluate": 4, "predict": 7, "predict_file": 6, "gguf": 8, "serve": 10,
}  # fmt: skip
UNFILLED = re.compile(r"\{[a-z_]+(:[^{}|]*\|[^{}|]*)?\}")
LONGEST = 8.0  # seconds after which a training is stopped: what is odd about it has shown
SOON = Patience(connect=1.0, read=1.0, attempts=2, pause=0.01, longest=0.05)
FAMILIES = {
    info.key: tuple(family.key for family in info.families if family.key != CONTINUED) for info in all_tasks()
}  # of networks from nothing
MOST = {"max_length": 4096, "epochs": 2, "minutes": 0.05, "vocabulary": 9000}  # what takes longer shows no more
DATA = Path(os.environ.get("SLM_STUDIO_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one input. `problem` is "" where a person would have read a sentence, or got an answer."""

    n: int
    kind: str
    code: str  # fine, or the code of the sentence
    seconds: float
    problem: str = ""


class Fuzz:
    """Inputs by number: the same seed and number give the same input."""

    def __init__(self, folder: Path, seed: int, kinds: tuple[str, ...] = tuple(SHARES)) -> None:
        self.folder, self.seed, self.kinds = folder, seed, kinds
        self.seeds = small_files() + tagged_files() + chat_files()
        self.seeds += real_files(DATA / "messy") + real_files(DATA.parent / "cases" / "reading")
        self.families = FAMILIES
        self._models: list[Path] = []
        self._asked: Asked | None = None

    def one(self, n: int) -> Outcome:
        """Try input `n`."""
        dice = random.Random(f"{self.seed}:{n}")
        kind = dice.choices(self.kinds, [SHARES[each] for each in self.kinds])[0]
        place = self.folder / "now"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        began, code, problem = time.perf_counter(), "fine", ""
        try:
            getattr(self, f"_{kind}")(dice, place)
        except StudioError as error:
            code = error.code
            if _says_nothing(error):
                problem = f"{error}\n{error.advice}\n" + "".join(traceback.format_exception(error))
        except BaseException as error:  # noqa: BLE001  (what escapes the door is what we look for)
            code, problem = "escaped", "".join(traceback.format_exception(error))
        finally:
            self._forget()
        return Outcome(n, kind, code, time.perf_counter() - began, problem)

    def close(self) -> None:
        """End what was started for the inputs."""
        if self._asked is not None:
            self._asked.close()

    def _forget(self) -> None:
        """Keep the disk small: what an input left in the app's folders is of no use to the next."""
        for folder in (paths.datasets(), paths.runs(), paths.models()):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(paths.cache() / "reports", ignore_errors=True)

    # The materials of a case

    def _file(self, dice: random.Random, place: Path, stem: str = "rows", task: str = "") -> Path:
        """Write a file; where a task is named, half of the time one that was made for it."""
        fed = [fodder(task)] if task and dice.random() < 0.5 else []
        name, data = dice.choice([(each.name, each.rows.encode()) for each in fed] or self.seeds)
        if dice.random() < 0.9:
            data = mutate(data, dice, self.seeds)
        elif dice.random() < 0.5:
            data = dice.choice(BLANKS)
        ending = "".join(Path(name).suffixes) if dice.random() < 0.8 else dice.choice(ENDINGS)
        path = place / f"{stem}{ending}"
        path.write_bytes(data)
        return path

    def _options(self, dice: random.Random, place: Path) -> ReadOptions:
        if dice.random() < 0.75:
            return ReadOptions()
        held = {
            name: str(self._file(dice, place, name)) if dice.random() < 0.3 else "" for name in ("validation", "test")
        }
        return ReadOptions(
            encoding=dice.choice(("", "", "utf-8", "gb18030", "utf-16", "cp1252", "utf-7", "nosuch", "idna", "base64", "rot13", "hz")),
            delimiter=dice.choice(("", "", ",", ";", "\t", "ab", "\n", '"', "\0", " ", "🙂")),
            header=dice.choice((None, True, False)),
            **held,
        )  # fmt: skip

    def _dataset(self, dice: random.Random, place: Path, task: str = "") -> Dataset:
        return last(engine.read(str(self._file(dice, place, task=task)), self._options(dice, place)))  # type: ignore[return-value]

    def _roles(self, dice: random.Random, dataset: Dataset, task: str) -> dict[str, str]:
        if dice.random() < 0.6:
            return dict(last(engine.suggest(dataset, task)).roles)  # type: ignore[attr-defined]
        names = [column.name for column in dataset.columns if dice.random() < 0.9] or list(NAMES)
        return {
            role.name: dice.choice(names if dice.random() < 0.9 else NAMES)
            for role in task_info(task).roles
            if dice.random() < (0.9 if role.needed else 0.4)
        }

    def _intact(self, dice: random.Random, task: str = "") -> Path:
        model = dice.choice([model for model in self.models() if model.name.startswith(task)])
        base = str(open_saved(model).facts.get("base", "none"))  # an adapter looks for it among a person's models
        if (model.parent / base).is_dir():
            shutil.copytree(model.parent / base, paths.models() / base, dirs_exist_ok=True)
        return model

    def models(self) -> list[Path]:
        """Return one small trained model of each family; made once."""
        self._models = self._models or make_models(self.folder / "trained", self.families)
        return self._models

    # The kinds

    def _read(self, dice: random.Random, place: Path) -> None:
        dataset = self._dataset(dice, place)
        if dice.random() < 0.5:
            return
        task = dice.choice(("", "", *FAMILIES))
        suggestion = last(engine.suggest(dataset, task))
        roles = self._roles(dice, dataset, suggestion.task)  # type: ignore[attr-defined]
        recipe = make_recipe(suggestion.task, base=suggestion.base, roles=roles)  # type: ignore[attr-defined]
        steps = tuple(dice.sample([*STEPS, "nosuch"] if dice.random() < 0.1 else list(STEPS), dice.randrange(4)))
        out = place / f"out{dice.choice(ENDINGS)}"
        verbs: list[Callable[[], Iterator[Event]]] = [
            lambda: engine.check(dataset, recipe),
            lambda: engine.describe(dataset, recipe),
            lambda: engine.clean(dataset, steps, recipe),
            lambda: engine.convert(dataset, str(out), dice.choice(("", "csv", "jsonl", "json", "txt", "parquet", "nosuch"))),
            lambda: engine.measure(dataset, recipe),
        ]  # fmt: skip
        for verb in dice.sample(verbs, 2):
            _allowed(verb)

    def _adopt(self, dice: random.Random, place: Path) -> None:
        model = self._damaged(dice, place)
        source = model
        if dice.random() < 0.4:
            source = Path(shutil.make_archive(str(place / "packed"), "zip", place, model.name))
            if dice.random() < 0.7:
                source.write_bytes(mutate(source.read_bytes(), dice, self.seeds))
        _allowed(lambda: engine.export(str(model), dice.choice(("folder", "zip", "nosuch")), str(place / "out")))
        _allowed(lambda: engine.card(str(model), {}))
        _allowed(lambda: engine.plan_publish(str(model), {}))
        found = last(engine.adopt(str(source), dice.choice(("", "", "x", "../up", "a" * 300, "\0"))))
        self._use(dice, place, Path(found.folder))  # type: ignore[attr-defined]

    def _use(self, dice: random.Random, place: Path, model: Path) -> None:
        opened = last(engine.open(str(model), "cpu"))
        options: dict[str, object] = {"max_new_tokens": 4, "seed": 1}
        fed = fodder(opened.task)  # type: ignore[attr-defined]
        for text in ("hello there", "a longer text " * 60):
            prompt = prompt_of(text, task_info(opened.task))  # type: ignore[attr-defined]
            last(engine.predict(opened.handle, prompt, options))  # type: ignore[attr-defined]
        rows = place / fed.name
        rows.write_text("\n".join(fed.rows.splitlines()[:9]), encoding="utf-8")  # few: a chat answers each
        dataset = last(engine.read(str(rows)))
        last(engine.evaluate(opened.handle, dataset, "", fed.roles))  # type: ignore[attr-defined, arg-type]

    def _damaged(self, dice: random.Random, place: Path) -> Path:
        model = Path(shutil.copytree(self._intact(dice), place / "model"))
        files = sorted(path for path in model.rglob("*") if path.is_file())
        for _ in range(dice.choice((1, 1, 1, 2, 3))):
            path = dice.choice(files)
            harm = dice.random()
            if harm < 0.1:
                path.unlink(missing_ok=True)
            elif harm < 0.15:
                path.with_name(dice.choice(("pytorch_model.bin", "x.py", "extra.safetensors", "CON"))).write_bytes(
                    b"x" * 50
                )
            elif path.suffix == ".json" and harm < 0.8 and path.exists():
                _change_json(path, dice)
            elif path.exists():
                path.write_bytes(mutate(path.read_bytes(), dice, self.seeds) if path.stat().st_size < 10**6 else flipped(path, dice))  # fmt: skip
        return model

    def _fetch(self, dice: random.Random, place: Path) -> None:
        from slm_studio.engine.sharing.hub import fetch_model

        model = self._damaged(dice, place) if dice.random() < 0.6 else self._intact(dice)
        with HubServer() as hub:
            hub.add_model("ada/tiny", {path.relative_to(model).as_posix(): path.read_bytes() for path in model.rglob("*") if path.is_file()})  # fmt: skip
            for _ in range(dice.randrange(4)):
                hub.faults.append(Fault(
                    dice.choice((".", "/api/", "/resolve/", "json", "safetensors", "/get/")),
                    kind=dice.choice(("status", "status", "drop", "reset", "corrupt", "no-range")),
                    status=dice.choice((301, 302, 307, 400, 401, 403, 404, 409, 416, 429, 500, 503)),
                    after=dice.choice((0, 10, 1000)), times=dice.choice((1, 2, 100)),
                    headers=dice.choice(({}, {"Retry-After": "x"}, {"Retry-After": "-1"}, {"Location": "/"}, {"Link": "<>; rel=next"}, {"Location": "http://[::1"})),
                    message=dice.choice(("", "{text}", "\xff" * 20)),
                ))  # fmt: skip
            name = dice.choice(
                ("ada/tiny", "ada/tiny", "ada/tiny", "ada/none", "a b", "", "..", "ada/../x", "ada/tiny/x")
            )
            endpoint = dice.choice((hub.endpoint, hub.endpoint, hub.endpoint, hub.endpoint + "/", "nonsense", "http://127.0.0.1:9", "ftp://x", "http://[::1"))  # fmt: skip
            with advising():
                found = last(
                    fetch_model(name, endpoint, dice.choice(("", "", "main", "nosuch", "a" * 40, "..")), "", "", SOON)
                )
        self._use(dice, place, Path(found.folder))  # type: ignore[attr-defined]

    def _settings(self, dice: random.Random, task: str) -> dict[str, object]:
        pool = (*knobs(Recipe), *knobs(task_info(task).options))
        chosen = {each.name: _value(each, dice) for each in dice.sample(pool, dice.randrange(7))}
        return {"precision": "fp32", "epochs": dice.choice((1, 2))} | chosen

    def _train(self, dice: random.Random, place: Path) -> None:
        task = dice.choice(list(FAMILIES))
        dataset = self._dataset(dice, place, task)
        base = f"blank:{dice.choice(FAMILIES[task])}-nano"
        if dice.random() < 0.25:
            base = dice.choice((str(self._intact(dice, task)), str(self._intact(dice)), str(self._damaged(dice, place)), str(place / "none"), "blank:x-nano", "blank:bag", "", "blank:", "blank:bag-huge"))  # fmt: skip
        recipe = make_recipe(
            task, base=base, roles=self._roles(dice, dataset, task), settings=self._settings(dice, task)
        )
        run = create_run(recipe, dataset)
        events = engine.train(recipe, dataset, run)
        steps, stop, began = 0, dice.choice((3, 30, 60)), time.monotonic()
        for event in events:
            steps += isinstance(event, Step)
            if steps >= stop or (steps and time.monotonic() - began > LONGEST):
                events.close()  # type: ignore[attr-defined]
                break
            if isinstance(event, Finished):
                self._use(dice, place, Path(event.result.folder))  # type: ignore[attr-defined]
                return
        last(engine.keep(open_run(run.path), None))

    def _resume(self, dice: random.Random, place: Path) -> None:
        task = dice.choice(list(FAMILIES))
        fed = fodder(task)
        dataset = last(engine.read(str(fed.write(place))))
        settings = {"epochs": 3, "batch": 4, "precision": "fp32", "checkpoint_seconds": 0.0, "max_length": 16}
        recipe = make_recipe(
            task, base=f"blank:{FAMILIES[task][0]}-nano", roles=fed.roles, settings=settings | fed.settings
        )
        run = create_run(recipe, dataset)  # type: ignore[arg-type]
        events = engine.train(recipe, dataset, run)  # type: ignore[arg-type]
        next(event for event in events if isinstance(event, Step) and event.n == 2)
        events.close()  # type: ignore[attr-defined]
        files = sorted(path for path in run.path.rglob("*") if path.is_file() and path.name != "lock")
        for _ in range(dice.choice((1, 1, 2))):
            path = dice.choice(
                [each for each in files if "checkpoints" not in each.parts or dice.random() < 0.3] or files
            )
            if path.suffix == ".json" and dice.random() < 0.7:
                _change_json(path, dice)
            else:
                path.write_bytes(mutate(path.read_bytes()[: 10**6], dice, self.seeds))
        last((engine.resume if dice.random() < 0.7 else partial(engine.keep, checkpoint=None))(open_run(run.path)))

    def _evaluate(self, dice: random.Random, place: Path) -> None:
        opened = last(engine.open(str(self._intact(dice)), "cpu"))
        task: str = opened.task  # type: ignore[attr-defined]
        dataset = self._dataset(dice, place, task)
        split = dice.choice(("", "", "", "test", "validation", "train"))
        roles = self._roles(dice, dataset, task) if dice.random() < 0.8 else {}
        last(engine.evaluate(opened.handle, dataset, split, roles))  # type: ignore[attr-defined]

    def _predict(self, dice: random.Random, place: Path) -> None:
        device = dice.choice(("auto", "nosuch", "cuda:7")) if dice.random() < 0.05 else "cpu"
        opened = last(engine.open(str(self._intact(dice, dice.choice(list(self.families)))), device))
        info = task_info(opened.task)  # type: ignore[attr-defined]
        prompt, options = odd_prompt(dice, info, self.seeds), odd_options(dice, info)
        handle = opened.handle if dice.random() < 0.97 else "none"  # type: ignore[attr-defined]
        _allowed(lambda: engine.render(handle, prompt, options))  # type: ignore[arg-type]
        last(engine.predict(handle, prompt, options))  # type: ignore[arg-type]

    def _predict_file(self, dice: random.Random, place: Path) -> None:
        opened = last(engine.open(str(self._intact(dice)), "cpu"))
        path = self._file(dice, place, task=opened.task)  # type: ignore[attr-defined]
        if path.stat().st_size > 4000 and "bag" not in opened.handle:  # type: ignore[attr-defined]
            path.write_bytes(path.read_bytes()[:4000])
        out = (
            place
            / f"{dice.choice(('out',) * 8 + ('rows', 'no/such', 'a' * 300))}{dice.choice(('.csv', '.jsonl') * 8 + ENDINGS)}"
        )
        options = {"column": dice.choice(("",) * 20 + NAMES), "max_new_tokens": 1, "seed": 0}
        if dice.random() < 0.2:
            options |= odd_options(dice, task_info(opened.task))  # type: ignore[attr-defined]
        last(engine.predict_file(opened.handle, str(path), str(out), options))  # type: ignore[attr-defined]

    def _serve(self, dice: random.Random, place: Path) -> None:
        self._asked = self._asked or Asked(self.models())
        self._asked.one(dice, self.seeds)

    def _gguf(self, dice: random.Random, place: Path) -> None:
        folder = _made(place / "files")
        source = folder / dice.choice(
            ("Tiny.Q8_0.gguf",) * 5 + ("tiny", "tiny-00001-of-00002.gguf", "tiny-00001-of-00001.gguf")
        )
        write_odd(source, dice, self.seeds)
        while dice.random() < 0.1:
            write_odd(folder / dice.choice(("other.gguf", "tiny-00002-of-00002.gguf")), dice, self.seeds)
        found = last(engine.adopt(str(source if dice.random() < 0.9 else folder)))
        self._use(dice, place, Path(found.folder))  # type: ignore[attr-defined]


def _allowed(verb: Callable[[], Iterator[Event]]) -> None:
    """Run a verb whose sentence must not end the case."""
    try:
        last(verb())
    except StudioError as error:
        if _says_nothing(error):
            raise


def _says_nothing(error: StudioError) -> bool:
    """Say whether nobody foresaw it, the system is blamed for what stands in a file, or a sentence has a gap."""
    return error.code in ("unexpected", "system") or bool(
        UNFILLED.search(f"{error}{error.advice}".replace("{text}", ""))
    )


def _change_json(path: Path, dice: random.Random) -> None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return
    if dice.random() < 0.5 and isinstance(value, dict) and value:
        value[dice.choice(sorted(value))] = dice.choice(ODD)  # one thing, so that the rest is reached
    else:
        value = mutate_json(value, dice, dice.choice((0.003, 0.02, 0.1)))
    path.write_text(json.dumps(value), encoding="utf-8", errors="replace")


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _value(each: Knob, dice: random.Random) -> object:
    """Return what a setting may be, its ends more often than anything between, and sometimes what it may not be."""
    if dice.random() < 0.02:
        return dice.choice(ODD)
    if each.kind is bool:
        return dice.random() < 0.5
    if each.choices:
        return dice.choice(list(each.choices))
    if each.kind is str:
        return dice.choice((*TEXTS, *TEMPLATES, "a|b", "|"))
    low, high = each.low or 0, MOST.get(each.name, each.high or 0)
    between = low + (high - low) * dice.random() ** 4
    return each.kind(dice.choice((low, high, between, between, each.default if each.default is not None else between)))
