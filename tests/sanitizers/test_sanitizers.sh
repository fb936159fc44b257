#!/usr/bin/env bash
# The nets with everything, with plastic synapses and with readouts under the address and undefined behaviour sanitizers,
# on 1 rank of 2 threads and on 2 ranks; test_sanitizers_long.sh has the unit and MPI tests and the thread sanitizer.
set -euo pipefail
cd "$VOLLEY_SOURCE"
cmake --preset asan >/dev/null
cmake --build --preset asan --parallel 2 --target volley >/dev/null
ctest --preset asan --no-tests=error -R '^invariance_test_layout$'
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
volley=build/asan/volley
# The search for leaks fails where Open MPI starts without its launcher: it cannot stop a thread of Open MPI.
alone=("$VOLLEY_MPIRUN" -n 1 "$volley")
for net in plastic force; do
  words=("tests/invariance/$net.yaml" --progress off --overwrite)
  [ $net != plastic ] || words+=(--set simulation.duration="1100 ms") # one sweep of the synapses; test_sanitizers_long.sh has two
  "${alone[@]}" check "${words[0]}" >/dev/null
  "${alone[@]}" run "${words[@]}" --threads 2 -o "$room/one.h5" >/dev/null
  "$VOLLEY_MPIRUN" -n 2 "$volley" run "${words[@]}" --threads 1 -o "$room/two.h5" >/dev/null
  "${alone[@]}" info "$room/two.h5" >/dev/null
done
