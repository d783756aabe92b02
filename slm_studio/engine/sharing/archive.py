"""Models as folders and zips: written so that they open anywhere, read as if somebody meant harm."""

import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from slm_studio.core import files, paths, targets
from slm_studio.core.dropped import ZIP_DAMAGE, holds_vectors, open_zip
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.results import FileResult
from slm_studio.core.saved import SavedModel, open_saved
from slm_studio.core.tasks import Form, task_info
from slm_studio.engine.models.gguf import unpack as gguf
from slm_studio.engine.models.gguf.parts import holds_gguf
from slm_studio.engine.models.inspect import inspect_as, inspect_folder
from slm_studio.engine.models.vectors.incoming import unpack_vectors
from slm_studio.engine.models.weights import refuse_pickles
from slm_studio.engine.sharing import placing
from slm_studio.engine.sharing.contents import (
    Item,
    check_path,
    files_to_publish,
    on_pairs_here,
    on_pairs_there,
    report_item,
    travels,
)
from slm_studio.engine.sharing.unpacking import Member, folder_members, zip_members
from slm_studio.engine.tasks import task_of

ZIP_BEGIN = b"PK\x03\x04"
KINDS = ("folder", "zip")
_BLOCK = 1024 * 1024
_MOMENT = (1980, 1, 1, 0, 0, 0)  # every member's date, so that the same model gives the same zip
_SPARE = 16 * 1024 * 1024
LIKE = 1e-5  # the largest difference of a number that was written in digits


def export_model(folder: Path, kind: str, out: Path) -> Iterator[Event]:
    """Write a copy that holds no path and no row of the person's, open it again and compare its answers.

    Ends in Finished(FileResult(rows=number of files, out, checked)). `out` appears only once the copy is right.
    """
    began = time.monotonic()
    model = open_saved(folder)
    form = next((each for each in _forms(model) if each.key == kind), None)
    target = _check_target(folder, kind, out, form.ending if form else "", _forms(model))
    if form is not None:
        yield from _export_form(model, folder, form, target, began)
        return
    yield from on_pairs_here(folder)
    items = files_to_publish(folder)
    items += [item] if (item := report_item(folder)) else []
    with _workplace(target.parent, sum(item.size for item in items)) as place:
        written = place / files.slug(model.name)
        if kind == "zip":
            yield from _write_zip(items, place / "model.zip", written.name)
            yield from _unpack(place / "model.zip", written)
        else:
            yield from _write_folder(items, written)
        yield Progress("Comparing the copy", 0, 0)
        checked = _compare(folder, written)
        placed = place / "model.zip" if kind == "zip" else written
        files.sync_file(placed) if kind == "zip" else _sync(placed)
        placing.refuse_occupied(target)  # somebody may have come in between
        files.replace_folder(placed, target) if placed.is_dir() else os.replace(placed, target)
        files.sync_folder(target.parent)
    seconds = time.monotonic() - began
    yield Finished(
        FileResult(rows=len(items), out=str(target), checked={"files": len(items)} | checked, seconds=seconds)
    )


def _forms(model: SavedModel) -> tuple[Form, ...]:
    """Return the forms in which other programs read models of this kind."""
    return task_info(model.task).exports if model.task else ()


def _export_form(model: SavedModel, folder: Path, form: Form, target: Path, began: float) -> Iterator[Event]:
    """Write a file in a form of other programs, which the task reads again and compares."""
    task = task_of(model.task)
    inspect_as(folder, model.task)
    with _workplace(target.parent, 16 * model.parameters) as place:
        loaded = task.open(folder, model.facts)
        difference = yield from task.export(loaded, form.key, place / target.name)
        if not difference <= LIKE:
            raise _differs(difference)
        files.sync_file(place / target.name)
        placing.refuse_occupied(target)
        os.replace(place / target.name, target)
        files.sync_folder(target.parent)
    checked = {"files": 1, "largest_difference": difference, "same_answers": True}
    yield Finished(FileResult(rows=1, out=str(target), checked=checked, seconds=time.monotonic() - began))


def import_model(source: Path, name: str = "") -> Iterator[Event]:
    """Check a folder, zip or .gguf and put what belongs to the model among the person's. Ends in Finished(SavedModel)."""
    source = source.expanduser()
    fallback = source.stem if source.is_file() else source.name
    target = placing.pick_target("", name or fallback)
    with _workplace(paths.cache() / "imports", 0) as place:
        yield from _unpacker(source)(source, place / "model")
        yield Progress("Checking the model", 0, 0)
        model = placing.settle(
            place / "model", target, name=name, fallback=fallback, origin=f"file:{source.name}", base=fallback
        )
    yield Finished(model)


def _unpacker(source: Path) -> Callable[[Path, Path], Iterator[Event]]:
    """Return what makes a model folder of this file or folder."""
    if holds_gguf(source):
        return gguf.unpack
    return unpack_vectors if holds_vectors(source) else _unpack


def _write_folder(items: list[Item], written: Path) -> Iterator[Event]:
    total, done = sum(item.size for item in items), 0
    for item in items:
        path = written / item.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            for block in item.read():
                stream.write(block)
                done += len(block)
                yield Progress("Writing the copy", done, total)


def _write_zip(items: list[Item], path: Path, top: str) -> Iterator[Event]:
    total, done = sum(item.size for item in items), 0
    with zipfile.ZipFile(path, "w") as archive:
        for item in sorted(items, key=lambda each: each.name):
            info = zipfile.ZipInfo(f"{top}/{item.name}", _MOMENT)
            info.external_attr = 0o644 << 16
            dense = item.name.endswith(".safetensors")  # weights hardly shrink
            info.compress_type = zipfile.ZIP_STORED if dense else zipfile.ZIP_DEFLATED
            with archive.open(info, "w", force_zip64=item.size > 2**31) as stream:
                for block in item.read():
                    stream.write(block)
                    done += len(block)
                    yield Progress("Writing the copy", done, total)


def _unpack(source: Path, place: Path) -> Generator[Event, None, None]:
    """Copy what belongs to a model from a folder or zip into `place`."""
    if source.is_dir():
        yield from _copy(folder_members(source), place)
        return
    if not source.is_file():
        raise StudioError(
            "file-missing", "“{path}” does not exist.", "Check the name, or choose another file.", path=str(source)
        )
    if not zipfile.is_zipfile(source):
        with source.open("rb") as stream:
            if stream.read(len(ZIP_BEGIN)) == ZIP_BEGIN:
                raise StudioError(
                    "archive-cut",
                    "“{file}” begins as a zip, but its end is missing.",
                    "Copy or download it again.",
                    file=source.name,
                )
        raise StudioError(
            "archive-kind",
            "“{file}” is neither a folder nor a zip, no GGUF file and no file of word vectors.",
            "Choose the model's folder, or pack it as a zip.",
            file=source.name,
        )
    try:
        with open_zip(source) as archive:
            yield from _copy(zip_members(archive), place)
    except ZIP_DAMAGE as error:
        raise StudioError(
            "archive-damaged",
            "“{file}” is damaged: {reason}.",
            "Copy or download it again.",
            file=source.name,
            reason=str(error)[:200],
        ) from error


def _copy(members: Mapping[str, Member], place: Path) -> Iterator[Event]:
    refuse_pickles(members)
    yield from on_pairs_there(members)
    wanted = {name: member for name, member in members.items() if travels(name) or name == "report/report.json"}
    total, done = sum(member.size for member in wanted.values()), 0
    files.check_room(place.parent, total)
    place.mkdir(parents=True)
    for name, member in sorted(wanted.items()):
        check_path(name)
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        with member.open() as stream, (place / name).open("wb") as sink:
            while block := stream.read(_BLOCK):
                sink.write(block)
                done += len(block)
                yield Progress("Copying the model", done, total)


def _compare(folder: Path, written: Path) -> dict[str, bool | int | float | str]:
    from slm_studio.engine.sharing.parity import same_answers

    inspect_folder(written)
    parity = same_answers(folder, written)
    if not parity.same:
        raise _differs(parity.difference)
    return parity.checked()


def _differs(difference: float) -> StudioError:
    return StudioError(
        "export-differs",
        "The copy answers differently from the model (by {difference}), so it was not kept.",
        "Try again; if it returns, the disk or the model's files are damaged.",
        difference=difference,
    )


def _check_target(folder: Path, kind: str, out: Path, ending: str, forms: Sequence[Form]) -> Path:
    kinds = (*KINDS, *(form.key for form in forms))
    if kind not in kinds:
        raise StudioError(
            "export-kind",
            "A model cannot be written as “{kind}”.",
            "Choose one of: {kinds}.",
            kind=kind,
            kinds=", ".join(kinds),
        )
    target = out.expanduser().absolute()
    ending = ".zip" if kind == "zip" else ending
    if ending and not target.suffix:
        target = target.with_name(target.name + ending)
    if kind == "zip" and target.suffix.lower() != ".zip":
        target = target.with_name(target.name + ".zip")
    if target.resolve().is_relative_to(folder.resolve()):
        raise StudioError(
            "out-inside",
            "“{path}” lies inside the model's own folder.",
            "Choose a place outside of it.",
            path=str(target),
        )
    if kind != "folder" and target.is_dir():
        raise StudioError(
            "out-exists", "“{path}” exists already.", "Choose another name or an empty folder.", path=str(target)
        )
    placing.refuse_occupied(target)
    targets.check_place(target.parent, target)
    return target


@contextmanager
def _workplace(parent: Path, needed: int) -> Iterator[Path]:
    """Make a temporary folder beside the goal, so that the last step is one rename."""
    parent.mkdir(parents=True, exist_ok=True)
    files.check_room(parent, needed + _SPARE)
    place = Path(tempfile.mkdtemp(prefix=".partial-", dir=parent))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _sync(folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        files.sync_folder(path) if path.is_dir() else files.sync_file(path)
