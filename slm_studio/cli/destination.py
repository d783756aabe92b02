"""--out: where a model goes. Looked at before hours of work, and once more when they are over."""

import argparse
import os
from dataclasses import dataclass, replace
from pathlib import Path

from slm_studio.cli.command import absolute
from slm_studio.core import paths, targets
from slm_studio.core.errors import StudioError
from slm_studio.core.run import Run, save_run
from slm_studio.core.saved import STUDIO_FILE, SavedModel, relocate
from slm_studio.host.trash import throw_away

Content = frozenset[tuple[str, int, int]]  # names in a folder, with inode and time of change


@dataclass(frozen=True, slots=True)
class Destination:
    """A folder for a model, and what stood in it when the work began."""

    path: Path
    content: Content

    def take(self, model: SavedModel) -> SavedModel:
        """Move a model here and return it from here. Raises StudioError; then the model is where it was."""
        if self.path.resolve() == Path(model.folder).resolve():
            return model  # OUT was its own place among the app's models
        if _content(self.path) != self.content:
            raise StudioError(
                "out-taken",
                "The model stands, but something was put into “{out}” while it was made.",
                "It lies in {model}. Move it by hand, or: slm-studio export {model} OUT",
                out=str(self.path),
                model=model.folder,
            )
        try:
            self._make_room()
            return relocate(model, self.path)
        except OSError as error:
            raise StudioError(
                "out-refused",
                "The model stands, but “{out}” did not take it: {reason}.",
                "It lies in {model}. Move it by hand, or: slm-studio export {model} OUT",
                out=str(self.path),
                reason=error.strerror or str(error),
                model=model.folder,
            ) from error

    def remember(self, run: Run) -> Run:
        """Keep in a run that its model goes here, and what it may replace, for whoever resumes it."""
        run = replace(run, out=str(self.path), out_content=tuple(sorted(self.content)))
        save_run(run)
        return run

    def _make_room(self) -> None:
        """Clear the folder, as --overwrite asked: a former model is replaced, anything else goes to the trash."""
        if self.content and not (self.path / STUDIO_FILE).is_file():
            throw_away(self.path)


def add_out(parser: argparse.ArgumentParser) -> None:
    """Add where the model goes."""
    parser.add_argument("--out", metavar="FOLDER", help="where the model goes (default: with the app's models)")
    parser.add_argument("--overwrite", action="store_true", help="replace what stands in OUT")


def destination_of(arguments: argparse.Namespace, beside: tuple[str | None, ...] = ()) -> Destination | None:
    """Return OUT, or None. Raises StudioError where something stands there, or nothing could be written there.

    With --overwrite it may hold something, but neither the files `beside`, nor the app's own folders, nor where we are.
    """
    if not arguments.out:
        return None
    path = Path(absolute(arguments.out))
    path = targets.followed(path) if path.is_symlink() else path  # the link stays, the model stands where it leads
    if path.exists() and not path.is_dir():
        raise StudioError("out-is-a-file", "“{out}” is a file.", "Choose a folder for the model.", out=str(path))
    content = _content(path)
    if content:
        if not arguments.overwrite:
            raise StudioError(
                "out-not-empty",
                "“{out}” exists and is not empty.",
                "Choose another folder, or add --overwrite.",
                out=str(path),
            )
        own = (paths.models(), paths.runs(), paths.datasets())
        _refuse_precious(path, [Path.cwd(), Path.home(), *own, *(Path(absolute(each)) for each in beside if each)])
    targets.check_place(path, path)
    return Destination(path, content)


def destination_of_run(arguments: argparse.Namespace, run: Run) -> Destination | None:
    """Return where the model of a run that goes on belongs: OUT, else where the command that began it said."""
    remembered = Destination(Path(run.out), frozenset(run.out_content))
    if run.out and not arguments.out and _content(remembered.path) == remembered.content:
        targets.check_place(remembered.path, remembered.path)
        return remembered
    return destination_of(argparse.Namespace(out=arguments.out or run.out, overwrite=arguments.overwrite))


def _content(folder: Path) -> Content:
    if not folder.is_dir():
        return frozenset()
    return frozenset(
        (entry.name, entry.inode(), entry.stat(follow_symlinks=False).st_mtime_ns) for entry in os.scandir(folder)
    )


def _refuse_precious(out: Path, precious: list[Path]) -> None:
    for each in precious:
        if each.resolve().is_relative_to(out.resolve()):
            raise StudioError(
                "out-holds-more",
                "“{out}” cannot be overwritten: “{what}” lies in it.",
                "Choose another folder for the model.",
                out=str(out),
                what=str(each),
            )
