"""One odd input at the door: what is done with it, and what came back."""

import json
import random
import re
import shutil
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from slm_studio import engine
from slm_studio.core import paths
from slm_studio.core.cleaning import STEPS
from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Step
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run, open_run
from slm_studio.engine.advice import advising
from slm_studio.engine.sharing.download import Patience
from tests.fuzz.materials import BLANKS, ENDINGS, NAMES, ODD, mutate, mutate_json, real_files, small_files
from tests.hub_server import Fault, HubServer

SHARES = {
    "read": 66, "adopt": 10, "fetch": 2, "train": 3, "resume": 2, "evaluate": 4, "predict": 7, "predict_file": 6,
}  # fmt: skip
UNFILLED = re.compile(r"\{[a-z_]+(:[^{}|]*\|[^{}|]*)?\}")
LONGEST = 8.0  # seconds after which a training is stopped: what is odd about it has shown
SOON = Patience(connect=1.0, read=1.0, attempts=2, pause=0.01, longest=0.05)
FAMILIES = {"classify": ("bag", "lstm", "bert"), "write": ("llama", "gpt")}
PROMPTS = (
    "hello", "", " ", "\n", "\0", "\ud800", "word " * 3000, "x" * 20_000, "<|endoftext|></s>[PAD]", "👩‍👩‍👧\u202e", "{text}", "，。！", "0",
)  # fmt: skip
CASES = Path(__file__).parents[3] / "shared"


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
        self.seeds = small_files() + real_files(CASES / "data" / "messy") + real_files(CASES / "cases" / "reading")
        self.families = FAMILIES
        self._models: list[Path] = []

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
            said = f"{error}\n{error.advice}"
            if code == "unexpected" or UNFILLED.search(said.replace("{text}", "")):
                problem = said + "\n" + "".join(traceback.format_exception(error))
        except BaseException as error:  # noqa: BLE001  (what escapes the door is what we look for)
            code, problem = "escaped", "".join(traceback.format_exception(error))
        finally:
            self._forget()
        return Outcome(n, kind, code, time.perf_counter() - began, problem)

    def _forget(self) -> None:
        """Keep the disk small: what an input left in the app's folders is of no use to the next."""
        for folder in (paths.datasets(), paths.runs(), paths.models()):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.rmtree(paths.cache() / "reports", ignore_errors=True)

    # The materials of a case

    def _file(self, dice: random.Random, place: Path, stem: str = "rows") -> Path:
        name, data = dice.choice(self.seeds)
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

    def _dataset(self, dice: random.Random, place: Path) -> Dataset:
        return _last(engine.read(str(self._file(dice, place)), self._options(dice, place)))  # type: ignore[return-value]

    def _roles(self, dice: random.Random, dataset: Dataset) -> dict[str, str]:
        names = [column.name for column in dataset.columns]
        if dice.random() < 0.6:
            return dict(_last(engine.suggest(dataset)).roles)  # type: ignore[attr-defined]
        return {role: dice.choice([*names, *NAMES]) for role in ("text", "label") if dice.random() < 0.9}

    def _intact(self, dice: random.Random) -> Path:
        return dice.choice(self.models())

    def models(self) -> list[Path]:
        """Return one small trained model of each family; made once."""
        stands = self.folder / "trained"
        if not self._models:
            for task, families in self.families.items():
                for family in families:
                    if not (stands / family).is_dir():
                        _train_one(task, family, self.folder).replace(_made(stands) / family)
                    self._models.append(stands / family)
        return self._models

    # The kinds

    def _read(self, dice: random.Random, place: Path) -> None:
        dataset = self._dataset(dice, place)
        if dice.random() < 0.5:
            return
        suggestion = _last(engine.suggest(dataset, dice.choice(("", "", "classify", "write"))))
        roles = self._roles(dice, dataset)
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
        found = _last(engine.adopt(str(source), dice.choice(("", "", "x", "../up", "a" * 300, "\0"))))
        self._use(dice, place, Path(found.folder))  # type: ignore[attr-defined]

    def _use(self, dice: random.Random, place: Path, model: Path) -> None:
        opened = _last(engine.open(str(model), "cpu"))
        options: dict[str, object] = {"max_new_tokens": 4, "seed": 1}
        for prompt in ("hello there", "a longer text " * 60):
            _last(engine.predict(opened.handle, {"text": prompt}, options))  # type: ignore[attr-defined]
        rows = place / "plain.csv"
        rows.write_bytes(self.seeds[0][1])
        dataset = _last(engine.read(str(rows)))
        _last(engine.evaluate(opened.handle, dataset, "", {"text": "text", "label": "label"}))  # type: ignore[attr-defined, arg-type]

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
                path.write_bytes(mutate(path.read_bytes(), dice, self.seeds) if path.stat().st_size < 10**6 else _flipped(path, dice))  # fmt: skip
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
                found = _last(
                    fetch_model(name, endpoint, dice.choice(("", "", "main", "nosuch", "a" * 40, "..")), "", "", SOON)
                )
        self._use(dice, place, Path(found.folder))  # type: ignore[attr-defined]

    def _settings(self, dice: random.Random, task: str) -> dict[str, object]:
        choices: dict[str, tuple[object, ...]] = {
            "batch": (1, 2, 8, 64, 4096), "learning_rate": (1e-7, 0.001, 0.1, 1.0), "head_factor": (0.1, 1000.0),
            "max_length": (4, 5, 16, 128, 4096), "warmup": (0.0, 0.9), "floor": (0.0, 1.0), "weight_decay": (0.0, 10.0),
            "dropout": (0.0, 0.9), "clip": (0.01, 1000.0), "patience": (0, 1), "eval_every": (1, 3, 10**6),
            "validation_share": (0.01, 0.5), "test_share": (0.0, 0.5), "seed": (0, 2**31 - 1), "precision": ("fp32", "bf16"),
            "checkpoint_seconds": (0.0, 60.0, 86400.0), "minutes": (0.05,),
        }  # fmt: skip
        own: dict[str, tuple[object, ...]] = (
            {"class_weights": ("balanced",), "label_smoothing": (0.0, 0.5), "vocabulary": (100, 9000), "lowercase": (False,)}
            if task == "classify"
            else {"reads": ("book", "paragraphs", "lines"), "tokens": ("characters", "pieces"), "vocabulary": (260, 9000),
                  "prompts": ("", "|", "a|b", "\0", "{x}")}
        )  # fmt: skip
        pool = choices | own
        chosen = {name: dice.choice(pool[name]) for name in dice.sample(sorted(pool), dice.randrange(7))}
        chosen.setdefault("epochs", dice.choice((1, 2)))
        return {"precision": "fp32"} | chosen

    def _train(self, dice: random.Random, place: Path) -> None:
        dataset = self._dataset(dice, place)
        task = dice.choice(("classify", "classify", "write"))
        base = f"blank:{dice.choice(FAMILIES[task])}-nano"
        if dice.random() < 0.25:
            base = dice.choice((str(self._intact(dice)), str(self._damaged(dice, place)), str(place / "none"), "blank:x-nano", "blank:bag", "", "blank:", "blank:bag-huge"))  # fmt: skip
        recipe = make_recipe(task, base=base, roles=self._roles(dice, dataset), settings=self._settings(dice, task))
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
        _last(engine.keep(open_run(run.path), None))

    def _resume(self, dice: random.Random, place: Path) -> None:
        task = dice.choice(("classify", "write"))
        rows = place / "plain.csv"
        rows.write_bytes(self.seeds[0][1])
        dataset = _last(engine.read(str(rows)))
        recipe = make_recipe(task, base=f"blank:{FAMILIES[task][0]}-nano", roles={"text": "text", "label": "label"}, settings={"epochs": 3, "batch": 4, "precision": "fp32", "checkpoint_seconds": 0.0, "max_length": 16})  # fmt: skip
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
        _last((engine.resume if dice.random() < 0.7 else partial(engine.keep, checkpoint=None))(open_run(run.path)))

    def _evaluate(self, dice: random.Random, place: Path) -> None:
        opened = _last(engine.open(str(self._intact(dice)), "cpu"))
        dataset = self._dataset(dice, place)
        split = dice.choice(("", "", "", "test", "validation", "train"))
        _last(engine.evaluate(opened.handle, dataset, split, self._roles(dice, dataset) if dice.random() < 0.8 else {}))  # type: ignore[attr-defined]

    def _predict(self, dice: random.Random, place: Path) -> None:
        opened = _last(
            engine.open(str(self._intact(dice)), dice.choice(("cpu", "cpu", "cpu", "auto", "nosuch", "cuda:7")))
        )
        prompt = dice.choice(PROMPTS)
        if dice.random() < 0.5:
            prompt = mutate(prompt.encode("utf-8", "replace"), dice, self.seeds).decode("utf-8", dice.choice(("replace", "surrogateescape")))  # fmt: skip
        choices: dict[str, tuple[object, ...]] = {
            "top": (0, -1, 1, 10**9), "temperature": (0.0, -1.0, 5.0, 1e9, float("nan"), float("inf")), "top_k": (0, 1, -3, 10**6),
            "top_p": (0.0, 1.0, 2.0, -1.0), "repetition_penalty": (0.0, 0.1, 10.0, -1.0), "seed": (None, 0, 2**31 - 1, -1, 2**70),
            "alternatives": (0, 5, 10**6), "stop": ((), ("",), ("a", "\n")), "column": ("", "x"),
        }  # fmt: skip
        options = {name: dice.choice(choices[name]) for name in dice.sample(sorted(choices), dice.randrange(4))}
        options["max_new_tokens"] = dice.choice((1, 3, 8, 0, -1))
        _last(engine.predict(opened.handle if dice.random() < 0.97 else "none", {"text": prompt}, options))  # type: ignore[attr-defined]

    def _predict_file(self, dice: random.Random, place: Path) -> None:
        opened = _last(engine.open(str(self._intact(dice)), "cpu"))
        path = self._file(dice, place)
        if path.stat().st_size > 4000 and "bag" not in opened.handle:  # type: ignore[attr-defined]
            path.write_bytes(path.read_bytes()[:4000])
        out = place / f"{dice.choice(('out', 'rows', 'no/such', 'a' * 300))}{dice.choice(ENDINGS)}"
        options = {"column": dice.choice(("", "", "text", *NAMES)), "max_new_tokens": 1, "seed": 0}
        _last(engine.predict_file(opened.handle, str(path), str(out), options))  # type: ignore[attr-defined]


def _last(events: Iterator[Event]) -> object:
    """Run a verb to its end; it must end in Finished."""
    last = deque(events, maxlen=1).pop()
    assert isinstance(last, Finished), f"the verb ended in {last}"
    return last.result


def _allowed(verb: Callable[[], Iterator[Event]]) -> None:
    """Run a verb whose sentence must not end the case."""
    try:
        _last(verb())
    except StudioError as error:
        if error.code == "unexpected" or UNFILLED.search(f"{error}{error.advice}"):
            raise


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


def _flipped(path: Path, dice: random.Random) -> bytes:
    data = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 8))):
        data[dice.randrange(min(len(data), 4000)) if dice.random() < 0.5 else dice.randrange(len(data))] = (
            dice.randrange(256)
        )
    return bytes(data[: dice.choice((len(data), len(data), dice.randrange(len(data))))])


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _train_one(task: str, family: str, folder: Path) -> Path:
    rows = _made(folder) / "seed.csv"
    rows.write_bytes(small_files()[0][1])
    dataset = _last(engine.read(str(rows)))
    recipe = make_recipe(task, base=f"blank:{family}-nano", roles={"text": "text", "label": "label"}, settings={"epochs": 1, "max_length": 32, "precision": "fp32"})  # fmt: skip
    recipe = replace(recipe, minutes=None)
    model = _last(engine.train(recipe, dataset, create_run(recipe, dataset)))  # type: ignore[arg-type]
    return Path(model.folder)  # type: ignore[attr-defined]
