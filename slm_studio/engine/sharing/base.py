"""Where a recipe's base stands: nothing, one of the person's models, a folder, or a hub id."""

from functools import partial
from pathlib import Path

from slm_studio.core.addresses import name_of
from slm_studio.core.bases import absent, folder_of, listed
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished
from slm_studio.core.recipe import Recipe
from slm_studio.core.saved import SavedModel, local_folder
from slm_studio.core.settings import load_settings
from slm_studio.core.work import Work
from slm_studio.engine.models.inspect import inspect_folder
from slm_studio.engine.sharing.hub import fetch_model
from slm_studio.engine.watched import watched


def find_base(recipe: Recipe, token: str = "") -> Work[str]:
    """Yield the download's progress where one is needed; return the base as a folder.

    A blank base is returned as it is. A hub id that was fetched before is not fetched again.
    """
    if (error := absent(recipe)) is not None:
        raise error
    if recipe.is_blank:
        return recipe.base
    name, version = name_of(recipe.base, load_settings().endpoint)
    folder = local_folder(recipe.base) or (None if version else folder_of(name))
    if folder is None:
        folder = yield from _fetch(recipe.base, token)
    yield from watched("Checking the base", partial(inspect_folder, folder, recipe.task))
    return str(folder)


def _fetch(base: str, token: str) -> Work[Path]:
    settings = load_settings()
    name, version = name_of(base, settings.endpoint)  # the address of its page may have been pasted
    if settings.offline:
        raise StudioError(
            "offline",
            "“{base}” is not on this computer, and SLM Studio is set to offline.",
            "Switch Offline off in Settings, or choose another base.",
            base=base,
        )
    known = listed(name) if not version else None
    for event in fetch_model(base, settings.endpoint, known.revision if known else "", token=token):
        if isinstance(event, Finished):
            assert isinstance(event.result, SavedModel)
            return Path(event.result.folder)
        yield event
    raise AssertionError("fetch ends in Finished")
