#!/bin/sh
# Brings .venv to what a lock file says; does nothing when it already is.
#   .ci/make-venv.sh run    what the agent itself needs (requirements-run.lock)
#   .ci/make-venv.sh dev    everything, tests and checks included (requirements.lock)
# PYTHON=... chooses the interpreter (3.11 or newer). Needs no standard input.
set -eu
cd "$(dirname "$0")/.."

kind=${1:?run or dev}
case $kind in
    run) lock=requirements-run.lock ;;
    dev) lock=requirements.lock ;;
    *) echo "make-venv: '$kind' is neither run nor dev" >&2; exit 2 ;;
esac

# What .venv is made from: moving the checkout or changing the lock or the project's metadata makes it stale.
wanted_of() { { pwd; cat "$1" pyproject.toml; } | sha256sum | cut -d' ' -f1; }
is_current() { [ "$(cat ".venv/.installed-$1" 2>/dev/null)" = "$(wanted_of "$2")" ] && .venv/bin/python -c '' 2>/dev/null; }

# The development set holds everything of the other one, at the same versions.
if is_current dev requirements.lock || is_current "$kind" "$lock"; then
    exit 0
fi

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
has_venv() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

find_python() {
    for name in ${PYTHON:-python3.11 python3 /usr/bin/python3 python3.12 python3.13}; do
        if fits "$name" && "$@" "$name"; then
            echo "$name"
            return
        fi
    done
    return 1
}

if ! python=$(find_python has_venv); then
    if ! python=$(find_python true); then
        echo "make-venv: no Python 3.11 or newer found${PYTHON:+ as $PYTHON}." >&2
        echo "On Debian 12: apt-get install python3 python3-venv. Elsewhere: make PYTHON=/path/to/python3.11 ..." >&2
        exit 1
    fi
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "make-venv: $python cannot make virtual environments: the package $package is missing." >&2
        echo "Run 'sudo apt-get install $package' and try again." >&2
        exit 1
    fi
    echo "make-venv: installing $package"
    apt-get update -q </dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$package" </dev/null
fi

# Scripts in .venv name its folder: one that was made elsewhere, half made, or whose Python is gone is made anew.
if [ "$(cat .venv/.made-in 2>/dev/null)" != "$(pwd)" ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo "make-venv: making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
    pwd >.venv/.made-in
fi

echo "make-venv: installing $lock"
rm -f .venv/.installed-*
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
.venv/bin/python -m pip install -qq --require-hashes --no-deps --prefer-binary -r "$lock"
.venv/bin/python -m pip install -qq --no-deps --no-build-isolation --no-index -e .
wanted_of "$lock" >".venv/.installed-$kind"
