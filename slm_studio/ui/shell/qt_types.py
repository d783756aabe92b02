"""Qt's types, made on the window's thread before any other thread names them.

PySide makes a type when it is named first. Where two threads name one at the same time it is made twice and the process
ends in a crash; pyqtgraph, which is imported beside the window, names them all.
"""

import sys
from collections.abc import Iterator


def make_types() -> Iterator[str]:
    """Make the types of Qt's modules that are loaded, one after another, and yield their names. Together: 0.2 seconds."""
    for path, module in list(sys.modules.items()):
        if path.startswith("PySide6.Qt"):
            for name in dir(module):
                getattr(module, name, None)
                yield name
