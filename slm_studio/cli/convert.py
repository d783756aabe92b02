"""slm-studio convert FILE OUT: the same rows in another format."""

import argparse

from slm_studio.cli.command import Command, file_out
from slm_studio.cli.flags import add_bom, add_overwrite, add_reading
from slm_studio.cli.read import report_of
from slm_studio.core.results import FileResult


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("convert", help="write the same rows in another format")
    parser.add_argument("file", metavar="FILE", help="a file, or a folder or zip of them")
    parser.add_argument("out", metavar="OUT")
    parser.add_argument("--to", default="", help="csv, tsv, jsonl, json, txt or parquet (default: as OUT ends)")
    add_overwrite(parser)
    add_bom(parser)
    add_reading(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return rows, out and report."""
    out = file_out(arguments.out, overwrite=arguments.overwrite, source=arguments.file)
    dataset = work.read(arguments.file, arguments)
    written = work.do(FileResult, "convert", dataset=dataset, out=out, to=arguments.to, bom=arguments.bom)
    return {"rows": written.rows, "out": written.out, "report": report_of(dataset)}
