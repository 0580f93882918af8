#!/usr/bin/env bash
# Make .venv with the pinned packages and churnlight itself. No root, no question, no other place.
set -euo pipefail
cd "$(dirname "$0")/.."

find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3.11 python3.12 python3.13 python3 python; do
    [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1 || continue
    if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null; then
      echo "$candidate"
      return 0
    fi
  done
  echo "churnlight needs Python 3.11 or newer on PATH (found: $(python3 --version 2>&1 || echo none))." >&2
  echo "Install one, or name it: PYTHON=/path/to/python3.11 make run" >&2
  return 1
}

started=$SECONDS
python=$(find_python)
echo "Setting up .venv with $("$python" --version), $(wc -l < requirements.txt) pinned packages ..."
if ! .venv/bin/python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2])' 2>/dev/null; then
  rm -rf .venv
  if ! "$python" -m venv .venv 2>/dev/null; then
    # Debian splits venv's pip off; uv needs neither.
    rm -rf .venv
    command -v uv >/dev/null 2>&1 || {
      echo "$python can't make virtual environments: install python3-venv (or uv)." >&2
      exit 1
    }
    uv venv --quiet --seed --python "$python" .venv
  fi
fi

if command -v uv >/dev/null 2>&1; then
  uv=uv
elif .venv/bin/python -m pip install --quiet --disable-pip-version-check "$(grep '^uv==' requirements.txt)"; then
  uv=.venv/bin/uv
else
  uv=""
fi
# Companies have certificate authorities of their own: trust what the system trusts.
export UV_SYSTEM_CERTS=true UV_NATIVE_TLS=true
install_with_uv() {
  "$uv" pip install --quiet --compile-bytecode --python .venv/bin/python -r requirements.txt &&
    "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
}
install_with_pip() {
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
    --no-build-isolation --editable .
}
if [ -z "$uv" ] || ! install_with_uv; then
  echo "Installing with pip, which takes about two minutes ..."
  install_with_pip
fi
touch .venv/.ready
echo "Ready in $((SECONDS - started)) s."
