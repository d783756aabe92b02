"""Give a foreign model a place among the person's: check it, describe it in studio.json, move it in one step."""

import errno
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from slm_studio.core import codec, files, paths
from slm_studio.core.errors import StudioError
from slm_studio.core.saved import STUDIO_FILE, Lineage, SavedModel, list_models, open_saved, save_facts
from slm_studio.core.tasks import all_tasks, info_of
from slm_studio.engine.models.inspect import Inspection, can_do, inspect_folder


def pick_target(out: str, name: str) -> Path:
    """Return where a model called `name` will stand: `out`, or a free place among the person's models."""
    if not out:
        return paths.models() / files.free_name(paths.models(), files.slug(name))
    target = Path(out).expanduser().absolute()
    refuse_occupied(target)
    return target


def refuse_occupied(target: Path) -> None:
    """Refuse to write over a file, or into a folder that holds something."""
    if target.is_dir() and not any(target.iterdir()):
        return
    if target.exists() or target.is_symlink():
        raise StudioError(
            "out-exists",
            "“{path}” exists already.",
            "Choose another name or an empty folder.",
            path=str(target),
        )


def settle(folder: Path, target: Path, *, fallback: str, origin: str, base: str, name: str = "") -> SavedModel:
    """Check the files in `folder`, describe them and move them to `target`. Raises StudioError; then nothing has moved.

    The model is called `name`, or what its studio.json says, or `fallback`.
    """
    inspection = inspect_folder(folder)
    model = _described(folder, inspection, fallback, origin, base)
    name = name or model.name
    if target.parent == paths.models():
        name = files.free_title(name, {each.name for each in list_models()})
    model = replace(model, name=name)
    save_facts(model, folder)
    while True:
        try:
            _move(folder, target)
            return replace(model, folder=str(target))
        except files.PlaceTaken:
            target = target.with_name(files.free_name(target.parent, target.name))


def _described(folder: Path, inspection: Inspection, name: str, origin: str, base: str) -> SavedModel:
    """Return what studio.json says, where it came along and agrees with the weights; else what the weights say."""
    known = _known(folder)
    task = inspection.task or (known.task if known else "")
    if known and (known.task == task or can_do(inspection, known.task)):
        return replace(known, origin=origin, run="", parameters=inspection.parameters, folder="")
    return SavedModel(
        folder="",
        name=name,
        task=task,
        base=base,
        facts=_facts(inspection) if inspection.labels else {},
        metrics_on="",
        parameters=inspection.parameters,
        lineage=(Lineage(step="pre-training", what=base, detail=origin),),
        origin=origin,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _facts(inspection: Inspection) -> dict[str, object]:
    facts: dict[str, object] = {"target": inspection.target} if inspection.target else {}
    if info_of(inspection.task, facts).answers != "number":
        facts["labels"] = list(inspection.labels)
    if inspection.positions:
        facts["max_length"] = min(inspection.positions, 512)
    return facts


def _known(folder: Path) -> SavedModel | None:
    if not (folder / STUDIO_FILE).is_file():
        return None
    try:
        model = open_saved(folder)
    except StudioError as error:
        if error.code == codec.NEWER:  # the folder is a copy on its way, which nobody knows by its path
            raise StudioError(error.code, error.message, error.hint, **error.values | {"path": STUDIO_FILE}) from error
        return None  # damaged: the weights speak for themselves
    return model if model.task in {"", *(info.key for info in all_tasks())} else None


def _move(folder: Path, target: Path) -> None:
    """Move a folder that is whole. Raises PlaceTaken where somebody came in between among the person's models."""
    is_new = target.parent == paths.models()
    for path in sorted(folder.rglob("*")):
        files.sync_folder(path) if path.is_dir() else files.sync_file(path)
    if not is_new:
        refuse_occupied(target)  # somebody may have come in between
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        (files.place_new if is_new else files.replace_folder)(folder, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with files.atomic_folder(target, is_new=is_new) as partial:  # another disk
            shutil.copytree(folder, partial, dirs_exist_ok=True)
        shutil.rmtree(folder, ignore_errors=True)
