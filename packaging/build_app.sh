#!/usr/bin/env bash
# Build the one-folder app into dist/slm-studio, then try it as on a stranger's computer: no Python, an empty home.
#   packaging/build_app.sh          (needs: pip install -e ".[package]"; PYTHON names another one than .venv's)
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-.venv/bin/python}"
app="$PWD/dist/slm-studio/slm-studio"

"$python" -m pip install --quiet --no-deps --editable .  # compiles the translations
"$python" -m PyInstaller --noconfirm --clean --log-level WARN packaging/slm_studio.spec
# Names for debuggers are an eighth of the app. Libraries in *.libs were patched by their makers; strip may break those.
if [ "$(uname)" = Linux ]; then
  find dist/slm-studio -name "*.so*" -type f -size +500k -not -path "*.libs/*" -exec strip --strip-unneeded {} +
fi
du -sh dist/slm-studio

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
head -c 60000 resources/samples/en/alice.txt > "$home/alice.txt"
try() {
  echo "== slm-studio $*"
  (cd "$home" && env -i HOME="$home" PATH="$home" LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen "$app" "$@") || {
    status=$?
    find "$home" -name "*.txt" -path "*logs*" -exec tail -n 40 {} +
    return "$status"
  }
}
try --smoke
try demo --no-window
try train alice.txt --task write --epochs 1 --out writer
"$python" -c "from pathlib import Path; from tests.engine.data.printing import pdf, set_lines; pdf(Path('$home/page.pdf'), [set_lines(['A line of print.'])])"
try read page.pdf
try generate writer --prompt "Alice was" --max-new-tokens 60 --seed 1
cp resources/samples/en/names.conll resources/samples/en/shop_faq.jsonl "$home"
try train names.conll --task tag --epochs 1 --out namer
try predict namer --text "Ada Lovelace was born in London."
try train shop_faq.jsonl --task chat --epochs 1 --out clerk
try chat clerk --prompt "When do you open?" --max-new-tokens 20 --seed 1
try train alice.txt --task words --epochs 2 --out vectors
try words vectors --near alice
