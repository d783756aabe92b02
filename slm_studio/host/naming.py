"""Naming: the model that a program means: a folder, the name of one of your own, or a hub id, which is fetched once."""

from pathlib import Path

from slm_studio.core.addresses import name_of
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import SavedModel, list_models, local_folder
from slm_studio.core.settings import Settings
from slm_studio.host.secrets import token_for_base
from slm_studio.host.verbs import OnEvent, run_verb


def model_here(model: str, revision: str) -> Path | None:
    """Return the folder of a model that is on this computer, or None."""
    if not revision:
        return local_folder(model)
    return next((Path(each.folder) for each in list_models() if each.origin == f"hub:{model}@{revision}"), None)


def fetch_named(model: str, revision: str, settings: Settings, on_event: OnEvent | None) -> SavedModel:
    """Fetch a model by its hub id, or by the address of its page. Raises StudioError where it is neither."""
    name, version = name_of(model, settings.endpoint)  # the address of its page may have been pasted
    if name.count("/") != 1 or not all(name.split("/")) or name.startswith((".", "~")):
        raise StudioError(
            "no-such-model",
            "“{model}” is neither a folder, nor one of your models, nor a hub id.",
            "Give a folder, the name of a model, or a hub id (owner/name).",
            model=model,
        )
    token = token_for_base(model, settings)
    arguments = {"id": name, "endpoint": settings.endpoint, "revision": revision or version, "token": token}
    return run_verb(SavedModel, "fetch", on_event, **arguments)
