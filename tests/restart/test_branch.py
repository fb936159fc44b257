"""A run that begins where another was saved: without differences it goes on bit for bit like the run that never stopped; with some,
what both have is taken by names, and what is not is told."""
import os
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", folder) for folder in ("support", "invariance")]
from nets import same_bits  # noqa: E402
from program import execute, expect, finish  # noqa: E402
from program import recorded as reports  # noqa: E402
from test_changes import CHANGES, NET, write  # noqa: E402

# Nothing is drawn here, so that numbers of populations do not matter.
PLAIN = """
simulation: {dt: 0.1 ms, duration: 40 ms}
populations:
  - {name: A, model: iaf_psc_exp, size: 8, parameters: {I_e: {values: [300, 380, 390, 400, 420, 450, 480, 500]}}}
  - {name: B, model: iaf_psc_exp, size: 8, parameters: {I_e: 370}}
projections:
  - {source: A, target: B, rule: all_to_all, weight: 40, delay: 3 ms}
  - {source: B, target: A, rule: one_to_one, weight: -50, delay: 2 ms}
recorders: [{type: spikes, population: [A, B]}, {name: v, type: traces, population: [A, B], states: V_m, interval: 0.7 ms}]
output: {precision: double}
"""


def recorded(output, after=-1.0):
    """Spikes and rows later than a time in ms."""
    found = {}
    with h5py.File(output) as file:
        for name, group in file["spikes"].items():
            late = group["timestamps"][:] > after
            found[f"spikes of {name}"] = numpy.stack([group["timestamps"][:][late], group["node_ids"][:][late]])
        rows = {f"weights of {name}": group for name, group in file.get("weights", {}).items()}
        rows |= {f"trace {name}": group for name, group in reports(file, "report").items()}
        for name, group in rows.items():
            times = group.attrs["start_ms"] + (1 + numpy.arange(len(group["data"]))) * group.attrs["interval_ms"]
            found[name] = group["data"][:][times > after + 1e-6]
            mapped = group["mapping/time"][:] if "mapping" in group else times
            expect(abs(mapped[0] - times[0]) < 1e-9, f"{name}: begins at {mapped[0]}, not {times[0]}")
    return found


def expect_same(case, output, whole, after, least=4):
    found, all_of_it = recorded(output), recorded(whole, after)
    expect(found.keys() == all_of_it.keys() and len(found) >= least, f"{case}: {found.keys()}")
    for name, values in all_of_it.items():
        expect(values.size > 0 and same_bits(values, found[name]), f"{case}: {name} differs")


def branch(checkpoint, net, output, ranks=1, threads=1, code=0):
    result = execute(["run", net, "--from", checkpoint, "-o", output, "--overwrite"], ranks, threads)
    expect(result.returncode == code, f"--from {checkpoint} {net}: exit code {result.returncode}\n{result.stderr}")
    return result


# Weights change at spikes, and are brought up to date where the experiment sweeps them.
SWEPT = """
simulation: {dt: 0.1 ms, duration: 80 ms}
populations:
  - {name: S, model: spike_source, size: 2, spikes: {times: [[5, 60], [6, 61]]}}
  - {name: E, model: iaf_psc_exp, size: 2, parameters: {I_e: 600}}
projections:
  - {name: w, source: S, target: E, rule: all_to_all, weight: 20, delay: 1 ms, synapse: {model: stdp, Wmax: 100, lambda: 0.1}}
recorders: [{type: spikes, population: E}, {type: weights, projection: w, interval: 1 ms}]
output: {precision: double}
"""
SWEEP = "changes: [{at: 40 ms, projection: w, factor: 1}]"


def check_sweeps(folder):
    """Where the two experiments sweep at other times, synapses go on from the last sweep of the one that was saved."""
    paths = {name: write(os.path.join(folder, name + ".yaml"), SWEPT + more) for name, more in (("w", ""), ("w2", SWEEP))}
    other, again = os.path.join(folder, "swept.h5"), os.path.join(folder, "again.h5")
    for saved, begun in (("w", "w2"), ("w2", "w")):
        output = os.path.join(folder, saved + ".h5")
        result = execute(["run", paths[saved], "-o", output, "--checkpoint-every", "50 ms model", "--checkpoint-keep", "9"])
        expect(result.returncode == 0, result.stderr)
        result = execute(["run", paths[begun], "--from", output[:-3] + ".checkpoint.h5.1", "-o", other, "--overwrite",
                          "--checkpoint-every", "5 ms model", "--checkpoint-keep", "9"], 2)
        expect(result.returncode == 0, result.stderr)
        expect_same(f"{saved} -> {begun}", other, output, 50, 1)
        result = execute(["run", "--resume", other[:-3] + ".checkpoint.h5.5", "-o", again, "--overwrite"])
        expect(result.returncode == 0, result.stderr)
        expect_same(f"{saved} -> {begun}, resumed", again, other, -1, 1)


# Synapses of a file that learn, and a readout whose dimension is that of a file.
OF_FILES = """
simulation: {{dt: 0.1 ms, duration: {end} ms}}
populations:
  - {{name: S, model: spike_source, size: 2, spikes: {{times: [[5, 12, 21, 27], [6, 11, 28]]}}}}
  - {{name: E, model: iaf_psc_exp, size: 2, parameters: {{I_e: 600}}}}
projections:
  - {{name: w, source: S, target: E, rule: edges, file: {edges}, group: g, weight: 20, delay: 1 ms, synapse: {{model: stdp, Wmax: 100}}}}
  - {{source: S, target: E, rule: one_to_one, weight: 30, delay: 1 ms, synapse: {{model: stdp, Wmax: 100}}}}
  - {{source: S, target: E, rule: one_to_one, weight: 40, delay: 1 ms, synapse: {{model: stdp, Wmax: 100}}}}
  - {{source: E, target: E, rule: all_to_all, weight: 20, delay: {delay} ms}}
readouts:
  - {{name: z, population: E, filter: {{decay: 5}}, supervisor: {{type: series, file: {target}, interval: 30 ms}},
     learning: {{lambda: 1, interval: 1 ms, start: 0 ms, stop: 25 ms}}}}
  - {{name: y, population: E, filter: {{decay: {decay}}}, supervisor: {{type: sines, frequencies: 5 Hz}},
     learning: {{lambda: 1, interval: 1 ms, start: 0 ms, stop: 25 ms}}}}
recorders: [{{type: weights, projection: w, interval: 1 ms}}, {{type: traces, population: E, states: V_m, interval: 1 ms}}, {{type: readout, readout: z, values: output, interval: 1 ms}}]
output: {{precision: double}}
"""
FILES = {"end": 30, "edges": "edges.h5", "target": "one.csv", "delay": 2, "decay": 5}


def check_files(folder):
    """What files hold counts, not where they lie, and the saved run's need not be there any more; what is not taken is told."""
    saved, other = os.path.join(folder, "saved"), os.path.join(folder, "other.h5")
    os.mkdir(saved)
    for place in (folder, saved):
        with h5py.File(os.path.join(place, "edges.h5"), "w") as file:
            file["g/source"], file["g/target"] = [0, 1, 1], [0, 0, 1]
        write(os.path.join(place, "one.csv"), "1\n")
    write(os.path.join(folder, "two.csv"), "1,2\n")
    write(os.path.join(saved, "net.yaml"), OF_FILES.format(**FILES))
    result = execute(["run", "net.yaml", "-o", "net.h5", "--checkpoint-every", "13 ms model", "--checkpoint-keep", "9"], cwd=saved)
    expect(result.returncode == 0, result.stderr)
    for name in ("edges.h5", "one.csv"):
        os.remove(os.path.join(saved, name))
    output, checkpoint = os.path.join(saved, "net.h5"), os.path.join(saved, "net.checkpoint.h5.1")
    cases = [({}, "taken: population S, population E, synapses of w, synapses of S->E, synapses of S->E, readout z, readout y"),
             ({"target": "two.csv", "decay": 6}, "not taken: readout z, which has another dimension there"),
             ({"decay": 6}, "not taken: readout y, which is another one there"),
             ({"delay": 4}, "not taken: spikes of more than 2.1 ms before, which delays here are long enough for")]
    for keys, words in cases:
        result = branch(checkpoint, write(os.path.join(folder, "files.yaml"), OF_FILES.format(**FILES | keys)), other)
        expect(words in result.stderr and result.stderr.count("not taken") == len(keys), f"{keys}: {result.stderr}")
        if not keys:
            expect_same("from files elsewhere", other, output, 26, 2)
    short = write(os.path.join(folder, "files.yaml"), PLAIN.replace("dt: 0.1 ms", "engine: event"))
    expect("is of the engine clock, which takes steps" in branch(checkpoint, short, other, code=2).stderr, "no word of engines")


def main():
    with tempfile.TemporaryDirectory() as folder:
        net, whole, other = (os.path.join(folder, name) for name in ("net.yaml", "whole.h5", "other.h5"))
        write(net, NET + CHANGES)
        result = execute(["run", net, "-o", whole, "--checkpoint-every", "13 ms model", "--checkpoint-keep", "9"], 2)
        expect(result.returncode == 0, result.stderr)
        checkpoint = os.path.join(folder, "whole.checkpoint.h5")
        for number, ranks in ((4, 3), (3, 1)):  # 13 and 26 ms
            result = branch(f"{checkpoint}.{number}", net, other, ranks, 2)
            expect_same(f"from 13 ms x {5 - number}, {ranks} ranks", other, whole, 13.0 * (5 - number))
            expect("taken: population E, population I, synapses of w" in result.stderr and "another" not in result.stderr,
                   f"does not say what is taken: {result.stderr}")
        net = write(os.path.join(folder, "plain.yaml"), PLAIN)
        result = execute(["run", net, "-o", whole, "--checkpoint-every", "19 ms model", "--checkpoint-keep", "9", "--overwrite"])
        expect(result.returncode == 0, result.stderr)
        added = write(os.path.join(folder, "added.yaml"), PLAIN.replace("populations:", "populations:\n  - {name: N, model: parrot, size: 5}"))
        result = branch(f"{checkpoint}.2", added, other, 2)
        expect_same("with a population more", other, whole, 19)
        expect("not taken: population N, which is new" in result.stderr, result.stderr)
        again = execute(["run", net, "--from", f"{checkpoint}.1", "-o", whole, "--overwrite"])
        expect(again.returncode == 2 and "would replace the checkpoint that it begins at" in again.stderr, again.stderr)
        again = execute(["run", "--resume", f"{checkpoint}.2", "--from", checkpoint, net])
        expect(again.returncode == 2 and "give one of them" in again.stderr, again.stderr)
        short = write(os.path.join(folder, "short.yaml"), PLAIN.replace("duration: 40", "duration: 19"))
        expect("time goes on from there" in branch(f"{checkpoint}.2", short, other, code=2).stderr, "no word of the duration")
        write(short, PLAIN.replace("dt: 0.1 ms", "dt: 0.05 ms"))
        expect("simulation.dt: 0.05 ms here, steps of 0.1 ms in" in branch(f"{checkpoint}.2", short, other, code=2).stderr, "no word of dt")
        write(short, PLAIN.replace("size: 8, parameters: {I_e: 370}", "size: 9").replace("one_to_one", "all_to_all"))
        result = branch(f"{checkpoint}.2", short, other)
        expect("another experiment" in result.stderr and "populations.B.size: 9 here, 8 in" in result.stderr and
               "not taken: population B, which has another size there" in result.stderr, result.stderr)
        events = write(os.path.join(folder, "events.yaml"), PLAIN.replace("dt: 0.1 ms", "engine: event"))
        result = execute(["run", events, "-o", whole, "--checkpoint-every", "19 ms model", "--checkpoint-keep", "9", "--overwrite"])
        write(added, PLAIN.replace("dt: 0.1 ms", "engine: event").replace("populations:", "populations:\n  - {name: N, model: parrot, size: 5}"))
        branch(f"{checkpoint}.2", added, other, 2)
        expect_same("events, with a population more", other, whole, 19)
        info = execute(["info", other], threads=None).stdout
        expect("begins        at 19 ms, from" in info, info)
        check_sweeps(folder)
        check_files(folder)
    finish()


if __name__ == "__main__":
    main()
