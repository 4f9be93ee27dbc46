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

sources="tests/fuzz/fuzz_device.c tests/link/fake_models.c"
for name in cobs crc32 frame device requests model; do
    sources="$sources $runtime/src/fp_$name.c"
done
"${CLANG:-clang}" -std=c99 -Wall -Wextra -Werror -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -I"$runtime/include" -Itests/link -I"$folder" -o "$folder/fuzz_device" $sources

# New inputs go to the first folder; the second one is only read.
exec "$folder/fuzz_device" -max_len=4096 -artifact_prefix="$folder/" "$@" "$folder/corpus" tests/fuzz/corpus
