"""A run that stop_when ends early is the run of that duration: same data and times, on any ranks and threads, and after a restart
before, at and after the last look; what is looked at is what the spikes say."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("support", "invariance")]
from nets import same_bits  # noqa: E402
from program import execute, expect, finish, read_spikes, run  # noqa: E402

NET = """
simulation: {dt: 0.1 ms, duration: 400 ms, seed: 3}
populations:
  - {name: E, model: iaf_psc_exp, size: 60}
  - {name: I, model: iaf_psc_exp, size: 20}
projections:
  - {source: E, target: [E, I], rule: fixed_indegree, indegree: 5, weight: 20, delay: {distribution: uniform, low: 0.5, high: 4}}
  - {name: w, source: E, target: I, rule: fixed_indegree, indegree: 5, weight: 10, delay: 1.5 ms, synapse: {model: stdp, Wmax: 100}}
stimuli:
  - {type: poisson, target: [E, I], rate: 12 kHz, weight: 40, stop: 40 ms}
recorders:
  - {type: spikes, population: [E, I]}
  - {name: v, type: traces, population: [E, I], states: V_m, interval: 3 ms}
  - {name: r, type: rates, population: E, interval: 7 ms}
  - {type: weights, projection: w, interval: 5 ms, stop: 60 ms}
changes:
  - {at: [30 ms, 56 ms], population: E, parameters: {I_e: 20}}
stop_when:
  - {rate_above: 900 Hz, window: 30 ms, population: E}
  - {rate_below: 0.1 Hz, window: 100 ms, start: 1 ms, population: [E, I]}
  - {wall: 1-12:00:00}
  - {no_spikes: 13 ms, start: 4 ms}
"""
EVENTS = """
simulation: {engine: event, duration: 400 ms, seed: 3}
populations: [{name: E, model: iaf_psc_exp, size: 60, initial: {V_m: {distribution: uniform, low: -70, high: -50}}}]
projections: [{source: E, target: E, rule: fixed_indegree, indegree: 5, weight: 1000, delay: 1.5 ms}]
recorders:
  - {type: spikes, population: E}
  - {name: v, type: traces, population: E, states: V_m, interval: 3 ms}
changes: [{at: 30 ms, population: E, parameters: {I_e: -9000}}]
stop_when: [{no_spikes: 13 ms, start: 4 ms}]
"""


def content(output):
    """All datasets and attributes but those of the group of the run."""
    found = {}

    def add(name, node):
        if not name.startswith("volley"):
            found.update({f"{name}@{key}": numpy.asarray(value) for key, value in node.attrs.items()})
            if isinstance(node, h5py.Dataset):
                found[name] = node[()]
    with h5py.File(output) as file:
        file.visititems(add)
        return found, dict(file["volley"].attrs)


def expect_same(case, output, whole, why):
    found, about = content(output)
    expect(about["complete"] == 1 and about.get("ended_early", b"") == why, f"{case}: {about.get('ended_early')}")
    expect(found.keys() == whole.keys(), f"{case}: other datasets")
    for name, values in whole.items():
        expect(same_bits(values, found[name]), f"{case}: {name} differs")


def check_engine(folder, name, text, end, ways, resumed):
    net = os.path.join(folder, name + ".yaml")
    with open(net, "w", encoding="utf-8") as file:
        file.write(text)
    output = os.path.join(folder, name + ".h5")
    expect(run(net, output, {"stop_when": "null", "simulation.duration": end})["model_ms"] == end, f"{name}: plain")
    whole = content(output)[0]
    why = f"no spike of {'all neurons' if name == 'clock' else 'E'} from {end - 13} to {end} ms"
    for ranks, threads in ways:
        result = execute(["run", net, "-o", output, "--overwrite", "--checkpoint-every", "13 ms model", "--checkpoint-keep", "9"],
                         ranks, threads)
        expect(result.returncode == 0 and f"ended early, at {end} of 400 ms: {why}" in result.stderr, f"{name}: {result.stderr}")
        expect_same(f"{name}, {ranks} x {threads}", output, whole, why.encode())
    checkpoint = output[:-3] + ".checkpoint.h5"
    for number, ranks in resumed:  # 0 is that of the end, which ends again
        result = execute(["run", "-o", output + number, "--resume", checkpoint + number, "--checkpoint", output + ".c",
                          "--overwrite"], ranks)
        expect(result.returncode == 0, f"{name}: resuming {number}: {result.stderr}")
        expect_same(f"{name}, resumed {number}", output + number, whole, why.encode())
    return net, output


def main():
    with tempfile.TemporaryDirectory() as folder:
        net, output = check_engine(folder, "clock", NET, 56, ((3, 2),), (("", 1), (".2", 1)))
        times = read_spikes(output, "E")[0]
        last = max(times.max(), read_spikes(output, "I")[0].max())
        expect(30 < last <= 43, f"the last spike is at {last} ms")
        rates = [numpy.sum((times > start) & (times <= start + 15)) / 60 / 0.015 for start in (0, 15, 30)]
        above = {"stop_when": f"[{{rate_above: {rates[1] * 0.999:.6f}, window: 15, population: E, start: 15 ms}}]"}
        found = run(net, output, above)
        expect(found["model_ms"] == 30 and found["ended_early"].startswith("rate of E ") and rates[0] < rates[1], f"above: {found}")
        below = {"stop_when": f"[{{rate_below: {rates[1] * 0.999:.6f}, window: 15, population: E, start: 15 ms}}]"}
        expect(run(net, output, below)["model_ms"] == (45 if rates[2] < rates[1] else 60), "below")
        expect("ended_early" not in run(net, output, {"stop_when": "[{no_spikes: 13, start: 4}]", "simulation.duration": 56}), "at the end")
        branch = execute(["run", net, "--from", output[:-3] + ".checkpoint.h5", "-o", output + "b", "--set", "recorders=[]"])
        expect(branch.returncode == 0 and "no spike of all neurons from 56 to 69 ms" in branch.stderr, f"a branch: {branch.stderr}")
        clock = run(net, output, {"stop_when": "[{wall: 1 ms}]"})
        expect(0 < clock["model_ms"] < 400 and "by the clock" in clock["ended_early"], f"by the clock: {clock}")
        check_engine(folder, "events", EVENTS, 43, ((1, 1),), ((".1", 2),))
    finish()


if __name__ == "__main__":
    main()
