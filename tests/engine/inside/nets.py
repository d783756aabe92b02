"""Classifiers of every family with random weights, for tests that look inside."""

import pyarrow as pa
import torch

from slm_studio.core.recipe import make_recipe
from slm_studio.engine.data.rows import Rows
from slm_studio.engine.loaded import Loaded
from slm_studio.engine.tasks.classify import TASK

TEXTS = ["red apples and pears", "the green grass grows", "苹果很甜", "绿草如茵"] * 6
ANSWERS = {
    "one": ["red", "green"] * 12,
    "many": ["red;fruit", "green", "fruit", ""] * 6,
    "number": ["1", "2.5", "4", "3"] * 6,
}


def made(family: str, target: str = "one", text2: bool = False, **settings: object) -> Loaded:
    torch.manual_seed(1)
    columns = {"text": TEXTS, "label": ANSWERS[target]} | ({"text2": TEXTS[::-1]} if text2 else {})
    roles = {name: name for name in columns}
    rows = Rows(pa.table({name: pa.array(cells, pa.large_string()) for name, cells in columns.items()}), roles)
    recipe = make_recipe(
        "classify", base=f"blank:{family}-nano", roles=roles, settings={"target": target, "max_length": 64} | settings
    )
    loaded = TASK.blank(recipe, TASK.learn(rows, recipe), rows)
    for parameter in loaded.net.parameters():  # fresh tables say nothing
        torch.nn.init.normal_(parameter, std=0.3)
    loaded.net.eval()
    return loaded
