"""hh_cond_exp_traub against its equations as Brette et al. (2007) print them, in a plain loop of fine Runge-Kutta steps."""
import os
import sys
import tempfile
from math import exp

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, read_spikes, read_trace, run  # noqa: E402

EXPERIMENT = """
simulation: {dt: 0.1 ms, duration: 60 ms}
populations: [{name: N, model: hh_cond_exp_traub, size: 1, parameters: {I_e: 400 pA}, initial: {g_ex: 9, g_in: 30}}]
recorders: [{type: spikes, population: N}, {name: V, type: traces, population: N, states: V_m}]
"""
FINE = 20  # steps in one of 0.1 ms
H = 0.1 / FINE


def slopes(y):
    v, m, h, n, g_ex, g_in = y
    w = v + 63
    current = (20000 * m**3 * h * (v - 50) + 6000 * n**4 * (v + 90) + 10 * (v + 60) + g_ex * v + g_in * (v + 80))
    return ((400 - current) / 200,
            0.32 * (13 - w) / (exp((13 - w) / 4) - 1) * (1 - m) - 0.28 * (w - 40) / (exp((w - 40) / 5) - 1) * m,
            0.128 * exp((17 - w) / 18) * (1 - h) - 4 / (1 + exp((40 - w) / 5)) * h,
            0.032 * (15 - w) / (exp((15 - w) / 5) - 1) * (1 - n) - 0.5 * exp((10 - w) / 40) * n,
            -g_ex / 5, -g_in / 10)


def moved(y, slope, h):
    return [a + h * b for a, b in zip(y, slope)]


def runge_kutta(y):
    k1 = slopes(y)
    k2 = slopes(moved(y, k1, H / 2))
    k3 = slopes(moved(y, k2, H / 2))
    k4 = slopes(moved(y, k3, H))
    return moved(y, [a + 2 * b + 2 * c + d for a, b, c, d in zip(k1, k2, k3, k4)], H / 6)


def resting():
    """The gates at rest, where m, h and n do not change: -60 mV."""
    at_none, at_all = slopes((-60, 0, 0, 0, 0, 0)), slopes((-60, 1, 1, 1, 0, 0))
    return [none / (none - all_) for none, all_ in zip(at_none[1:4], at_all[1:4])]


def main():
    with tempfile.TemporaryDirectory() as folder:
        experiment, output = os.path.join(folder, "hh.yaml"), os.path.join(folder, "hh.h5")
        with open(experiment, "w", encoding="utf-8") as file:
            file.write(EXPERIMENT)
        run(experiment, output)
        spikes, potentials = read_spikes(output, "N")[0], read_trace(output, "V")[1][:, 0]
    y, expected, peaks = [-60, *resting(), 9, 30], [], []
    for step in range(len(potentials)):
        before = y[0]
        for _ in range(FINE):
            y = runge_kutta(y)
        expected.append(y[0])
        if before > y[0] >= -33 and (not peaks or step - peaks[-1] > 20):
            peaks.append(step)
    # Potentials may differ by 0.05 mV, and spikes come 0.01 ms later or sooner: they change by 700 mV/ms.
    changes = [abs(b - a) / 0.1 for a, b in zip(expected, expected[1:])]
    fastest = [max(changes[max(step - 1, 0):step + 1]) for step in range(len(expected))]
    differences = [abs(a - b) for a, b in zip(potentials, expected)]
    late = max(max(difference - 0.05, 0) / fast for difference, fast in zip(differences, fastest))
    print(f"{len(peaks)} spikes, potentials differ by {max(differences):.2g} mV at most, spikes come {late:.2g} ms too late or too soon")
    expect(late < 0.01, f"potentials differ by {max(differences):.3g} mV, spikes come {late:.2g} ms too late or too soon")
    found = [round(time / 0.1) - 1 for time in spikes]
    expect(found == peaks and len(peaks) > 2, f"spikes in the steps {found}, expected {peaks}")
    finish()


if __name__ == "__main__":
    main()
