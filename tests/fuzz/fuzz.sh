#!/usr/bin/env bash
# Build a fuzz target of the link and run it on the checked-in corpus and beyond.
#
#   tests/fuzz/fuzz.sh FOLDER [--extended|--learner] [libFuzzer options]
#
# The target is the device application for inference; with --extended the one with transfers, sessions and tags, with
# --learner the one of a board that learns.
# FOLDER takes the build, the growing corpus and, after a finding, the input that caused it. Ten million executions:
#   tests/fuzz/fuzz.sh build/fuzz --extended -runs=10000000
set -eu
cd "$(dirname "$0")/../.."
[ $# -ge 1 ] || { echo "usage: tests/fuzz/fuzz.sh FOLDER [--extended|--learner] [libFuzzer options]" >&2; exit 2; }

folder=$1
shift
target=device
corpus=tests/fuzz/corpus
units="cobs crc32 frame device requests model"
options=
if [ "${1:-}" = --extended ]; then
    shift
    target=extended
    corpus=tests/fuzz/corpus_extended
    units="$units reply transfer session auth"
    options="-DFP_EXTENDED=1 -DFP_REQUESTS_UNDER_WAY=3u -DFAKE_STORE_BYTES=2048u"
fi
if [ "${1:-}" = --learner ]; then
    shift
    target=learner
    corpus=tests/fuzz/corpus_learner
    units="$units reply transfer session requests_learn learning learning_store"
    options="-DFP_EXTENDED=1 -DFP_REQUESTS_UNDER_WAY=3u -ffp-contract=off"
fi
runtime=firmware_gen/runtime
python=${PYTHON:-.venv/bin/python}
mkdir -p "$folder/corpus"
"$python" -c 'from host_bridge.c_header import render_messages_header as render; print(render(), end="")' >"$folder/fp_messages.h"

sources=tests/fuzz/fuzz_$target.c
for name in $units; do
    sources="$sources $runtime/src/fp_$name.c"
done
if [ $target = learner ]; then
    PYTHONPATH=. "$python" tests/fuzz/render_learner.py "$folder"
    sources="$sources $folder/fp_learner_data.c"
    for name in learner layers sparse float seeded wire cross_entropy synflow; do
        for source in "$runtime/src/fp_$name".c "$runtime/src/fp_${name}_"*.c; do
            case $source in *'*'* | *learning*) ;; *) [ ! -f "$source" ] || sources="$sources $source" ;; esac
        done
    done
fi
compile() {
    "${CLANG:-clang}" -std=c99 -Wall -Wextra -Werror -g $options -I"$runtime/include" -I"$runtime/src" -Itests/link -I"$folder" "$@"
}

# What is not tested is quick code, without checks.
compile -O2 -c tests/link/fake_models.c -o "$folder/fake_models.o"
untested="$folder/fake_models.o"
if [ $target = extended ]; then
    monocypher=$("$python" -m firmware_gen.monocypher)
    monocypher=${monocypher%%.c*}
    options="$options -I${monocypher%/*}"
    "${CLANG:-clang}" -O2 -c "$monocypher.c" -o "$folder/monocypher.o"
    compile -O2 -c tests/link/fake_store.c -o "$folder/fake_store.o"
    untested="$untested $folder/monocypher.o $folder/fake_store.o"
fi
# Without tracing of comparisons, which would take most of the time: the corpus knows the interesting numbers.
compile -O1 -fsanitize=fuzzer,address,undefined,float-cast-overflow -fno-sanitize-recover=all -fno-sanitize-coverage=trace-cmp \
    -o "$folder/fuzz_$target" $sources $untested

# New inputs go to the first folder; the second one is only read. A process of its own, not this one by exec: Linux would
# count the memory of whoever started this script as the fuzzer's, and a large test process is above libFuzzer's limit.
"$folder/fuzz_$target" -max_len=3000 -artifact_prefix="$folder/" "$@" "$folder/corpus" $corpus
