#!/bin/sh
# install.sh PYTHON FOLDER [REQUIREMENTS]: what requirements.txt names in FOLDER, where it is not there yet.
set -e
wanted=${3:-$(dirname "$0")/requirements.txt}
if ! cmp -s "$wanted" "$2/installed.txt"; then
  "$1" -m venv --clear "$2"
  "$2/bin/pip" install -q --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$2/installed.txt"
fi
