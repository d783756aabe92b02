"""The frozen app's entry: the same as the command `slm-studio`."""

import sys

from slm_studio.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
