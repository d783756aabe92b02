"""A foreign config.json → the config of a network, rebuilt from the keys that are known.

A config can ask for much that is none of its business: which code computes attention or experts, that kernels are fetched,
that a compiler is started, which file the weights are in. None of that is handed on; Transformers then chooses by itself.
"""

import inspect as signatures
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TypeVar

from transformers import PreTrainedConfig
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.alone import ALONE
from slm_studio.engine.models.answering.making import register_readers
from slm_studio.engine.models.classifiers import register_families
from slm_studio.engine.models.embedding.net import register_text_vectors
from slm_studio.engine.models.foreign_config import check_config
from slm_studio.engine.models.rewriters import register_rewriters
from slm_studio.engine.models.taggers import register_taggers
from slm_studio.engine.models.vectors.net import register_vectors

T = TypeVar("T")

# Read by a network though its config class does not declare them.
_ALSO = {
    "is_causal", "num_labels", "tokenizer_class", "decoder_start_token_id",
    "rope_theta", "rope_scaling", "partial_rotary_factor", "rotary_pct", "rotary_emb_base",
    "rope_local_base_freq", "sliding_window_pattern", "global_rope_theta", "local_rope_theta", "global_attn_every_n_layers",
    "embedding_size", "attention_head_size", "position_buckets", "share_att_key", "norm_rel_ebd", "conv_kernel_size",
    "conv_groups", "conv_act", "pooler_hidden_size", "cls_dropout",
}  # fmt: skip
# Declared, but ours to set: what is returned, in which numbers, in how many pieces.
_OURS = {
    "return_dict", "output_hidden_states", "output_attentions", "dtype", "use_cache", "chunk_size_feed_forward",
    "pretraining_tp", "transformers_version",
}  # fmt: skip


# The names under which the shapes know dropout.
_DROPOUTS = (
    "hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout", "dropout", "attention_dropout",
    "seq_classif_dropout", "embedding_dropout", "mlp_dropout", "pooler_dropout", "cls_dropout", "resid_pdrop", "embd_pdrop",
    "attn_pdrop", "summary_last_dropout", "dropout_rate",
)  # fmt: skip


def network_config(folder: Path) -> PreTrainedConfig:
    """Return the config of the folder's network. Raises StudioError where it describes none that can be built."""
    register_families()
    register_taggers()
    register_vectors()
    register_rewriters()
    register_readers()
    register_text_vectors()
    plain = check_config(folder)
    kind = CONFIG_MAPPING[str(plain["model_type"])]
    known = _known(kind)
    return built(lambda: kind(**{name: value for name, value in plain.items() if name in known}))


def set_dropout(config: PreTrainedConfig, share: float) -> None:
    """Set the share of numbers that a network hides from itself while it learns, wherever its shape has a place for it."""
    for name in _DROPOUTS:
        if name in config.__dict__:
            setattr(config, name, share)


def built(make: Callable[[], T]) -> T:
    """Return what `make` makes of a foreign config, or say in a sentence why it makes nothing."""
    try:
        with ALONE:
            return make()
    except (StudioError, MemoryError):
        raise
    except Exception as error:  # a value of the wrong kind, met anywhere in somebody else's constructor
        raise StudioError(
            "model-config",
            "config.json describes no network that can be built: {reason}.",
            "Fetch the model again, or take it from another source.",
            reason=" ".join(str(error).split())[:200] or type(error).__name__,
        ) from error


def _known(kind: type[PreTrainedConfig]) -> set[str]:
    declared = {field.name for field in fields(kind)} | set(signatures.signature(kind.__init__).parameters)  # type: ignore[arg-type]
    return (declared | set(kind.attribute_map) | _ALSO) - _OURS - {"self", "args", "kwargs", "model_type"}
