# Sourced by jobs/quickstart and tests/run: installs missing Debian packages, configures and builds.
# Expects the shell to stand in the top folder of Volley.

build_packages="build-essential cmake ninja-build pkg-config libopenmpi-dev openmpi-bin petsc-dev slepc-dev libhdf5-openmpi-dev libyaml-dev
  librandom123-dev libptscotch-dev python3-dev"
plot_packages="python3 python3-h5py python3-matplotlib"
test_packages="libcmocka-dev python3-yaml python3-bmtk python3-scipy python3-pandas python3-neo
  python3-mpi4py python3-pynn mypy"
long_packages="libsimgrid-dev debootstrap mkdocs chromium mpich libmpich-dev libhdf5-mpich-dev" # for tests/run --all
# For tests/slurm, which starts daemons of its own and needs root for that. Debian starts none of these in a container, and
# elsewhere only munged: those of SLURM wait for a /etc/slurm/slurm.conf.
slurm_packages="slurmctld slurmd slurm-client munge"

# Prints those of the packages that are not installed.
missing_packages() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || printf '%s ' "$package"
  done
}

# Installs those of the packages that are missing; without the right to, says how and stops.
install_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "This is no Debian system: the packages $* must be there under other names."
    return
  fi
  local missing root=()
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
      printf 'Packages are missing. Install them, then start this again:\n\n  sudo apt-get install -y %s\n\n' "$missing" >&2
      exit 1
    fi
    root=(sudo -n)
  fi
  echo "Installing $missing"
  "${root[@]}" apt-get update -qq </dev/null
  # shellcheck disable=SC2086  # a list of words
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing </dev/null
}

# Configures and builds a target of the preset release; further arguments go to cmake.
build_release() {
  local target=$1
  shift
  ! command -v ninja >/dev/null || export CMAKE_GENERATOR="${CMAKE_GENERATOR:-Ninja}" # a fifth faster; a folder that is there keeps its own
  cmake --preset release "$@"
  cmake --build --preset release --target "$target" --parallel "$(nproc)"
}

# Lets mpirun work where it is asked for more than a laptop's default: as root in a container, and without system calls
# that containers forbid.
prepare_mpi() {
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  fi
  export OMPI_MCA_btl_vader_single_copy_mechanism=none
}
