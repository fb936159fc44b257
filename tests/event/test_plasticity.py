"""Synapses that learn or tire between events: weights against the rules applied to spikes one by one, to 1e-12, at any times and
delays; and against the clock engine, where all times are whole steps and spikes meet at the synapse at the same time."""
import math
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, run  # noqa: E402

PAIRS, STOP = 12, 200
NET = """
simulation: {{engine: {engine}, duration: {stop} ms, {dt}}}
populations:
  - {{name: S, model: parrot, size: {pairs}}}
  - {{name: T, model: iaf_psc_delta, size: {pairs}, parameters: {{t_ref: 0.25}}}}
projections:
  - {{name: p, source: S, target: T, rule: one_to_one, weight: 0.5, delay: {delay}, delay_is: {delay_is}, synapse: {synapse}}}
stimuli:
{stimuli}
output: {{precision: double}}
recorders:
  - {{name: w, type: weights, projection: p, interval: {stop} ms}}
"""
STDP = {"lambda": 0.05, "alpha": 0.9, "tau_plus": 16.8, "tau_minus": 33.7, "mu_plus": 0.4, "mu_minus": 0.7, "Wmax": 1}


def final_weights(folder, sources, targets, synapse, delay, delay_is="dendritic", engine="event", dt="", lag=0):
    """The weight of each pair at the end; sources, targets: times of their spikes."""
    lines = [f"  - {{type: spike_times, target: {name}, neurons: {i}, times: {[float(t) for t in times]}, weight: {weight}, delay: {lag}}}"
             for name, trains, weight in (("S", sources, 1), ("T", targets, 1000)) for i, times in enumerate(trains) if len(times)]
    path, output = os.path.join(folder, "net.yaml"), os.path.join(folder, "out.h5")
    with open(path, "w", encoding="utf-8") as file:
        file.write(NET.format(engine=engine, dt=dt, stop=STOP, pairs=PAIRS, delay=delay, delay_is=delay_is, synapse=synapse,
                              stimuli="\n".join(lines)))
    run(path, output)
    with h5py.File(output) as file:
        return file["weights/w/data"][-1]


def stdp(source, target, delay, is_axonal, nearest):
    """NEST's rule, event by event."""
    p, weight, plus, minus, now = STDP, 0.5, 0.0, 0.0, 0.0
    axon, dendrite = (delay, 0) if is_axonal else (0, delay)
    for t, of_source in sorted([(s + axon, True) for s in source] + [(s + dendrite, False) for s in target]):
        plus, minus, now = plus * math.exp((now - t) / p["tau_plus"]), minus * math.exp((now - t) / p["tau_minus"]), t
        if of_source:
            weight = max(0, weight - p["alpha"] * p["lambda"] * weight**p["mu_minus"] * minus)
            plus = 1 if nearest else plus + 1
        else:
            weight = min(1, weight + p["lambda"] * (1 - weight)**p["mu_plus"] * plus)
            minus = 1 if nearest else minus + 1
    return weight


def check_stdp(folder):
    random = numpy.random.default_rng(2)
    sources, targets = ([numpy.sort(random.uniform(1, STOP - 10, random.integers(1, 9))) for _ in range(PAIRS)] for _ in range(2))
    for delay in (1.7320508, 30):
        for delay_is, pairing in (("dendritic", "all"), ("axonal", "all"), ("dendritic", "nearest")):
            keys = ", ".join(f"{key}: {value}" for key, value in STDP.items())
            found = final_weights(folder, sources, targets, f"{{model: stdp, {keys}, pairing: {pairing}}}", delay, delay_is)
            right = []
            for source, target in zip(sources, targets):
                dendritic = 0 if delay_is == "axonal" else delay # what a spike that is delivered at STOP would find
                right.append(stdp([s for s in source if s + delay <= STOP], [t for t in target if t + 2 * dendritic <= STOP],
                                  delay, delay_is == "axonal", pairing == "nearest"))
            worst = numpy.abs(found - right).max()
            print(f"stdp, {delay_is} delay {delay} ms, {pairing}: weights {min(found):.4f} to {max(found):.4f}, error {worst:.1e}")
            expect(worst < 1e-12 and numpy.ptp(found) > 0.05, f"stdp, {delay_is}, {pairing}: wrong by {worst}")


def check_against_steps(folder):
    """Spikes at multiples of 1/8 ms, dense enough to meet at the synapse."""
    random = numpy.random.default_rng(3)
    sources, targets = ([numpy.sort(random.choice(numpy.arange(8, 8 * STOP - 90), 150, False)) / 8 for _ in range(PAIRS)]
                        for _ in range(2))
    targets = [[t for k, t in enumerate(train) if k == 0 or t - train[k - 1] > 0.5] for train in targets] # fires at each
    models = [("stdp", "Wmax: 1, lambda: 0.02, mu_minus: 0.5"), ("stdp", "Wmax: 1, pairing: nearest, learning: {start: 30, stop: 150.5}"),
              ("stdp_pl", "lambda: 0.02, w0: 0.3"), ("stdp_triplet", "Aplus: 0.01, Aplus_triplet: 0.02, Aminus: 0.012, Aminus_triplet: 0.003, Wmax: 2"),
              ("trace", "learning_rate: 0.1, decay: 0.002")]
    for model, keys in models:
        for delay_is in ("dendritic", "axonal"):
            both = [final_weights(folder, sources, targets, f"{{model: {model}, {keys}}}", 1.25, delay_is, engine, dt, 0.125)
                    for engine, dt in (("event", ""), ("clock", "dt: 0.125 ms"))]
            worst = numpy.abs(both[0] - both[1]).max()
            print(f"{model}, {delay_is}: {min(both[0]):.4f} to {max(both[0]):.4f}, from the clock engine's by {worst:.1e}")
            expect(worst < 1e-12 and numpy.ptp(both[0]) > 1e-3, f"{model}, {delay_is}: {worst} from the clock engine's")


TIRED = """
simulation: {engine: event, duration: 100 ms}
populations: [{name: S, model: parrot, size: 1}, {name: T, model: iaf_psc_delta, size: 1, parameters: {V_th: 1000, E_L: 0, tau_m: 20}, initial: {V_m: 0}}]
projections:
  - {name: p, source: S, target: T, rule: one_to_one, weight: 3, delay: 1.7 ms, synapse: {model: tsodyks2, U: 0.4, tau_rec: 50 ms, tau_fac: 30 ms, x: 0.8, u: 0.1}}
stimuli: [{type: spike_times, target: S, times: [3.3, 10.77, 11, 40.2, 70]}]
output: {precision: double}
recorders: [{name: v, type: traces, population: T, states: V_m, interval: 0.5 ms}]
"""


def check_tsodyks2(folder):
    path, output = os.path.join(folder, "tired.yaml"), os.path.join(folder, "tired.h5")
    with open(path, "w", encoding="utf-8") as file:
        file.write(TIRED)
    run(path, output)
    with h5py.File(output) as file:
        found = file["report/T/data"][:, 0]
    x, u, last = 0.8, 0.1, None # as they are at the first spike
    right = numpy.zeros_like(found)
    times = 0.5 * numpy.arange(1, len(found) + 1)
    for t in (3.3, 10.77, 11, 40.2, 70):
        if last:
            x, u = 1 + (x - x * u - 1) * math.exp((last - t) / 50), 0.4 + u * 0.6 * math.exp((last - t) / 30)
        last = t
        right += numpy.where(times >= t + 1.7, 3 * x * u * numpy.exp(-(times - t - 1.7) / 20), 0)
    worst = numpy.abs(found - right).max()
    print(f"tsodyks2: V up to {max(found):.3f} mV, error {worst:.1e} mV")
    expect(worst < 1e-12 and max(found) > 1, f"tsodyks2: wrong by {worst} mV")


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_stdp(folder)
        check_against_steps(folder)
        check_tsodyks2(folder)
    finish()


if __name__ == "__main__":
    main()
