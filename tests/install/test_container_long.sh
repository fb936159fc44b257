#!/usr/bin/env bash
# The container's definition without Apptainer: roots of Debian 12 that debootstrap makes take the place of its images, and %files, %post,
# %test and %runscript of both stages are done in them as Apptainer does.
set -euo pipefail
fail() {
  echo "$1" >&2
  exit 1
}
skip() {
  echo "skipped: $1"
  exit 77
}
definition=$VOLLEY_SOURCE/jobs/recipes/volley.def

# The lines of a section of a stage.
section() {
  awk -v stage="$1" -v section="%$2" '
    /^Bootstrap:/ { inside = 0; present = "" }
    /^Stage:/ { present = $2 }
    /^%/ { inside = present == stage && $1 == section; next }
    inside { print }' "$definition"
}

[ "$(id -u)" -eq 0 ] || skip "a root of its own needs root"
command -v debootstrap >/dev/null || skip "debootstrap is missing (on Debian debootstrap)"
[ "$(grep -c '^From: debian:12$' "$definition")" -eq 2 ] || fail "the stages are not from debian:12"
room=$(mktemp -d)
trap 'umount -R "$room/all" 2>/dev/null || true; rm -rf "$room"' EXIT
mkdir "$room/all"
mount -t tmpfs tmpfs "$room/all" 2>/dev/null || skip "nothing can be mounted here"
debootstrap --variant=minbase bookworm "$room/all/debian" >"$room/log" 2>&1 || fail "$(tail -20 "$room/log")"
cp /etc/resolv.conf /etc/hosts "$room/all/debian/etc/"

# begin STAGE: a root of Debian, with the devices and file systems that a container has.
begin() {
  root=$room/all/$1
  cp -a "$room/all/debian" "$root"
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  mount --rbind /sys "$root/sys"
}

# within STAGE SECTION [ARGUMENTS]: runs a section in the stage's root.
within() {
  section "$1" "$2" >"$root/section"
  [ -s "$root/section" ] || fail "the stage $1 has no %$2"
  env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 chroot "$root" sh -e /section "${@:3}" >"$room/log" 2>&1 ||
    fail "%$2 of the stage $1: $(tail -40 "$room/log")"
}

section build files | grep -qxE ' +\. /volley' || fail "the first stage does not copy this folder to /volley"
begin build
mkdir -p "$root/volley/build/package"
tar -C "$VOLLEY_SOURCE" --exclude=./build -cf - . | tar -C "$root/volley" -xf -
echo "CMAKE_HOME_DIRECTORY:INTERNAL=$VOLLEY_SOURCE" >"$root/volley/build/package/CMakeCache.txt" # of a build outside
within build post

packages=$root/packages
section final files | grep -qxE ' +/packages /packages' || fail "the second stage does not take the packages"
begin final
cp -a "$packages" "$root/packages"
within final post
[ ! -e "$root/packages" ] || fail "the packages stay in the image"
section final environment | grep -q OMPI_MCA_btl_vader_single_copy_mechanism=none || fail "MPI is told nothing of containers"
within final test
grep -q '^volley [0-9]' "$room/log" || fail "%test tells no version: $(cat "$room/log")"
within final runscript run /usr/share/volley/experiments/vogels_abbott_cuba.yaml -o /tmp/out.h5 --set 'simulation.duration="600 ms"'
within final runscript info /tmp/out.h5
grep -q digest "$room/log" || fail "the container's program does not run: $(cat "$room/log")"
