"""Runs in the process of Python: the digests of the program, at 1 and 2 ranks; states, currents and stimuli that are looked at
and set; checkpoints both ways; faults are exceptions, and the interpreter lives."""
import glob
import os
import signal
import subprocess
import sys
import tempfile
import threading

sys.path[:0] = [os.path.join(os.environ["VOLLEY_SOURCE"], *path) for path in (("tests", "support"), ("io", "python"))]
import h5py  # noqa: E402
import numpy  # noqa: E402
import program  # noqa: E402
import volley  # noqa: E402
from faults import fails  # noqa: E402
from program import MPIRUN, expect  # noqa: E402

if "VOLLEY_TEST_C_FLAGS" in os.environ:
    print("an interpreter without a sanitizer cannot load a module with one")
    sys.exit(77)
HERE = os.path.dirname(os.path.abspath(__file__))
NETWORK = """
simulation: {{dt: 0.1 ms, duration: 50 ms, seed: 5{simulation}}}
populations:
  - {{name: E, model: {model}, size: 60}}
  - {{name: P, model: parrot, size: 20}}
projections:
  - {{source: E, target: E, rule: fixed_indegree, indegree: 6, weight: {weight}, delay: 1.5 ms{synapse}}}
  - {{source: P, target: E, rule: pairwise_bernoulli, probability: 0.3, weight: {weight}, delay: 1 ms}}
stimuli:
  - {{name: drive, type: poisson, target: P, rate: 300 Hz}}
  - {{type: dc, target: E, amplitude: {current}}}
recorders: [{{type: spikes, population: E}}]
"""
USUAL = {"simulation": "", "model": "iaf_psc_exp", "weight": 60, "current": 400, "synapse": ""}
NETWORKS = {
    "current": USUAL,
    "conductance": USUAL | {"model": "iaf_cond_exp", "weight": 4, "current": 150},
    "adaptive": USUAL | {"model": "izhikevich", "weight": 8, "current": 5},
    "plastic": USUAL | {"synapse": ", synapse: {model: stdp, Wmax: 100}"},
    "events": USUAL | {"simulation": ", engine: event", "synapse": ", synapse: {model: stdp, Wmax: 100}, normalize: {every: 4 ms}"},
}


SAVED = ("current", "events") # by in_process.py


def compile_digests():
    """digests.c as a program of somebody's."""
    library = os.path.join(os.environ["VOLLEY_BUILD"], "tests")
    subprocess.run(["mpicc", *os.environ.get("VOLLEY_TEST_C_FLAGS", "").split(), "-I", os.path.join(program.SOURCE, "src"), "-o", "digests",
                    os.path.join(HERE, "digests.c"), "-L", library, "-lvolley_testable", f"-Wl,-rpath,{library}"], check=True)


def compare_digests():
    """The same bits by the program, from Python, and from C, alone and on two ranks."""
    expected = {}
    compile_digests()
    for name, keys in NETWORKS.items():
        with open(name + ".yaml", "w", encoding="utf-8") as file:
            file.write(NETWORK.format(**keys))
        summary = program.run(name + ".yaml", name + ".h5")
        expect(summary["spikes"] > 100, f"{name}: {summary['spikes']} spikes tell little")
        expected[name] = summary["spike_digest"]
    for launcher in ([], [MPIRUN, "-n", "2"]):
        done = subprocess.run([*launcher, sys.executable, os.path.join(HERE, "in_process.py"), *NETWORKS],
                              capture_output=True, text=True, check=False)
        found = dict(line.split() for line in done.stdout.splitlines())
        expect(found == expected, f"{launcher}: {found}, not {expected}\n{done.stderr}")
        done = subprocess.run([*launcher, "./digests", *(name + ".yaml" for name in NETWORKS)], capture_output=True, text=True, check=False)
        found = {name.removesuffix(".yaml"): digest for name, digest in map(str.split, done.stdout.splitlines())}
        expect(found == expected, f"C, {launcher}: {found}, not {expected}\n{done.stderr}")
        for name in SAVED:
            result = program.execute(["run", "--resume", name + ".half.h5", "-o", "resumed.h5", "--overwrite", "--progress", "off"])
            expect(expected[name] in result.stdout, f"the program goes on from {launcher}:\n{result.stdout}{result.stderr}")
            os.remove(name + ".half.h5")
            os.remove("resumed.h5")
        for name in NETWORKS:
            expect(volley.open(name + ".process.h5").summary["spike_digest"] == expected[name], f"{name}: the output")
            os.remove(name + ".process.h5")


def share_with_mpi4py():
    """A network that is described on ranks of mpi4py's, in the world and on each rank alone."""
    for ranks in (1, 2):
        done = subprocess.run([MPIRUN, "-n", str(ranks), sys.executable, os.path.join(HERE, "with_mpi4py.py")], capture_output=True,
                              text=True, check=False, timeout=120)
        expect("".join(done.stdout.split()) == ranks * "same", f"mpi4py, {ranks} ranks: {done.stdout}{done.stderr}")  # lines may mix


def refuse():
    """What is not there yet is said: recorded stimuli that change."""
    net = volley.load("current.yaml")
    net.record("stimuli", name="given", stimulus="drive", interval=1)
    with net.build() as simulation:
        fails(lambda: simulation.set_stimulus("drive", "rate", 3), "stimuli that are recorded stay")


CHANGING = """
simulation: {dt: 0.1 ms, duration: 60 ms}
populations:
  - {name: E, model: iaf_psc_exp, size: 2, parameters: {I_e: 0, tau_m: 10}}
  - {name: M, model: iaf_psc_exp_multisynapse, size: 2, parameters: {tau_syn: [2, 3]}}
projections:
  - {source: E, target: M, rule: all_to_all, weight: 1, delay: 1 ms, receptor: 1, synapse: {model: stdp}}
  - {source: E, target: M, rule: all_to_all, weight: 2, delay: 1 ms, receptor: 2, synapse: {model: stdp}}
stimuli: [{name: d, type: dc, target: E, amplitude: 10}]
changes:
  - {at: 10 ms, population: E, parameters: {I_e: 200 pA}}
  - {at: 15 ms, stimulus: d, values: {amplitude: 50}}
"""


def set_beside_changes():
    """What changes of the experiment have set stays theirs, and what they have not can be set; a model stays as large as it is."""
    with open("changing.yaml", "w", encoding="utf-8") as file:
        file.write(CHANGING)
    potentials = []
    for names in ((), ("tau_m",)):
        with volley.load("changing.yaml").build() as simulation:
            simulation.set_parameter("E", "I_e", 100)
            simulation.run(20)
            for name in names:
                simulation.set_parameter("E", name, 10)
            fails(lambda: simulation.set_parameter("E", "I_e", 0), "changes.0", "I_e of 'E'")
            fails(lambda: simulation.set_stimulus("d", "amplitude", 0), "changes.1", "stimuli")
            fails(lambda: simulation.assign("populations.M.parameters.tau_syn=[1, 2, 3, 4, 5]"), "'M'", "stays as it is")
            fails(lambda: simulation.get_synapses("E->M"), "2 projections are called 'E->M'")
            simulation.run(20)
            potentials.append(simulation.get("E", "V_m").tolist())
    expect(potentials[0] == potentials[1], f"a parameter that is set to what it is changes {potentials}")


SYNAPSES = """
simulation: {{dt: 0.1 ms, duration: 60 ms, seed: 4}}
populations:
  - {{name: E, model: iaf_psc_exp, size: 30, parameters: {{I_e: 450}}, initial: {{V_m: {{distribution: uniform, low: -70, high: -55}}}}}}
  - {{name: I, model: iaf_psc_exp, size: 20}}
projections:
  - {{name: drawn, source: E, target: I, rule: fixed_indegree, indegree: 6, weight: {{distribution: uniform, low: 200, high: 600}}, delay: 1.5 ms}}
  - {{name: learning, source: E, target: E, rule: fixed_indegree, indegree: 5, weight: 20, delay: 2 ms, synapse: {{model: stdp, lambda: 0.1, Wmax: 90}}}}
changes: [{changes}]
"""


def branch_with_synapses(digest):
    """A run that begins at a checkpoint takes weights that were set before, where the synapses are the same, and says where not."""
    for words, told in (("", "synapses of learning, set weights of drawn"),
                        ("simulation.seed=5", "not taken: set weights of drawn, which is drawn otherwise there"),
                        ("projections.0.name=other", "not taken: set weights of drawn, which is not here"),
                        ("projections.0.synapse={model: stdp, Wmax: 900}", "not taken: set weights of drawn, whose model of synapses is another one there")):
        result = program.execute(["run", "synapses.yaml", "--from", "synapses.checkpoint.h5", "-o", "branch.h5", "--overwrite"] + (["--set", words] if words else []))
        expect(result.returncode == 0 and told in result.stderr, f"--from with {words or 'nothing set'}: {result.stderr}")
        with h5py.File("branch.h5") as file:
            same = file["volley/summary"].attrs["spike_digest"] == digest.encode()
        expect(same != bool(words), f"--from with {words or 'nothing set'}: {'the same' if same else 'another'} digest")


def go_on_with_synapses(digest):
    """Weights that were set are there in restarts and in runs that begin at a checkpoint, on other ranks than those that saved."""
    saved = "synapses.checkpoint.h5"
    for number, (how, ranks) in enumerate((("--resume", 2), ("--from", 3), ("--from", 2), ("--resume", 3), ("--resume", 1))):
        words = ["run", *(["synapses.yaml"] if how == "--from" else []), how, saved, "-o", f"other{number}.h5", "--progress", "off",
                 "--checkpoint-every", "5 ms model", "--checkpoint-keep", "9", "--checkpoint", f"series{number}.h5"]
        result = program.execute(words, ranks, env=volley.program.environment())  # a launcher must not take this process for a rank
        expect(result.returncode == 0 and digest in result.stdout, f"{how} {saved} on {ranks} ranks: {result.stdout}{result.stderr}")
        saved = max(glob.glob(f"series{number}.h5.*"), key=lambda name: int(name.rsplit(".", 1)[1]))  # the first of them


def set_synapses():
    """Weights that are set are those that changes of an experiment make at that time; who is connected with whom is told."""
    found = []
    for changes in ("{at: 25 ms, projection: drawn, factor: 0.25}, {at: 25 ms, projection: learning, factor: 2}", ""):
        with open("synapses.yaml", "w", encoding="utf-8") as file:
            file.write(SYNAPSES.format(changes=changes))
        with volley.load("synapses.yaml").build() as simulation:
            simulation.run(25)
            for name, factor in (("drawn", 0.25), ("learning", 2)) if not changes else ():
                simulation.set_synapses(name, "weight", factor * simulation.get_synapses(name))
            simulation.save("synapses.checkpoint.h5")
            simulation.run(35)
            found.append((simulation.digest, simulation.get_synapses("drawn").tolist(), simulation.get_synapses("learning").tolist()))
        with volley.resume("synapses.checkpoint.h5", threads=2) as simulation:
            simulation.run(35)
            expect(simulation.digest == found[-1][0] and simulation.get_synapses("drawn").tolist() == found[-1][1], "resumed with weights that were set")
    expect(found[0][0] == found[1][0] and found[0][2] == found[1][2], "weights that are set and changed")
    expect(numpy.allclose(found[0][1], found[1][1], rtol=1e-7) and len(found[0][1]) == 120, "static weights that are set and changed")
    branch_with_synapses(found[1][0])
    go_on_with_synapses(found[1][0])
    net = volley.Network(dt=0.1)
    net.population("A", 3, "parrot")
    net.population("B", 4, "iaf_psc_delta", V_th=1e5, tau_m=1e9)
    matrix = numpy.array([[0, 1, 2, 0], [3, 0, 0, 4], [0, 5, 6, 0]], float)
    net.project("A", "B", name="m", weight=matrix, delay=0.5)
    net.stimulate("spike_times", "A", times=[1, 3])
    with net.build() as simulation:
        sources, targets = (simulation.get_synapses("m", name).astype(int) for name in ("source", "target"))
        expect((matrix[sources, targets] == simulation.get_synapses("m")).all() and (numpy.diff(targets) >= 0).all(), "edges of a matrix")
        expect(simulation.get_synapses("m", "delay").tolist() == [0.5] * 6, "delays of a matrix")
        simulation.run(2)
        v = simulation.get("B", "V_m")
        simulation.set_synapses("m", "weight", simulation.get_synapses("m") * 10)
        simulation.set_synapses("m", "weight", simulation.get_synapses("m") + sources)
        simulation.run(2)
        expected = ((10 * matrix + numpy.arange(3)[:, None]) * (matrix > 0)).sum(0)
        expect(numpy.allclose(simulation.get("B", "V_m") - v, expected, atol=1e-6), f"{simulation.get('B', 'V_m') - v}, not {expected}")
        simulation.set_synapses("m", "weight", 7)
        expect(simulation.get_synapses("m").tolist() == [7] * 6, "one weight for all")
        fails(lambda: simulation.set_synapses("m", "weight", [1, 2]), "2 weights are given, but 'm' has 6 synapses")
        fails(lambda: simulation.set_synapses("m", "weight", "much"), "numbers are expected")
        fails(lambda: simulation.set_synapses("m", "weight", matrix), "shape (3, 4)")
        fails(lambda: simulation.set_synapses("m", "weight", numpy.nan), "no number")
        fails(lambda: simulation.set_synapses("m", "delay", 1), "only 'weight' can be set")
    exact = [0.1, 0.3, 0.7]
    for weights, kept in ((exact, exact), ({"distribution": "uniform", "low": 0.1, "high": 0.7}, None)):
        net = volley.Network(engine="event")
        net.population("A", 3, "parrot")
        net.population("B", 1, "iaf_psc_delta", V_th=1e5, tau_m=1e9, E_L=0)
        net.project("A", "B", name="m", weight=numpy.array(weights)[:, None] if kept else weights, delay=0.5, **({} if kept else {"rule": "all_to_all"}))
        net.stimulate("spike_times", "A", times=[1])
        with net.build() as simulation:
            found = simulation.get_synapses("m")
            expect(found.tolist() == (kept or numpy.float32(found).tolist()), f"weights of events: {found.tolist()}, not {kept or 'floats'}")
            before = simulation.get("B", "V_m")[0]
            simulation.run(2)
            expect(abs(simulation.get("B", "V_m")[0] - before - found.sum()) < 1e-9, f"V {simulation.get('B', 'V_m')[0]} by weights {found.tolist()}")


SOURCES = {"S": [1.0, 30.0], "R": [2.0, 30.0]}


def renew_sources():
    """Sources whose spikes are in one file: one of them is set, the file is read anew for both."""
    def rewrite(spikes):
        with h5py.File("sources.h5", "w") as file:
            for name, times in spikes.items():
                file[f"{name}/times"], file[f"{name}/ids"] = times, numpy.zeros(len(times), int)

    rewrite(SOURCES)
    net = volley.Network(dt=0.1)
    for name in SOURCES:
        net.population(name, 1, "spike_source", spikes={"file": "sources.h5", "group": name})
    with net.build() as simulation:
        simulation.run(10)
        rewrite({"S": [15.0], "R": [16.0, 30.0]})
        simulation.assign("populations.S.spikes.off_grid=nearest")
        simulation.run(30)
        found = {name: simulation.spikes(name)[0].tolist() for name in SOURCES}
    expect(found == {"S": [1.0, 15.0], "R": [2.0, 16.0, 30.0]}, f"sources that share a file: {found}")


FILES = """
simulation: {dt: 0.1 ms, duration: 60 ms, seed: 3}
populations:
  - {name: S, model: spike_source, size: 2, spikes: {file: spikes.csv}}
  - {name: E, model: iaf_psc_exp, size: 2, parameters: {I_e: {file: currents.csv}}}
projections:
  - {name: w, source: S, target: E, rule: edges, file: edges.h5, group: g, weight: 100, delay: 1 ms}
changes:
  - {at: 30 ms, population: E, parameters: {tau_m: 11}}
  - {at: 40 ms, projection: w, factor: 2}
"""
CONTENTS = {"spikes.csv": "id,time\n0,20\n", "currents.csv": "100\n200\n"}


def read_again():
    """Files that a run reads again must be those that it has read, but given spikes that are set, whose sums a checkpoint then has."""
    def rewrite(name, text):
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)

    def rewire(sources):
        with h5py.File("edges.h5", "w") as file:
            file["g/source"], file["g/target"] = sources, [1]

    for name, text in CONTENTS.items():
        rewrite(name, text)
    rewire([0])
    rewrite("files.yaml", FILES)

    def begin():
        return volley.simulation.build("files.yaml", 1, None, None)  # by a relative path

    for name, change in (("currents.csv", lambda: rewrite("currents.csv", "200\n200\n")), ("edges.h5", lambda: rewire([1]))):
        with begin() as simulation:
            simulation.run(30)
            change()
            fails(lambda: simulation.run(20), name, "has changed since the run read it")
        rewrite("currents.csv", CONTENTS["currents.csv"])
    rewire([0])
    with begin() as simulation:
        simulation.run(10)
        rewrite("spikes.csv", "id,time\n0,25\n1,25\n0,26\n")
        simulation.set_parameter("E", "C_m", 200)
        simulation.assign("populations.S.spikes.off_grid=nearest")
        rewrite("currents.csv", "100\n300\n")
        fails(lambda: simulation.set_parameter("E", "C_m", 250), "currents.csv", "has changed")
        rewrite("currents.csv", CONTENTS["currents.csv"])
        simulation.run(5)
        simulation.save("files.checkpoint.h5")
        rewrite("spikes.csv", "id,time\n5,25\n")
        fails(lambda: simulation.assign("populations.S.spikes.off_grid=up"), "neurons of S are 0-1")
        simulation.run(45)
        end = simulation.get("E", "V_m").tolist()
    fails(lambda: volley.resume("files.checkpoint.h5", threads=1), "spikes.csv", "does not hold")
    rewrite("spikes.csv", "id,time\n0,25\n1,25\n0,26\n")
    with volley.resume("files.checkpoint.h5", threads=1) as simulation:
        simulation.run(45)
        expect(simulation.get("E", "V_m").tolist() == end and end[1] != end[0], f"a run of files that were read anew {end}")


def set_current():
    """The constant current, as a current and as a parameter, one after the other."""
    found = []
    for replaces in (True, False):
        net = volley.Network(dt=0.1)
        net.population("E", 2, "iaf_psc_exp", I_e=100)
        with net.build() as simulation:
            if replaces:
                simulation.set("E", "I_e", 300)
            values = numpy.full(2, 50.0)
            simulation.set_parameter("E", "I_e", values if replaces else 50)
            simulation.run(10)
            values[:] = 70  # of the caller
            simulation.set("E", "I_e", 80)
            simulation.run(10)
            found.append(simulation.get("E", "V_m")[0])
    expect(found[0] == found[1] and found[0] > -70, f"I_e that is set twice: {found}")
    with volley.load("changing.yaml").build() as simulation:
        fails(lambda: simulation.set("E", "I_e", 0), "the experiment changes its I_e")


def look_and_change():
    net = volley.Network(dt=0.1)
    net.population("E", 3, "iaf_psc_delta", E_L=0, V_m=numpy.array([1.0, 2.0, 3.0]), V_reset=0, tau_m=1e9, C_m=100, V_th=50, t_ref=0.1,
                   I_e="10 pA")
    net.stimulate("dc", "E", name="slow", amplitude=0)
    with net.build() as simulation:
        expect(list(simulation.get("E", "V_m")) == [1, 2, 3], "initial states")
        simulation.run(10)  # 10 pA / 100 pF: 0.1 mV a ms
        expect(numpy.allclose(simulation.get("E", "V_m"), [2, 3, 4]), f"V_m of a constant current {simulation.get('E', 'V_m')}")
        simulation.set("E", "V_m", [0, 10, 20])
        simulation.set_parameter("E", "C_m", [50.0, 100.0, 200.0])
        fails(lambda: simulation.set_parameter("E", "C_m", [50.0, -1.0, 200.0]), "C_m")
        simulation.run(10)
        expect(numpy.allclose(simulation.get("E", "V_m"), [2, 11, 20.5], atol=1e-6), f"V_m of other capacitances {simulation.get('E', 'V_m')}")
        fails(lambda: simulation.set_parameter("E", "C_m", 0), "C_m")
        fails(lambda: simulation.set_parameters("E", {"V_reset": 60, "C_m": 1}), "V_reset must be below V_th")
        simulation.set_parameters("E", {"V_reset": 60, "V_th": 70})  # one of them alone would be refused
        simulation.set_parameters("E", {"V_th": 50, "V_reset": 0})
        simulation.set_parameter("E", "C_m", 100)
        simulation.set("E", "V_m", [0, 10, 20])
        simulation.set("E", "I_e", 0)
        simulation.run(10)
        expect(numpy.allclose(simulation.get("E", "V_m"), [0, 10, 20], atol=1e-6), "V_m without a current")
        simulation.inject("E", numpy.array([100.0, 0, 200]))
        simulation.run(10)
        expect(numpy.allclose(simulation.get("E", "V_m"), [11, 11, 41], atol=1e-6), f"currents {simulation.get('E', 'V_m')}")
        simulation.inject("E", 0)
        simulation.set_stimulus("slow", "amplitude", "90 pA")
        simulation.run(10)
        times, ids = simulation.spikes("E")
        simulation.set_stimulus("slow", "amplitude", "{distribution: uniform, low: 0, high: 0}")
        expect(list(ids) == [2] and 48 <= times[0] <= 50 and simulation.time == 50, f"spikes {times} {ids}")
        expect(simulation.neurons == 3 and simulation.synapses == 0 and "at 50 ms: 3 neurons" in repr(simulation), "figures")
        fails(lambda: simulation.spikes("X"), "no population 'X'")
        fails(lambda: simulation.get("E", "W"), "no state 'W'")
        fails(lambda: simulation.get_synapses("X"), "no projection 'X'")
        fails(lambda: simulation.assign("populations.E.size=3"), "can be set while a run is under way")
        fails(lambda: simulation.set_parameter("Z", "C_m", 100), "no population 'Z'")
        fails(lambda: simulation.set("X", "I_e", 1), "no population 'X'")
        fails(lambda: simulation.inject("E", numpy.zeros(4)), "3 values are expected", "not 4")
        fails(lambda: simulation.inject("E", "much"), "numbers are expected")
        fails(lambda: simulation.inject("E", numpy.nan), "not finite")
        fails(lambda: simulation.set_stimulus("slow", "amplitude", "abc"), "'abc' given")
        fails(lambda: simulation.run(-1), "0 ms or more")
        fails(lambda: simulation.save("nowhere/c.h5"), "nowhere")
        threads_and_interrupts(simulation)
    fails(lambda: simulation.run(1), "closed")
    net.set("populations.E.size", "abc")
    fails(net.build, "populations.E.size: 'abc' given")
    fails(lambda: volley.resume("nothing.h5"), "nothing.h5")
    expect(not [name for name in os.listdir(".") if name.startswith(".volley-")], "files are left behind")


def save_at_the_end():
    """A run that has come to its duration is saved as it is there: made longer, it goes on as if it had not ended."""
    digests = []
    for duration in (40, 20):
        net = volley.Network(dt=0.1, duration=duration, seed=3)
        net.population("E", 60, "iaf_psc_exp")
        net.project("E", "E", "fixed_indegree", indegree=5, weight=200, delay=1.5)
        net.stimulate("poisson", "E", rate="12 kHz", weight=40)
        net.record("traces", "E", states="V_m", interval=20)
        with net.build(output=f"whole{duration}.h5") as simulation:
            simulation.run(duration)
            simulation.save("end.h5")
            digests.append(simulation.digest)
    again = program.execute(["run", "--resume", "end.h5", "--set", "simulation.duration=40", "-o", "longer.h5", "--progress", "off"])
    expect(digests[0] in again.stdout and digests[0] != digests[1], f"a run that was made longer: {again.stdout}{again.stderr}")
    rows = [volley.open(name).traces["E"].values for name in ("whole40.h5", "longer.h5", "whole20.h5")]
    expect(numpy.array_equal(rows[0], rows[1]) and numpy.array_equal(rows[0][:1], rows[2]), "traces of a run that was made longer")


def end_early():
    """stop_when ends it; what is asked for after that is nothing, and the output is that of a shorter run."""
    net = volley.Network(dt=0.1, duration=100)
    net.population("E", 3, "iaf_psc_exp")
    net.record("spikes", "E")
    net.stop_when(no_spikes=20, population="E", start=5)
    with net.build(output="early.h5") as simulation:
        simulation.run(24)
        expect(simulation.ended_early is None and simulation.time == 24, "it has ended too early")
        simulation.run(50)
        simulation.run(1)
        expect(simulation.time == 25 and simulation.ended_early == "no spike of E from 5 to 25 ms", f"{simulation.ended_early}")
    with volley.open("early.h5") as run:
        expect(run.complete and run.duration == 25 and run.ended_early == "no spike of E from 5 to 25 ms", f"{run}")


def threads_and_interrupts(simulation):
    """A second thread is refused while the first one runs; Ctrl-C stops it between two pieces, and it can go on."""
    found = []

    def look():
        try:
            found.append(simulation.time)
        except volley.VolleyError as fault:
            found.append(str(fault))
        os.kill(os.getpid(), signal.SIGINT)

    before = simulation.time
    timer = threading.Timer(0.2, look)
    timer.start()
    try:
        simulation.run(5e6)
        expect(False, "a long run was not interrupted")
    except KeyboardInterrupt:
        pass
    timer.join()
    expect("another thread" in str(found[0]), f"a second thread found {found}")
    at = simulation.time
    expect(before < at < 5e6, f"interrupted at {at}")
    simulation.run(1)
    expect(simulation.time == at + 1, "it does not go on")
    simulation.run(1000.1)
    expect(abs(simulation.time - at - 1001.1) < 1e-6, f"1000.1 ms more than {at + 1} are {simulation.time}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    compare_digests()
    share_with_mpi4py()
    refuse()
    set_beside_changes()
    set_current()
    set_synapses()
    read_again()
    renew_sources()
    look_and_change()
    save_at_the_end()
    end_early()
    os.chdir("/")
program.finish()
