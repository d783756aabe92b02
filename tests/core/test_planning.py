"""From names to a recipe: what cannot be is said with what can."""

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.planning import make_plan
from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import CONTINUED

FAMILIES = {family.key for info in all_tasks() for family in info.families} - {CONTINUED}


@pytest.mark.parametrize("info", all_tasks(), ids=lambda info: info.key)
def test_a_family_of_other_tasks_is_refused_with_the_tasks_that_have_it(info) -> None:
    for family in FAMILIES - {each.key for each in info.families}:
        with pytest.raises(StudioError) as caught:
            make_plan(info.key, f"blank:{family}-nano", {}, {})

        told = caught.value.advice
        owners = [each.key for each in all_tasks() if family in {one.key for one in each.families}]
        assert f"“{family}” belongs to: {', '.join(owners)}." in told
        assert info.families[0].key in told


def test_a_family_that_no_task_has_is_refused_with_those_of_the_task() -> None:
    with pytest.raises(StudioError) as caught:
        make_plan(all_tasks()[0].key, "blank:nosuch-nano", {}, {})

    assert caught.value.code == "no-such-family"
