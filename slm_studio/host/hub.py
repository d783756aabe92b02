"""Find, fetch and publish the models that programs name, with the token that may go to the hub in question."""

from collections.abc import Mapping
from pathlib import Path

from slm_studio.core.addresses import is_hub_name, name_of
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import SavedModel, list_models, local_folder
from slm_studio.core.settings import Settings, load_settings
from slm_studio.host.secrets import token_for, token_for_base
from slm_studio.host.verbs import OnEvent, run_verb

PUBLISHING = ("license", "language", "public", "overwrite")


def model_here(model: str, revision: str) -> Path | None:
    """Return the folder of a model that is on this computer, or None. Raises StudioError where none is named."""
    if not model.strip():
        raise StudioError(
            "no-such-model", "No model is named.", "Give a folder, the name of a model, or a hub id (owner/name)."
        )
    if not revision:
        return local_folder(model)
    return next((Path(each.folder) for each in list_models() if each.origin == f"hub:{model}@{revision}"), None)


def fetch(model: str, revision: str, settings: Settings, on_event: OnEvent | None) -> SavedModel:
    """Fetch a model by its name on the hub, or by the address of its page. Raises StudioError where it can be neither."""
    name, version = name_of(model, settings.endpoint)  # the address of its page may have been pasted
    if not is_hub_name(name):
        raise StudioError(
            "no-such-model",
            "“{model}” is neither a folder, nor one of your models, nor a hub id.",
            "Give a folder, the name of a model, or a hub id (owner/name).",
            model=model,
        )
    token = token_for_base(model, settings)
    arguments = {"id": name, "endpoint": settings.endpoint, "revision": revision or version, "token": token}
    return run_verb(SavedModel, "fetch", on_event, **arguments)


def publish(
    folder: Path, name: str, endpoint: str, options: Mapping[str, object], on_event: OnEvent | None
) -> dict[str, object]:
    """Publish a model as `owner/name`, privately unless options["public"]; "" as endpoint is the one in Settings."""
    settings = load_settings()
    # Whoever names an address in the same breath sends the token there.
    token = token_for(endpoint or settings.endpoint, may_leave=settings.send_token_to_mirrors or bool(endpoint))
    told = {key: value for key, value in options.items() if key != "public"} | {"private": not options.get("public")}
    return run_verb(
        dict,
        "publish",
        on_event,
        folder=str(folder),
        name=name,
        endpoint=endpoint or settings.endpoint,
        options=told,
        token=token,
    )
