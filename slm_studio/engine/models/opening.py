"""Open the network and the vocabulary of a folder that was inspected: the only place that loads somebody else's."""

from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoTokenizer, PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

from slm_studio.core.errors import StudioError
from slm_studio.engine.loaded import quiet_libraries
from slm_studio.engine.models.alone import ALONE
from slm_studio.engine.models.architectures import ARCHITECTURES
from slm_studio.engine.models.bag import BagTokenizer
from slm_studio.engine.models.blame import blaming
from slm_studio.engine.models.config import network_config, set_dropout
from slm_studio.engine.models.demands import incomplete, net_class, wants
from slm_studio.engine.models.encoding import frame_of
from slm_studio.engine.models.foreign_vocabulary import BAG_TOKENIZER, TEXT_WORDS, VECTOR_WORDS, WORD_TOKENIZER
from slm_studio.engine.models.precision import free_memory, precision_for
from slm_studio.engine.models.vectors.text_words import TextWords
from slm_studio.engine.models.vectors.vocabulary import WordVocabulary
from slm_studio.engine.models.weights import read_weights
from slm_studio.engine.models.word_features import WordTokenizer

Vocabulary = PreTrainedTokenizerFast | BagTokenizer | WordTokenizer | WordVocabulary | TextWords


def open_net(folder: Path, task: str) -> PreTrainedModel:
    """Return the network that does a task. A tensor that is missing is refused, whoever inspected the folder."""
    short = precision_for(sum(tensor.count for tensor in read_weights(folder).values()), free_memory()) == "BF16"
    net, missing = _load(folder, task, network_config(folder), torch.bfloat16 if short else torch.float32)
    if missing := [name for name in missing if wants(name, task)]:
        raise incomplete(missing)
    return net


def continue_net(
    folder: Path, task: str, *, dropout: float, labels: int | None = None
) -> tuple[PreTrainedModel, list[str]]:
    """Return the network of a base made ready for a task, and the names of the tensors that are new in it.

    `labels`: how many it shall tell apart, where that is what it does.
    """
    config = network_config(folder)
    if labels is not None:
        config.num_labels = labels
    set_dropout(config, dropout)
    return _load(folder, task, config, torch.float32, ignore_mismatched_sizes=True)


def continue_encoder(folder: Path, task: str, *, dropout: float) -> PreTrainedModel:
    """Return the network of a base without the heads that it has, ready to learn."""
    config = network_config(folder)
    set_dropout(config, dropout)
    net, missing = _load(folder, task, config, torch.float32)
    if missing := [name for name in missing if wants(name, task)]:
        raise incomplete(missing)
    return net


def continue_whole(folder: Path, task: str, *, dropout: float) -> PreTrainedModel:
    """Return the network of a base of which nothing may be new, ready to learn."""
    config = network_config(folder)
    set_dropout(config, dropout)
    net, missing = _load(folder, task, config, torch.float32)
    if missing:
        raise incomplete(missing)
    return net


def open_tokenizer(folder: Path, beside: Path | None = None) -> Vocabulary:
    """Return the vocabulary of a model folder; `beside` is where its config stands, if elsewhere."""
    if (folder / BAG_TOKENIZER).is_file():
        return BagTokenizer.from_pretrained(str(folder))
    if (folder / WORD_TOKENIZER).is_file():
        return WordTokenizer.from_pretrained(str(folder))
    if (folder / VECTOR_WORDS).is_file():
        return WordVocabulary.from_pretrained(str(folder))
    if (folder / TEXT_WORDS).is_file():
        return TextWords.from_pretrained(str(folder))
    quiet_libraries()
    config = network_config(beside or folder)
    with blaming(folder.name):
        found = AutoTokenizer.from_pretrained(
            str(folder), config=config, trust_remote_code=False, local_files_only=True
        )
    if not isinstance(found, PreTrainedTokenizerFast):
        raise StudioError(
            "model-tokenizer",
            "The vocabulary of “{model}” is of a kind that cannot be opened here ({kind}).",
            "Look for a version of the model that has a tokenizer.json.",
            model=folder.name,
            kind=type(found).__name__,
        )
    return found


def settle_padding(net: PreTrainedModel, tokenizer: Vocabulary, name: str) -> None:
    """Choose the token that fills the tail of a short text in a batch, where a decoder that classifies has none.

    Such a network looks for the last token that is none: a token that ends texts by itself would be taken for the tail.
    """
    if not isinstance(tokenizer, PreTrainedTokenizerFast) or not ARCHITECTURES[net.config.model_type].is_decoder:
        return
    rows, closing = net.get_input_embeddings().weight.shape[0], frame_of(tokenizer).closing
    own = [net.config.pad_token_id, tokenizer.pad_token_id]
    spare = [each for each in sorted(tokenizer.all_special_ids, key=_ends_first(tokenizer)) if each not in closing]
    for pad in (*own, *spare):
        if isinstance(pad, int) and 0 <= pad < rows:
            net.config.pad_token_id = pad
            if tokenizer.pad_token_id != pad:
                tokenizer.pad_token = tokenizer.convert_ids_to_tokens(pad)
            return
    raise StudioError(
        "model-no-padding",
        "“{model}” has no token that could fill up short texts, so it cannot classify several at once.",
        "Choose another base, such as one of the BERT family.",
        model=name,
    )


def _ends_first(tokenizer: PreTrainedTokenizerFast) -> Callable[[int], bool]:
    return lambda token: token != tokenizer.eos_token_id


def _load(
    folder: Path, task: str, config: PreTrainedConfig, dtype: torch.dtype, **more: bool
) -> tuple[PreTrainedModel, list[str]]:  # names of tensors that nothing was loaded into
    quiet_libraries()
    with blaming(folder.name), ALONE:
        net, info = net_class(task).from_pretrained(
            str(folder), config=config, trust_remote_code=False, use_safetensors=True, local_files_only=True,
            dtype=dtype, output_loading_info=True, **more,
        )  # fmt: skip
    return net, sorted({*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])})
