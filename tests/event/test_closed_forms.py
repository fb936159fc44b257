"""Single neurons against their closed forms: spikes under constant current, by one input and by two, by inputs that move a
threshold which lies ahead, refractory times that end between inputs. Every spike agrees to a relative 1e-12.

The referees (referee.py) are held against formulas from the books first. They calculate in doubles where these are good to
1e-14, which test_closed_forms_long.py shows by 40 digits everywhere."""
import math
import sys
import tempfile

from neurons import Neuron, PSC, referee, run_all
from program import expect, finish

STOP, TOLERANCE = 100.0, 1e-12
ILL_CONDITIONED = {"near_tau"}  # the referee's sums cancel


def nextafter(t, steps):
    for _ in range(abs(steps)):
        t = math.nextafter(t, math.copysign(math.inf, steps))
    return t


def lif_cases(model, weight):
    """For all leaky models: `weight` makes a potential of some millivolts."""
    w = weight
    train = [0.1 * k + 0.7 * k * k for k in range(1, 12)]
    return [
        Neuron("rheobase", model, {"I_e": 375.0}),  # its limit is the threshold
        Neuron("constant", model, {"I_e": 500.0}),
        Neuron("barely", model, {"I_e": 375.1}),
        Neuron("strong", model, {"I_e": 1e4, "t_ref": 0.1}),
        Neuron("no_t_ref", model, {"I_e": 600.0, "t_ref": 0.0}),
        Neuron("off_grid", model, {"I_e": 410.0, "t_ref": math.pi, "tau_m": 9.87654321, "V_reset": -66.6}),
        Neuron("start", model, {"I_e": 400.0}, v=-55.5),
        Neuron("pulse", model, currents=[(3.3333, 21.7, 700.0), (40.1, 40.2, 9000.0)]),
        Neuron("one", model, v=-60.0, spikes=[(1.2345678, 8 * w)]),
        Neuron("two", model, spikes=[(1.2345678, 4 * w), (2.75, 5 * w)]),
        Neuron("two_late", model, spikes=[(1.2345678, 4 * w), (30.5, 4 * w)]),
        Neuron("sooner", model, {"I_e": 380.0}, spikes=[(20.0, w), (25.123, w / 2)]),
        Neuron("later", model, {"I_e": 500.0}, spikes=[(11.0, -w), (13.4, -w / 4)]),
        Neuron("never", model, {"I_e": 376.0}, spikes=[(35.0, -w), (60.0, -w), (80.0, -w)]),
        Neuron("train", model, {"I_e": 300.0}, spikes=[(t, 2 * w) for t in train]),
        Neuron("mixed", model, {"I_e": 350.0}, spikes=[(t, 2 * w * (-1) ** k) for k, t in enumerate(train)]),
        Neuron("bursts", model, {"I_e": 200.0}, spikes=[(t, 3 * w) for t in train for _ in range(3)]),
        Neuron("held", model, {"I_e": 500.0, "V_refractory": -70.0, "V_reset": -75.0, "t_ref": 5.0}),
    ]


def delta_cases():
    return lif_cases("iaf_psc_delta", 2.0) + [
        # fires at 1; refractory until 3: inputs before it and at its very end are lost, those after it count
        Neuron("refractory", "iaf_psc_delta", spikes=[(1.0, 16.0), (2.0, 7.0), (2.9999, 7.0), (3.0, 7.0), (3.25, 8.0), (4.0, 9.0)]),
        Neuron("after_end", "iaf_psc_delta", spikes=[(1.0, 16.0), (nextafter(3.0, 1), 8.0), (3.5, 8.0)]),
        Neuron("kept", "iaf_psc_delta", {"refractory_input": 1}, spikes=[(1.0, 16.0), (1.5, 9.0), (2.5, 9.0)]),
        Neuron("kept_fires", "iaf_psc_delta", {"refractory_input": 1, "I_e": 100.0}, spikes=[(1.0, 16.0), (1.5, 15.0), (2.0, 5.0)]),
        Neuron("sum", "iaf_psc_delta", spikes=[(1.0, 16.0), (1.0, -2.0), (5.0, 10.0), (5.0, 6.0)]),
        Neuron("exactly", "iaf_psc_delta", spikes=[(1.0, 15.0), (10.0, 14.999)]),
    ]


def current_cases(model, w):
    return lif_cases(model, w) + [
        Neuron("refractory", model, {"t_ref": 4.0, "I_e": 300.0}, spikes=[(1.0, 12 * w), (3.1, 6 * w), (9.5, 6 * w), (9.7, w)]),
        Neuron("fires_at_end", model, {"t_ref": 4.0, "V_reset": -56.0}, spikes=[(1.0, 20 * w), (2.0, 20 * w), (3.0, 20 * w)]),
        Neuron("by_itself", model, spikes=[(1.0, 13 * w)]),  # long after the input
        # a peak between two inputs, above the threshold for a moment, with slow inhibition
        Neuron("peak", model, {"tau_syn_ex": 0.5, "tau_syn_in": 20.0, "V_reset": -80.0, "I_e": 300.0},
               spikes=[(2.0, -3 * w), (40.0, 35 * w), (60.0, 40 * w)]),
        Neuron("under", model, {"tau_syn_ex": 0.5, "tau_syn_in": 20.0}, spikes=[(2.0, -3 * w), (30.0, 20 * w)]),
        Neuron("same_tau", model, {"tau_syn_ex": 10.0, "tau_syn_in": 10.0}, spikes=[(1.0, 4 * w), (5.0, -w), (20.0, 4 * w)]),
        Neuron("near_tau", model, {"tau_syn_ex": 10.0 + 1e-7, "tau_syn_in": 10.0 - 1e-9},
               spikes=[(1.0, 4 * w), (5.0, -w), (20.0, 4 * w)]),
        Neuron("slow", model, {"tau_syn_ex": 50.0, "tau_syn_in": 0.1}, spikes=[(1.0, 2 * w), (11.0, -20 * w), (50.0, w)]),
    ]


def no_leak_cases():
    return [
        Neuron("constant", "if", {"I_e": 300.0}),
        Neuron("off_grid", "if", {"I_e": 333.3, "t_ref": 0.123, "V_th": -54.321}),
        Neuron("one", "if", v=-60.0, spikes=[(1.23, 1000.0)]),
        Neuron("two", "if", spikes=[(1.23, 1000.0), (7.7, 1000.0)]),
        Neuron("never", "if", {"I_e": 100.0}, spikes=[(1.0, -1000.0), (20.0, -1000.0), (40.0, -1000.0)]),
        Neuron("down", "if", {"I_e": -100.0}, spikes=[(1.0, 3000.0), (30.0, 3000.0)]),
        Neuron("mixed", "if", {"I_e": 200.0, "tau_syn_in": 15.0}, spikes=[(5.0, 600.0), (9.0, -300.0), (15.0, 600.0), (50.0, -50.0)]),
        Neuron("refractory", "if", {"I_e": 200.0, "t_ref": 4.0}, spikes=[(1.0, 3000.0), (4.0, 500.0), (7.5, 500.0)]),
    ]


def quadratic_cases():
    return [
        Neuron("constant", "qif_delta", {"I_e": 200.0}),
        Neuron("barely", "qif_delta", {"I_e": 90.0}),
        Neuron("critical", "qif_delta", {"I_e": 70.0}, v=-45.0),
        Neuron("off_grid", "qif_delta", {"I_e": 321.0, "t_ref": 1.1, "V_reset": -55.5, "k": 1.23}, v=-71.0),
        Neuron("runs_off", "qif_delta", v=-39.0),
        Neuron("one", "qif_delta", spikes=[(1.5, 25.0)]),
        Neuron("at_once", "qif_delta", spikes=[(1.5, 100.0)]),
        Neuron("two", "qif_delta", spikes=[(1.5, 12.0), (4.25, 12.0)]),
        Neuron("too_late", "qif_delta", spikes=[(1.5, 12.0), (40.25, 12.0)]),
        Neuron("sooner", "qif_delta", {"I_e": 100.0}, spikes=[(30.0, 5.0), (44.4, 3.0)]),
        Neuron("later", "qif_delta", {"I_e": 150.0}, spikes=[(10.0, -8.0), (20.0, -30.0)]),
        Neuron("refractory", "qif_delta", {"t_ref": 3.0, "V_reset": -60.0}, spikes=[(1.0, 100.0), (2.0, 30.0), (4.0, 30.0), (4.5, 100.0)]),
        Neuron("pulse", "qif_delta", currents=[(5.5, 19.25, 300.0)]),
    ]


def theta_cases():
    return [
        Neuron("constant", "theta_delta", {"I_e": 1e4}),
        Neuron("slow", "theta_delta", {"I_e": 400.0}, v=-1.0),
        Neuron("still", "theta_delta", {"I_e": -100.0}, v=-3.0),
        Neuron("runs_off", "theta_delta", {"I_e": -100.0}, v=3.1),
        Neuron("critical", "theta_delta", {"I_e": 0.0}, v=3.05),
        Neuron("one", "theta_delta", {"I_e": -100.0}, spikes=[(1.5, 10.0)]),
        Neuron("two", "theta_delta", {"I_e": -100.0}, v=-2.0, spikes=[(1.5, 5.0), (3.75, 5.0), (20.0, 4.0), (90.0, 1.0)]),
        Neuron("sooner", "theta_delta", {"I_e": 2500.0}, spikes=[(5.0, 20.0), (17.5, 3.0)]),
        Neuron("later", "theta_delta", {"I_e": 2500.0}, spikes=[(5.0, -20.0), (17.5, -3.0)]),
        Neuron("pulse", "theta_delta", currents=[(5.5, 19.25, 5000.0)]),
    ]


def check_referees():
    """Formulas from the books, in doubles."""
    tau, depth, gain = PSC["tau_m"], 15.0, PSC["tau_m"] / PSC["C_m"]
    first = tau * math.log(500 * gain / (500 * gain - depth))
    for model in ("iaf_psc_delta", "iaf_psc_exp", "iaf_psc_alpha"):
        found = Neuron("n", model, {"I_e": 500.0}).expected(STOP, referee.doubles)
        expect(all(abs(t - first - k * (first + 2)) < 1e-12 * t for k, t in enumerate(found)) and len(found) == int((STOP + 2) / (first + 2)),
               f"{model} under constant current: {[float(t) for t in found]}, first is {first}")
    line = Neuron("n", "if", {"I_e": 300.0}).expected(STOP, referee.doubles)
    expect(abs(line[0] - 250 * 15 / 300) < 1e-12, f"if under constant current: {line[0]}")
    # A current of w exp(-s / tau_s) makes w / C (exp(-s / tau_m) - exp(-s / tau_s)) / (1 / tau_s - 1 / tau_m).
    at = Neuron("n", "iaf_psc_exp", spikes=[(1.0, 3000.0)]).expected(STOP, referee.doubles)[0] - 1
    up = 3000 / 250 * (math.exp(-at / 10) - math.exp(-at / 2)) / (1 / 2 - 1 / 10)
    expect(abs(up - depth) < 1e-12, f"iaf_psc_exp, one input: {up} mV above rest where it fires")
    at = Neuron("n", "iaf_psc_alpha", spikes=[(1.0, 3000.0)]).expected(STOP, referee.doubles)[0] - 1
    k = 1 / 2 - 1 / 10
    up = 3000 / 250 * math.e / 2 * math.exp(-at / 10) * (1 - math.exp(-k * at) * (1 + k * at)) / k**2
    expect(abs(up - depth) < 1e-12, f"iaf_psc_alpha, one input: {up} mV above rest where it fires")
    # from reset to peak: atan's of an oscillator of frequency sqrt(D) k / C
    w = math.sqrt(200 / 0.7 - 100)
    period = (math.atan(85 / w) - math.atan(0 / w)) / w / 0.007
    found = Neuron("n", "qif_delta", {"I_e": 200.0}, v=-50.0).expected(STOP, referee.doubles)
    expect(abs(found[3] - 4 * period) < 1e-12 * found[3], f"qif_delta: {found[3]}, {4 * period}")
    found = Neuron("n", "theta_delta", {"I_e": 400.0}, v=-math.pi).expected(1000.0, referee.doubles)
    expect(abs(found[-1] - 1000) < 1e-9 or abs(found[-1] - 950) < 1e-9, f"theta_delta of 20 Hz: {found[-1]}")


def compare(neurons, folder, is_long):
    found, _ = run_all(neurons, folder, STOP)
    worst = 0.0
    for n in neurons:
        is_nonlinear = n.model in ("qif_delta", "theta_delta")
        arithmetic = referee.exact if is_long or is_nonlinear or n.name in ILL_CONDITIONED else referee.doubles
        case, right, ours = f"{n.model}, {n.name}", n.expected(STOP, arithmetic), found[n.name]
        if not len(right) == len(ours):
            expect(False, f"{case}: {len(ours)} spikes, {len(right)} are right\n  {ours.tolist()}\n  {[float(t) for t in right]}")
            continue
        errors = [float(abs(a - t) / t) for a, t in zip(ours, right)]
        worst = max([worst] + errors)
        expect(max(errors, default=0) <= TOLERANCE, f"{case}: a spike time has a relative error of {max(errors, default=0):.2g}")
    print(f"{neurons[0].model}: {sum(len(f) for f in found.values())} spikes of {len(neurons)} neurons within {worst:.2g}", flush=True)


SETS = {
    "iaf_psc_delta": delta_cases,
    "iaf_psc_exp": lambda: current_cases("iaf_psc_exp", 384.0),
    "iaf_psc_alpha": lambda: current_cases("iaf_psc_alpha", 144.0),
    "if": no_leak_cases,
    "qif_delta": quadratic_cases,
    "theta_delta": theta_cases,
}


def main(is_long=False):
    check_referees()
    with tempfile.TemporaryDirectory() as folder:
        for model in sys.argv[1:] or SETS:
            compare(SETS[model](), folder, is_long)
    finish()


if __name__ == "__main__":
    main()
