#!/usr/bin/env bash
# The unit tests, the MPI tests on 1 and 2 ranks and a net with everything under the address and undefined behaviour
# sanitizers; the net and the exchange, with threads, under the thread sanitizer.
set -euo pipefail
cd "$VOLLEY_SOURCE"
for preset in asan tsan; do
  cmake --preset $preset >/dev/null
  cmake --build --preset $preset --parallel 2 >/dev/null
done
ctest --preset asan --no-tests=error -R '^unit_|^mpi_.*_[12]$|^invariance_test_layout'
ctest --preset tsan --no-tests=error -R '^mpi_test_exchange_2|^invariance_test_layout'
