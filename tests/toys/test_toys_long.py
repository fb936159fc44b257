"""A new kind is one file and one line: the toys are added to a copy of the sources, by the table of docs/architecture.md and
nothing else, the copy is built, and every toy is used in runs on one and two ranks."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

import h5py
import numpy

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
import program  # noqa: E402
from program import SOURCE, execute, expect, finish, read_spikes, read_trace, run  # noqa: E402

# What each is called: the word in its line, and in experiments.
TOYS = {"neuron.c": "counter", "pair.c": "pair", "two_traces.c": "two_traces", "stimulus.c": "turning",
        "signal.c": "square", "rule.c": "hoop", "learner.c": "delta", "partitioner.c": "listed", "exchange.c": "waiting",
        "engine.c": "alone", "recorder.c": "total", "section.c": "saves", "plot.py": "dots", "command.c": "greet"}
FIGURE_HELP = ', "spikes as dots"'  # what the line of a figure has beside the word

NET = """
simulation: {{dt: 0.1 ms, duration: 100 ms, seed: 5, {how}}}
populations:
  - {{name: N, model: iaf_psc_exp, size: 60, parameters: {{I_e: {{distribution: uniform, low: 350, high: 600}}}}}}
  - {{name: C, model: counter, size: 20, parameters: {{threshold: 3}}}}
  - {{name: V, model: if, size: 1}}
projections:
  - {{source: N, target: N, rule: hoop, neighbours: 4, stride: 3, weight: 20, delay: 1.5 ms}}
  - {{source: N, target: C, rule: hoop, neighbours: 5, weight: 1, delay: 1 ms}}
  - {{name: p, source: N, target: N, rule: hoop, neighbours: 2, weight: 10, receptor: ex, delay: 1.5 ms,
     synapse: {{model: pair}}}}
  - {{name: t, source: N, target: N, rule: hoop, neighbours: 2, weight: 10, receptor: ex, delay: 1.5 ms,
     synapse: {{model: two_traces}}}}
stimuli: [{{type: turning, target: V, amplitude: 100, half: 5 ms}}]
readouts:
  - name: z
    population: N
    filter: {{decay: 20 ms, unit: 1/ms}}
    supervisor: {{type: square, period: 20 ms, level: 2}}
    learning: {{solver: delta, lambda: 5, interval: 1 ms, start: 5 ms, stop: 90 ms}}
recorders:
  - {{type: spikes, population: [N, C]}}
  - {{type: total, population: N, interval: 0.7 ms}}
  - {{type: traces, population: V, states: V_m}}
  - {{type: readout, readout: z, values: [supervisor, error, decoders]}}
  - {{name: p, type: weights, projection: p, interval: 1 ms}}
  - {{name: t, type: weights, projection: t, interval: 1 ms}}
output: {{precision: double}}
"""
PAIRS = """
simulation: {dt: 0.1 ms, duration: 60 ms}
populations: [{name: S, model: parrot, size: 1}, {name: T, model: counter, size: 1, parameters: {threshold: 1000}}]
projections:
  - {name: p, source: S, target: T, rule: one_to_one, weight: 1, delay: 1 ms, synapse: {model: pair}}
  - {name: t, source: S, target: T, rule: one_to_one, weight: 1, delay: 1 ms, synapse: {model: two_traces}}
stimuli:
  - {type: spike_times, target: S, times: [10, 40]}
  - {type: spike_times, target: T, times: [15, 22], weight: 1000}
recorders:
  - {type: spikes, population: [S, T]}
  - {name: p, type: weights, projection: p, interval: 60 ms}
  - {name: t, type: weights, projection: t, interval: 60 ms}
"""
PLAIN = """
simulation: {dt: 0.1 ms, duration: 50 ms, seed: 2}
populations: [{name: A, model: lif, size: 9, parameters: {I_e: {distribution: uniform, low: -40, high: -20}}}]
"""


def places():
    """Of each toy: the folder and the registry that the table names."""
    with open(os.path.join(SOURCE, "docs", "architecture.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\|[^|]*\| `([\w/]+)`[^|]*\| `([\w/.]+)` \| `tests/toys/([\w.]+)` \|$", file.read(), re.M)
    found = {toy: (folder, registry) for folder, registry, toy in rows}
    here = {name for name in os.listdir(HERE) if not name.startswith(("test_", "__"))}
    if not found.keys() == TOYS.keys() == here:
        sys.exit(f"the table has {sorted(found)}, this test {sorted(TOYS)}, the folder {sorted(here)}")
    return found


def add_line(path, line):
    """Adds a line to the one list of a registry, behind its last entry."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    lists = re.findall(r"#define \w+\(X\) \\\n(?:  X\(.*\) \\\n)+", text)
    if len(lists) != 1:
        sys.exit(f"{path}: {len(lists)} lists of kinds; one is needed")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(lists[0], f"{lists[0]}  X({line}) \\\n"))


def build(tree):
    """The program with all toys."""
    for name in ("CMakeLists.txt", "LICENSE"):
        shutil.copy(os.path.join(SOURCE, name), tree)
    for name in ("cmake", "src", "io", "partition", "jobs"):
        shutil.copytree(os.path.join(SOURCE, name), os.path.join(tree, name))
    for toy, (folder, registry) in places().items():
        name = f"plot_{TOYS[toy]}.py" if toy.endswith(".py") else f"{TOYS[toy]}.c"
        to = os.path.join(tree, folder, name)
        if os.path.exists(to):
            sys.exit(f"{folder}/{name} is there already")
        shutil.copy(os.path.join(HERE, toy), to)
        add_line(os.path.join(tree, registry), TOYS[toy] + (FIGURE_HELP if toy.endswith(".py") else ""))
        print(f"{toy}: {folder}/{name}, a line in {registry}")
    folder = os.path.join(tree, "build", "release")
    for words in (["cmake", "-S", tree, "-B", folder, "-DCMAKE_BUILD_TYPE=Release", "-DVOLLEY_TESTS=OFF", "-DVOLLEY_WERROR=ON"],
                  ["cmake", "--build", folder, "--target", "volley", "--parallel", "2"]):
        result = subprocess.run(words, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            sys.exit(f"{' '.join(words)}\n{result.stdout[-3000:]}{result.stderr[-3000:]}")
    return os.path.join(folder, "volley")


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def recordings(output):
    """All that was recorded, by its place in the file."""
    found = {}
    with h5py.File(output) as file:
        for top in ("recorders", "totals", "readout", "weights"):
            file[top].visititems(lambda name, item, top=top: found.update({f"{top}/{name}": item[()]}) if isinstance(
                item, h5py.Dataset) else None)
    return found


def expect_same(what, one, other):
    one, other = recordings(one), recordings(other)
    expect(one.keys() == other.keys() and len(one) > 10, f"{what}: other recordings")
    for name, data in one.items():
        expect(numpy.array_equal(data, other.get(name)), f"{what}: {name} differs")


def rows(file, group):
    """Steps of the rows of a recorder, and its values."""
    first, _, interval = file[group]["mapping/time"][:]
    data = file[group]["data"][:]
    return numpy.rint(10 * (first + interval * numpy.arange(len(data)))).astype(int), data


def spikes_of(output, name):
    times, ids, _ = read_spikes(output, name)
    return times, ids.astype(int)


def check_hoop(output, summary):
    """Neuron, rule and recorder: what reaches whom, and how often that is three times."""
    expect(summary["synapses"] == 60 * 4 + 20 * 5 + 2 * 60 * 2, f"{summary['synapses']} synapses")
    times, ids = spikes_of(output, "N")
    _, counted = spikes_of(output, "C")
    expect(len(ids) > 300, f"{len(ids)} spikes are too few to show anything")
    arrived = numpy.bincount(ids[times < 100 - 1.05], minlength=60)
    due = [sum(arrived[(target + 1 + k) % 60] for k in range(5)) // 3 for target in range(20)]
    expect(numpy.array_equal(numpy.bincount(counted, minlength=20), due), f"counters: {counted}, {due} are right")
    with h5py.File(output) as file:
        steps, data = rows(file, "totals/N")
    spiked = numpy.rint(10 * times).astype(int)
    expect(data[:, 0].tolist() == [numpy.count_nonzero(spiked <= step) for step in steps], "totals are wrong")


def check_inputs(output):
    """Stimulus and signal against their definitions."""
    times, volts = read_trace(output, "V")
    phase = times % 10
    expect(numpy.allclose(volts[:, 0], -70 + 0.4 * numpy.minimum(phase, 10 - phase), atol=1e-9), "turning: other V_m")
    with h5py.File(output) as file:
        steps, data = rows(file, "readout/z.supervisor")
    inside = steps > 0
    expect(numpy.array_equal(data[inside, 0], numpy.where(steps[inside] % 200 < 100, 2, -2)), "square: other values")


def check_learner(output):
    """The delta rule once more, from the spikes."""
    times, ids = spikes_of(output, "N")
    spikes = numpy.zeros((1000, 60))
    numpy.add.at(spikes, (numpy.rint(10 * times).astype(int) - 1, ids), 1)
    r, decoders, errors = numpy.zeros(60), numpy.zeros(60), []
    for step in range(1000):
        r = r * numpy.exp(-0.1 / 20) + spikes[step] / 20
        target = 2 if (step + 1) % 200 < 100 else -2
        errors.append(decoders @ r - target)
        if (step + 1) % 10 == 1 and 50 < step + 1 < 900:
            decoders = decoders - r * errors[-1] / 5
    with h5py.File(output) as file:
        steps, data = rows(file, "readout/z.error")
        last = file["readout/z.decoders/data"][-1]
    expect(numpy.allclose(data[:, 0], [0 if s == 0 else errors[s - 1] for s in steps], atol=1e-9), "delta: other errors")
    expect(numpy.allclose(last, decoders, atol=1e-9) and numpy.abs(last).max() > 0.01, "delta: other decoders")


def check_pairs():
    """Both rules against the sums by hand."""
    run(write("pairs.yaml", PAIRS), "pairs.h5")
    source, target = (read_spikes("pairs.h5", name)[0] for name in "ST")
    expect(len(source) == len(target) == 2, f"spikes at {source} and {target}; two and two are right")
    reached = target + 1  # the delay is the dendrite's
    grown = numpy.exp(-(reached - source[0]) / 20)
    shrunk = numpy.exp(-(source[1] - reached) / 20).sum()
    more = numpy.array([1, 1 + numpy.exp(-(target[1] - target[0]) / 100)])
    with h5py.File("pairs.h5") as file:
        pair, two_traces = (file[f"weights/{name}/data"][-1, 0] for name in "pt")
    expect(abs(pair - (1 + 0.1 * (grown.sum() - shrunk))) < 1e-12, f"pair: {pair}")
    expect(abs(two_traces - (1 + 0.1 * ((more * grown).sum() - shrunk))) < 1e-12, f"two_traces: {two_traces}")
    expect(abs(pair - 1) > 1e-3 and abs(two_traces - pair) > 1e-3, "the weights did not move")


def check_restart(other, whole):
    """A run is gone on with from a checkpoint while it learns: recorder, learner and section go on where they were."""
    saved = "all.checkpoint.h5.7"  # of the ten at 11.1, 22.2, 33.3, ... and 100 ms
    for words, ranks in ([other, "-o", "all.h5", "--checkpoint-every", "11.1 ms model", "--checkpoint-keep", "20"], 2), (
            ["-o", "on.h5", "--resume", saved], 1):
        result = execute(["run", *words], ranks)
        expect(result.returncode == 0 and "without a checkpoint" not in result.stderr, f"run {words}: {result.stderr}")
    expect_same("with checkpoints", whole, "all.h5")
    expect_same("resumed", whole, "on.h5")
    saves = []
    for name in (saved, "all.checkpoint.h5", "on.checkpoint.h5"):
        with h5py.File(name) as file:
            saves.append(int(file["saves/count"][0]))
            expect("P" not in file["readouts/z"], "the delta rule has no matrix")
    expect(saves == [3, 10, 10], f"saves are counted as {saves}")


def check_other_ranks(net, other):
    """An older checkpoint of a finished run is gone on with: owners from a file and another exchange, or not, make no other run."""
    for before, now, ranks in ((net, other, 2), (other, net, 1)):
        for words in ([before, "--checkpoint-every", "40 ms model", "--checkpoint-keep", "3"], [now, "--resume", "o.checkpoint.h5.1"]):
            result = execute(["run", *words, "-o", "o.h5", "--overwrite"], ranks)
            expect(result.returncode == 0, f"run {words}: {result.stderr}")
        expect_same("resumed with other owners", "one.h5", "o.h5")


def figures(words, volley):
    """`check --json` of one of the programs."""
    result = subprocess.run([volley, "check", *words, "--json"], capture_output=True, text=True, check=False)
    expect(result.returncode == 0, f"check {words}: {result.stderr}")
    return json.loads(result.stdout)


def check_estimates(net, without, volley):
    plain = write("plain.yaml", PLAIN)
    more = (figures([plain], volley)["output_bytes"]["checkpoint"] -
            figures([plain], without)["output_bytes"]["checkpoint"])
    expect(more == 4096 + 2048 + 64 + 8, f"the section is counted as {more} bytes")
    expect(figures([net], volley)["network"]["synapses"] == 580, "check knows another number of synapses")
    words = [net, "--ranks", "1000", "--set"]
    few, many = (figures([*words, f"simulation.exchange={name}"], volley)["memory_bytes"]["recording"]
                 for name in ("waiting", "allgather"))
    expect(few < many, f"the exchange that is named is not the one that is counted: {few}, {many}")


def check_engine():
    clock, alone = (run("plain.yaml", f"{name}.h5", {"simulation.engine": name}, 2) for name in ("clock", "alone"))
    expect(clock["spikes"] > 20 and clock["spike_digest"] == alone["spike_digest"], "neurons without synapses differ")


def check_messages(net):
    for change, message in {"projections.0.neighbours=20": "go once round N", "projections.0.rule=all_to_all": "takes no",
                            "projections.0.stride=0": "stride", "simulation.engine=clok": "did you mean 'clock'",
                            "stimuli.0.half=0.25": "whole number of steps", "readouts.z.learning.solver=delto": "delta"}.items():
        result = execute(["check", net, "--set", change], threads=None)
        expect(result.returncode == 2 and message in result.stderr, f"check --set {change}: {result.stderr}")
    write("few.csv", "0\n1\n")
    result = execute(["check", write("few.yaml", NET.format(how="partition: {type: listed, file: few.csv}"))], 2, None)
    expect(result.returncode == 2 and "each of the 81 neurons" in result.stderr, f"too few owners: {result.stderr}")


def check_words():
    """Command, figure, and the pages."""
    result = execute(["greet", "Volley", "--times", "2"], threads=None)
    expect(result.stdout == "Hello, Volley\nHello, Volley\n", f"greet: {result.stdout}{result.stderr}")
    result = execute(["greet"], threads=None)
    expect(result.returncode == 2 and "NAME is missing" in result.stderr, f"greet without a name: {result.stderr}")
    result = execute(["plot", "one.h5", "--dots", "-o", "dots.png"], threads=None)
    expect(result.returncode == 0 and os.path.getsize("dots.png") > 1000, f"plot --dots: {result.stdout}{result.stderr}")
    pages = "".join(execute(words, threads=None).stdout for words in (
        ["help"], ["help", "plot"], ["help", "greet"], ["models"], ["reference"]))
    for toy, word in TOYS.items():
        expect(toy == "section.c" or re.search(rf"\b{word}\b", pages), f"no page names {word}")


def main():
    without = program.VOLLEY
    with tempfile.TemporaryDirectory(dir=os.environ["VOLLEY_BUILD"]) as tree:
        program.VOLLEY = build(tree)
        os.chdir(tree)
        write("owners.csv", "".join(f"{(i * i + i // 7) % 5}\n" for i in range(81)))
        net = write("net.yaml", NET.format(how="exchange: allgather"))
        other = write("other.yaml", NET.format(how="exchange: waiting, partition: {type: listed, file: owners.csv}"))
        one, two = run(net, "one.h5"), run(other, "two.h5", ranks=2, threads=2)
        expect(one["spike_digest"] == two["spike_digest"], "other spikes on two ranks")
        expect_same("two ranks", "one.h5", "two.h5")
        check_hoop("two.h5", one)
        check_inputs("two.h5")
        check_learner("two.h5")
        check_pairs()
        check_restart(other, "one.h5")
        check_other_ranks(net, other)
        check_estimates(net, without, program.VOLLEY)
        check_engine()
        check_messages(net)
        check_words()
    finish()


if __name__ == "__main__":
    main()
