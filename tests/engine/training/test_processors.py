"""Every family trains on a processor that lacks what newer ones have: in child processes that are held to less."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import CONTINUED

ROOT = Path(__file__).parents[3]
LESSER = {  # torch's own kernels and oneDNN look at the processor each for itself: one limit alone shows nothing
    "avx2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "sse41": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
}
# What has AVX2 is what people have; the older ones are tried by name.
PROCESSORS = [pytest.param(each, marks=[] if each == "avx2" else [pytest.mark.slow]) for each in LESSER]
FAMILIES = [
    (info.key, family.key) for info in all_tasks() for family in info.families if family.key != CONTINUED
]  # fmt: skip


def in_child(processor: str, home: Path, *command: str) -> str:
    environment = os.environ | LESSER[processor] | {"SLM_STUDIO_HOME": str(home), "OMP_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, *command], env=environment, cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("processor", PROCESSORS)
def test_every_family_trains_on_a_lesser_processor(processor: str, home: Path) -> None:
    words = [f"{task}:{family}" for task, family in FAMILIES]

    printed = in_child(processor, home, "-m", "tests.engine.training.lesser", *words)

    assert printed.splitlines() == [f"{word} fp32" for word in words]


@pytest.mark.slow  # every family learns above; this goes the whole way
@pytest.mark.parametrize("processor", LESSER)
def test_the_demo_runs_on_a_lesser_processor(processor: str, home: Path) -> None:
    printed = in_child(processor, home, "-m", "slm_studio", "demo", "--json")

    assert '"predictions"' in printed.splitlines()[-1]
