"""Inhibitory plasticity (Vogels et al. 2011) brings excitatory neurons from where they fire as fast as they can to the rate
that alpha says, irregularly, and inhibition to where it balances excitation."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import EXPERIMENTS, expect, finish, rate_and_cv, read_spikes, run  # noqa: E402

TARGET = 3.0  # Hz: alpha / (2 tau)
E_EX, E_IN, E_L, G_L = 0.0, -80.0, -60.0, 10.0  # mV, nS


def main():
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "vogels.h5")
        run(os.path.join(EXPERIMENTS, "inhibitory_plasticity.yaml"), output)
        times, ids, neurons = read_spikes(output, "E")
        with h5py.File(output) as file:
            rates = file["rates/E/data"][:, 0]
            excitation, inhibition, potential = (file[f"means/E.{state}/data"][:, 0] for state in ("g_ex", "g_in", "V_m"))
            weights = file["weights/learned/data"][:]
        rate, cv = rate_and_cv(times, ids, neurons, 7000, 10000)[:2]
        each = numpy.bincount(ids.astype(int), minlength=neurons) / 3
        print(f"{rates[:10].mean():.0f} Hz before, {rate:.2f} Hz after, CV {cv:.2f}; "
              f"neurons' rates {numpy.percentile(each, [5, 50, 95]).round(2)}; weights {weights[-1].mean():.2f} nS")
        expect(rates[:10].mean() > 100, "neurons are not fast before learning")
        expect(abs(rate - TARGET) < 0.7, f"{rate:.2f} Hz, not near {TARGET:g} Hz")
        low, high = numpy.percentile(each, [5, 95])
        expect(0.25 * TARGET < low and high < 2.5 * TARGET, f"rates of neurons spread from {low:.2f} to {high:.2f} Hz")
        expect(cv > 0.6, f"regular trains, CV {cv:.2f}")
        late = slice(-300, None)  # mean currents in pA: what flows in is taken out by inhibition and the leak
        inward = 200 + numpy.mean(excitation[late] * (E_EX - potential[late]))
        outward = numpy.mean(inhibition[late] * (potential[late] - E_IN) + G_L * (potential[late] - E_L))
        expect(abs(inward / outward - 1) < 0.1, f"{inward:.0f} pA flow in and {outward:.0f} pA out: no balance")
        expect(weights[-1].mean() > 10 * weights[0].mean(), "the synapses have not learned")
    finish()


if __name__ == "__main__":
    main()
