#!/usr/bin/env bash
# Packages for Debian, installed by dpkg in a root of their own (this system's, to which nothing is written, without the
# sources): the program on two ranks, Python, the manual, completion, and a host that is compiled against the library.
set -euo pipefail
fail() {
  echo "$1" >&2
  exit 1
}

if [ "${1-}" = within ]; then # in that root
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 HOME=/root LC_ALL=C.UTF-8
  unset VOLLEY VOLLEY_SOURCE VOLLEY_BUILD PYTHONPATH LD_LIBRARY_PATH
  dpkg -i /packages/*.deb >/tmp/log 2>&1 || fail "$(cat /tmp/log)"
  [ "$(command -v volley)" = /usr/bin/volley ] || fail "volley is not on the PATH"
  cd "$(mktemp -d)"
  volley --version | grep -q '^volley [0-9]' || fail "no version"
  experiments=/usr/share/volley/experiments
  mpirun -n 2 --oversubscribe volley run $experiments/vogels_abbott_cuba.yaml -o out.h5 --set 'simulation.duration="600 ms"' >/tmp/log 2>&1 ||
    fail "$(cat /tmp/log)"
  volley info out.h5 | grep -q digest || fail "info says nothing of the output"
  volley plot out.h5 -o out.png
  [ -s out.png ] || fail "no plot"
  /usr/bin/python3 -c 'import volley, sys
run = volley.open("out.h5")
net = volley.Network(dt=0.1, duration=20)
net.population("E", 10, "iaf_psc_exp", I_e=500)
with net.build() as simulation:
    simulation.run(20)
    sys.exit(0 if volley.__file__.startswith("/usr/lib/python3") and run.summary["spikes"] > 0 and simulation.digest else 1)' ||
    fail "the package of Python does not work"
  man --warnings -l /usr/share/man/man1/volley.1 >page 2>warnings || fail "no manual page"
  [ ! -s warnings ] || fail "the manual page: $(cat warnings)"
  grep -q 'volley run' page || fail "the manual page says nothing of run"
  bash -n /usr/share/bash-completion/completions/volley
  [ -x /usr/share/volley/slurm/run.sbatch ] || fail "no job scripts"
  [ -f /usr/share/doc/volley/README.md ] || fail "no documentation"
  cp /host.c . && eval "mpicc -Wall -Werror -o host host.c $(pkg-config --cflags --libs volley)"
  ldd host | grep -q libvolley || fail "the host is not linked with the shared library"
  mpirun -n 2 --oversubscribe ./host | grep -q '^driven, at 100 ms: [1-9]' || fail "the host does not run"
  exit 0
fi

room=$(mktemp -d)
trap 'umount -R "$room/all" 2>/dev/null || true; rm -rf "$room"' EXIT
[ "$(id -u)" -eq 0 ] || { echo "skipped: dpkg needs root"; exit 77; }
mkdir "$room/all"
mount -t tmpfs tmpfs "$room/all" 2>/dev/null || { echo "skipped: nothing can be mounted here"; exit 77; }
mkdir "$room/all/"{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$room/all/upper,workdir=$room/all/work" "$room/all/root" 2>/dev/null ||
  { echo "skipped: there are no overlays here"; exit 77; }
root=$room/all/root
"$VOLLEY_SOURCE/jobs/package" "$root/packages" >"$room/log" 2>&1 || fail "$(tail -40 "$room/log")"
cp "$VOLLEY_SOURCE/jobs/embed/host.c" "$root/host.c"
cp "$0" "$root/test"
rm -rf "${root:?}/$VOLLEY_SOURCE" # the overlay hides the sources; they stay where they are
mount --bind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs tmpfs "$root/tmp"
chroot "$root" bash /test within
