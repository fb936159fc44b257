#!/usr/bin/env bash
# The unit tests and the MPI tests on 1 and 2 ranks under the address and undefined behaviour sanitizers; the net with
# everything and the exchange, with threads, under the thread sanitizer.
set -euo pipefail
cd "$VOLLEY_SOURCE"
cmake --preset asan >/dev/null
cmake --build --preset asan --parallel 2 >/dev/null
ctest --preset asan --no-tests=error --parallel 2 -R '^unit_|^mpi_.*_[12]$'
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
"$VOLLEY_MPIRUN" -n 2 build/asan/volley run tests/invariance/plastic.yaml --progress off --threads 1 -o "$room/plastic.h5" >/dev/null
cmake --preset tsan >/dev/null
cmake --build --preset tsan --parallel 2 --target volley mpi_test_exchange >/dev/null
ctest --preset tsan --no-tests=error -R '^mpi_test_exchange_2|^invariance_test_layout'
