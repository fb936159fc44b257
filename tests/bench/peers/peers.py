"""The same networks in Volley and in what else is installed, in turns: Brian 2, NEURON, NEST.

    VOLLEY=build/release/volley python3 tests/bench/peers/peers.py [NETWORK ...] [--threads T] [--repeats N] [--scale S]

Networks are Volley's experiments. `volley export` writes their neurons and synapses, which the other programs read, so that all have the
same ones, one by one; Poisson spikes are each program's own. Only the simulation is timed, nothing is recorded but numbers of spikes, and
the rates must be alike for the times to mean anything. Leave the machine alone meanwhile."""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENTS = os.path.join(HERE, "..", "..", "..", "jobs", "experiments")
# experiment, what is set, ms
NETWORKS = {
    "coba": ("vogels_abbott_coba.yaml", [], 1000),
    "cuba": ("vogels_abbott_cuba.yaml", [], 1000),
    "hh": ("vogels_abbott_hh.yaml", [], 1000),
    "microcircuit": ("microcircuit.yaml", ["network.scale.neurons={scale}", "network.scale.indegree={scale}"], 1000),
    "brunel_stdp": ("brunel_stdp.yaml", [], 500),
}
# name, script, module that must be there, target, networks, whether it runs with threads
PEERS = [
    ("Brian 2, C++ standalone", "brian.py", "brian2", "cpp_standalone", NETWORKS, True),
    ("Brian 2, NumPy", "brian.py", "brian2", "numpy", ["coba", "cuba", "hh"], False),
    ("NEURON", "neuron_.py", "neuron", "-", ["hh"], True),
    ("NEST", "nest_.py", "nest", "-", NETWORKS, True),
]


def command(words, **more):
    result = subprocess.run(words, capture_output=True, text=True, **more)
    if result.returncode != 0:
        sys.exit(f"{' '.join(words)}\n{result.stdout}{result.stderr}")
    return result.stdout


def version_of(module):
    """None: it cannot be imported, or lacks its compiler of channels (on Debian in neuron-dev)."""
    if module == "neuron" and not shutil.which("nrnivmodl"):
        return None
    result = subprocess.run([sys.executable, "-c", f"import {module}; print(getattr({module}, '__version__', '?'))"], capture_output=True, text=True)
    return result.stdout.split()[-1] if result.returncode == 0 else None


class Run:
    """A network that is written once, for all to run."""

    def __init__(self, name, arguments, folder):
        file, sets, self.duration = NETWORKS[name]
        self.name, self.folder, self.threads = name, folder, arguments.threads
        sets = [*(text.format(scale=arguments.scale) for text in sets), f"simulation.duration={self.duration} ms"]
        self.words = [os.path.join(EXPERIMENTS, file), *(word for text in sets for word in ("--set", text))]
        self.network, self.resolved = os.path.join(folder, name), os.path.join(folder, name + ".yaml")
        command([os.environ["VOLLEY"], "export", *self.words, "-o", self.network])
        with open(self.resolved, "w", encoding="utf-8") as written:
            written.write(command([os.environ["VOLLEY"], "check", "--resolved", *self.words]))

    def volley(self):
        summary = os.path.join(self.folder, "summary.json")
        words = [os.environ["VOLLEY"], "run", *self.words, "-o", os.path.join(self.folder, "out.h5"), "--overwrite", "--progress", "off",
                 "--summary", summary, "--threads", str(self.threads)]
        command(words)
        with open(summary, encoding="utf-8") as file:
            found = json.load(file)
        return {"version": command([os.environ["VOLLEY"], "--version"]).split()[1], "build_s": found["build_s"], "command": words,
                "simulate_s": found["simulate_s"], "rates": found["rate_hz"], "settings": "its defaults"}

    def peer(self, script, target, threads):
        words = [sys.executable, os.path.join(HERE, script), self.network, self.resolved, target, str(threads)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": HERE}
        return {**json.loads(command(words, env=environment).splitlines()[-1]), "command": words}


def report(run, name, threads, found, ours):
    seconds = [each["simulate_s"] / run.duration * 1000 for each in found]
    median, last = statistics.median(seconds), found[-1]
    rates = ", ".join(f"{rate:.1f}" for rate in last["rates"].values())
    print(f"| {run.name} | {name} {last['version']} | {threads} | {last['settings']} | {last['build_s']:.2f} | {median:.3f} "
          f"({min(seconds):.3f} to {max(seconds):.3f}) | {median / ours:.2f} | {rates} |", flush=True)


def compare(run, repeats):
    ways = [("Volley", run.threads, run.volley)]
    for name, script, module, target, networks, has_threads in PEERS:
        if run.name in networks and version_of(module):
            threads = run.threads if has_threads else 1
            ways.append((name, threads, lambda s=script, t=target, n=threads: run.peer(s, t, n)))
    found = {name: [] for name, _, _ in ways}
    for _ in range(repeats):
        for name, _, work in ways:
            found[name].append(work())
    ours = statistics.median(each["simulate_s"] / run.duration * 1000 for each in found["Volley"])
    for name, threads, _ in ways:
        report(run, name, threads, found[name], ours)
    return {name: " ".join(each[-1]["command"]) for name, each in found.items()}


def main():
    if "VOLLEY" not in os.environ:
        sys.exit("peers.py: VOLLEY must name the program, as build/release/volley")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help=", ".join(NETWORKS))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--scale", type=float, default=0.1, help="of the microcircuit")
    arguments = parser.parse_args()
    for name, _, module, _, networks, _ in PEERS:
        print(f"{name}: {version_of(module) or 'not installed'}; networks: {', '.join(networks)}")
    print("\n| network | program | threads | settings | build, s | s a model second | times Volley's | Hz of the populations |\n"
          "|---|---|---|---|---|---|---|---|")
    commands = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.networks or NETWORKS:
            commands[name] = compare(Run(name, arguments, folder), arguments.repeats)
    for name, words in commands.items():
        print(f"\n{name}")
        for program, text in words.items():
            print(f"  {program}: {text}")


main()
