"""What indexes are called where one of several is chosen."""

from slm_studio.core.index import Index, titles_of


def index(folder: str, source: str, column: str = "") -> Index:
    return Index(folder=folder, name=folder, source=source, kind="column" if column else "documents", column=column)


def test_indexes_are_called_by_what_tells_their_sources_apart() -> None:
    known = [
        index("1", "/home/ada/docs"),
        index("2", "/home/bob/docs"),
        index("3", "/home/ada/rules.md"),
        index("4", "faq.csv", "answer"),
        index("5", "faq.csv", "question"),
    ]

    assert titles_of(known) == {
        "1": "ada/docs", "2": "bob/docs", "3": "rules.md", "4": "faq.csv · answer", "5": "faq.csv · question",
    }  # fmt: skip


def test_indexes_of_one_source_share_its_short_name() -> None:
    assert titles_of([index("1", "/a/docs"), index("2", "/a/docs")]) == {"1": "docs", "2": "docs"}
