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
              ("trace", "learning_rate: 0.1, decay: 0.002"), ("stdp_nn_symm", "Wmax: 1, lambda: 0.03"),
              ("stdp_nn_restr", "Wmax: 1, lambda: 0.05, alpha: 0.8, learning: {start: 20, stop: 150.5}"),
              ("stdp_nn_pre_centered", "Wmax: 1, lambda: 0.02, mu_plus: 0.6"), ("vogels_sprekeler", "Wmax: 1, eta: 0.01, alpha: 2.5")]
    for model, keys in models:
        for delay_is in ("dendritic", "axonal"):
            both = [final_weights(folder, sources, targets, f"{{model: {model}, {keys}}}", 1.25, delay_is, engine, dt, 0.125)
                    for engine, dt in (("event", ""), ("clock", "dt: 0.125 ms"))]
            worst = numpy.abs(both[0] - both[1]).max()
            print(f"{model}, {delay_is}: {min(both[0]):.4f} to {max(both[0]):.4f}, from the clock engine's by {worst:.1e}")
            expect(worst < 1e-12 and numpy.ptp(both[0]) > 1e-3, f"{model}, {delay_is}: {worst} from the clock engine's")


TIRED = """
simulation: {{engine: event, duration: 100 ms}}
populations: [{{name: S, model: parrot, size: 1}}, {{name: T, model: iaf_psc_delta, size: 1, parameters: {{V_th: 1000, E_L: 0, tau_m: 20}}, initial: {{V_m: 0}}}}]
projections:
  - {{name: p, source: S, target: T, rule: one_to_one, weight: 3, delay: 1.7 ms, synapse: {{{synapse}}}}}
stimuli: [{{type: spike_times, target: S, times: [3.3, 10.77, 11, 40.2, 70]}}]
output: {{precision: double}}
recorders:
  - {{name: v, type: traces, population: T, states: V_m, interval: 0.5 ms}}
  - {{name: w, type: weights, projection: p, states: [x, u], interval: 60 ms}}
"""


def tsodyks2():
    """What each of the spikes releases, and what one at 60 - 1.7 ms would find."""
    x, u, last = 0.8, 0.1, None # as they are at the first spike
    for t in (3.3, 10.77, 11, 40.2, 58.3, 70):
        if last:
            x, u = 1 + (x - x * u - 1) * math.exp((last - t) / 50), 0.4 + u * 0.6 * math.exp((last - t) / 30)
        if t == 58.3:
            yield (x, u)
            x, u = before
            continue
        before, last = (x, u), t
        yield t, x * u


def tsodyks():
    x, y, u, last = 0.7, 0.2, 0.1, 0 # as they are at the beginning
    for t in (3.3, 10.77, 11, 40.2, 58.3, 70):
        h, before = t - last, (x, y, u)
        z0 = 1 - x - y
        z = z0 * math.exp(-h / 50) + y / 4 * (math.exp(-h / 50) - math.exp(-h / 4)) / (1 / 4 - 1 / 50)
        y *= math.exp(-h / 4)
        x, u = 1 - y - z, u * math.exp(-h / 30)
        u += 0.4 * (1 - u)
        if t == 58.3:
            yield (x, u)
            x, y, u = before
            continue
        last = t
        yield t, x * u
        x, y = x - x * u, y + x * u


def check_tired(folder, synapse, expected):
    path, output = os.path.join(folder, "tired.yaml"), os.path.join(folder, "tired.h5")
    with open(path, "w", encoding="utf-8") as file:
        file.write(TIRED.format(synapse=synapse))
    run(path, output)
    with h5py.File(output) as file:
        found, states = file["report/T/data"][:, 0], {name: file[f"weights/w.{name}/data"][0, 0] for name in "xu"}
    right, times = numpy.zeros_like(found), 0.5 * numpy.arange(1, len(found) + 1)
    for number, (t, released) in enumerate(expected()):
        if number == 4: # what a recorder sees at 60 ms
            worst = max(abs(states["x"] - t), abs(states["u"] - released))
            expect(worst < 1e-12, f"{synapse}: states wrong by {worst}: {states}, not {t}, {released}")
        else:
            right += numpy.where(times >= t + 1.7, 3 * released * numpy.exp(-(times - t - 1.7) / 20), 0)
    worst = numpy.abs(found - right).max()
    print(f"{synapse}: V up to {max(found):.3f} mV, error {worst:.1e} mV")
    expect(worst < 1e-12 and max(found) > 1, f"{synapse}: wrong by {worst} mV")


CHANCE = """
simulation: {engine: event, duration: 20 ms, seed: 5}
populations: [{name: S, model: parrot, size: 2}, {name: T, model: iaf_psc_delta, size: 4000, parameters: {V_th: 1000, E_L: 0, tau_m: 1e9}, initial: {V_m: 0}}]
projections:
  - {name: p, source: S, target: T, rule: all_to_all, weight: 1, delay: 1.7 ms, synapse: {model: bernoulli, p_transmit: 0.3}}
  - {name: q, source: S, target: T, rule: all_to_all, weight: 64, delay: 1.7 ms, synapse: {model: bernoulli, p_transmit: 0.3}}
stimuli: [{type: spike_times, target: S, times: [3.3, 3.3, 10.7]}]
output: {precision: double}
recorders: [{name: v, type: traces, population: T, states: V_m, interval: 10 ms}]
"""


def check_bernoulli(folder):
    """Each of two sources' three spikes, of which two come together, is passed on by chance at each of two synapses onto a target:
    numbers are binomial, those of either projection by themselves."""
    path, output = os.path.join(folder, "chance.yaml"), os.path.join(folder, "chance.h5")
    with open(path, "w", encoding="utf-8") as file:
        file.write(CHANCE)
    run(path, output)
    with h5py.File(output) as file:
        arrived = numpy.round(file["report/T/data"][:][[0, 1]]).astype(int)
    for name, number in (("p", arrived % 64), ("q", arrived // 64)):
        for spikes, found in ((4, number[0]), (2, number[1] - number[0])):
            expected = 4000 * numpy.array([math.comb(spikes, k) * 0.3**k * 0.7**(spikes - k) for k in range(spikes + 1)])
            counts = numpy.bincount(found, minlength=spikes + 1)
            chi2 = numpy.sum((counts - expected)**2 / expected) if len(counts) == spikes + 1 else math.inf
            expect(chi2 < 20, f"bernoulli, {name}: {counts} of 4000 targets get 0, 1 ... of {spikes} spikes, not {expected.round()}")
    correlation = numpy.corrcoef(arrived[1] % 64, arrived[1] // 64)[0, 1]
    expect(abs(correlation) < 0.07, f"bernoulli: the projections correlate by {correlation:.3f}")
    print(f"bernoulli: mean {numpy.mean(arrived[1] % 64):.3f} of 6 spikes, correlation {correlation:.3f}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        check_stdp(folder)
        check_against_steps(folder)
        check_tired(folder, "model: tsodyks2, U: 0.4, tau_rec: 50 ms, tau_fac: 30 ms, x: 0.8, u: 0.1", tsodyks2)
        check_tired(folder, "model: tsodyks, U: 0.4, tau_psc: 4 ms, tau_rec: 50 ms, tau_fac: 30 ms, x: 0.7, y: 0.2, u: 0.1", tsodyks)
        check_bernoulli(folder)
    finish()


if __name__ == "__main__":
    main()
