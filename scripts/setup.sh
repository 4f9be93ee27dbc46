#!/usr/bin/env bash
# Set up what is missing: system packages (apt), the virtual environment .venv, the pinned Python packages.
#
#   scripts/setup.sh run    what `make federate` needs
#   scripts/setup.sh test   that, and what `make test`, `make lint` and `make bench` need
#
# PYTHON names the interpreter for a new environment (default python3, 3.11 to 3.13).
set -eu
cd "$(dirname "$0")/.."

profile=${1:-run}
python=${PYTHON:-python3}
venv=.venv

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 2
}

# --- system packages: "probe:package"; a probe is a command or, with a slash, a file pattern ---
probes="gcc:gcc cc:libc6-dev arm-none-eabi-gcc:gcc-arm-none-eabi qemu-system-arm:qemu-system-arm"
case $profile in
run) requirements=requirements.txt ;;
test)
    requirements=requirements-dev.txt
    probes="$probes g++:g++ clang:clang"
    ;;
*) fail "unknown profile '$profile'; use: run, test" ;;
esac

compiles() { # compiles COMPILER FLAGS...: does it build a one-line program with these flags?
    printf '#include <string.h>\nint LLVMFuzzerTestOneInput(const unsigned char *p, size_t n) { return n ? p[0] == 1 : 0; }\n' |
        "$@" -x c - -o /dev/null >/dev/null 2>&1
}

missing=
for probe in $probes; do
    command -v "${probe%%:*}" >/dev/null 2>&1 || missing="$missing ${probe##*:}"
done
compiles arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -c || missing="$missing libnewlib-arm-none-eabi"
[ "$profile" != test ] || compiles clang -fsanitize=fuzzer,address || missing="$missing libclang-rt-dev"
command -v "$python" >/dev/null 2>&1 || missing="$missing python3"
[ -x $venv/bin/pip ] || "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || missing="$missing python3-venv"

if [ -n "$missing" ]; then
    if ! command -v apt-get >/dev/null 2>&1; then
        fail "missing:$missing (Debian's package names); there is no apt-get here, so install them by your system's means and call make again"
    elif [ "$(id -u)" = 0 ]; then
        as_root=
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        fail "missing system packages and no root rights to install them; run: sudo apt-get install$missing"
    fi
    echo "installing system packages:$missing" >&2
    $as_root apt-get update -qq || echo "apt-get update failed; trying with the package lists at hand" >&2
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >&2 ||
        fail "apt-get could not install$missing; install them by hand and call make again"
fi

# --- Python ---
if [ ! -x $venv/bin/pip ]; then
    "$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
        fail "$("$python" --version) is not supported by the pinned packages; name a Python 3.11 to 3.13: make PYTHON=python3.12 …"
    echo "creating $venv" >&2
    "$python" -m venv --clear $venv || fail "cannot create $venv with $python; is this folder writable?"
fi

digest() { cat requirements*.txt | cksum; }
stamp=$venv/.installed-$requirements
if [ "$(cat "$stamp" 2>/dev/null)" != "$(digest)" ]; then
    echo "installing $requirements into $venv" >&2
    $venv/bin/python -m pip install --quiet --disable-pip-version-check -r $requirements ||
        fail "pip could not install $requirements; see its message above"
    # The one source that tests compile and the repository does not have; firmware with a key fetches it when it is built.
    if [ "$profile" = test ]; then
        $venv/bin/python -m firmware_gen.monocypher >/dev/null || fail "Monocypher's source could not be fetched; see above"
    fi
    digest >"$stamp"
fi
