"""What the event engine costs, beside the clock engine, NEURON and a program in Python.

    VOLLEY=build/release/volley python3 tests/bench/events.py silent     nearly silent networks, against steps of 0.1 ms
                                                              idle       100,000 neurons that get one spike in 10 s
                                                              events     delivered events a second and core
                                                              neuron     IntFire1 of NEURON, and the queue of a blog post
                                                              cross      both engines over rates and indegrees, as CSV
                                                              check      whether `volley check` finds the faster engine

Simulation alone is timed, in seconds of the clock: leave the machine alone. cross --plot FILE.csv FILE.png draws."""
import argparse
import csv
import heapq
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
THREADS = os.cpu_count()

# Neurons that fire by their own input, at about `rate`: two arrivals within some milliseconds, or a strong one.
NETWORK = """
simulation: {{engine: {engine}, duration: {duration} ms, seed: {seed}}}
populations:
  - {{name: N, model: {model}, size: {neurons}, parameters: {{tau_m: 20 ms, C_m: 250 pF, E_L: 0 mV, V_th: 15 mV, V_reset: 0 mV, t_ref: 2 ms}},
     mean_rate: {rate}}}
projections:
  - {{source: N, target: N, rule: fixed_indegree, indegree: {indegree}, weight: {weight}, delay: {delay}}}
stimuli:
  - {{type: poisson, target: N, rate: {rate}, weight: {kick}}}
"""
SILENT = {"model": "iaf_psc_delta", "neurons": 100_000, "indegree": 100, "rate": 0.1, "weight": 0.0078125, "kick": 20, "duration": 10_000,
          "delay": "{distribution: uniform, low: 1, high: 5}", "seed": 1}


def simulate(settings, threads, folder, engine="event", dt="0.1 ms"):
    """The summary of a run without recorders."""
    experiment, summary = os.path.join(folder, "net.yaml"), os.path.join(folder, "summary.json")
    with open(experiment, "w", encoding="utf-8") as file:
        file.write(NETWORK.format(**{**settings, "engine": engine}))
    words = [os.environ["VOLLEY"], "run", experiment, "-o", os.path.join(folder, "out.h5"), "--overwrite", "--progress", "off",
             "--summary", summary, "--threads", str(threads)]
    words += ["--set", f"simulation.dt={dt}"] if engine == "clock" else []
    result = subprocess.run(words, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(result.stderr)
    with open(summary, encoding="utf-8") as file:
        return json.load(file)


def seconds_of(settings, folder):
    """What both engines take to simulate it with one thread, as {engine: seconds}, least of three; and the rate."""
    found = {engine: [simulate(settings, 1, folder, engine) for _ in range(3)] for engine in ("event", "clock")}
    return {engine: min(run["simulate_s"] for run in found[engine]) for engine in found}, found["event"][0]["rate_hz"]["N"]


def silent(folder):
    for threads in (1, THREADS):
        event, clock = (simulate(SILENT, threads, folder, engine) for engine in ("event", "clock"))
        rate, seconds = event["rate_hz"]["N"], event["simulate_s"]
        print(f"{SILENT['neurons']} neurons of {rate:.2f} Hz (clock {clock['rate_hz']['N']:.2f}), {SILENT['indegree']} synapses each, "
              f"{SILENT['duration'] / 1000:g} s, {threads} threads: event {seconds:.3f} s, clock {clock['simulate_s']:.3f} s, "
              f"ratio {clock['simulate_s'] / seconds:.1f}", flush=True)


def idle(folder):
    once = {**SILENT, "rate": 0}
    for threads in (1, THREADS):
        event, clock = (simulate(once, threads, folder, engine) for engine in ("event", "clock"))
        print(f"{once['neurons']} idle neurons, {once['duration'] / 1000:g} s, {threads} threads: event {event['simulate_s']:.5f} s, "
              f"clock {clock['simulate_s']:.2f} s", flush=True)


def events(folder):
    for model, kick in (("iaf_psc_delta", 20), ("iaf_psc_exp", 3000)):
        for neurons, indegree in ((10_000, 100), (10_000, 1000), (100_000, 1000)):
            busy = {**SILENT, "model": model, "neurons": neurons, "indegree": indegree, "rate": 10, "kick": kick,
                    "weight": 0.0078125 if model == "iaf_psc_delta" else 0.5, "duration": 1000 if neurons * indegree < 1e8 else 200}
            for threads in (1, THREADS):
                found = simulate(busy, threads, folder)
                print(f"{model}, {neurons} neurons of {found['rate_hz']['N']:.1f} Hz, {indegree} synapses each, {threads} threads: "
                      f"{found['synaptic_events']:.3g} events in {found['simulate_s']:.2f} s, "
                      f"{found['synaptic_events'] / found['simulate_s'] / threads:.3g} a second and core", flush=True)


# NEURON: the same network, by the same edges' distribution.
SHARED = {**SILENT, "neurons": 10_000, "indegree": 100, "rate": 10, "duration": 1000, "delay": "1.5", "weight": 0.0625, "kick": 16}
NEURON = """
import json, sys, time
import numpy
from neuron import h
p = json.loads(sys.argv[1])
random = numpy.random.default_rng(1)
n, k, threshold = p["neurons"], p["indegree"], 15.0
cells, stimuli, keep = [], [], []
for i in range(n):
    cell = h.IntFire1()
    cell.tau, cell.refrac = 20, 2
    cells.append(cell)
    stimulus = h.NetStim()
    stimulus.interval, stimulus.start, stimulus.number, stimulus.noise = 1000 / p["rate"], 0, 1e9, 1
    stimulus.noiseFromRandom123(i, 1, 0)
    stimuli.append(stimulus)
    keep.append(h.NetCon(stimulus, cell, 0, 0, p["kick"] / threshold))
for i in range(n):
    for source in random.integers(0, n, k):
        keep.append(h.NetCon(cells[source], cell := cells[i], 0, float(p["delay"]), p["weight"] / threshold))
times, ids = h.Vector(), h.Vector()
spikes = [0]
for i, cell in enumerate(cells):
    connection = h.NetCon(cell, None)
    connection.record(times, ids, i)
    keep.append(connection)
solver = h.CVode()
solver.active(1)
h.finitialize()
begin = time.perf_counter()
solver.solve(p["duration"])
print(json.dumps([time.perf_counter() - begin, len(times)]))
"""


class PostNeuron:
    """EventDrivenLIFNeuron of the blog post (jobs/experiments/event/pair.yaml says which), with what it needs to deliver at all."""

    def __init__(self, number):
        self.number, self.v, self.last, self.spikes, self.synapses = number, 0.0, -1e9, [], []

    def receive(self, now, event, queue):
        if now - self.last < 2:
            return
        self.v += sum(weight for source, weight, _ in self.synapses if source == event)
        if self.v >= 15:
            self.spikes.append(now)
            self.last, self.v = now, 0.0
            heapq.heappush(queue, (now + 1.5, self.number))

    def update(self):
        self.v += -self.v / 20


def post_program(seconds):
    """Events a second of the post's loop, which looks at all neurons for each event, on the same network."""
    random = numpy.random.default_rng(1)
    n = SHARED["neurons"]
    neurons = [PostNeuron(i) for i in range(n)]
    for neuron in neurons:
        neuron.synapses = [(int(s), SHARED["weight"], 1.5) for s in random.integers(0, n, SHARED["indegree"])]
    queue = [(float(t), int(i)) for t, i in zip(random.uniform(0, 1000, 1000), random.integers(0, n, 1000))]
    heapq.heapify(queue)
    begin, count = time.perf_counter(), 0
    while time.perf_counter() - begin < seconds:
        now, event = heapq.heappop(queue)
        for neuron in neurons:
            if event in [synapse[0] for synapse in neuron.synapses]:
                neuron.receive(now, event, queue)
        for neuron in neurons:
            neuron.update()
        count += 1
    return count * SHARED["indegree"] / (time.perf_counter() - begin)


def neuron_program(folder):
    found = simulate(SHARED, 1, folder)
    ours = found["synaptic_events"] / found["simulate_s"]
    print(f"Volley, 1 thread: {found['spikes']} spikes, {found['simulate_s']:.3f} s, {ours:.3g} events a second")
    words = json.dumps({key: SHARED[key] for key in ("neurons", "indegree", "rate", "kick", "delay", "weight", "duration")})
    result = subprocess.run([sys.executable, "-c", NEURON, words], capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit("NEURON (Debian: python3-neuron) " + result.stderr)
    seconds, spikes = json.loads(result.stdout.splitlines()[-1])
    theirs = spikes * SHARED["indegree"] / seconds
    print(f"NEURON, IntFire1: {spikes} spikes, {seconds:.3f} s, {theirs:.3g} events a second; ratio of times "
          f"{seconds / found['simulate_s']:.1f}, of events {ours / theirs:.1f}", flush=True)
    post = post_program(5)
    print(f"Python, as the post has it: {post:.3g} events a second, ratio {ours / post:.3g}")


RATES, INDEGREES = (0.01, 0.1, 1, 10, 100), (10, 100, 1000)


def crossing(rate, indegree):
    """10,000 neurons, as long as there are 100,000 spikes at least, or 2 s."""
    return {**SILENT, "neurons": 10_000, "indegree": indegree, "rate": rate, "duration": 2000 if rate < 10 else 500,
            "weight": 0.78125 / indegree}


def cross(folder, model="iaf_psc_delta"):
    out = csv.writer(sys.stdout)
    out.writerow(["model", "rate_hz", "indegree", "event_s", "clock_s", "ratio"])
    for indegree in INDEGREES:
        for rate in RATES:
            net = crossing(rate, indegree)
            if model == "iaf_psc_exp":
                net.update(model=model, kick=4000, weight=50 / indegree)
            found, measured = seconds_of(net, folder)
            event, clock = (1000 * found[engine] / net["duration"] for engine in ("event", "clock"))
            out.writerow([model, f"{measured:.3g}", indegree, f"{event:.4g}", f"{clock:.4g}", f"{clock / event:.3g}"])
            sys.stdout.flush()


def plot(table, picture):
    import matplotlib  # pylint: disable=import-outside-toplevel
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt  # pylint: disable=import-outside-toplevel
    with open(table, encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    figure, axes = plt.subplots(figsize=(5.4, 3.6), layout="constrained")
    for model, line in (("iaf_psc_delta", "-"), ("iaf_psc_exp", "--")):
        for number, indegree in enumerate(INDEGREES):
            chosen = [row for row in rows if row["model"] == model and int(row["indegree"]) == indegree]
            if chosen:
                axes.loglog([float(row["rate_hz"]) for row in chosen], [float(row["ratio"]) for row in chosen], line, marker="o",
                            color=f"C{number}", label=f"{model}, {indegree} synapses")
    axes.axhline(1, color="grey", linewidth=0.8)
    axes.set(xlabel="rate of a neuron (Hz)", ylabel="seconds: clock engine / event engine")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(picture, dpi=200)


def check(folder):
    """20 networks: rates, indegrees, models."""
    right = 0
    cases = [(model, rate, indegree) for model in ("iaf_psc_delta", "iaf_psc_exp") for rate, indegree in
             ((0.02, 10), (0.1, 1000), (0.3, 100), (1, 10), (2, 1000), (5, 100), (10, 10), (20, 300), (50, 30), (100, 100))]
    for model, rate, indegree in cases:
        net = crossing(rate, indegree)
        if model == "iaf_psc_exp":
            net.update(model=model, kick=4000, weight=50 / indegree)
        seconds, measured = seconds_of(net, folder)
        faster = min(seconds, key=seconds.get)
        told = subprocess.run([os.environ["VOLLEY"], "check", os.path.join(folder, "net.yaml"), "--threads", "1", "--set",
                               f"simulation.duration={net['duration']} ms", "--set", f"populations.N.mean_rate={measured}"], capture_output=True, text=True)
        line = re.search(r"engine (\w+), about .* with engine (\w+)(.*)", told.stdout)
        said = line and line.group(1 if "faster" in line.group(3) else 2)
        right += said == faster
        print(f"{model}, {measured:.3g} Hz, {indegree} synapses: event {seconds['event']:.3f} s, clock "
              f"{seconds['clock']:.3f} s, check says {said}{'' if said == faster else '  WRONG'}", flush=True)
    print(f"{right} of {len(cases)} right")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("what", choices=["silent", "idle", "events", "neuron", "cross", "check"])
    parser.add_argument("model", nargs="?", default="iaf_psc_delta")
    parser.add_argument("--plot", nargs=2, metavar=("CSV", "PNG"))
    options = parser.parse_args()
    if options.plot:
        return plot(*options.plot)
    with tempfile.TemporaryDirectory() as folder:
        if options.what == "cross":
            return cross(folder, options.model)
        return {"silent": silent, "idle": idle, "events": events, "neuron": neuron_program, "check": check}[options.what](folder)


if __name__ == "__main__":
    sys.exit(main())
