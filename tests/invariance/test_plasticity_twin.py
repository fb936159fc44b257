"""Lazy updates against a brute-force twin that takes every synapse through every step, from the recorded spikes.

The twin is written from the equations alone (docs/models.md). A step's events at a synapse: with a dendritic delay the
target's spike, then the source's; with an axonal delay the other way round; neither sees the other's trace. What
Volley records at the time of the end of step n - 1 is the weight as a spike finds it that arrives then, whatever kind of
receptor the target has: of n - 1 less the steps to it."""
import os
import sys
import tempfile

import h5py
import numpy
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from program import expect, finish, read_spikes, run  # noqa: E402

TOLERANCE = 1e-9


def count_spikes(output, population, size, steps):
    """Spikes of each neuron in each step, [steps][size]."""
    times, ids, _ = read_spikes(output, population)
    counts = numpy.zeros((steps, size))
    numpy.add.at(counts, (numpy.round(times / DT).astype(int) - 1, ids.astype(int)), 1)
    return counts


def times_of(window):
    return [(float(str(a).split()[0]), float(str(b).split()[0])) for a, b in
            zip(numpy.atleast_1d(window["start"]), numpy.atleast_1d(window["stop"]))]


def is_within(windows, step):
    return any(start + 1e-9 < (step + 1) * DT <= stop + 1e-9 for start, stop in windows)


class Twin:
    """The synapses of one projection: weight w, traces x of the sources and y of the targets, at the synapses."""

    def __init__(self, entry, group, weights):
        self.axonal = entry.get("delay_is") == "axonal"
        self.rule = dict(DEFAULTS[entry["synapse"]["model"]], **entry["synapse"])
        self.nearest = self.rule.get("pairing") == "nearest"
        self.sources, self.targets = group["mapping/source_ids"][:], group["mapping/target_ids"][:]
        self.delays = numpy.round(group["mapping/delays"][:] / DT).astype(int)
        self.w = weights.copy()
        self.x, self.y, self.slow, self.y_slow, self.c = (numpy.zeros(len(self.w)) for _ in range(5))
        self.n = 0.0
        self.learning = times_of(self.rule["learning"]) if "learning" in self.rule else [(-1, 1e9)]

    def decay(self):
        r = self.rule
        self.x *= numpy.exp(-DT / r.get("tau_plus", r.get("tau_fast")))
        self.y *= numpy.exp(-DT / r.get("tau_minus", 1))
        self.slow *= numpy.exp(-DT / r.get("tau_slow", r.get("tau_plus_triplet", 1)))
        self.y_slow *= numpy.exp(-DT / r.get("tau_minus_triplet", 1))

    def dopamine(self, step, spikes):
        """Weights and dopamine through the step that ends with these dopamine spikes."""
        r = self.rule
        if r["model"] == "stdp_dopamine":
            rate = 1 / r["tau_c"] + 1 / r["tau_n"]
            if is_within(self.learning, step):
                self.w = numpy.clip(self.w + self.c * self.n * (1 - numpy.exp(-rate * DT)) / rate, r["Wmin"], r["Wmax"])
            self.c *= numpy.exp(-DT / r["tau_c"])
        if "tau_n" in r:
            jump = r.get("n_jump", 1 / r["tau_n"])
            self.n = self.n * numpy.exp(-DT / r["tau_n"]) + jump * spikes
        self.has_dopamine = ("n_threshold" in r and self.n >= r["n_threshold"]) or (
            "dopamine_on" in r and is_within(times_of(r["dopamine_on"]), step))

    def bounded(self, change, at):
        r = self.rule
        distance = numpy.where(change > 0, r["Wmax"] - self.w, self.w - r["Wmin"]) / (r["Wmax"] - r["Wmin"])
        self.w = numpy.where(at, numpy.clip(self.w + change * distance ** r["mu"], r["Wmin"], r["Wmax"]), self.w)

    def moved(self, change, at):
        """Sizes of weights, which keep their signs."""
        wmax = self.rule["Wmax"]
        self.w = numpy.where(at, numpy.sign(wmax) * numpy.clip(abs(self.w) + change, 0, abs(wmax)), self.w)

    def target_spikes(self, at, x, slow, y_slow):
        r = self.rule
        if r["model"] == "stdp":
            v = self.w / r["Wmax"]
            grown = numpy.minimum(1, v + r["lambda"] * (1 - v) ** r["mu_plus"] * x) * r["Wmax"]
            self.w = numpy.where(at, grown, self.w)
        elif r["model"] == "stdp_pl":
            self.w += at * r["lambda"] * r["w0"] * (self.w / r["w0"]) ** r["mu"] * x
        elif r["model"] == "stdp_dopamine":
            self.c += at * r["A_plus"] * x
        elif r["model"] == "stdp_switch":
            self.bounded(r["A_plus_dopamine" if self.has_dopamine else "A_plus"] * x, at)
        elif r["model"] == "stdp_triplet":
            self.moved(x * (r["Aplus"] + r["Aplus_triplet"] * y_slow), at)
        else:
            changed = numpy.clip(self.w - r["decay"] + r["learning_rate"] * (x - slow), r["Wmin"], r["Wmax"])
            self.w = numpy.where(at, changed, self.w)

    def source_spikes(self, at, y, slow):
        r = self.rule
        if r["model"] == "stdp":
            v = self.w / r["Wmax"]
            lost = numpy.maximum(0, v - r["alpha"] * r["lambda"] * v ** r["mu_minus"] * y) * r["Wmax"]
            self.w = numpy.where(at, lost, self.w)
        elif r["model"] == "stdp_pl":
            self.w -= at * r["alpha"] * r["lambda"] * self.w * y
        elif r["model"] == "stdp_dopamine":
            self.c -= at * r["A_minus"] * y
        elif r["model"] == "stdp_switch":
            self.bounded(-r["A_minus_dopamine" if self.has_dopamine else "A_minus"] * y, at)
        elif r["model"] == "stdp_triplet":
            self.moved(-y * (r["Aminus"] + r["Aminus_triplet"] * slow), at)

    def step(self, step, pre, post, dopamine):
        """All that happens at the synapses in a step. Returns weights and eligibility as a spike finds them that
        arrives then and is not followed by what comes later in the step."""
        self.decay()
        self.dopamine(step, dopamine)
        x, slow, y, y_slow = self.x.copy(), self.slow.copy(), self.y.copy(), self.y_slow.copy()
        learns = is_within(self.learning, step)
        if learns and not self.axonal:
            self.target_spikes(post > 0, x, slow, y_slow)
        for again in range(int(pre.max(initial=0))):  # a parrot may repeat two spikes at once
            if learns:
                self.source_spikes(pre > again, y, slow + again)
        found = self.w.copy(), self.c.copy()
        if learns and self.axonal:
            self.target_spikes(post > 0, x, slow, y_slow)
        r = self.rule
        if r["model"] == "trace":
            self.x += pre / r["tau_fast"]
            self.slow += pre / r["tau_slow"]
        else:
            self.x = numpy.where(pre > 0, 1, self.x) if self.nearest else self.x + pre
            self.slow += pre
        self.y = numpy.where(post > 0, 1, self.y) if self.nearest else self.y + post
        self.y_slow += post
        return found


DEFAULTS = {
    "stdp": {"lambda": 0.01, "alpha": 1, "tau_plus": 20, "tau_minus": 20, "mu_plus": 1, "mu_minus": 1, "Wmax": 100},
    "stdp_pl": {"lambda": 0.1, "alpha": 1, "mu": 0.4, "w0": 1, "tau_plus": 20, "tau_minus": 20},
    "stdp_dopamine": {"tau_plus": 20, "tau_minus": 20, "A_plus": 1, "A_minus": 1.5, "tau_c": 1000, "tau_n": 200,
                      "Wmin": 0, "Wmax": 200},
    "stdp_switch": {"tau_plus": 20, "tau_minus": 20, "Wmin": 0, "n_jump": 1},
    "stdp_triplet": {"tau_plus": 16.8, "tau_plus_triplet": 101, "tau_minus": 20, "tau_minus_triplet": 110},
    "trace": {"tau_fast": 10, "tau_slow": 100, "Wmin": 0, "Wmax": 1},
}


def at_synapses(counts, neurons, delays, step):
    """Spikes that reach each synapse in a step, from its neuron, so many steps later."""
    from_step = step - delays
    return numpy.where(from_step >= 0, counts[numpy.maximum(from_step, 0), neurons], 0)


def check_projection(entry, output, counts, steps):
    name = entry["name"]
    has_c = entry["synapse"]["model"] == "stdp_dopamine"
    with h5py.File(output) as file:
        group = file["weights"][name + ".weight" if has_c else name]
        recorded = [group["data"][:]] + ([file["weights"][name + ".c"]["data"][:]] if has_c else [])
        twin = Twin(entry, group, INITIAL[name])
        first, _, interval = numpy.round(group["mapping/time"][:] / DT).astype(int)
    released = numpy.zeros(steps)
    if "dopamine" in twin.rule:
        delay = round(float(str(twin.rule.get("dopamine_delay", DT)).split()[0]) / DT)
        chosen = [0, 3, 4] if "dopamine_neurons" in twin.rule else slice(None)
        released[delay:] = counts["DA"][:, chosen].sum(axis=1)[:steps - delay]
    none = numpy.zeros_like(twin.delays)
    axonal, dendritic = (twin.delays, none) if twin.axonal else (none, twin.delays)
    behind = 1 + dendritic
    kept = [numpy.zeros((int(behind.max()) + 1, len(twin.w))) for _ in range(2)]
    worst = [0.0, 0.0]
    for step in range(steps):
        found = twin.step(step, at_synapses(counts[entry["source"]], twin.sources, axonal, step),
                          at_synapses(counts[entry["target"]], twin.targets, dendritic, step), released[step])
        for k in range(2):
            kept[k][step % len(kept[k])] = found[k]
        row, rest = divmod(step - first, interval)
        if rest or row < 0:
            continue
        for k, data in enumerate(recorded):
            ours = kept[k][(step - behind) % len(kept[k]), numpy.arange(len(twin.w))]
            worst[k] = max(worst[k], float(numpy.max(abs(ours - data[row]))))
    scale = [float(abs(data).max()) for data in recorded]
    for k, data in enumerate(recorded):
        changed = float(abs(data[-1] - data[0]).max())
        print(f"{name}: {len(twin.w)} synapses, differ by {worst[k]:.2g} of {scale[k]:.3g}, changed by {changed:.3g}")
        expect(worst[k] <= TOLERANCE * scale[k], f"{name}: differs from the twin by {worst[k]:.3g}")
        expect(changed > 1e-3 * scale[k], f"{name}: does not learn")


def check_net(path, folder):
    global DT, INITIAL
    with open(path, encoding="utf-8") as file:
        experiment = yaml.safe_load(file)
    DT = 0.1
    steps = round(float(experiment["simulation"]["duration"].split()[0]) / DT)
    output = os.path.join(folder, "plastic.h5")
    run(path, output)
    sizes = {population["name"]: population["size"] for population in experiment["populations"]}
    counts = {name: count_spikes(output, name, size, steps) for name, size in sizes.items()}
    learning = [entry for entry in experiment["projections"] if entry.get("synapse", {}).get("model") in DEFAULTS]
    INITIAL = read_initial(path, folder, learning)
    for entry in learning:
        check_projection(entry, output, counts, steps)


def main():
    for net in ("plastic.yaml", "triplet.yaml"):
        with tempfile.TemporaryDirectory() as folder:
            check_net(os.path.join(HERE, net), folder)
    finish()


def read_initial(path, folder, learning):
    """The weights at the beginning: those of the first step, before anything has happened."""
    output = os.path.join(folder, "initial.h5")
    settings = {"simulation.duration": "0.1 ms", "recorders": "[" + ", ".join(
        f"{{type: weights, projection: {entry['name']}}}" for entry in learning) + "]"}
    run(path, output, settings)
    with h5py.File(output) as file:
        return {entry["name"]: file["weights"][entry["name"]]["data"][0] for entry in learning}


if __name__ == "__main__":
    main()
