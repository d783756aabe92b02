"""The table of mutations keeps up with the code."""

from pathlib import Path

from tests.mutation_table import MUTATIONS, Mutation

ROOT = Path(__file__).parents[1]


def stands(mutation: Mutation) -> bool:
    """Say whether the line is there, once, and its file is still Python after it was made wrong."""
    text = (ROOT / mutation.file).read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        return False
    compile(text.replace(mutation.old, mutation.new), mutation.file, "exec")
    return True


def test_the_lines_of_the_table_still_stand() -> None:
    assert [f"{each.file}: {each.old}" for each in MUTATIONS if not stands(each)] == []
    assert len({(each.file, each.old, each.new) for each in MUTATIONS}) == len(MUTATIONS)


def test_the_tests_that_stand_for_a_line_are_there() -> None:
    named = {tests for each in MUTATIONS for tests in each.tests.split()}

    assert [tests for tests in named if not (ROOT / tests).exists()] == []
