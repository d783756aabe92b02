"""In how much memory long dialogues are scored: `python -m tests.benchmarks.scoring [examples]`.

A network of the shape of SmolLM2-135M with random numbers scores dialogues of 1,024 tokens, of which half are answers. The peer
asks the same network about all of them at once with labels, as Transformers' Trainer scores a batch. Each in a process of
its own.
"""

import sys
import time

import numpy as np
import torch

from tests.benchmarks.sheet import Line, against, answer, in_process, peak_memory, print_machine, print_table, times

MEMORY = 3e9  # bytes
EXAMPLES, LENGTH, VOCABULARY = 16, 1024, 49_152


def main(examples: int = EXAMPLES) -> None:
    """Print the table."""
    print_machine(f"Scoring {examples} dialogues of {LENGTH:,} tokens, SmolLM2's shape")
    ours, theirs = (in_process(__spec__.name, way, str(examples)) for way in WAYS)
    lines = []
    for what, found in (("here", ours), ("Transformers, all at once", theirs)):
        memory, rate = float(found["memory"]), float(found["tokens"]) / float(found["seconds"])  # type: ignore[arg-type]
        target = (f"{MEMORY / 1e9:g} GB", against(memory, MEMORY)) if found is ours else ()
        lines.append(Line(what, f"{memory / 1e9:.2f} GB · {rate:,.0f} tokens/s", *target))
    mine, other = (float(found["memory"]) for found in (ours, theirs))  # type: ignore[arg-type]
    lines.append(Line("Transformers' memory to ours", "", "", times(other, mine)))
    mine, other = (float(found["seconds"]) for found in (ours, theirs))  # type: ignore[arg-type]
    lines.append(Line("Transformers' time to ours", "", "", times(other, mine)))
    gap = abs(float(ours["loss"]) - float(theirs["loss"]))  # type: ignore[arg-type]
    lines.append(Line("between the two losses", f"{gap:.1e}", "1e-4", against(gap, 1e-4)))
    print_table(lines)


def _net() -> torch.nn.Module:
    from transformers import AutoModelForCausalLM, LlamaConfig

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, tie_word_embeddings=True, max_position_embeddings=2048,
    )  # fmt: skip
    return AutoModelForCausalLM.from_config(config).eval()


def _dialogues(examples: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ids [N, T] and which of them are answers [N, T]: turns of 64 tokens."""
    ids_NT = np.random.default_rng(0).integers(4, VOCABULARY, (examples, LENGTH))
    return ids_NT, np.broadcast_to(np.arange(LENGTH) // 64 % 2, ids_NT.shape)


@torch.inference_mode()
def _here(examples: int) -> float:
    from slm_studio.core.work import outcome
    from slm_studio.engine.evaluation.observe import observe_all
    from slm_studio.engine.examples import IDS, Packer
    from slm_studio.engine.loaded import Loaded
    from slm_studio.engine.tasks import task_of
    from slm_studio.engine.tasks.chat import ANSWERS

    ids_NT, answers_NT = _dialogues(examples)
    packer = Packer(**{IDS: 0, ANSWERS: 0})
    packer.add(range(examples), **{IDS: list(ids_NT), ANSWERS: list(answers_NT)})
    loaded = Loaded(_net(), None, {})  # type: ignore[arg-type]
    seen = outcome(observe_all(task_of("chat"), loaded, packer.packed(), 64))
    return float(seen["nats"].sum() / seen["tokens"].sum())


@torch.inference_mode()
def _transformers(examples: int) -> float:
    ids_NT, answers_NT = (torch.from_numpy(np.array(each)) for each in _dialogues(examples))
    labels_NT = ids_NT.masked_fill(answers_NT == 0, -100)
    return float(_net()(input_ids=ids_NT, labels=labels_NT, use_cache=False).loss)


WAYS = {"here": _here, "transformers": _transformers}


def _measure(way: str, examples: int) -> None:
    """Say what was measured, in the process that `in_process` started."""
    began = time.perf_counter()
    loss = WAYS[way](examples)
    seconds = time.perf_counter() - began
    answer({"memory": peak_memory(), "seconds": seconds, "tokens": examples * LENGTH, "loss": loss})


if __name__ == "__main__":
    if sys.argv[1:2] and sys.argv[1] in WAYS:
        _measure(sys.argv[1], int(sys.argv[2]))
    else:
        main(*map(int, sys.argv[1:]))
