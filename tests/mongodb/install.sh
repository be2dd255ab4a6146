#!/bin/sh
# install.sh PYTHON FOLDER: the test server and a driver in FOLDER, where they are not there yet.
set -e
here=$(dirname "$0")
if ! cat "$here/server.txt" "$here/requirements.txt" | cmp -s - "$2/installed.txt"; then
  "$1" -m venv --clear "$2"
  "$2/bin/pip" install -q --disable-pip-version-check --only-binary :all: --require-hashes --no-deps -r "$here/server.txt"
  "$2/bin/pip" install -q --disable-pip-version-check -r "$here/requirements.txt"
  cat "$here/server.txt" "$here/requirements.txt" >"$2/installed.txt"
fi
