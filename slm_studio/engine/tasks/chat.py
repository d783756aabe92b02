"""Chat: answer what a person says. Only the answers of dialogues are learnt, each with the token that ends it."""

# N examples, B of them in a batch, T tokens, V vocabulary, R rows

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from transformers import AutoModelForCausalLM, PreTrainedTokenizerBase

from slm_studio.core.bases import folder_of
from slm_studio.core.dataset import Dataset, Remark
from slm_studio.core.events import Note, Progress
from slm_studio.core.messages import ASSISTANT, ROLES, messages_to_plain
from slm_studio.core.prompt import Prompt
from slm_studio.core.recipe import Recipe, split_base
from slm_studio.core.results import Baseline, Metric, Token
from slm_studio.core.tasks.chat import ChatOptions
from slm_studio.core.texts import mark
from slm_studio.core.work import Work, quietly
from slm_studio.engine.data.dialogues import Written, as_one_text, asked_in, dialogues_in, dialogues_of, said_in
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.data.splits import Splits, split_dataset
from slm_studio.engine.examples import IDS, MASK, WEIGHTS, Batch, Packed, Packer, by_length, weighed_mean
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.measuring import chats as measuring
from slm_studio.engine.models import adapters
from slm_studio.engine.models.adapter_files import base_of, is_adapter
from slm_studio.engine.models.config import built, network_config
from slm_studio.engine.models.lengths import length_of, settle_length
from slm_studio.engine.models.opening import continue_whole, open_net, open_tokenizer
from slm_studio.engine.models.vocabulary import count_vocabulary, plain_vocabulary
from slm_studio.engine.models.writers import make_writer
from slm_studio.engine.task import Judgement, Seen, Sketch, Table, Task, answers_of, checked, few, parts, text_lengths
from slm_studio.engine.watched import watched
from slm_studio.engine.writing import conversation, room
from slm_studio.engine.writing.answer_mask import check_any, mark_answers
from slm_studio.engine.writing.conversation import LIVELY, chat_of, settle_chat, system_of
from slm_studio.engine.writing.held_out import COMPARED, Question, as_it_was, choose_questions, spread
from slm_studio.engine.writing.packing import learnt_nats, side_by_side
from slm_studio.engine.writing.templates import give_chatml

ANSWERS, COUNT = "answers", "count"  # columns of examples: which tokens are learnt, and of how many answers
LONG = 1024  # tokens of a dialogue where nothing says another number
SHOWN = 2  # prompts of samples
FINGERPRINT = 64  # tokens of a prompt whose logits are compared
SCORED = 8  # rows that the base is asked about together
_FRAME = ("\n", *(f"{role}\n" for role in ROLES))  # what a template writes around what is said
FEW = 3  # rows, of which all answers may be too long without an end of the work


class Chat(Task):
    """The strategy."""

    key = "chat"

    def settle(self, recipe: Recipe, dataset: Dataset) -> Recipe:
        """Leave columns out beside messages: these hold the questions and the answers."""
        kept = ("messages", "system", "weight") if "messages" in recipe.chosen else recipe.chosen
        return replace(recipe, roles={role: recipe.roles[role] for role in recipe.chosen if role in kept})

    def split(self, dataset: Dataset, recipe: Recipe) -> Splits:
        """Divide the dialogues; a question without its answer is left out."""
        return split_dataset(dataset, recipe, answer="answer" if recipe.roles.get("answer") else "")

    def texts(self, rows: Rows) -> list[str]:
        """Return what the user says in each row."""
        cells = {role: rows.column(role) for role in rows.roles if role not in ("system", "weight")}
        found = (asked_in(Written(**{role: each[row] for role, each in cells.items()})) for row in range(len(rows)))
        return ["\n".join(each.content for each in asked if each.role != ASSISTANT) for asked in found]

    def taught(self, rows: Rows) -> list[str]:
        """Return all that is said: a model of whole dialogues learns questions by heart, too."""
        return said_in(dialogues_in(rows))

    def learn(self, rows: Rows, recipe: Recipe) -> dict[str, object]:
        """Return the system prompt for all, and how long a dialogue may be."""
        options = options_of(recipe)
        dialogues_in(rows, options.system_prompt, strict=True)
        return {"max_length": recipe.max_length, "system": options.system_prompt.strip()}

    def blank(self, recipe: Recipe, facts: dict[str, object], rows: Rows) -> Loaded:
        """Make net and tokenizer from what is said."""
        options = options_of(recipe)
        family, size = split_base(recipe.base)
        texts = said_in(dialogues_in(rows, options.system_prompt))
        tokenizer = plain_vocabulary([*texts, *_FRAME], size, options.vocabulary)
        give_chatml(tokenizer)
        net = make_writer(
            family, size, vocabulary_size=len(tokenizer), max_length=recipe.max_length or LONG, dropout=recipe.dropout or 0.0,
            bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        )  # fmt: skip
        return settle_chat(Loaded(net, tokenizer, facts), options.template)

    def continued(self, recipe: Recipe, facts: dict[str, object], folder: Path) -> Loaded:
        """Go on with a model that writes or chats: with an adapter beside its weights, or with all of them."""
        options = options_of(recipe)
        if is_adapter(folder):
            base = self.open(folder, facts)
            net, tokenizer = adapters.merge(base.net), cast(PreTrainedTokenizerBase, base.tokenizer)
        else:
            net = continue_whole(folder, self.key, dropout=recipe.dropout or 0.0)
            tokenizer = cast(PreTrainedTokenizerBase, open_tokenizer(folder))
        if options.adapter == "lora":
            adapters.add_adapter(
                net, rank=options.rank, alpha=options.alpha, attention_only=options.matrices == "attention",
                dropout=recipe.dropout or 0.0,
            )  # fmt: skip
        # A run that goes on opens the base again, and must draw what an undisturbed one would have.
        facts = settle_length(facts, net, LONG) | {
            "base": folder.name,
            "base_folder": str(folder),
            "dropout": recipe.dropout,
        }
        return settle_chat(Loaded(net, tokenizer, facts), options.template)

    def sketch(self, recipe: Recipe, rows: Rows) -> Sketch:
        """Count an example a dialogue."""
        options, some = options_of(recipe), few(rows)
        dialogues = dialogues_in(some, options.system_prompt)
        texts = [" ".join(f"{message.role} {message.content} " for message in each) for each in dialogues]
        net = self._hollow(recipe, options, said_in(dialogues))
        base = None if recipe.is_blank else folder_of(recipe.base)
        vocabulary = int(getattr(getattr(net, "config", None), "vocab_size", 0))
        return Sketch(net=net, examples=len(rows), tokens_N=text_lengths(texts, base), logits=vocabulary)

    def _hollow(self, recipe: Recipe, options: ChatOptions, texts: Sequence[str]) -> nn.Module:
        if recipe.is_blank:
            family, size = split_base(recipe.base)
            known = count_vocabulary(texts, size, options.vocabulary)
            return make_writer(family, size, vocabulary_size=known, max_length=recipe.max_length or LONG, dropout=0.0)
        folder = folder_of(recipe.base)
        if folder is None or is_adapter(folder):
            return nn.Module()  # not here yet, or in another folder: nothing can be counted
        config = network_config(folder)
        net = built(lambda: AutoModelForCausalLM.from_config(config))
        if options.adapter == "lora":
            adapters.add_adapter(
                net, rank=options.rank, alpha=options.alpha, attention_only=options.matrices == "attention", dropout=0.0
            )
        return net

    def examples(self, rows: Rows, loaded: Loaded, recipe: Recipe | None) -> Work[Packed]:
        """Yield Progress, and a Note of what did not fit; return one example a dialogue, or several of a long one."""
        chat, notes, limit = chat_of(loaded), Notes(), length_of(loaded)
        dialogues = yield from watched("Reading dialogues", partial(dialogues_in, rows, system_of(loaded)))
        packer = Packer(**{IDS: loaded.padding, ANSWERS: 0})
        for places in parts(len(dialogues)):
            found = mark_answers(chat, dialogues[places], limit, notes, places.start)
            packer.add(
                [each.row for each in found],
                **{
                    IDS: [each.ids for each in found],
                    ANSWERS: [each.answers for each in found],
                    COUNT: [int((np.diff(each.answers.astype(np.int8), prepend=0) == 1).sum()) for each in found],
                },
            )
            yield Progress("Turning text into tokens", places.stop, len(dialogues))
        packed = checked(packer.packed(), loaded)
        check_any(len(packed), sum(map(bool, dialogues)) if len(dialogues) > FEW else 0, limit)
        for each in notes.report().remarks:
            yield Note(each.code, each.message, each.told)
        return packed

    def fresh(self, loaded: Loaded) -> Sequence[str]:
        """Return the names of the adapters' parameters."""
        return adapters.adapter_names(loaded.net)

    def loss(self, loaded: Loaded, batch: Batch, recipe: Recipe) -> Tensor:
        """Return the mean cross-entropy of each token of the answers."""
        nats_K, owners_K = self._nats(loaded, batch)
        if WEIGHTS in batch:
            return weighed_mean(nats_K, {WEIGHTS: batch[WEIGHTS][owners_K]})
        return nats_K.sum() / max(1, len(nats_K))

    def observe(self, loaded: Loaded, batch: Batch) -> Seen:
        """Return the summed nats [B] and the tokens [B] of the answers of each example."""
        nats_K, owners_K = self._nats(loaded, batch)
        size = len(batch[IDS])
        zeros_B = torch.zeros(size, dtype=torch.float64, device=nats_K.device)
        return {
            "nats": zeros_B.index_add(0, owners_K, nats_K.double()).cpu().numpy(),
            "tokens": torch.bincount(owners_K, minlength=size).cpu().numpy(),
        }

    def _nats(self, loaded: Loaded, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the nats [K] of each learnt token, and the example [K] that it is of."""
        blocks = side_by_side(batch[IDS], batch[ANSWERS], batch[MASK].sum(-1), loaded.padding)
        return learnt_nats(loaded.net, blocks)

    def chance(self, loaded: Loaded) -> float | None:
        """Return the loss of an even guess among all tokens."""
        return math.log(max(2, self.width(loaded)))

    def judge(self, seen: Seen, examples: Packed, rows: Rows, loaded: Loaded, *, whole: bool) -> Work[Judgement]:
        """Yield Progress; return the loss on answers and, of the whole, how some prompts are answered."""
        nats_R, tokens_R = _by_row(seen["nats"], examples, len(rows)), _by_row(seen["tokens"], examples, len(rows))
        loss = float(nats_R.sum() / max(1.0, tokens_R.sum()))
        if not whole:
            return Judgement(loss=loss, metrics=(Metric(key="perplexity", value=math.exp(min(loss, 700))),))
        asked = choose_questions(dialogues_in(rows, system_of(loaded)), loaded)
        answers, ended = yield from conversation.answers_to(loaded, asked)
        before = yield from self._answers_before(spread(asked, COMPARED), loaded)
        true = [each.true for each in asked]
        chrf_R = np.full(len(rows), np.nan)
        chrf_R[[each.row for each in asked]] = measuring.likeness(answers, true)
        return Judgement(
            loss=loss,
            metrics=measuring.loss_metrics(nats_R, tokens_R)
            + (measuring.answer_metrics(answers, true, ended) if asked else ()),
            evidence=np.stack([nats_R, tokens_R, chrf_R], axis=1),
            cases=_cases(asked, answers, ended, nats_R / np.maximum(1.0, tokens_R), before),
            facts={"tokens": float(tokens_R.sum()), "asked": float(len(asked))},
        )

    def _answers_before(self, asked: Sequence[Question], loaded: Loaded) -> Work[dict[int, str] | None]:
        """Yield Progress; return what the base answered in the rows of some questions, None where it is not here."""
        with as_it_was(loaded, self._base_in(loaded)) as base:
            if base is None:
                return None
            answers, _ = yield from conversation.answers_to(base, asked, "Asking the base")
        return dict(zip((each.row for each in asked), answers, strict=True))

    def _base_in(self, loaded: Loaded) -> Callable[[Path], Loaded]:
        return lambda folder: self.open(folder, {}, loaded.device)

    def baselines(self, train: Rows, scored: Rows, judged: Judgement, loaded: Loaded) -> Work[tuple[Baseline, ...]]:
        """Yield Progress; return the answer to the nearest learnt question, and the base that was continued."""
        assert judged.evidence is not None
        nats_R, tokens_R, chrf_R = judged.evidence.T
        found = []
        if len(asked := np.flatnonzero(~np.isnan(chrf_R))):
            true = dialogues_in(scored.take(asked), "")
            compare = partial(measuring.nearest, dialogues_in(train, ""), true, chrf_R[asked])
            found.append((yield from watched("Training simple methods for comparison", compare)))
        began = time.perf_counter()
        if (other_R := (yield from self._base_nats(scored, loaded))) is not None:
            found.append(measuring.base(other_R, nats_R, tokens_R, began))
        return tuple(found)

    def _base_nats(self, rows: Rows, loaded: Loaded) -> Work[np.ndarray | None]:
        """Yield Progress; return the nats of each row's answers by the base as it was, None where it is not here."""
        with as_it_was(loaded, self._base_in(loaded)) as base:
            return None if base is None else (yield from self._all_nats(rows, base))

    def _all_nats(self, rows: Rows, loaded: Loaded) -> Work[np.ndarray]:
        examples = yield from quietly(self.examples(rows, loaded, None))  # of the same rows it was said before
        nats_N, done, told = np.zeros(len(examples)), 0, 0.0
        for places in by_length(examples.work_N, SCORED, self.width(loaded)):
            nats_N[places] = self._seen(examples, places, loaded)
            done += len(places)
            if time.perf_counter() - told > LIVELY:
                told = time.perf_counter()
                yield Progress("Asking the base", done, len(examples))
        return _by_row(nats_N, examples, len(rows))

    @torch.inference_mode()
    def _seen(self, examples: Packed, places: np.ndarray, loaded: Loaded) -> np.ndarray:
        batch = {name: tensor.to(loaded.device) for name, tensor in examples.take(places).items()}
        return self.observe(loaded, batch)["nats"]

    def remarks(self, rows: Rows, loaded: Loaded, examples: Packed, *, scored: bool) -> Iterator[Remark]:
        """Yield what was left out of the dialogues, and of rows that are scored how many answers were too long.

        Of those that are learnt `examples` said it, with what it would teach to cut them.
        """
        found, remarks = dialogues_of({role: rows.column(role) for role in rows.roles}) if len(rows) else ([], ())
        yield from remarks
        if not scored:
            return
        answers = sum(message.role == ASSISTANT for dialogue in found for message in dialogue)
        if (gone := answers - int(examples.numbers[COUNT].sum() if len(examples) else 0)) > 0:
            yield Remark(code="answers-left-out", message=LEFT_OUT, count=gone, values={"limit": length_of(loaded)})

    def samples(self, loaded: Loaded, rows: Rows, recipe: Recipe) -> Table:
        """Answer a few held-out questions."""
        dialogues = [each for each in dialogues_in(rows, system_of(loaded)) if each][:SHOWN]
        prompts = [{"messages": tuple(messages_to_plain(each[:-1]))} for each in dialogues]
        written = answers_of(self, loaded, prompts, {"temperature": 0.0, "max_new_tokens": room.SAMPLED_ANSWER})
        return Table(
            ("question", "true", "answer"),
            [
                (as_one_text(each[:-1]), each[-1].content, "".join(token.text for token in cast(list[Token], tokens)))
                for each, tokens in zip(dialogues, written, strict=True)
            ],
        )

    def answer(
        self, loaded: Loaded, prompts: Sequence[Prompt], options: Mapping[str, object]
    ) -> Iterator[tuple[int, Token | Progress]]:
        """Yield each answer, token by token. Options: the fields of AnsweringOptions, system, template."""
        for place, prompt in enumerate(prompts):
            for token in conversation.speak(loaded, prompt, options):
                yield place, token

    def sent(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return how full the context was, and how many of the oldest messages were not sent."""
        return conversation.gauge(loaded, conversation.sent(loaded, prompt, options)[1])

    def rendered(self, loaded: Loaded, prompt: Prompt, options: Mapping[str, object]) -> dict[str, object]:
        """Return the exact text and tokens that the model receives."""
        return conversation.rendered(loaded, prompt, options)

    @torch.inference_mode()
    def numbers(self, loaded: Loaded, prompts: Sequence[Prompt]) -> np.ndarray:
        """Return the logits of the first tokens of the prompts."""
        found = []
        for prompt in prompts:
            ids = torch.tensor([conversation.sent(loaded, prompt, {})[1].ids[:FINGERPRINT]])
            found.append(loaded.net(input_ids=ids).logits.float().flatten().numpy())
        return np.concatenate(found)

    def save(self, loaded: Loaded, folder: Path) -> None:
        """Write net and tokenizer; of a net with adapters these alone, with where their base stands."""
        if not adapters.has_adapter(loaded.net):
            super().save(loaded, folder)
            return
        adapters.save_adapter(loaded.net, folder, str(loaded.facts.get("base_folder") or loaded.facts.get("base")))
        loaded.tokenizer.save_pretrained(str(folder))

    def kept_parameters(self, loaded: Loaded, recipe: Recipe) -> int:
        """Return how many parameters `keep` writes: merged adapters are none of their own."""
        merged = set(adapters.adapter_names(loaded.net)) if options_of(recipe).merge else set()
        return sum(each.numel() for name, each in loaded.net.named_parameters() if name not in merged)

    def keep(self, loaded: Loaded, recipe: Recipe, base: str, folder: Path) -> None:
        """Write a plain net that computes what net and adapters do together, or the adapters with the name of their base."""
        if not adapters.has_adapter(loaded.net):
            self.save(loaded, folder)
            return
        if options_of(recipe).merge:
            folder.mkdir(parents=True, exist_ok=True)
            loaded.net.save_pretrained(str(folder), state_dict=adapters.merged_weights(loaded.net))
        else:
            adapters.save_adapter(loaded.net, folder, base)
        loaded.tokenizer.save_pretrained(str(folder))

    def open(self, folder: Path, facts: Mapping[str, object], device: torch.device | str = "cpu") -> Loaded:
        """Read a model folder back; adapters are put on their base."""
        whole = base_of(folder, facts) if is_adapter(folder) else folder
        dropout = facts.get("dropout") if whole != folder else None
        net = (
            continue_whole(whole, self.key, dropout=cast(float, dropout))
            if dropout is not None
            else open_net(whole, self.key)
        )
        tokenizer = open_tokenizer(folder, whole)
        if whole != folder:
            adapters.put_adapter(net, folder)
        loaded = Loaded(net.to(device).eval(), tokenizer, settle_length(facts, net, LONG))
        conversation.let_stop(loaded, chat_of(loaded))
        return loaded


TASK = Chat()
LEFT_OUT = mark(
    "{count} {count:answer|answers} of the dialogues {count:is|are} longer than {limit} tokens allow and left out."
)


def options_of(recipe: Recipe) -> ChatOptions:
    """Return the recipe's own knobs."""
    assert isinstance(recipe.options, ChatOptions)
    return recipe.options


def _by_row(values_N: np.ndarray, examples: Packed, rows: int) -> np.ndarray:
    return np.bincount(examples.rows_N, weights=values_N, minlength=rows).astype(np.float64)


def _cases(
    asked: Sequence[Question],
    answers: Sequence[str],
    ended: Sequence[bool],
    loss_R: np.ndarray,
    before: dict[int, str] | None,
) -> Table:
    """Return the questions side by side with their answers: those first that the base answered, too; then the worst foreseen."""
    was = before or {}
    order = sorted(range(len(asked)), key=lambda at: (asked[at].row not in was, -loss_R[asked[at].row]))
    columns: dict[str, list[object]] = {
        "row": [asked[at].row for at in order],
        "question": [as_one_text(asked[at].asked) for at in order],
        "true": [asked[at].true for at in order],
        "answer": [answers[at] for at in order],
        "loss": [round(float(loss_R[asked[at].row]), 4) for at in order],
        "stops": [ended[at] for at in order],
    }
    if before is not None:
        columns["base"] = [was.get(asked[at].row) for at in order]
    return Table(tuple(columns), list(zip(*columns.values(), strict=True)))
