"""Code for a model card that runs as it stands."""

from slm_studio.core.tasks import TaskInfo

_CLASSIFY = """\
```python
from transformers import pipeline

classify = pipeline("text-classification", model="{name}")
print(classify("Write a text here.", truncation=True))
```"""

_WRITE = """\
```python
from transformers import pipeline

write = pipeline("text-generation", model="{name}")
print(write("Once upon a time", max_new_tokens=50)[0]["generated_text"])
```"""

_BASE = """\
```python
from transformers import AutoModel, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("{name}")
model = AutoModel.from_pretrained("{name}")
```"""

_STUDIO = """\
With SLM Studio, in Python:

```python
from slm_studio import engine

*_, opened = engine.open("{folder}")
for event in engine.predict(opened.result.handle, "Write a text here.", {{}}):
    print(event)
```

or from the command line:

```sh
{fetch}slm-studio {verb} {folder} {flag} "Write a text here."
```"""


def code(info: TaskInfo | None, name: str, own: bool) -> str:
    """Return how a model called `name` is used; `own` shapes are opened by the studio only."""
    folder = name.rpartition("/")[2]
    fetch = f"slm-studio fetch {name} --out {folder}\n" if "/" in name else ""
    writes = info is not None and info.key == "write"
    studio = _STUDIO.format(
        folder=folder, fetch=fetch, verb="generate" if writes else "predict", flag="--prompt" if writes else "--text"
    )
    if info is None:
        return _BASE.format(name=name)
    if own:
        return studio
    return {"classify": _CLASSIFY, "write": _WRITE}.get(info.key, _BASE).format(name=name) + "\n\n" + studio
