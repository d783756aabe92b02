"""Libraries say nothing of their own where the studio speaks."""

import warnings

from sklearn.svm import LinearSVC

from slm_studio.engine.loaded import quiet_libraries


def test_many_labels_of_few_rows_bring_no_warning_of_a_library() -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        quiet_libraries()

        LinearSVC().fit([[float(n)] for n in range(30)], list(range(30)))

    assert heard == []
