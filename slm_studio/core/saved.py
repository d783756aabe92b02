"""SavedModel: a Transformers folder plus studio.json."""

import errno
import shutil
from dataclasses import dataclass, field, replace
from pathlib import Path

from slm_studio.core import codec, files, paths
from slm_studio.core.errors import StudioError
from slm_studio.core.tasks import TaskInfo, info_of

INDEX_FILE = "index.json"  # of an index of documents, which stands where a model might (see core.index)
STUDIO_FILE = "studio.json"
REPORT_FOLDER = "report"  # stays here when a model is published: it holds rows of the person


@dataclass(frozen=True, kw_only=True, slots=True)
class Lineage:
    """One step of a model's life: data → pre-training → fine-tuning → output, or data → training → output from scratch."""

    step: str  # data | pre-training | fine-tuning | training | output
    what: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedModel:
    """A model on disk: what it is for, what it learnt from, how well it does."""

    folder: str
    name: str
    task: str
    base: str
    facts: dict[str, object] = field(default_factory=dict)  # labels, window, … : what the task needs to answer
    metrics: dict[str, float] = field(default_factory=dict)  # CLI.md's keys
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)  # 95 %, by the same keys
    metrics_on: str = "validation"
    baseline: dict[str, dict[str, float]] = field(default_factory=dict)
    verdicts: dict[str, str] = field(default_factory=dict)  # baseline → better | worse | none (no difference shown)
    recipe: dict[str, object] = field(default_factory=dict)
    run: str = ""
    dataset: str = ""
    dataset_name: str = ""
    fingerprint: str = ""
    rows: dict[str, int] = field(default_factory=dict)
    learnt_validation: bool = False  # after they had chosen the best checkpoint, the validation rows were learnt too
    parameters: int = 0
    seconds: float = 0.0
    steps: int = 0
    machine: str = ""
    language: str = ""  # of what it is asked: the one of most texts
    languages: tuple[
        str, ...
    ] = ()  # all that its texts and answers are in, as far as they are told, the commonest first
    lineage: tuple[Lineage, ...] = ()
    origin: str = ""  # hub id and revision, or the folder it came from, where it was imported
    versions: dict[str, str] = field(default_factory=dict)
    created: str = ""

    @property
    def info(self) -> TaskInfo:
        """Return its task as this model does it. Raises StudioError where it has none that is known here."""
        return info_of(self.task, {"asks": (), **self.facts})


def save_facts(model: SavedModel, folder: Path | None = None) -> None:
    """Write studio.json into the model's folder; paths of this computer stay out of it."""
    target = folder or Path(model.folder)
    codec.write(target / STUDIO_FILE, codec.to_json(replace(model, folder="")))


def open_saved(folder: Path) -> SavedModel:
    """Read studio.json back. Raises StudioError where the folder is no model of ours."""
    if (folder / INDEX_FILE).is_file():
        raise StudioError(
            "not-a-model",
            "“{folder}” is an index of documents, and no model.",
            "Name the model first that asks it, or - where words alone are looked for, then the index.",
            folder=str(folder),
        )
    if not (folder / STUDIO_FILE).is_file():
        raise StudioError(
            "not-a-model",
            "“{folder}” holds no model of SLM Studio.",
            "Choose another folder, or import it: in the Hub, or by “slm-studio import”.",
            folder=str(folder),
        )
    plain = files.read_json(folder / STUDIO_FILE)
    codec.refuse_newer(plain, folder / STUDIO_FILE)
    try:
        return replace(codec.from_json(SavedModel, plain), folder=str(folder))
    except StudioError as error:
        raise StudioError(
            "file-damaged",
            "“{path}” cannot be read: {reason}.",
            "Restore it from a copy, or make it again.",
            path=str(folder / STUDIO_FILE),
            reason=str(error.values.get("reason", error)),
        ) from error


def relocate(model: SavedModel, out: Path) -> SavedModel:
    """Move a model to a folder, in whose place it then stands (the caller has asked), and return it from there.

    Raises OSError; then the model is where it was, and so is what stood in `out`.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        files.replace_folder(Path(model.folder), out)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        with files.atomic_folder(out) as partial:  # another disk
            shutil.copytree(model.folder, partial, dirs_exist_ok=True)
        shutil.rmtree(model.folder, ignore_errors=True)
    return replace(model, folder=str(out))


def list_models() -> list[SavedModel]:
    """Return the person's models, newest first; damaged folders are left out, their files stay."""
    found = []
    for path in paths.models().glob(f"*/{STUDIO_FILE}"):
        if path.parent.name.startswith("."):
            continue
        try:
            found.append(open_saved(path.parent))
        except StudioError:
            continue
    return sorted(found, key=lambda model: model.created, reverse=True)


def local_folder(base: str) -> Path | None:
    """Return the folder that a base names on this computer, or None where it has to be fetched.

    It names one by its path, by what its folder is called among the person's models, by what the person calls the model
    (the newest of that name), or by where it was fetched from.
    """
    if not base:
        return None
    for candidate in (Path(base).expanduser(), paths.models() / base):
        if candidate.is_dir():
            return candidate
    models = list_models()
    called = [model for model in models if model.name == base]
    fetched = [model for model in models if model.origin.startswith(f"hub:{base}@")]
    return next((Path(model.folder) for model in (*called, *fetched)), None)
