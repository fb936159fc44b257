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
ENDS = {"plastic.yaml": "1400 ms"}  # dopamine is on until 1300 ms; none: the whole run


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
        self.nearest = self.rule.get("pairing") == "nearest" or self.rule["model"].startswith("stdp_nn")
        self.sources, self.targets = group["mapping/source_ids"][:], group["mapping/target_ids"][:]
        self.delays = numpy.round(group["mapping/delays"][:] / DT).astype(int)
        self.w = weights.copy()
        self.x, self.y, self.slow, self.y_slow, self.c = (numpy.zeros(len(self.w)) for _ in range(5))
        self.n = 0.0
        self.posted = numpy.zeros(len(self.w), bool)  # whether the target has spiked since the source
        self.learning = times_of(self.rule["learning"]) if "learning" in self.rule else [(-1, 1e9)]
        self.dopamine_on = times_of(self.rule["dopamine_on"]) if "dopamine_on" in self.rule else []
        r = self.rule
        self.factors = numpy.exp([-DT / tau for tau in (
            r.get("tau_plus", r.get("tau_fast", r.get("tau"))), r.get("tau_minus", 1),
            r.get("tau_slow", r.get("tau_plus_triplet", 1)), r.get("tau_minus_triplet", 1))])

    def decay(self):
        for trace, factor in zip((self.x, self.y, self.slow, self.y_slow), self.factors):
            trace *= factor

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
        self.has_dopamine = ("n_threshold" in r and self.n >= r["n_threshold"]) or is_within(self.dopamine_on, step)

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
        if r["model"].startswith("stdp_nn") or r["model"] == "stdp":
            if r["model"] == "stdp_nn_restr":
                at = at & ~self.posted
            v = self.w / r["Wmax"]
            grown = numpy.minimum(1, v + r["lambda"] * (1 - v) ** r["mu_plus"] * x) * r["Wmax"]
            self.w = numpy.where(at, grown, self.w)
        elif r["model"] == "stdp_pl":
            self.w += at * r["lambda"] * r["w0"] * (self.w / r["w0"]) ** r["mu"] * x
        elif r["model"] == "stdp_dopamine":
            self.c += at * r["A_plus"] * x
        elif r["model"] == "stdp_switch":
            self.bounded(r["A_plus_dopamine" if self.has_dopamine else "A_plus"] * x, at)
        elif r["model"] == "vogels_sprekeler":
            self.moved(r["eta"] * x, at)
        elif r["model"] == "stdp_triplet":
            self.moved(x * (r["Aplus"] + r["Aplus_triplet"] * y_slow), at)
        else:
            changed = numpy.clip(self.w - r["decay"] + r["learning_rate"] * (x - slow), r["Wmin"], r["Wmax"])
            self.w = numpy.where(at, changed, self.w)

    def source_spikes(self, at, y, slow):
        r = self.rule
        if r["model"].startswith("stdp_nn") or r["model"] == "stdp":
            if r["model"] == "stdp_nn_restr":
                at = at & self.posted
            v = self.w / r["Wmax"]
            lost = numpy.maximum(0, v - r["alpha"] * r["lambda"] * v ** r["mu_minus"] * y) * r["Wmax"]
            self.w = numpy.where(at, lost, self.w)
        elif r["model"] == "stdp_pl":
            self.w -= at * r["alpha"] * r["lambda"] * self.w * y
        elif r["model"] == "stdp_dopamine":
            self.c -= at * r["A_minus"] * y
        elif r["model"] == "stdp_switch":
            self.bounded(-r["A_minus_dopamine" if self.has_dopamine else "A_minus"] * y, at)
        elif r["model"] == "vogels_sprekeler":
            self.moved(r["eta"] * y, at)
            self.moved(-r["alpha"] * r["eta"], at)
        elif r["model"] == "stdp_triplet":
            self.moved(-y * (r["Aminus"] + r["Aminus_triplet"] * slow), at)

    def step(self, step, pre, post, dopamine):
        """All that happens at the synapses in a step. Returns weights and eligibility as a spike finds them that
        arrives then and is not followed by what comes later in the step, and the traces."""
        self.decay()
        self.dopamine(step, dopamine)
        if not pre.any() and not post.any():
            return self.w, self.c, self.x, self.y
        x, slow, y, y_slow = self.x.copy(), self.slow.copy(), self.y.copy(), self.y_slow.copy()
        learns = is_within(self.learning, step)
        if learns and not self.axonal:
            self.target_spikes(post > 0, x, slow, y_slow)
        if not self.axonal:
            self.posted |= post > 0
        for again in range(int(pre.max(initial=0))):  # a parrot may repeat two spikes at once
            if learns:
                self.source_spikes(pre > again, y, slow + again)
            self.posted &= pre == 0
        found = self.w.copy(), self.c.copy()
        if self.axonal:  # what comes with a spike of the source pairs with none of the restricted rule
            alone = (post > 0) & ((pre == 0) | (self.rule["model"] != "stdp_nn_restr"))
            if learns:
                self.target_spikes(alone, x, slow, y_slow)
            self.posted |= alone
        r = self.rule
        if r["model"] == "trace":
            self.x += pre / r["tau_fast"]
            self.slow += pre / r["tau_slow"]
        elif r["model"] == "stdp_nn_pre_centered":
            self.x = numpy.where(post > 0, 0, self.x) + pre
        else:
            self.x = numpy.where(pre > 0, 1, self.x) if self.nearest else self.x + pre
            self.slow += pre
        self.y = numpy.where(post > 0, 1, self.y) if self.nearest else self.y + post
        self.y_slow += post
        return (*found, self.x, self.y)


class Resources:
    """tsodyks by its differential equations: x, y, u just after the last spike, which the closed form of a chain of three
    takes on."""

    def __init__(self, entry, group):
        self.rule = dict(DEFAULTS["tsodyks"], **entry["synapse"])
        self.sources = group["mapping/source_ids"][:]
        self.delays = numpy.round(group["mapping/delays"][:] / DT).astype(int)
        n = len(self.sources)
        self.x, self.y, self.u, self.last = numpy.ones(n), numpy.zeros(n), numpy.zeros(n), numpy.full(n, -1)

    def find(self, step):
        """What a spike of this step finds."""
        r, h = self.rule, (step - self.last) * DT
        active, left = numpy.exp(-h / r["tau_psc"]), numpy.exp(-h / r["tau_rec"])
        z = (1 - self.x - self.y) * left + self.y * r["tau_rec"] / (r["tau_rec"] - r["tau_psc"]) * (left - active)
        y, u = self.y * active, self.u * (numpy.exp(-h / r["tau_fac"]) if r["tau_fac"] > 0 else 0)
        return 1 - y - z, y, u + r["U"] * (1 - u)

    def step(self, step, pre):
        x, y, u = self.find(step)
        for k, value in enumerate((x - x * u, y + x * u, u)):
            (self.x, self.y, self.u)[k][:] = numpy.where(pre > 0, value, (self.x, self.y, self.u)[k])
        self.last = numpy.where(pre > 0, step, self.last)


def check_resources(entry, output, counts, steps):
    with h5py.File(output) as file:
        groups = [file["weights"][f"{entry['name']}.{state}"] for state in ("x", "y", "u")]
        twin, recorded = Resources(entry, groups[0]), [group["data"][:] for group in groups]
        first, _, interval = numpy.round(groups[0]["mapping/time"][:] / DT).astype(int)
    behind, kept, worst = 1 + twin.delays, {}, 0.0
    for step in range(steps):
        twin.step(step, counts[entry["source"]][step, twin.sources])
        kept[step] = twin.find(step)
        row, rest = divmod(step - first, interval)
        if rest == 0 and row >= 0:
            for k, data in enumerate(recorded):
                ours = [kept[at][k][s] for s, at in enumerate(step - behind)]
                worst = max(worst, float(numpy.max(abs(ours - data[row]))))
    print(f"{entry['name']}: {len(behind)} synapses, x, y and u differ by {worst:.2g}")
    expect(worst < TOLERANCE, f"{entry['name']}: differs from the twin by {worst:.3g}")
    expect(numpy.ptp(recorded[0]) > 0.1, f"{entry['name']}: x does not change")


DEFAULTS = {
    "stdp": {"lambda": 0.01, "alpha": 1, "tau_plus": 20, "tau_minus": 20, "mu_plus": 1, "mu_minus": 1, "Wmax": 100},
    "stdp_nn_symm": {}, "stdp_nn_restr": {}, "stdp_nn_pre_centered": {},
    "vogels_sprekeler": {"eta": 0.001, "alpha": 0.12, "tau": 20, "tau_minus": 20, "Wmax": 1},
    "tsodyks": {"tau_psc": 3, "tau_fac": 0, "tau_rec": 800, "U": 0.5},
    "stdp_pl": {"lambda": 0.1, "alpha": 1, "mu": 0.4, "w0": 1, "tau_plus": 20, "tau_minus": 20},
    "stdp_dopamine": {"tau_plus": 20, "tau_minus": 20, "A_plus": 1, "A_minus": 1.5, "tau_c": 1000, "tau_n": 200,
                      "Wmin": 0, "Wmax": 200},
    "stdp_switch": {"tau_plus": 20, "tau_minus": 20, "Wmin": 0, "n_jump": 1},
    "stdp_triplet": {"tau_plus": 16.8, "tau_plus_triplet": 101, "tau_minus": 20, "tau_minus_triplet": 110},
    "trace": {"tau_fast": 10, "tau_slow": 100, "Wmin": 0, "Wmax": 1},
}
DEFAULTS.update({name: DEFAULTS["stdp"] for name in DEFAULTS if name.startswith("stdp_nn")})


def at_synapses(counts, neurons, delays):
    """A function that tells the spikes that reach each synapse in a step, from its neuron, so many steps later."""
    longest, size = int(delays.max()), counts.shape[1]
    flat = numpy.concatenate([numpy.zeros((longest, size)), counts]).ravel()
    places = (longest - delays) * size + neurons
    return lambda step: flat[places + step * size]


def check_projection(entry, output, counts, steps):
    name = entry["name"]
    with h5py.File(output) as file:
        group = file["weights"][name if name in file["weights"] else name + ".weight"]
        recorded = {0: group["data"][:]}
        for k, state in enumerate(("c", "K_plus", "K_minus"), 1):
            if f"{name}.{state}" in file["weights"]:
                recorded[k] = file["weights"][f"{name}.{state}"]["data"][:]
        twin = Twin(entry, group, INITIAL[name])
        first, _, interval = numpy.round(group["mapping/time"][:] / DT).astype(int)
    released = numpy.zeros(steps)
    if "dopamine" in twin.rule:
        delay = round(float(str(twin.rule.get("dopamine_delay", DT)).split()[0]) / DT)
        chosen = [0, 3, 4] if "dopamine_neurons" in twin.rule else slice(None)
        released[delay:] = counts["DA"][:, chosen].sum(axis=1)[:steps - delay]
    none = numpy.zeros_like(twin.delays)
    axonal, dendritic = (twin.delays, none) if twin.axonal else (none, twin.delays)
    pre, post = at_synapses(counts[entry["source"]], twin.sources, axonal), at_synapses(
        counts[entry["target"]], twin.targets, dendritic)
    behind = 1 + dendritic
    kept = {k: numpy.zeros((int(behind.max()) + 1, len(twin.w))) for k in recorded}
    worst = dict.fromkeys(recorded, 0.0)
    for step in range(steps):
        found = twin.step(step, pre(step), post(step), released[step])
        for k in recorded:
            kept[k][step % len(kept[k])] = found[k]
        row, rest = divmod(step - first, interval)
        if rest or row < 0:
            continue
        for k, data in recorded.items():
            ours = kept[k][(step - behind) % len(kept[k]), numpy.arange(len(twin.w))]
            worst[k] = max(worst[k], float(numpy.max(abs(ours - data[row]))))
    scale = {k: float(abs(data).max()) for k, data in recorded.items()}
    for k, data in recorded.items():
        changed = float(abs(data[-1] - data[0]).max())
        print(f"{name}: {len(twin.w)} synapses, differ by {worst[k]:.2g} of {scale[k]:.3g}, changed by {changed:.3g}")
        expect(worst[k] <= TOLERANCE * scale[k], f"{name}: differs from the twin by {worst[k]:.3g}")
        expect(changed > 1e-3 * scale[k], f"{name}: does not learn")


def check_net(path, folder):
    global DT, INITIAL
    with open(path, encoding="utf-8") as file:
        experiment = yaml.safe_load(file)
    DT = 0.1
    duration = ENDS.get(os.path.basename(path)) or experiment["simulation"]["duration"]
    steps = round(float(duration.split()[0]) / DT)
    output = os.path.join(folder, "plastic.h5")
    run(path, output, {"simulation.duration": duration})
    sizes = {population["name"]: population["size"] for population in experiment["populations"]}
    counts = {name: count_spikes(output, name, size, steps) for name, size in sizes.items()}
    learning = [entry for entry in experiment["projections"]
                if entry.get("synapse", {}).get("model") in DEFAULTS and "normalize" not in entry]
    INITIAL = read_initial(path, folder, learning)
    for entry in learning:
        (check_resources if entry["synapse"]["model"] == "tsodyks" else check_projection)(entry, output, counts, steps)


def main(nets=("plastic.yaml", "triplet.yaml")):
    for net in nets:
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
