#!/usr/bin/env bash
# Build the one-folder app into dist/slm-studio and try it: it must start offscreen and train the demo.
#   packaging/build_app.sh          (needs: pip install -e ".[package]")
set -euo pipefail
cd "$(dirname "$0")/.."
python="${PYTHON:-.venv/bin/python}"

"$python" packaging/compile_translations.py
"$python" -m PyInstaller --noconfirm --clean --log-level WARN packaging/slm_studio.spec
du -sh dist/slm-studio

home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
export SLM_STUDIO_HOME="$home"
echo "== the window starts offscreen"
QT_QPA_PLATFORM=offscreen dist/slm-studio/slm-studio --smoke
echo "== the demo trains"
dist/slm-studio/slm-studio demo --no-window
