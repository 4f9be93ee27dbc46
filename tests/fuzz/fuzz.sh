#!/usr/bin/env bash
# Build the fuzz target and run it on the checked-in corpus and beyond.
#
#   tests/fuzz/fuzz.sh FOLDER [libFuzzer options]
#
# FOLDER takes the build, the growing corpus and, after a finding, the input that caused it. For an hour's run:
#   tests/fuzz/fuzz.sh build/fuzz -max_total_time=3600
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "usage: tests/fuzz/fuzz.sh FOLDER [libFuzzer options]" >&2; exit 2; }

folder=$1
shift
runtime=firmware_gen/runtime
python=${PYTHON:-.venv/bin/python}
mkdir -p "$folder/corpus"
"$python" -c 'from host_bridge.c_header import render_messages_header as render; print(render(), end="")' >"$folder/fp_messages.h"

sources=tests/fuzz/fuzz_device.c
for name in cobs crc32 frame device reply requests model; do
    sources="$sources $runtime/src/fp_$name.c"
done
compile() { "${CLANG:-clang}" -std=c99 -Wall -Wextra -Werror -g -I"$runtime/include" -Itests/link -I"$folder" "$@"; }

# The test models are not what is tested: quick code, without checks.
compile -O2 -c tests/link/fake_models.c -o "$folder/fake_models.o"
# Without tracing of comparisons, which would take most of the time: the corpus knows the interesting numbers.
compile -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -fno-sanitize-coverage=trace-cmp \
    -o "$folder/fuzz_device" $sources "$folder/fake_models.o"

# New inputs go to the first folder; the second one is only read.
exec "$folder/fuzz_device" -max_len=3000 -artifact_prefix="$folder/" "$@" "$folder/corpus" tests/fuzz/corpus
