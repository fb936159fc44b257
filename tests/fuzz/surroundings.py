"""Environments: variables that users, launchers and schedulers set, and limits of the shell. Values that the libraries
themselves refuse before the program begins are not among them."""
import os


VARIABLES = {
    "OMP_NUM_THREADS": ["1", "2", "3", "7", "64"],
    "OMP_THREAD_LIMIT": ["1", "2"],
    "OMP_DYNAMIC": ["true", "false"],
    "OMP_PROC_BIND": ["true", "close", "spread", "false"],
    "OMP_PLACES": ["cores", "threads", "{0}", "{0},{1}"],
    "OMP_WAIT_POLICY": ["active", "passive"],
    "OMP_STACKSIZE": ["64k", "16M"],
    "OMP_SCHEDULE": ["dynamic,1", "static"],
    "OMP_NESTED": ["true"],
    "OMP_MAX_ACTIVE_LEVELS": ["1", "3"],
    "OMPI_MCA_io": ["romio321", "ompio"],
    "OMPI_MCA_mpi_yield_when_idle": ["0", "1"],
    "OMPI_MCA_coll": ["^tuned"],
    "OMPI_COMM_WORLD_LOCAL_SIZE": ["x", "-1", "0", "1000000"],
    "SLURM_CPUS_PER_TASK": ["1", "2", "3x", "", "-1", "0", "99999999999", "64"],
    "SLURM_JOB_END_TIME": ["1", "x", "", "99999999999999999999", "4102444800", "-5"],
    "SLURM_JOB_START_TIME": ["1", "x"],
    "SLURM_TASKS_PER_NODE": ["x", "2(x3)", "1"],
    "SLURM_MEM_PER_NODE": ["1", "x"],
    "SLURM_NTASKS": ["2", "x"],
    "HDF5_USE_FILE_LOCKING": ["FALSE", "TRUE", "BEST_EFFORT", "x"],
    "HDF5_PLUGIN_PATH": ["/nowhere", "", "/"],
    "HDF5_DISABLE_VERSION_CHECK": ["1", "2"],
    "LC_ALL": ["C", "POSIX", "C.UTF-8", "de_DE.UTF-8", "xx_YY"],
    "LC_NUMERIC": ["de_DE.UTF-8"],
    "LANG": ["tr_TR.UTF-8", ""],
    "LANGUAGE": ["de"],
    "TZ": ["Asia/Kathmandu", "xyz"],
    "TMPDIR": ["/tmp"],
    "HOME": ["/nowhere", ""],
    "USER": ["", "a b"],
    "TERM": ["", "dumb", "xterm-256color"],
    "COLUMNS": ["0", "-1", "1000000", "x"],
    "NO_COLOR": ["1"],
    "MALLOC_PERTURB_": ["165"],
    "PETSC_OPTIONS": ["-ksp_type cg", "-options_left 0"],
}
STACK = 4096 if "VOLLEY_TEST_C_FLAGS" in os.environ else 512  # kB; unoptimised and with sanitizers the gates' frames take half a MB
# Limits of the shell: none of them keeps the program from starting.
LIMITS = ["umask 0777", "umask 0", "ulimit -n 64", f"ulimit -s {STACK}", "ulimit -s unlimited", "ulimit -c 0", "ulimit -u 4000",
          "exec </dev/null", "exec <&-", "exec >/dev/null", "ulimit -f 8000", "ulimit -l 0", "cd .",
          "chmod a-w .", "trap '' TERM INT", "exec 2>&1"]


def make(random):
    """Variables {name: value} and Bash lines that come before the program."""
    names = random.sample(sorted(VARIABLES), random.choice([1, 2, 3]))
    lines = random.sample(LIMITS, random.choice([0, 0, 1, 1]))
    return {name: random.choice(VARIABLES[name]) for name in names}, lines
