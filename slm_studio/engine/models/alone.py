"""One network is made or loaded at a time in a process.

While it loads one, Transformers changes what all threads share: the default dtype, how tensors begin, and whether weights
are tied at all (transformers/initialization.py, no_tie_weights; two that overlap even leave tying switched off for good).
A thread that makes a network meanwhile would get one of the wrong numbers, or be told that its last layer is missing.
"""

import threading

ALONE = threading.RLock()
