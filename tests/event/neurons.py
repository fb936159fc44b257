"""Single neurons as data: run by Volley, all in one experiment, and by the referees."""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
sys.path.insert(0, HERE)
from program import read_spikes, run  # noqa: E402
import referee  # noqa: E402

PSC = {"C_m": 250.0, "E_L": -70.0, "tau_m": 10.0, "t_ref": 2.0, "V_reset": -70.0, "V_th": -55.0}
CURRENTS = {"tau_syn_ex": 2.0, "tau_syn_in": 2.0}
DEFAULTS = {
    "iaf_psc_delta": PSC,
    "iaf_psc_exp": {**PSC, **CURRENTS},
    "iaf_psc_alpha": {**PSC, **CURRENTS},
    "if": {"C_m": 250.0, "t_ref": 2.0, "V_reset": -70.0, "V_th": -55.0, **CURRENTS},
    "qif_delta": {"C_m": 100.0, "E_L": -60.0, "V_c": -40.0, "V_peak": 35.0, "V_reset": -50.0, "k": 0.7, "t_ref": 0.0},
    "theta_delta": {"I_e": 0.0},
}


class Neuron:
    """A model with parameters (others than the defaults), spikes [(time, weight)] that arrive and currents [(start, stop,
    amplitude)]."""

    def __init__(self, name, model, parameters=None, v=None, spikes=(), currents=()):
        self.name, self.model, self.spikes, self.currents = name, model, list(spikes), list(currents)
        self.own = dict(parameters or {})
        self.parameters = {**DEFAULTS[model], **self.own}
        self.v = v if v is not None else self.parameters.get("E_L", self.parameters.get("V_reset", 0.0))

    def alone(self, m):
        if self.model == "qif_delta":
            return referee.Quadratic(self.parameters, self.v, m)
        if self.model == "theta_delta":
            return referee.Theta(self.parameters, self.v, m)
        return referee.Linear(self.model, self.parameters, self.v, m)

    def expected(self, stop, m=referee.exact):
        """Its spike times."""
        inputs = [(t, 0, w) for t, w in self.spikes]
        for start, end, amplitude in self.currents:
            inputs += [(start, 0, m.exactly(amplitude), "current"), (end, 0, -m.exactly(amplitude), "current")]
        return [t for t, _ in referee.simulate([self.alone(m)], [], inputs, stop)]


def run_all(neurons, folder, duration, settings=None, **machine):
    """Their spike times by name, from one run of Volley, and the path of its output."""
    populations, stimuli, recorders = [], [], []
    for n in neurons:
        parameters = ", ".join(f"{key}: {value!r}" for key, value in n.own.items())
        populations.append(f"  - {{name: {n.name}, model: {n.model}, size: 1, parameters: {{{parameters}}}, initial: {{V_m: {n.v!r}}}}}")
        for sign in (1, -1):
            for weight in sorted({w for _, w in n.spikes if w * sign > 0}):
                times = sorted(t for t, w in n.spikes if w == weight)
                stimuli.append(f"  - {{type: spike_times, target: {n.name}, times: {times!r}, weight: {weight!r}}}")
        for start, stop, amplitude in n.currents:
            stimuli.append(f"  - {{type: dc, target: {n.name}, amplitude: {amplitude!r}, start: {start!r}, stop: {stop!r}}}")
        recorders.append(f"  - {{type: spikes, population: {n.name}}}")
    text = (f"simulation: {{engine: event, duration: {duration} ms}}\npopulations:\n" + "\n".join(populations)
            + ("\nstimuli:\n" + "\n".join(stimuli) if stimuli else "") + "\nrecorders:\n" + "\n".join(recorders) + "\n")
    experiment, output = os.path.join(folder, "neurons.yaml"), os.path.join(folder, "neurons.h5")
    with open(experiment, "w", encoding="utf-8") as file:
        file.write(text)
    run(experiment, output, settings, **machine)
    return {n.name: read_spikes(output, n.name)[0] for n in neurons}, output
