"""A build with gids of 64 bits: its tests pass with the results that are on record, checkpoints of either build are gone on with by
the other to the same bits, and `volley check` foretells ten thousand million neurons, which the build with 32 bits refuses."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import program  # noqa: E402
from nets import make_everything  # noqa: E402
from program import SOURCE, VOLLEY, execute, expect, finish, run, set_words  # noqa: E402
from recorded_results import fingerprint  # noqa: E402

FOLDERS = "unit|mpi|invariance|event|restart|bad_input|command_line|python|install"
HUGE = """
simulation: {duration: 1 s}
populations:
  - {name: [A, B], model: iaf_psc_exp, size: 4000000000, mean_rate: 3 Hz}
  - {name: C, model: iaf_psc_exp, size: 2000000000, mean_rate: 3 Hz}
projections:
  - {source: [A, B, C], target: [A, B, C], rule: fixed_indegree, indegree: 1000, weight: 10, delay: 1.5 ms}
"""


def build(folder):
    words = ["cmake", "-S", SOURCE, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DVOLLEY_GID_BITS=64", "-DVOLLEY_WERROR=ON"]
    words += ["-DCMAKE_C_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    for command in (words, ["cmake", "--build", folder, "--parallel", str(os.cpu_count())]):
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{result.stdout}{result.stderr}")
    return os.path.join(folder, "volley")


def check_tests(folder):
    """All tests of these folders but the long ones."""
    words = ["ctest", "--test-dir", folder, "-L", f"^({FOLDERS})$", "-LE", "slow", "-j", str(os.cpu_count()), "--output-on-failure"]
    result = subprocess.run(words, capture_output=True, text=True)
    print(result.stdout[-3000:])
    expect(result.returncode == 0, "tests of the build with 64 bits")


def go_on(builds, experiment, folder):
    """Results of a run that the first build takes to its middle, and the second to its end."""
    output = os.path.join(folder, "out.h5")
    settings = {"simulation.duration": "100 ms", "checkpoint.every": "50 ms model", "checkpoint.file": os.path.join(folder, "c.h5")}
    program.VOLLEY = builds[0]
    run(experiment, output, {**settings, "simulation.duration": "50 ms"})
    program.VOLLEY = builds[1]
    summary = output + ".json"
    result = execute(["run", experiment, "--resume", settings["checkpoint.file"], "-o", output, "--overwrite", "--progress", "off", "--summary", summary]
                     + set_words(settings))
    if result.returncode != 0:
        sys.exit(result.stdout + result.stderr)
    with open(summary, encoding="utf-8") as file:
        return json.load(file)["spike_digest"], fingerprint(output), fingerprint(settings["checkpoint.file"])


def check_restarts(wide, folder):
    experiment = make_everything(folder)
    found = [go_on(builds, experiment, folder) for builds in ((VOLLEY, VOLLEY), (VOLLEY, wide), (wide, VOLLEY), (wide, wide))]
    expect(len(set(found)) == 1, f"restarts between builds: {found}")


def check_huge(wide, folder):
    experiment = os.path.join(folder, "huge.yaml")
    with open(experiment, "w", encoding="utf-8") as file:
        file.write(HUGE)
    program.VOLLEY = VOLLEY
    result = execute(["check", experiment], threads=None)
    wanted = "10000000000 neurons in all; at most 4294967295 are possible, or more where Volley is built with -DVOLLEY_GID_BITS=64"
    expect(result.returncode == 2 and wanted in result.stderr, f"32 bits: {result.returncode} {result.stderr}")
    program.VOLLEY = wide
    words = ["check", experiment, "--ranks", "10000", "--json"]
    result = subprocess.run(["/usr/bin/env", "bash", "-c", "ulimit -v 8000000; exec \"$@\"", "bash"] + program.command(words, threads=2),
                            capture_output=True, text=True)
    expect(result.returncode == 0, f"64 bits: {result.returncode} {result.stderr}")
    found = json.loads(result.stdout)["network"] if result.returncode == 0 else {}
    expect(found.get("neurons") == 1e10 and found.get("synapses") == 3e13, f"64 bits: {found}")
    for bits, of in ((32, VOLLEY), (64, wide)):
        told = subprocess.run([of, "version"], capture_output=True, text=True).stdout
        expect(re.fullmatch(rf"volley \S+ \(\S+\), gids of {bits} bits\n", told), told)


def main():
    with tempfile.TemporaryDirectory() as folder:
        made = os.path.join(folder, "build")
        wide = build(made)
        check_huge(wide, folder)
        check_restarts(wide, folder)
        check_tests(made)
    finish()


main()
