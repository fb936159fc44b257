#!/usr/bin/env bash
# Installs the build into a temporary folder, runs the installed program, and builds a program against the installed
# library in both ways: CMake and pkg-config.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
prefix="$folder/a prefix"
program=$VOLLEY_SOURCE/tests/install/program

fail() {
  echo "$1" >&2
  exit 1
}

# Runs a program on two ranks, which must print the model's name twice.
check_program() {
  [ "$("$VOLLEY_MPIRUN" -n 2 "$@" | grep -cx iaf_psc_exp)" -eq 2 ] || fail "$1 does not print the models on 2 ranks"
}

cmake --install "$VOLLEY_BUILD" --prefix "$prefix" >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
for file in bin/volley include/volley/base/status.h include/volley/io/output/file.h share/volley/volley_plot.py \
  share/volley/experiments/microcircuit.yaml; do
  [ -f "$prefix/$file" ] || fail "$file is not installed"
done
"$prefix/bin/volley" --version | grep -q '^volley [0-9]' || fail "the installed program does not run"
grep -rlF "$VOLLEY_SOURCE" "$prefix/include" "$prefix/share" "$prefix"/lib/*/cmake "$prefix"/lib/*/pkgconfig \
  "$prefix"/lib/cmake "$prefix"/lib/pkgconfig 2>/dev/null && fail "installed files name the source folder"

cmake -S "$program" -B "$folder/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS="${VOLLEY_TEST_C_FLAGS-}" >"$folder/log" 2>&1 &&
  cmake --build "$folder/build" >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
check_program "$folder/build/program"

PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name volley.pc)")
export PKG_CONFIG_PATH
# Words may hold escaped spaces: let the shell read them.
eval "mpicc ${VOLLEY_TEST_C_FLAGS-} -o '$folder/program' '$program/main.c' $(pkg-config --cflags --libs volley)"
library=$(dirname "$(find "$prefix" -name 'libvolley.*' | head -1)")
export LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
check_program "$folder/program"
