#!/usr/bin/env bash
# Makes the virtual environment: pinned, and without CUDA packages where a CPU build of torch can be had.
#   PYTHON       the interpreter to build it with (3.11 or 3.12)
#   TORCH_INDEX  an index to take torch from; empty: the configured one, unless that would pull CUDA
set -euo pipefail
venv=$1
python=${PYTHON:-python3.11}
index=${TORCH_INDEX:-}
cpu_index=https://download.pytorch.org/whl/cpu
torch=$(grep '^torch==' constraints.txt)

say() { printf '%s  %s\n' "$(date +%H:%M:%S)" "$*"; }

if ! command -v "$python" >/dev/null; then
  python=python3
fi
"$python" - <<'PY' || { echo "Ombud needs Python 3.11 or 3.12. Remedy: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
import sys
sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))
PY

start=$SECONDS
say "making the environment in $venv (first time: about 2 to 5 minutes, 3.5 GB)"
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }

if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
  if [ -z "$index" ]; then
    # The public index's Linux wheel of torch depends on gigabytes of CUDA packages; ask before taking it.
    if pip install -q --dry-run --report - "$torch" 2>/dev/null | grep -q '"name": "nvidia-'; then
      index=$cpu_index
    fi
  fi
  say "installing $torch${index:+ from $index}"
  pip install -qq ${index:+--index-url "$index" --extra-index-url https://pypi.org/simple} "$torch"
fi
say "installing Ombud and its pinned dependencies"
pip install -qq -c constraints.txt -e '.[dev]'
pip check
say "environment ready after $((SECONDS - start)) s"
