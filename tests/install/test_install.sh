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

# Runs a program on two ranks, which must tell the version and a fault twice, and nothing else.
check_program() {
  [ "$("$VOLLEY_MPIRUN" -n 2 "$@" 2>&1 | grep -c "^volley [0-9.]*: nowhere.yaml: ")" -eq 2 ] || fail "$1 does not tell a fault on 2 ranks"
}

cmake --install "$VOLLEY_BUILD" --prefix "$prefix" >"$folder/log" 2>&1 || fail "$(cat "$folder/log")"
for file in bin/volley include/volley/base/codes.h include/volley/volley.h share/volley/plot/volley_plot.py \
  share/volley/experiments/microcircuit.yaml share/volley/slurm/run.sbatch share/man/man1/volley.1 share/doc/volley/LICENSE \
  share/bash-completion/completions/volley share/zsh/site-functions/_volley share/doc/volley/docs/tutorial.md; do
  [ -f "$prefix/$file" ] || fail "$file is not installed"
done
[ "$(find "$prefix/include" -name '*.h' | grep -cE '/(io|app|engine|partition)/')" -eq 0 ] || fail "private headers are installed"
"$prefix/bin/volley" --version | grep -q '^volley [0-9]' || fail "the installed program does not run"
grep -rlFI "$VOLLEY_SOURCE" "$prefix/include" "$prefix/share" "$prefix"/lib/*/cmake "$prefix"/lib/*/pkgconfig \
  "$prefix"/lib/cmake "$prefix"/lib/pkgconfig 2>/dev/null && fail "installed files name the source folder"

# The file for `module load`, by a Tcl that has the words of Environment Modules.
if command -v tclsh >/dev/null; then
  tclsh >"$folder/module" <<END || fail "the module file is none: $(cat "$folder/module")"
foreach word {module-whatis conflict} { proc \$word {args} {} }
proc prepend-path {name path} { puts "\$name \$path" }
source [lindex [glob "$prefix/share/volley/modulefiles/volley/*"] 0]
END
  grep -qxF "PATH $prefix/bin" "$folder/module" || fail "the module file names another folder: $(cat "$folder/module")"
fi

# The Python package, away from the sources: it finds the installed program, and runs in its process.
if [ -e "$prefix/share/volley/python/volley/_simulation.so" ] && [ -z "${VOLLEY_TEST_C_FLAGS-}" ]; then
  (cd "$folder" && env -u VOLLEY -u VOLLEY_BUILD PYTHONPATH="$prefix/share/volley/python" /usr/bin/python3 - "$prefix") <<'END' || fail "the installed Python package does not work"
import sys
import volley
assert volley.program.find().startswith(sys.argv[1]), volley.program.find()
net = volley.Network(dt=0.1, duration=20)
net.population("E", 10, "iaf_psc_exp", I_e=500)
net.record("spikes", "E")
run = net.run("installed.h5")
with net.build() as simulation:
    simulation.run(20)
    assert simulation.digest == run.summary["spike_digest"] and run.summary["spikes"] > 0
assert open(run.plot("installed.png"), "rb").read(4) == b"\x89PNG"
END
fi

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

# The host of jobs/embed against the installed copy: on any number of ranks it tells the same.
eval "mpicc ${VOLLEY_TEST_C_FLAGS-} -Wall -Werror -o '$folder/host' '$VOLLEY_SOURCE/jobs/embed/host.c' $(pkg-config --cflags --libs volley)"
for ranks in 1 2 3; do
  "$VOLLEY_MPIRUN" -n $ranks "$folder/host" >"$folder/host.$ranks"
  grep -q "^driven, at 100 ms: [1-9]" "$folder/host.$ranks" || fail "the host on $ranks ranks says: $(cat "$folder/host.$ranks")"
  cmp "$folder/host.1" "$folder/host.$ranks" || fail "the host tells other things on $ranks ranks"
done
