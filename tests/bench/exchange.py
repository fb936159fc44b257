"""What goes between ranks with each exchange, counted, on more ranks than there are cores.

    exchange.py BUILD_FOLDER [--ranks 8] [--model-ms 200]

Prints a line for each network and exchange: exchanges of all ranks a model second, those of groups of two ranks, messages
of a rank a step, bytes received by a rank a step, other ranks that a spike was sent to. The networks: a hundredth of the
microcircuit, where every neuron has targets on every rank; and a sheet whose neurons reach a tenth of its side."""
import argparse
import json
import os
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
EXPERIMENTS = os.path.join(HERE, "..", "..", "jobs", "experiments")
SHEET = """
populations:
  - {name: S, model: iaf_psc_exp, size: 6400, positions: {type: grid, shape: [80, 80], extent: [1, 1]},
     parameters: {I_e: {distribution: uniform, low: 350, high: 420}}}
projections:
  - {source: S, target: S, rule: fixed_indegree, indegree: 40, weight: 2, delay: 1.5 ms,
     probability: {function: box, radius: 0.1}}
simulation: {duration: 1 s}
"""
SCALED = ("network.scale.neurons=0.05", "network.scale.indegree=0.05")


def measure(arguments, experiment, exchange, settings, folder):
    summary = os.path.join(folder, "summary.json")
    words = [os.path.join(arguments.build, "volley"), "run", experiment, "-o", os.path.join(folder, "out.h5"),
             "--overwrite", "--progress", "off", "--threads", "1", "--summary", summary]
    for setting in (f"simulation.duration={arguments.model_ms} ms", f"simulation.exchange={exchange}", *settings):
        words += ["--set", setting]
    subprocess.run(["mpirun", "-n", str(arguments.ranks), *words], check=True, stdout=subprocess.DEVNULL)
    with open(summary, encoding="utf-8") as file:
        found = json.load(file)
    steps, figures = found["model_ms"] / 0.1, found["exchange"]
    return (figures["calls"] / found["model_ms"] * 1000, figures["group_calls"] / found["model_ms"] * 1000,
            figures["messages"] / steps / arguments.ranks, figures["bytes_received"] / steps / arguments.ranks,
            figures["ranks_told"], figures.get("chosen", ""), found["spike_digest"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--ranks", type=int, default=8)
    parser.add_argument("--model-ms", type=int, default=200)
    arguments = parser.parse_args()
    print("network,exchange,calls_per_s,group_calls_per_s,messages_per_step,bytes_per_step,ranks_told,chosen")
    with tempfile.TemporaryDirectory() as folder:
        sheet = os.path.join(folder, "sheet.yaml")
        with open(sheet, "w", encoding="utf-8") as file:
            file.write(SHEET)
        nets = {"microcircuit": (os.path.join(EXPERIMENTS, "microcircuit.yaml"), (*SCALED, "recorders=[]")),
                "sheet": (sheet, ())}
        for name, (experiment, settings) in nets.items():
            digests = set()
            for exchange in ("allgather", "neighbour", "two_level", "auto"):
                group = ("simulation.exchange_group=2",) if exchange == "two_level" else ()
                *figures, chosen, digest = measure(arguments, experiment, exchange, (*settings, *group), folder)
                print(f"{name},{exchange}," + ",".join(f"{x:.4g}" for x in figures) + f",{chosen}", flush=True)
                digests.add(digest)
            if len(digests) > 1:
                raise SystemExit(f"{name}: the exchanges give other spikes")


if __name__ == "__main__":
    main()
