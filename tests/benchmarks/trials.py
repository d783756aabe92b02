"""What a task reaches on a set with nothing but defaults, as parts of `python -m tests.benchmarks.tasks`.

A set's own parts are kept: its training file is learnt, its validation file chooses, its test file scores once. Without
a validation or a test file a share of the rows is held out. What would take longer learns for a given time, so that each part
is done within half an hour. Each training has a process of its own.
"""

import math
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from slm_studio.host.environment import engine_environment
from tests.benchmarks.made import Files, aspects, both_orders, english, half_tested, heard_chinese, heard_english
from tests.benchmarks.record import Part
from tests.benchmarks.sheet import DATA, MODELS, Line, against, answer, home, in_process


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One line of the table: what is learnt, from what, and what it must reach."""

    set: str
    task: str
    base: str  # blank:family-size, blank:family (its default size), a folder of MODELS, or "" for the task's default
    files: tuple[str, str, str]  # train, validation (or ""), test (or "")
    metric: str
    told: tuple[str, ...] = ()  # metrics beside it
    least: Mapping[str, float] = field(default_factory=dict)  # metric → what it must reach
    most: Mapping[str, float] = field(default_factory=dict)  # metric → what it must not exceed
    times_simple: float = 0.0  # as often the best simple method
    beats: str = ""  # the simple method from which a paired interval must tell it apart
    above: Mapping[str, float] = field(default_factory=dict)  # metric → how far it must stand above that method
    make: Callable[[Files], Files] = list  # what the files are made into
    settings: Mapping[str, object] = field(default_factory=dict)
    roles: Mapping[str, str] | None = None  # where the columns are not to be guessed
    named: str = ""  # where one set and one base are tried in several ways

    @property
    def name(self) -> str:
        """Return task, set and what is tried."""
        return f"{self.task}/{self.set}/{self.way}"

    @property
    def way(self) -> str:
        """Return what is tried on the set."""
        return self.named or self.base.removeprefix("blank:") or "default"


UNER = ("uner_zh_gsdsimp/train.iob2", "uner_zh_gsdsimp/dev.iob2", "uner_zh_gsdsimp/test.iob2")
WNUT = ("wnut17/train.conll", "wnut17/dev.conll", "wnut17/test.conll")
SLOTS = ("restaurant8k/train.json", "", "restaurant8k/test.json")
FAQ = ("covid_faq/faq_cdc.csv", "", "")
MIX = ("instruct_mix/train.json", "", "instruct_mix/test.json")
TATOEBA = ("tatoeba_en_zh/train.tsv", "tatoeba_en_zh/dev.tsv", "tatoeba_en_zh/test.tsv")
SCITLDR = ("scitldr/train.jsonl", "", "scitldr/test.jsonl")
COVID_QA = ("covid_qa/train.json", "", "covid_qa/test.json")
CMRC = ("cmrc2018/cmrc2018_dev.json", "", "")  # articles of it are held out
# Most answers of trial are whole clauses, three times as long as those that are learnt from: nearly sentences.
CMRC_TRIAL = ("cmrc2018/cmrc2018_dev.json", "", "cmrc2018/cmrc2018_trial.json")
TALK = ("kdconv_chat/train.jsonl", "", "kdconv_chat/test.jsonl")


def _tag(
    name: str,
    base: str,
    files: tuple[str, str, str],
    least: float = 0.0,
    times_simple: float = 0.0,
    minutes: float = 0.0,
) -> Trial:
    return Trial(
        set=name, task="tag", base=base, files=files, metric="entity_f1", times_simple=times_simple,
        least={"entity_f1": least} if least else {}, settings={"minutes": minutes} if minutes else {},
    )  # fmt: skip


def _chat(
    name: str,
    files: tuple[str, str, str],
    stops: float = 0.0,
    *,
    make: Callable[[Files], Files] = list,
    test: float = 0.0,
    minutes: float = 20.0,
) -> Trial:
    settings = {"minutes": minutes} | ({"test_share": test} if test else {})
    return Trial(
        set=name, task="chat", base="smollm2", files=files, metric="answer_loss", told=("stop_rate", "chrf"),
        least={"stop_rate": stops} if stops else {}, beats="base", make=make, settings=settings,
    )  # fmt: skip


def _answer(name: str, base: str, files: tuple[str, str, str], minutes: float = 0.0) -> Trial:
    """Five hundredths of F1 above the sentence that is nearest to the question; from nothing it is told how far it comes."""
    aims = {"beats": "nearest_sentence", "above": {"f1": 0.05}} if not base.startswith("blank:") else {}
    return Trial(
        set=name, task="answer", base=base, files=files, metric="f1", told=("exact_match",),
        settings={"minutes": minutes} if minutes else {}, **aims,
    )  # fmt: skip


def _translate(base: str, minutes: float) -> Trial:
    """Both directions by one net, within half an hour."""
    return Trial(
        set="tatoeba_en_zh", task="rewrite", base=base, files=TATOEBA, metric="chrf", told=("chrf_there", "chrf_back", "bleu"),
        beats="nearest_pair", above={"chrf_there": 0.05, "chrf_back": 0.05}, settings={"minutes": minutes, "both_ways": True},
    )  # fmt: skip


def _rank(language: str, rate: str) -> Trial:
    """2,000 lists of hypotheses by a model made from nothing, which learns from the other sentences."""
    return Trial(
        set=f"tatoeba_{language}_heard", task="rank", base="blank:llama", files=TATOEBA, metric=rate,
        told=(f"{rate}_before", f"{rate}_oracle", "best_first"), beats="as_listed", make=heard_english if language == "en" else heard_chinese,
    )  # fmt: skip


SMS = ("sms_spam/train.tsv", "", "sms_spam/test.tsv")
ASAP = ("asap_sample/train_sample.csv", "asap_sample/dev_sample.csv", "asap_sample/test_sample.csv")
PAIRS = ("covid_faq/eval_question_similarity_en.csv", "", "")
SHAKESPEARE = ("tinyshakespeare/input.txt", "", "")
NATS = 1.60  # a letter, which here is a byte

TRIALS = (
    Trial(
        set="sms_spam",
        task="classify",
        base="",
        files=SMS,
        named="caught",
        metric="caught",
        told=("rightly_caught", "accuracy"),
        settings={"catch": "spam"},
        least={"caught": 0.95},
    ),
    Trial(
        set="asap_sample",
        task="classify",
        base="",
        files=ASAP,
        metric="f1_micro",
        told=("f1_macro",),
        make=aspects,
        named="aspects",
        beats="tfidf_linear",
        above={"f1_micro": 0.0},
    ),
    *(
        Trial(
            set="covid_faq",
            task="classify",
            base=base,
            files=PAIRS,
            metric="f1_macro",
            told=("accuracy",),
            make=both_orders,
            named=f"pairs-{base or 'default'}",
            beats="tfidf_linear" if base else "",
            roles={"text": "text", "text2": "second", "label": "label"},
        )
        for base in ("", "e5")
    ),
    Trial(
        set="tinyshakespeare",
        task="write",
        base="",
        files=SHAKESPEARE,
        metric="bits_per_byte",
        most={"bits_per_byte": NATS / math.log(2)},
        settings={"minutes": 10.0},
    ),
    _rank("en", "wer"),
    _rank("zh", "cer"),
    _translate("blank:lstm", 28.0),
    _translate("blank:t5", 22.0),
    Trial(
        set="scitldr",
        task="rewrite",
        base="blank:lstm",
        files=SCITLDR,
        metric="rouge1",
        told=("rouge2", "rougeL"),
        beats="lead",
        above={"rouge1": 0.0},
        settings={"minutes": 10.0},
    ),
    _tag("uner_zh_gsdsimp", "blank:lstm", UNER, 0.55),
    _tag("uner_zh_gsdsimp", "e5", UNER, 0.70, minutes=24.0),
    _tag("wnut17", "minilm", WNUT, 0.33, times_simple=3.0),
    _tag("restaurant8k", "minilm", SLOTS, 0.85),
    _tag("restaurant8k", "blank:lstm", SLOTS),
    _answer("cmrc2018", "e5", CMRC, 18.0),
    _answer("cmrc2018", "blank:lstm", CMRC, 24.0),
    _answer("cmrc2018_trial", "e5", CMRC_TRIAL, 18.0),  # a thousand questions are scored
    _answer("covid_qa", "e5", COVID_QA, 24.0),
    _answer("covid_qa", "blank:lstm", COVID_QA),
    _chat("covid_faq", FAQ, 0.95, test=0.3, minutes=12.0),
    _chat("instruct_mix", MIX, 0.95, make=english),
    # Its dialogues are long: to score them takes longer than to learn.
    _chat("kdconv_chat", TALK, make=half_tested, minutes=10.0),
)


def parts() -> dict[str, Part]:
    """Return every trial by its name."""
    return {trial.name: partial(_lines, number) for number, trial in enumerate(TRIALS)}


def _lines(number: int) -> list[Line]:
    trial = TRIALS[number]
    missing = [path for path in (*map(DATA.joinpath, filter(None, trial.files)), *_folder(trial)) if not path.exists()]
    if missing:
        return [Line(trial.name, "–", "", f"{missing[0].name} is not here", is_whole=False)]
    with home():
        found = in_process("tests.benchmarks.trials", str(number), environment=engine_environment(0))
    shown = (
        *(f"{key} {value}" for key, value in found["told"].items()),  # type: ignore[attr-defined]
        f"{found['rows']:,} test rows",
        f"{found['learning']:,.0f} s learning, {found['seconds']:,.0f} s in all",
        f"{found['steps']:,} steps",
        *(_simple(trial, found, key) for key in found["baseline"]),  # type: ignore[attr-defined]
    )
    return [Line(f"{trial.set}, {trial.way}", " · ".join(shown), *_judged(trial, found))]


def _simple(trial: Trial, found: Mapping[str, object], key: str) -> str:
    scores: Mapping[str, float] = found["baseline"][key]  # type: ignore[index]
    told = ", ".join(f"{metric} {scores[metric]:.3f}" for metric in (trial.metric, *trial.told) if metric in scores)
    return f"{key}: {told}, {found['verdicts'].get(key) or 'not compared'}"  # type: ignore[attr-defined]


def _judged(trial: Trial, found: Mapping[str, object]) -> tuple[str, str]:
    """Return what must be reached, and how far it was."""
    scores: Mapping[str, float] = found["scores"]  # type: ignore[assignment]
    simple = [each.get(trial.metric, 0.0) for each in found["baseline"].values()]  # type: ignore[attr-defined]
    bars = [(f"{key} ≥ {least:g}", scores[key], least) for key, least in trial.least.items()]
    if trial.times_simple:
        most = trial.times_simple * max(simple, default=0.0)
        bars.append((f"≥ {trial.times_simple:g} × the better simple method", scores[trial.metric], most))
    if trial.above:
        beaten: Mapping[str, float] = found["baseline"][trial.beats]  # type: ignore[index]
        bars += [
            (f"{key} ≥ {trial.beats} + {more:g}", scores[key], beaten[key] + more) for key, more in trial.above.items()
        ]
    told = [f"{score / bar:.2f} ×, {'met' if score >= bar else 'NOT met'}" for _, score, bar in bars if bar]
    told += [against(scores[key], most) for key, most in trial.most.items()]
    names = [*(name for name, *_ in bars), *(f"{key} ≤ {most:.4g}" for key, most in trial.most.items())]
    if trial.beats:
        names.append(f"better than the {trial.beats} by a paired interval")
        told.append("met" if found["verdicts"][trial.beats] == "better" else "NOT met")  # type: ignore[index]
    return " and ".join(names) or "told only", " and ".join(told)


def _folder(trial: Trial) -> list[Path]:
    return [] if trial.base.startswith("blank:") or not trial.base else [MODELS / trial.base]


def probe(trial: Trial) -> None:
    """Train with defaults in this process and tell how it went."""
    import slm_studio
    from slm_studio.core.recipe import split_base
    from slm_studio.core.tasks import task_info

    base = str(_folder(trial)[0]) if _folder(trial) else trial.base
    if trial.base.startswith("blank:") and "-" not in trial.base:
        family = task_info(trial.task).family(split_base(f"{base}-")[0])
        base = f"{base}-{family.default_size}"
    files = [DATA / name if name else None for name in trial.files]
    train, validation, test = trial.make(files)
    assert train is not None
    began = time.perf_counter()
    model = slm_studio.train(
        train, trial.task, trial.roles, base or None, validation=validation, test=test, **trial.settings
    ).saved
    seconds = time.perf_counter() - began
    told = {}
    for key in (trial.metric, *trial.told):
        low, high = model.intervals[key]
        told[key] = f"{model.metrics[key]:.3f} ({low:.3f} – {high:.3f})"
    answer(
        {
            "told": told,
            "scores": model.metrics,
            "rows": model.rows["test"],
            "learning": model.seconds,
            "seconds": seconds,
            "steps": model.steps,
            "baseline": model.baseline,
            "verdicts": model.verdicts,
        }
    )


if __name__ == "__main__":
    probe(TRIALS[int(sys.argv[1])])
