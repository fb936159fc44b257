"""What starts take: the time of commands that do next to nothing, the best of some, and the processor time of that one.
VOLLEY names the program, another one may be given as an argument to be compared."""
import os
import subprocess
import sys
import tempfile
import time

MPIRUN = os.environ.get("VOLLEY_MPIRUN", "mpirun")
ROUNDS = 10
NET = """
simulation: {dt: 0.1 ms, duration: 100 ms}
populations: [{name: A, model: iaf_psc_exp, size: 1, parameters: {I_e: 500}}]
recorders: [{type: spikes, population: A}]
"""


def measure(words, folder):
    """Wall-clock and processor time in ms of the fastest of some starts."""
    best = (float("inf"), 0.0)
    for _ in range(ROUNDS):
        before, begin = os.times(), time.perf_counter()
        subprocess.run(words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        wall, after = time.perf_counter() - begin, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        best = min(best, (1000 * wall, 1000 * used))
    return best


def main():
    programs = [os.path.abspath(name) for name in [os.environ.get("VOLLEY", "build/release/volley")] + sys.argv[1:]]
    run = ["run", "net.yaml", "-o", "a.h5", "--overwrite", "--progress", "off", "--threads", "1"]
    cases = {"--version": [], "help run": [], "models": [], "check net.yaml --threads 1": [], "run, one neuron": run,
             "run, one neuron, 2 ranks": run}
    print(f"{'':28}" + "".join(f"{'ms':>8}{'cpu ms':>8}" for _ in programs))
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "net.yaml"), "w", encoding="utf-8") as file:
            file.write(NET)
        for name, words in cases.items():
            launcher = [MPIRUN, "-n", "2"] if "ranks" in name else []
            times = [measure(launcher + [program] + (words or name.split()), folder) for program in programs]
            print(f"{name:28}" + "".join(f"{wall:8.0f}{used:8.0f}" for wall, used in times), flush=True)


if __name__ == "__main__":
    main()
