# Sourced by ./demo and ./check: makes a virtual environment, once, from hashed requirements.
# Usage: make_venv FOLDER REQUIREMENTS

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for candidate in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        [ -n "$candidate" ] || continue
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    say "stanch needs Python 3.11 or later, and none was found. On Debian or Ubuntu: apt install python3"
    say "If you have one elsewhere, name it: PYTHON=/path/to/python3.12 $0"
    return 1
}

# Debian ships Python without venv; pip may still put virtualenv in a folder of ours, which the
# rule against touching the system's packages (PEP 668) allows.
create() {
    if "$1" -m venv "$2" 2>/dev/null; then return 0; fi
    rm -rf "$2"
    if ! "$1" -m pip --version >/dev/null 2>&1; then
        say "This Python has neither venv nor pip. On Debian or Ubuntu: apt install python3-venv"
        return 1
    fi
    say "This Python has no venv module; using virtualenv instead."
    tool="$2.tool"
    "$1" -m pip install --quiet --target "$tool" --require-hashes -r requirements/virtualenv.txt || {
        say "virtualenv could not be installed either. On Debian or Ubuntu: apt install python3-venv"
        return 1
    }
    PYTHONPATH="$tool" "$1" -m virtualenv --quiet "$2"
    rm -rf "$tool"
}

make_venv() {
    folder="$1"
    wanted="$2"
    stamp="$folder/.made-from"
    now=$(cat "$wanted" pyproject.toml | cksum)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$now" ]; then return 0; fi
    python=$(find_python) || exit 69
    say "Setting up $folder (once; this takes a minute) ..."
    if [ ! -x "$folder/bin/python" ]; then
        rm -rf "$folder"
        create "$python" "$folder" || exit 69
    fi
    by_pip() { "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"; }
    if by_pip --require-hashes -r requirements/tools.txt && "$folder/bin/uv" --version >/dev/null 2>&1; then
        # uv is quicker; where a company's own certificate stands in the way, only pip may know it.
        install() {
            "$folder/bin/uv" pip install --quiet --python "$folder/bin/python" "$@" && return 0
            say "uv could not do it; trying pip, which is slower."
            by_pip "$@"
        }
    else
        install() { by_pip "$@"; }
    fi
    install --require-hashes -r "$wanted" || { say "The packages could not be installed; is there a network?"; exit 69; }
    install --no-deps --no-build-isolation -e . || { say "stanch itself could not be installed."; exit 70; }
    printf '%s' "$now" > "$stamp"
}
