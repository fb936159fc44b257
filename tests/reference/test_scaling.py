"""network.scale keeps the mean and the variance of the input (van Albada, Helias & Diesmann 2015, PLoS Comput. Biol.
11: e1004490): with indegrees times k, weights grow by 1 / sqrt(k), and what the mean input loses thereby, the share
1 - sqrt(k), comes as a constant current from the mean rates of the full network.

Three networks: one in which no spike arrives, so that the potential shows the constant current alone; one volley that
shows the sum of a neuron's weights; and one under noise, whose mean and variance are those of the full network."""
import math
import os
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, read_trace, run  # noqa: E402

K, NEURONS = 0.25, 0.5
SCALE = {"network.scale.indegree": K, "network.scale.neurons": NEURONS}
LOST = 1 - math.sqrt(K)
C_M, TAU_M, TAU_EX, TAU_IN, E_L = 250.0, 10.0, 0.5, 2.0, -70.0

# (rule and its keys, mean indegree in the full network, factor of the indegree)
RULES = [
    ("fixed_indegree, indegree: 40", 40, K),
    ("fixed_outdegree, outdegree: 20", 40, K),              # from 200 onto 100 neurons
    ("fixed_total_number, number: 4000", 40, K),
    ("pairwise_bernoulli, probability: 0.2", 40, K),
    ("all_to_all", 200, NEURONS),
]

NETWORK = """
populations:
  - {{name: source, model: parrot, size: 200, mean_rate: 5 Hz}}
  - {{name: exp, model: iaf_psc_exp, size: 100, parameters: {{tau_syn_ex: 0.5, tau_syn_in: 2, V_th: 1000}}}}
  - {{name: delta, model: iaf_psc_delta, size: 100, parameters: {{V_th: 1000}}}}
projections:
  - {{name: ex, source: source, target: exp, rule: {rule}, weight: 80 pA, delay: 1 ms}}
  - {{name: in, source: source, target: exp, rule: {rule}, weight: -30 pA, delay: 1 ms}}
  - {{name: jump, source: source, target: delta, rule: {rule}, weight: 0.5 mV, delay: 1 ms}}
stimuli:
  - {{name: outside, type: poisson, target: [exp, delta], sources: 1000, rate: 8 Hz, weight: [20, 0.1], delay: 500 ms}}
  - {{name: volley, type: spike_times, target: source, times: [{volley}]}}
simulation: {{duration: 50 ms}}
output: {{precision: double}}
recorders:
  - {{name: exp, type: traces, population: exp, states: [V_m, I_syn_ex, I_syn_in]}}
  - {{name: delta, type: traces, population: delta, states: V_m}}
"""

NOISE = """
populations: [{name: A, model: iaf_psc_exp, size: 1000, parameters: {tau_syn_ex: 0.5, V_th: 1000}}]
stimuli: [{type: poisson, target: A, sources: 1000, rate: 8 Hz, weight: 40 pA}]
simulation: {duration: 600 ms}
recorders: [{name: V, type: traces, population: A, states: V_m, interval: 1 ms, start: 100 ms}]
"""


def write(folder, text):
    path = os.path.join(folder, "net.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def expect_close(what, found, right, tolerance):
    worst = float(numpy.max(numpy.abs(numpy.asarray(found) - right)))
    expect(worst <= tolerance, f"{what}: off by {worst:.3g}, tolerance {tolerance:g}")


def check_current(rule, indegree, factor, folder):
    """No spike arrives within the run: the Poisson input has a delay of 500 ms, the volley comes after the end."""
    output = os.path.join(folder, "current.h5")
    run(write(folder, NETWORK.format(rule=rule, volley="100")), output, SCALE)
    lost = 1 - math.sqrt(factor)
    current = 1e-3 * (lost * indegree * 5 * (80 * TAU_EX - 30 * TAU_IN) + LOST * 8000 * 20 * TAU_EX)
    jumps = 1e-3 * (lost * indegree * 5 * 0.5 + LOST * 8000 * 0.1)  # mV / ms
    times, exp = read_trace(output, "exp.V_m")
    rise = TAU_M * (1 - numpy.exp(-times / TAU_M))[:, None]
    expect_close(f"{rule}: V_m of iaf_psc_exp", exp, E_L + current / C_M * rise, 1e-9)
    expect_close(f"{rule}: V_m of iaf_psc_delta", read_trace(output, "delta")[1], E_L + jumps * rise, 1e-9)
    expect(exp.shape[1] == 50, f"{rule}: {exp.shape[1]} neurons")


def check_weights(rule, indegree, factor, folder):
    """All sources spike at once: the synaptic current jumps by the sum of a neuron's weights, the mean over neurons by
    the mean indegree times the weight. Only the number of Bernoulli's synapses is random."""
    output = os.path.join(folder, "weights.h5")
    summary = run(write(folder, NETWORK.format(rule=rule, volley="9.9")), output, SCALE)  # sent on at 10 ms
    is_random = "bernoulli" in rule
    expected = 3 * 50 * indegree * factor
    expect(abs(summary["synapses"] - expected) <= (5 * math.sqrt(expected) if is_random else 0),
           f"{rule}: {summary['synapses']} synapses, {expected:g} are right")
    for state, weight in (("I_syn_ex", 80), ("I_syn_in", -30)):
        times, data = read_trace(output, "exp." + state)
        jump = data[numpy.argmin(numpy.abs(times - 11))]
        scaled = weight / math.sqrt(factor)
        expect_close(f"{rule}: {state} is a whole number of weights", jump / scaled, numpy.round(jump / scaled), 1e-5)
        tolerance = 5 * math.sqrt(indegree * factor / 50) if is_random else 1e-5
        expect_close(f"{rule}: mean of {state} in weights", numpy.mean(jump / scaled), indegree * factor, tolerance)


def check_noise(folder):
    """Shot noise (Campbell's theorem): the mean of the current is w * rate * tau_syn, the variance of V is
    (w / C_m)^2 * rate * (tau_m * tau_syn)^2 / 2 / (tau_m + tau_syn)."""
    mean = E_L + 40 * 8 * TAU_EX * TAU_M / C_M
    variance = (40 / C_M)**2 * 8 * (TAU_M * TAU_EX)**2 / 2 / (TAU_M + TAU_EX)
    for settings in ({}, {"network.scale.indegree": K}, {"network.scale.indegree": 0.05, "network.scale.neurons": 0.9}):
        output = os.path.join(folder, "noise.h5")
        run(write(folder, NOISE), output, settings)
        data = read_trace(output, "V")[1]
        expect_close(f"noise {settings}: mean", numpy.mean(data), mean, 0.02)
        expect_close(f"noise {settings}: variance", numpy.var(data) / variance, 1, 0.02)


def main():
    with tempfile.TemporaryDirectory() as folder:
        for rule, indegree, factor in RULES:
            check_current(rule, indegree, factor, folder)
            check_weights(rule, indegree, factor, folder)
        check_noise(folder)
    finish()


if __name__ == "__main__":
    main()
