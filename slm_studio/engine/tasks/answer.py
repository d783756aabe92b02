"""Answer: the stretch of a passage that answers a question, found window by window, or nothing."""

# B windows of a batch, N of all, T tokens, R rows

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModelForQuestionAnswering

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import EXAMPLES, Dataset, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.prompt import Prompt, as_text
from slm_studio.core.quotes import EVEN, Truth, truth_of
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Quote
from slm_studio.core.spans import words_with_offsets
from slm_studio.core.tasks.answer import AnswerOptions
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import Splits, split_dataset, text_keys
from slm_studio.engine.examples import WEIGHTS, Batch, Packed, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import quoting
from slm_studio.engine.models.answering.choosing import (
    best_pull,
    best_threshold,
    found_in_rows,
    logits_of,
    nats_of,
    quotes_of,
    see,
)
from slm_studio.engine.models.answering.making import MOST_FEATURES, make_reader
from slm_studio.engine.models.answering.pointing import take_head
from slm_studio.engine.models.answering.windows import (
    FIRST,
    NOT_KNOWN,
    Case,
    Reader,
    Room,
    add_cases,
    case_packer,
    place_in,
    slots_of,
)
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.lengths import settle_length
from slm_studio.engine.models.opening import continue_net, open_net, open_tokenizer
from slm_studio.engine.models.vectors.starting import STARTED, known_words, open_start, places_in, sow
from slm_studio.engine.models.word_features import WordTokenizer
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, checked, few, parts, text_lengths

FEW = 20  # passages below which questions are held out, not passages
LONG = 40  # tokens of an answer at most, where nothing says how long they are
LONGEST, MOST_LONG = 0.99, 128  # tokens of an answer: so many of the answers are no longer, and never more
TOP = 3  # spans of an answer
READ = 32  # windows that are read together
WINDOWS_OF, SHARED_OF, LONGEST_OF, THRESHOLD, PULL = "windows", "shared", "longest", "threshold", "pull"  # facts
POINTED = "pointed"  # the fact that the head which points has learnt it before
LOST = mark(
    "{count} {count:row has|rows have} a passage without {count:its|their} answer, and {count:is|are} not learnt from."
)
LOST_HERE = mark(
    "{count} {count:row has|rows have} a passage without {count:its|their} answer: nothing that is shown there can be right."
)
MOVED = mark(
    "{count} {count:answer does|answers do} not stand where the file says; {count:it was|they were} found again nearby."
)
ALREADY = mark("It begins with the head of its base, which has learnt to point at terms that recur.")
ALWAYS = mark(
    "Every question it learnt from has an answer, so it always names one; how much speaks for none is told beside it."
)


class Answer(Task):
    """The strategy."""

    key = "answer"

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Hold out passages with their questions; of few passages questions alone."""
        passages = dataset.column(recipe.roles["passage"]).distinct
        whole = "passage" if passages >= FEW else "question"
        return split_dataset(dataset, recipe, keys=lambda rows: text_keys(rows.column(whole)))

    def texts(self, rows: Rows) -> list[str]:
        """Return questions with their passages."""
        return ["\n".join(pair) for pair in zip(rows.column("question"), rows.column("passage"), strict=True)]

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return how long a passage's windows are, how many are read, and whether some questions have no answer."""
        truths = truths_of(rows)
        placed = [truth for truth in truths if truth.places]
        if not placed:
            raise StudioError(
                "no-quotes",
                "No answer in column “{column}” stands in its passage, so there is nothing to point at.",
                "Choose the columns again; where answers are in words of their own, choose the task “Chat” or “Rewrite”.",
                column=rows.roles["answer"],
            )
        options = options_of(recipe)
        return {
            "max_length": recipe.max_length,
            SHARED_OF: options.doc_stride,
            WINDOWS_OF: options.windows,
            "has_none": any(truth.fate == "none" for truth in truths),
        }

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and features from the words of passages and questions."""
        family, size = split_base(recipe.base)
        options = options_of(recipe)
        start = open_start(options.vectors) if options.vectors else None
        features = WordTokenizer.learn(_words_of(rows), most=options.vocabulary or MOST_FEATURES[size])
        net = make_reader(
            family, size, vocabulary_size=len(features), slots=features.settings.slots, dropout=recipe.dropout or 0.0,
            embedding=start.width if start else None,
        )  # fmt: skip
        if start is not None:
            places = places_in(features, start)
            facts[STARTED] = len(places), sum(name.startswith("w") for name in features.names)
            sow(net.get_input_embeddings(), places, start)
        return Loaded(net, features, facts)

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Put a head that points at both ends of an answer on an encoder."""
        tokenizer = open_tokenizer(folder)
        if isinstance(tokenizer, WordTokenizer):
            return self.open(folder, facts)
        net, fresh = continue_net(folder, self.key, labels=2, dropout=recipe.dropout or 0.0)
        kept = take_head(net, folder)
        new = [name for name in fresh if name not in kept]
        return Loaded(net, tokenizer, settle_length(facts | {"fresh": new, POINTED: bool(kept)}, net))

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count the windows that are learnt from."""
        some, options = few(rows), options_of(recipe)
        base = None if recipe.is_blank else folder_of(recipe.base)
        questions, passages = (text_lengths(some.column(role), base) for role in ("question", "passage"))
        limit = recipe.max_length or 256
        asked = np.minimum(questions, limit // 4) if base is not None else np.zeros(len(questions))
        room = np.maximum(1, limit - asked - 3)
        windows = np.maximum(1, np.ceil((passages - options.doc_stride) / np.maximum(1, room - options.doc_stride)))
        return Sketch(
            net=self._hollow(recipe, some),
            examples=int(len(rows) * float(np.minimum(windows, 1 + options.negatives).mean())) if len(some) else 0,
            tokens_N=np.minimum(passages + asked, limit),
        )

    def _hollow(self, recipe: Recipe, rows: Rows) -> nn.Module:
        if not recipe.is_blank:
            folder = folder_of(recipe.base)
            if folder is None:
                return nn.Module()  # a hub model that is not here yet: nothing can be counted
            config = network_config(folder)
            return built(lambda: AutoModelForQuestionAnswering.from_config(config))
        family, size = split_base(recipe.base)
        known = len(WordTokenizer.learn(_words_of(rows), most=options_of(recipe).vocabulary or MOST_FEATURES[size]))
        return make_reader(family, size, vocabulary_size=known, slots=32, dropout=0.0)

    def lessons(self, rows: Rows, loaded: Loaded, recipe: Recipe) -> Work[Packed]:
        """Yield Progress; return the windows with the answer, and some of the others."""
        loaded.facts.setdefault(LONGEST_OF, _longest(loaded, rows))
        return (yield from self._pack(rows, loaded, options_of(recipe).negatives))

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress; return the windows that are read of each row."""
        return (yield from self._pack(rows, loaded, 0))

    def _pack(self, rows: Rows, loaded: Loaded, negatives: int) -> Work[Packed]:
        packer, reader, room = case_packer(loaded), Reader(loaded), room_of(loaded, negatives)
        truths = truths_of(rows)
        questions, passages = rows.column("question"), rows.column("passage")
        for places in parts(len(rows)):
            some = range(places.start, places.stop)
            add_cases(packer, reader, some, [Case(questions[at], passages[at], truths[at]) for at in some], room)
            yield Progress("Turning text into tokens", places.stop, len(rows))
        return checked(packer.packed(width=slots_of(loaded)), loaded)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean loss of where an answer begins and ends."""
        nats_B = nats_of(*logits_of(loaded, batch), batch)
        if WEIGHTS in batch:
            return weighed_mean(nats_B, batch)
        return nats_B.sum() / (batch[FIRST] != NOT_KNOWN).sum().clamp(min=1)

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return the best spans of each window with their odds, and its loss."""
        return see(*logits_of(loaded, batch), batch, longest_of(loaded))

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Yield Progress; return how right the answers are, as SQuAD's script counts it."""
        yield Progress("Comparing answers", 0, 0)
        loss = float(seen["nats"].sum() / max(1, seen["known"].sum()))
        passages = rows.column("passage")
        if not whole:  # a state is as good as it is with the pull and the threshold that it would get
            loaded.facts |= self.calibrate(seen, loaded)
        found = found_in_rows(seen, examples.rows_N, pull_of(loaded))
        answers = [quotes_of(found[row], passages[row], threshold_of(loaded), 1) for row in range(len(rows))]
        true = [truth.texts for truth in truths_of(rows)]
        said = [each[0].text for each in answers]
        scores = quoting.score_each(said, true)
        metrics = quoting.metrics_of(scores, intervals=whole)
        if not whole:
            return Judgement(loss=loss, metrics=metrics)
        return Judgement(
            loss=loss,
            metrics=metrics,
            evidence=np.stack([scores.f1_N, scores.exact_N]),
            cases=_cases(rows, true, answers, scores, [found[row].nothing for row in range(len(rows))]),
        )

    def calibrate(self, seen: Seen, loaded: Loaded) -> dict[str, object]:
        """Return how much the words of windows count, and from which share on “nothing” is the answer, as held-out rows tell it."""
        pull = best_pull(seen)
        threshold = best_threshold(seen, pull) if loaded.facts.get("has_none") else None
        return {PULL: pull} | ({} if threshold is None else {THRESHOLD: threshold})

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return the sentence that is nearest to the question, and the first one."""
        assert judged.evidence is not None
        true = [truth.texts for truth in truths_of(scored)]
        questions, passages = scored.column("question"), scored.column("passage")
        return (yield from quoting.simple_ways(questions, passages, true, judged.evidence[0]))

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield which rows are damaged, and whether it never says that there is no answer."""
        yield from () if scored else known_words(loaded.facts)
        if loaded.facts.get(POINTED) and not scored:
            yield Remark(code="points-already", message=ALREADY)
        fates = [truth.fate for truth in truths_of(rows)]
        lost = LOST_HERE if scored else LOST
        for code, fate, message in (("answers-lost", "lost", lost), ("answers-moved", "moved", MOVED)):
            if places := [place for place, each in enumerate(fates) if each == fate]:
                yield Remark(code=code, message=message, count=len(places), rows=tuple(places[:EXAMPLES]))
        if scored and not loaded.facts.get("has_none"):
            yield Remark(code="answers-always", message=ALWAYS)

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Ask a few held-out questions."""
        questions, passages = rows.column("question"), rows.column("passage")
        prompts = [{"question": one, "passage": other} for one, other in zip(questions, passages, strict=True)]
        said = [""] * len(rows)
        for place, quote in self.answer(loaded, prompts, {}):
            said[place] = quote.text if quote.chosen else said[place]
        true = [" · ".join(truth.texts) for truth in truths_of(rows)]
        return Table(("question", "true", "predicted"), list(zip(questions, true, said, strict=True)))

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Quote]]:
        """Yield the answer to each prompt, then other spans that may be it; one of them says how much speaks for none."""
        top = cast(int, options.get("top") or TOP)
        cases = [Case(as_text(each["question"]), as_text(each["passage"])) for each in prompts]
        packed = _packed(loaded, cases)
        found = found_in_rows(_seen(loaded, packed, longest_of(loaded)), packed.rows_N, pull_of(loaded))
        for place, case in enumerate(cases):
            for quote in quotes_of(found[place], case.passage, threshold_of(loaded), top):
                yield place, quote

    @torch.inference_mode()
    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the logits of both ends at every token of every window."""
        found = []
        for prompt in prompts:
            packed = _packed(loaded, [Case(as_text(prompt["question"]), as_text(prompt["passage"]))])
            batch = {name: tensor.to(loaded.device) for name, tensor in packed.take(range(len(packed))).items()}
            found += [each.flatten().cpu().numpy() for each in logits_of(loaded, batch)]
        return np.concatenate(found)

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back."""
        net, tokenizer = open_net(folder, self.key), open_tokenizer(folder)
        return Loaded(net.to(device).eval(), tokenizer, settle_length(facts, net))


TASK = Answer()
_TRUE: WeakKeyDictionary[Rows, list[Truth]] = WeakKeyDictionary()


def options_of(recipe: Recipe) -> AnswerOptions:
    """Return the recipe's own knobs."""
    assert isinstance(recipe.options, AnswerOptions)
    return recipe.options


def truths_of(rows: Rows) -> list[Truth]:
    """Return what is right for each row; held-out rows are asked at every look, so it is kept as long as they are."""
    known = _TRUE.get(rows)
    if known is None:
        starts = rows.column("start") if "start" in rows.roles else [""] * len(rows)
        cells = rows.column("passage"), rows.column("answer"), starts
        known = _TRUE[rows] = [truth_of(*each) for each in zip(*cells, strict=True)]
    return known


def longest_of(loaded: Loaded) -> int:
    """Return how many tokens an answer has at most."""
    return int(cast(int, loaded.facts.get(LONGEST_OF) or LONG))


def threshold_of(loaded: Loaded) -> float | None:
    """Return the share of “nothing” from which on it is the answer; None where each question has one."""
    if not loaded.facts.get("has_none"):
        return None
    return float(cast(float, loaded.facts.get(THRESHOLD) or EVEN))


def pull_of(loaded: Loaded) -> float:
    """Return how much it counts that a window's words fit the question."""
    return float(cast(float, loaded.facts.get(PULL) or 0.0))


def room_of(loaded: Loaded, negatives: int = 0) -> Room:
    """Return how passages are cut, and how much of them is read."""
    shared, most = (
        int(cast(int, loaded.facts.get(name) or default)) for name, default in ((SHARED_OF, 32), (WINDOWS_OF, 12))
    )
    return Room(shared, most, negatives)


def _longest(loaded: Loaded, rows: Rows) -> int:
    """Return how many tokens nearly all answers have at most."""
    reader = Reader(loaded)
    lengths = [
        place[1] - place[0] + 1
        for passage, truth in zip(rows.column("passage"), truths_of(rows), strict=True)
        for each in truth.places[:1]
        if (place := place_in(reader.take(passage), each))
    ]
    return int(min(MOST_LONG, np.quantile(lengths, LONGEST, method="higher"))) if lengths else LONG


def _words_of(rows: Rows) -> list[list[str]]:
    """Return the words of each passage and each question, each once."""
    texts = dict.fromkeys([*rows.column("passage"), *rows.column("question")])
    return [[word.text for word in words_with_offsets(text)] for text in texts]


def _packed(loaded: Loaded, cases: Sequence[Case]) -> Packed:
    """Return the windows of questions whose answer is not known. Raises StudioError where a token stands beyond the net's table."""
    packer = case_packer(loaded)
    add_cases(packer, Reader(loaded), range(len(cases)), cases, room_of(loaded))
    return checked(packer.packed(width=slots_of(loaded)), loaded)


@torch.inference_mode()
def _seen(loaded: Loaded, packed: Packed, longest: int) -> Seen:
    """Return what is seen in windows, those of like length together."""
    order = np.argsort(packed.work_N, kind="stable")
    seen = []
    for start in range(0, len(order), READ):
        batch = {name: each.to(loaded.device) for name, each in packed.take(order[start : start + READ]).items()}
        seen.append(see(*logits_of(loaded, batch), batch, longest))
    back = np.argsort(order, kind="stable")
    return {name: np.concatenate([each[name] for each in seen])[back] for name in seen[0]}


def _cases(
    rows: Rows,
    true: Sequence[Sequence[str]],
    answers: Sequence[Sequence[Quote]],
    scores: quoting.Scores,
    nothing: Sequence[float],
) -> Table:
    """Return the scored rows: wrong ones first, the surest before all."""
    sure = [each[0].score for each in answers]
    order = sorted(range(len(rows)), key=lambda row: (scores.f1_N[row], -sure[row]))
    questions, passages = rows.column("question"), rows.column("passage")
    return Table(
        ("row", "place", "question", "passage", "answer", "predicted", "f1", "score", "nothing", "right"),
        [
            (
                row, int(rows.indices[row]), questions[row], passages[row], " · ".join(true[row]), answers[row][0].text,
                round(float(scores.f1_N[row]), 4), round(sure[row], 4), round(nothing[row], 4), bool(scores.exact_N[row]),
            )
            for row in order
        ],
    )  # fmt: skip
