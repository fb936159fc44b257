#!/usr/bin/env bash
# Builds without PETSc, with MPICH where that is installed beside Open MPI: runs, refusals, and the tests that need neither.
# Without SLEPc alone, and with libraries that do not fit, what CMake and the program say.
set -euo pipefail
fail() {
  echo "$1" >&2
  exit 1
}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# says WORDS COMMAND...: the command fails with these words, whatever its lines.
says() {
  local words=$1
  shift
  if "$@" >"$folder/said" 2>&1; then fail "no fault from: $*"; fi
  tr -s '\n ' '  ' <"$folder/said" | grep -qF "$words" || fail "no \"$words\" in: $(cat "$folder/said")"
}

configure() {
  cmake -S "$VOLLEY_SOURCE" -B "$folder/$1" -DCMAKE_BUILD_TYPE=Release -DVOLLEY_NATIVE=OFF "${@:2}"
}

# HDF5 that does not fit: without MPI, and with another one.
mkdir -p "$folder/hdf5/include" "$folder/hdf5/lib"
printf 'int H5open(void);\n#define H5_VERS_INFO "HDF5 library version: 1.10.8"\n' >"$folder/hdf5/include/hdf5.h"
echo 'int H5open(void) { return 0; }' >"$folder/hdf5.c"
cc -shared -fPIC -o "$folder/hdf5/lib/libhdf5.so" "$folder/hdf5.c"
says "is built without MPI" configure serial -DHDF5_ROOT="$folder/hdf5"

petsc=OFF
mpi=()
if command -v mpicc.mpich >/dev/null && pkg-config --exists hdf5-mpich; then
  mpi=(-DMPI_EXECUTABLE_SUFFIX=.mpich)
  says "is built with another MPI" configure other "${mpi[@]}"
fi

configure build "${mpi[@]}" -DVOLLEY_PETSC=$petsc -DVOLLEY_TESTS=ON >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
cmake --build "$folder/build" --parallel 2 >"$folder/log" 2>&1 || fail "$(tail -40 "$folder/log")"
program=$folder/build/volley
mpirun=$(sed -n 's/^MPIEXEC_EXECUTABLE:FILEPATH=//p' "$folder/build/CMakeCache.txt")
if [ ${#mpi[@]} -gt 0 ]; then
  ldd "$program" | grep -q libmpich || fail "this is not MPICH"
fi

cd "$folder"
experiments=$VOLLEY_SOURCE/jobs/experiments
digest() {
  "$program" info "$1" --json | sed -n 's/^ *"spike_digest": *"\(.*\)".*/\1/p'
}
for ranks in 1 3; do
  "$mpirun" -n $ranks "$program" run "$experiments/vogels_abbott_cuba.yaml" -o out.$ranks.h5 --set 'simulation.duration="600 ms"' >/dev/null
done
[ -n "$(digest out.1.h5)" ] && [ "$(digest out.1.h5)" = "$(digest out.3.h5)" ] || fail "other spikes on 3 ranks"
says "readouts that learn need PETSc, which this program was built without (-DVOLLEY_PETSC=OFF)" \
  "$program" run "$experiments/force/lif_sine.yaml" -o force.h5
says "lif_sine.yaml:" "$program" check "$experiments/force/lif_sine.yaml"
says "'-ksp_type' behind -- is for PETSc, which this program was built without" \
  "$mpirun" -n 2 "$program" run "$experiments/vogels_abbott_cuba.yaml" -o ksp.h5 -- -ksp_type cg

cd build
ctest --output-on-failure -R "^unit_|^mpi_|^invariance_test_digest$|^command_line_test_sonata$|^restart_test_two_runs$" --parallel 2 >"$folder/log" 2>&1 ||
  fail "$(tail -60 "$folder/log")"
