"""What stands beside the search for the nearest text: nothing else of a computer is taken for it."""

import os
import subprocess
import sys
from pathlib import Path

ASK = """
import sys
from slm_studio.engine.measuring.nearest import Nearest
print(Nearest(["a cat"]).best("cat"), "jax" in sys.modules)
"""


def test_a_graphics_card_is_left_alone_where_jax_is_installed(tmp_path: Path) -> None:
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").touch()
    (tmp_path / "jax" / "lax.py").touch()  # the first sum on it would fail
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{os.getcwd()}"}

    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, timeout=120)

    assert done.stdout.split() == ["0", "False"], done.stderr
