"""Models that draw while they run. gif_cond_exp: given its spikes, its states are those of its equations in a plain loop of fine steps; and
its spikes come as its intensity says: what that adds up to between two spikes is distributed exponentially, with a mean of 1 (Brown et al. 2002); none comes in steps of the refractory
period.
quantal_stp: what 4000 synapses release at each of a row of spikes has the distribution and the correlations of a twin in NumPy, and the mean of
tsodyks2's resources."""
import os
import sys
import tempfile
from math import exp

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, read_spikes, read_trace, run  # noqa: E402

GIF = """
simulation: {dt: 0.05 ms, duration: 2 s, seed: 5}
populations:
  - name: N
    model: gif_cond_exp
    size: 80
    parameters: {I_e: 120, tau_stc: [3, 20, 120], q_stc: [40, 10, -2], tau_sfa: [2, 15, 90], q_sfa: [5, 3, 1], Delta_V: 2, V_T_star: -45,
      lambda_0: 10, t_ref: 3}
stimuli: [{type: poisson, target: N, rate: 300 Hz, weight: 0.8}, {type: poisson, target: N, rate: 200 Hz, receptor: in, weight: 0.6}]
recorders:
  - {type: spikes, population: N}
  - {name: states, type: traces, population: N, states: V_m, interval: 0.05 ms}
  - {name: threshold, type: traces, population: N, states: E_sfa, interval: 0.05 ms}
  - {name: current, type: traces, population: N, neurons: 0, states: I_stc, interval: 0.05 ms}
  - {name: ex, type: traces, population: N, neurons: 0, states: g_ex, interval: 0.05 ms}
  - {name: in, type: traces, population: N, neurons: 0, states: g_in, interval: 0.05 ms}
output: {precision: double}
"""
DT, FINE, STEPS = 0.05, 10, 10000


def check_states(folder, spikes):
    """Neuron 0, from its spikes and the conductances that were recorded."""
    g_ex, g_in, v, threshold, current = (read_trace(folder, name)[1][:, 0] for name in ("ex", "in", "states", "threshold", "current"))
    taus, jumps = {"stc": (3, 20, 120), "sfa": (2, 15, 90)}, {"stc": (40, 10, -2), "sfa": (5, 3, 1)}
    fired = set(numpy.round(spikes / DT).astype(int))
    v, threshold, current, g_ex, g_in = (numpy.concatenate([[start], row]) for start, row in
                                         ((-70, v), (-45, threshold), (0, current), (0, g_ex), (0, g_in)))  # rows begin at the first step
    stc, sfa, at, left, worst = numpy.zeros(3), numpy.zeros(3), -70.0, 0, numpy.zeros(3)
    decays = {key: numpy.exp(-DT / numpy.array(tau)) for key, tau in taus.items()}
    h = DT / FINE
    for step in range(1, STEPS):
        before, ex, inhibition = stc, g_ex[step - 1], g_in[step - 1]
        for k in range(FINE if left == 0 else 0):  # the midpoint rule
            at_middle = (k + 0.5) * h
            e, i = ex * exp(-at_middle / 2), inhibition * exp(-at_middle / 2)
            out = (before * numpy.exp(-at_middle / numpy.array(taus["stc"]))).sum()
            rate, drive = (4 + e + i) / 80, (120 - 4 * 70 - i * 85 - out) / 80
            at = drive / rate + (at - drive / rate) * exp(-rate * h)
        left = max(left - 1, 0)
        stc, sfa = stc * decays["stc"], sfa * decays["sfa"]
        if step in fired:
            at, left, stc, sfa = -55, round(3 / DT), stc + jumps["stc"], sfa + jumps["sfa"]
        worst = numpy.maximum(worst, abs(numpy.array([v[step] - at, threshold[step] + 45 - sfa.sum(), current[step] - stc.sum()])))
    expect(sum(step < STEPS for step in fired) > 5 and worst[0] < 2e-4 and worst[1] < 1e-9 and worst[2] < 1e-9, f"gif_cond_exp: {len(fired)} spikes, states differ by {worst}")
    print(f"gif_cond_exp: {len(fired)} spikes, V_m within {worst[0]:.2g} mV, threshold {worst[1]:.2g} mV, current {worst[2]:.2g} pA")


def check_intensity(output):
    times, ids, _ = read_spikes(output, "N")
    v, threshold = (read_trace(output, name)[1] for name in ("states", "threshold"))
    areas = []
    for neuron in range(v.shape[1]):
        fired = numpy.round(times[ids == neuron] / DT).astype(int)
        expected = numpy.append(0, 1e-3 * 10 * DT * numpy.exp((v[:, neuron] - threshold[:, neuron]) / 2))
        for begin, end in zip(fired[:-1], fired[1:]):
            # What made it fire is not recorded, for it is reset at once: V and the threshold of the step before stand for it.
            inside = expected[begin + round(3 / DT) + 1:end]
            areas.append(inside.sum() + (inside[-1] if len(inside) else 0) / 2)
    areas = numpy.array(areas)
    share = numpy.sort(1 - numpy.exp(-areas))
    distance = numpy.max(abs(share - (numpy.arange(len(share)) + 0.5) / len(share)))
    print(f"gif_cond_exp: {len(areas)} intervals, mean of the intensity's areas {areas.mean():.4f}, Kolmogorov-Smirnov {distance:.4f}")
    expect(abs(areas.mean() - 1) < 4 / numpy.sqrt(len(areas)) + 0.01, f"areas of the intensity: {areas.mean()}")
    expect(distance < 1.95 / numpy.sqrt(len(areas)) + 0.01, f"areas of the intensity are not exponential: {distance}")


# The intensity is the same at any time that is not of the refractory period.
STEADY = """
simulation: {dt: 0.1 ms, duration: 4 s, seed: 7}
populations:
  - {name: N, model: gif_cond_exp, size: 40, parameters: {E_L: -55, V_reset: -55, V_T_star: -55, lambda_0: 2000, t_ref: 2}, initial: {V_m: -55}}
recorders: [{type: spikes, population: N}]
"""


def check_refractory(folder):
    """None of the R steps after a spike has another one, each later one with the same probability p: intervals of R + 1/p steps."""
    experiment, output = os.path.join(folder, "steady.yaml"), os.path.join(folder, "steady.h5")
    for scheme in ("", ", integration: adaptive"):
        with open(experiment, "w", encoding="utf-8") as file:
            file.write(STEADY.replace("seed: 7", "seed: 7" + scheme))
        run(experiment, output, ranks=2)
        times, ids, _ = read_spikes(output, "N")
        steps = numpy.concatenate([numpy.diff(numpy.sort(numpy.round(times[ids == n] / 0.1))) for n in range(40)])
        p = 1 - exp(-0.2)
        mean, spread = 20 + 1 / p, numpy.sqrt((1 - p) / len(steps)) / p
        shares = numpy.array([numpy.mean(steps == 20 + k) for k in range(4)])
        expected = numpy.append(0, p * (1 - p) ** numpy.arange(3))
        expect(len(steps) > 50000 and steps.min() == 21, f"gif_cond_exp{scheme}: {len(steps)} intervals, the shortest of {steps.min()} steps")
        expect(abs(steps.mean() - mean) < 4 * spread, f"gif_cond_exp{scheme}: intervals of {steps.mean()} steps, not {mean}")
        expect(numpy.all(abs(shares - expected) < 5 * numpy.sqrt(p / len(steps))), f"gif_cond_exp{scheme}: shares {shares}, not {expected}")
        print(f"gif_cond_exp{scheme}: {len(steps)} intervals of {steps.mean() / 10:.4f} ms, expected {mean / 10:.4f}, the shortest {steps.min() / 10}")


SYNAPSES, TIMES = 4000, (10, 30, 35, 100, 101, 150)
QUANTAL = f"""
simulation: {{dt: 0.1 ms, duration: 160 ms, seed: 3}}
populations:
  - {{name: S, model: spike_source, size: 1, spikes: {{times: {list(TIMES)}}}}}
  - {{name: T, model: iaf_psc_delta, size: {SYNAPSES}, parameters: {{tau_m: 1e9, V_th: 1e6, E_L: 0}}, initial: {{V_m: 0}}}}
projections:
  - {{source: S, target: T, rule: all_to_all, weight: 6, delay: 1 ms, synapse: {{model: quantal_stp, U: 0.4, tau_rec: 60, tau_fac: 50, n: NUMBER}}}}
recorders: [{{name: V, type: traces, population: T, states: V_m, interval: 0.5 ms}}]
output: {{precision: double}}
"""


def twin(n):
    """The same of a plain loop: sites that are released at each spike, [spikes, synapses]; and the mean share."""
    draw, full, u, released, shares, mean = numpy.random.default_rng(1), numpy.full(SYNAPSES, n), 0.0, [], [], 1.0
    for before, time in zip((-1e9, *TIMES), TIMES):
        left = exp(-(time - before) / 60)
        u = 0.4 + 0.6 * u * exp(-(time - before) / 50)
        full = full + draw.binomial(n - full, 1 - left)
        mean = 1 - (1 - mean) * left
        released.append(draw.binomial(full, u))
        shares.append(mean * u)
        full, mean = full - released[-1], mean * (1 - u)
    return numpy.array(released), numpy.array(shares)


def check_quantal(folder, n):
    experiment, output = os.path.join(folder, "quantal.yaml"), os.path.join(folder, "quantal.h5")
    with open(experiment, "w", encoding="utf-8") as file:
        file.write(QUANTAL.replace("NUMBER", str(n)))
    run(experiment, output, ranks=2)
    times, v = read_trace(output, "V")
    jumps = numpy.array([v[numpy.searchsorted(times, time + 1.4)] - v[numpy.searchsorted(times, time + 0.9) - 1] for time in TIMES])
    released = numpy.round(jumps * n / 6).astype(int)
    expect(abs(jumps * n / 6 - released).max() < 1e-6, f"quantal_stp: parts of sites {jumps}")
    expected, shares = twin(n)
    spread = numpy.sqrt(n * shares * (1 - shares) / SYNAPSES)
    expect(numpy.all(abs(released.mean(1) - n * shares) < 4.5 * spread), f"n = {n}: means {released.mean(1)}, not {n * shares}")
    variances = n * shares * (1 - shares)
    expect(numpy.allclose(released.var(1), variances, rtol=0.15), f"n = {n}: variances {released.var(1)}, not {variances}")
    bound = 5 * numpy.sqrt(2 * numpy.outer(variances, variances) / SYNAPSES)
    expect(numpy.all(abs(numpy.cov(released) - numpy.cov(expected)) < 2 * bound), f"n = {n}: covariances {numpy.cov(released)}, {numpy.cov(expected)}")
    print(f"quantal_stp, n = {n}: released {released.mean(1).round(3)}, expected {(n * shares).round(3)}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        experiment, output = os.path.join(folder, "gif.yaml"), os.path.join(folder, "gif.h5")
        with open(experiment, "w", encoding="utf-8") as file:
            file.write(GIF)
        run(experiment, output, threads=2)
        times, ids, _ = read_spikes(output, "N")
        check_states(output, times[ids == 0])
        check_intensity(output)
        check_refractory(folder)
        for n in (1, 5):
            check_quantal(folder, n)
    finish()


main()
