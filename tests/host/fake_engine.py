"""An engine process with the fake door. Run as: python tests/host/fake_engine.py ROLE."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

if __name__ == "__main__":
    from slm_studio.host.server import serve
    from tests.host import fake_door

    serve(fake_door, sys.argv[1])
