"""Tiny models of every shape that the studio opens, as plain Transformers writes them, with vocabularies of the kinds they have."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    PreTrainedTokenizerFast,
)

from slm_studio.engine.models.architectures import ARCHITECTURES, OWN_TYPES
from slm_studio.engine.models.vocabulary import train_byte_pairs, train_word_pieces

CLASSES = {"classify": AutoModelForSequenceClassification, "write": AutoModelForCausalLM, "": AutoModel}
SHAPES = [name for name, each in ARCHITECTURES.items() if name not in OWN_TYPES and not each.is_pair]
DECODERS = [name for name in SHAPES if ARCHITECTURES[name].is_decoder]
ENCODERS = [name for name in SHAPES if not ARCHITECTURES[name].is_decoder]
MADE_DECODERS = [
    "bert",
    "roberta",
    "xlm-roberta",
    "camembert",
    "electra",
]  # encoders that can be told to look back only
LABELS = {0: "good", 1: "bad", 2: "so so"}
TEXTS = [
    "The quick brown fox jumps over the lazy dog again and again, until it is tired.",
    "I would not buy this again!",
    "good",
    "A model reads a text and writes the next word of it.",
]
_PIECES = ("camembert", "xlm-roberta", "albert", "deberta-v2")
_WORDS = ("bert", "distilbert", "electra", "mpnet")
_METASPACE = ("llama", "mistral", "gemma", "gemma2", "gemma3_text", "phi3")
_SIZES = {
    "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16,
    "intermediate_size": 64, "max_position_embeddings": 64, "initializer_range": 0.3,
}  # fmt: skip
_OTHER_SIZES = {
    "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 2, "hidden_dim": 64, "max_position_embeddings": 64, "initializer_range": 0.3},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64, "initializer_range": 0.3},
    "albert": _SIZES | {"embedding_size": 16},
    "electra": _SIZES | {"embedding_size": 16},
    "deberta-v2": _SIZES | {  # as DeBERTa v3 has it
        "relative_attention": True, "position_buckets": 16, "norm_rel_ebd": "layer_norm", "share_att_key": True,
        "pos_att_type": "p2c|c2p", "position_biased_input": False, "max_relative_positions": -1, "type_vocab_size": 0,
    },
    "modernbert": _SIZES | {"global_attn_every_n_layers": 2, "local_attention": 8, "global_rope_theta": 1000.0, "reference_compile": True},
    "gpt_neox": _SIZES | {"rotary_pct": 0.5, "rotary_emb_base": 1000},
    "llama": _SIZES | {"rope_theta": 1000.0, "rope_scaling": {"rope_type": "linear", "factor": 2.0}},
}  # fmt: skip


def make_foreign(folder: Path, model_type: str, task: str, **more: object) -> Path:
    """Write a model of random numbers for a task (“” = a bare base) with its vocabulary, and return its folder."""
    tokenizer = vocabulary(model_type)
    special = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    sizes = _OTHER_SIZES.get(model_type, _SIZES)
    config = AutoConfig.for_model(
        model_type, **sizes, **(special | {"vocab_size": len(tokenizer) + 7, "id2label": LABELS} | more)
    )
    torch.manual_seed(len(model_type))
    CLASSES[task].from_config(config).save_pretrained(str(folder))
    tokenizer.save_pretrained(str(folder))
    return folder


def vocabulary(model_type: str) -> PreTrainedTokenizerFast:
    """Return a vocabulary of the kind that models of this type have."""
    if model_type in _WORDS:
        return train_word_pieces(TEXTS, 200, True)
    if model_type in _PIECES:
        return unigram()
    if model_type in _METASPACE:
        return metaspace(opens=model_type != "phi3")
    if model_type in ("roberta", "modernbert"):
        specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
        backend = Tokenizer(models.BPE())
        backend.pre_tokenizer, backend.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=specials,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        )
        backend.train_from_iterator(TEXTS, trainer)
        backend.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
        return PreTrainedTokenizerFast(
            tokenizer_object=backend,
            bos_token="<s>",
            eos_token="</s>",
            pad_token="<pad>",
            unk_token="<unk>",
            mask_token="<mask>",
        )
    backend = train_byte_pairs(TEXTS, 320).backend_tokenizer
    return PreTrainedTokenizerFast(tokenizer_object=backend, eos_token="<|endoftext|>")  # as GPT-2 has it: nothing pads


def unigram() -> PreTrainedTokenizerFast:
    """Return SentencePiece's kind: the control tokens are pieces like others."""
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    letters = sorted({*"<>/[]|MASKCLUNPmaskpunedtox", *"".join(TEXTS)} - {" "})
    trainer = trainers.UnigramTrainer(
        vocab_size=120, special_tokens=specials, unk_token="<unk>", initial_alphabet=letters, show_progress=False
    )
    backend.train_from_iterator(TEXTS * 20, trainer)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>", pad_token="<pad>",
        unk_token="<unk>", mask_token="<mask>",
    )  # fmt: skip


def metaspace(opens: bool) -> PreTrainedTokenizerFast:
    """Return Llama's kind: byte pairs that fall back to bytes, with <s> in front of every text (`opens`)."""
    specials = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(
        vocab_size=420, special_tokens=specials + [f"<0x{byte:02X}>" for byte in range(256)], show_progress=False
    )
    learnt = Tokenizer(models.BPE())
    learnt.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    learnt.train_from_iterator(TEXTS * 5, trainer)

    plain = json.loads(learnt.to_str())["model"]
    backend = Tokenizer(models.BPE(
        plain["vocab"], [tuple(pair) for pair in plain["merges"]], unk_token="<unk>", byte_fallback=True, fuse_unk=True
    ))  # fmt: skip
    backend.normalizer = learnt.normalizer
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    backend.add_special_tokens(specials)
    if opens:
        backend.post_processor = processors.TemplateProcessing(
            single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)]
        )
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>")
