"""The Python face: SLM Studio for people who write programs. `import slm_studio` gives what stands here.

>>> import slm_studio
>>> model = slm_studio.train("messages.csv", epochs=5)      # task, columns and base are guessed, as in the window
>>> print(model("where is my parcel"))
delivery
>>> [str(answer) for answer in model(["I want my money back", "does the kettle fit"])]
['refund', 'product']
>>> best, *others = model("where is my parcel")             # labels, the likeliest first
>>> best.label, best.score > others[0].score, len(others)
('delivery', True, 2)
>>> report = model.evaluate("messages.csv")                 # on rows that it has not learnt
>>> report.split, report.value("accuracy") > 0.9
('test', True)

What was trained here, in the window or from the command line is one shelf; a name, a folder or a hub id opens it:

>>> model = slm_studio.load("messages")
>>> model.task, sorted(model.labels)
('classify', ['delivery', 'product', 'refund'])

A writer gives its text as a whole or piece by piece:

>>> writer = slm_studio.train("book.txt", epochs=1, base="blank:llama-nano", max_length=32)
>>> text = str(writer("Once upon", max_new_tokens=8, seed=1))
>>> text == "".join(piece.text for piece in writer.stream("Once upon", max_new_tokens=8, seed=1))
True
>>> one, two, three = writer.continuations("Once upon", max_new_tokens=8, seed=1)     # side by side
>>> str(two) == str(writer("Once upon", max_new_tokens=8, seed=2))
True

All work is done in this process, by the engine that the window uses; the first call loads torch. Whatever a person can mend
is raised as a StudioError, whose `advice` says how. Ctrl-C lets the work save and raises Stopped (a KeyboardInterrupt):
`slm_studio.resume(stopped.run)` goes on as if nothing had happened.
"""

from slm_studio.core.answer import Answer
from slm_studio.core.errors import StudioError
from slm_studio.face.model import Model, load
from slm_studio.face.training import Stopped, resume, train

__all__ = ["Answer", "Model", "Stopped", "StudioError", "load", "resume", "train"]
