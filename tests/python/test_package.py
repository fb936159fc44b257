"""import volley: outputs are read as HDF5 has them, also of a run that was broken off; what is described by calls is the same
experiment as the file; faults are exceptions."""
import contextlib
import io
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [os.path.join(os.environ["VOLLEY_SOURCE"], *path) for path in (("tests", "support"), ("io", "python"))]
import h5py  # noqa: E402
import numpy  # noqa: E402
import program  # noqa: E402
import volley  # noqa: E402
from faults import fails  # noqa: E402
from program import expect  # noqa: E402

EXPERIMENT = """
simulation: {dt: 0.1 ms, duration: 200 ms, seed: 7}
populations:
  - {name: E, model: iaf_psc_exp, size: 80, parameters: {tau_m: 20}, initial: {V_m: {values: [VALUES]}}}
  - {name: I, model: iaf_psc_exp, size: 20}
projections:
  - {source: E, target: [E, I], rule: fixed_indegree, indegree: 8, weight: 40 pA, delay: 1.5 ms}
  - {name: w, source: I, target: E, rule: all_to_all, receptor: ex, weight: 1 pA, delay: 1 ms, synapse: {model: stdp, Wmax: 100}}
stimuli:
  - {type: poisson, target: [E, I], rate: 8 Hz, sources: 800, weight: 40 pA}
readouts:
  - {name: z, population: E, filter: {decay: 20 ms}, supervisor: {type: sines, frequencies: 5 Hz}, eigenvalues: 0}
recorders:
  - {type: spikes, population: [E, I]}
  - {type: traces, population: E, neurons: [3, 7], states: V_m, interval: 1 ms}
  - {name: w, type: weights, projection: w, interval: 50 ms}
  - {type: rates, population: E, interval: 10 ms}
  - {name: z, type: readout, readout: z, values: output, interval: 1 ms}
""".replace("VALUES", ", ".join(f"{-70 + 0.1 * i:g}" for i in range(80)))


def read_all():
    """An output, compared with what h5py reads."""
    with open("net.yaml", "w", encoding="utf-8") as file:
        file.write(EXPERIMENT)
    summary = program.run("net.yaml", "net.h5")
    run, file = volley.open("net.h5"), h5py.File("net.h5")
    spikes, times, ids = run.spikes["E"], file["spikes/E/timestamps"][:], file["spikes/E/node_ids"][:]
    expect(len(times) > 100 and (spikes.times == times).all() and (spikes.ids == ids).all(), "spikes of E")
    some = spikes.between(50, 100)
    inside = (times > 50) & (times <= 100)
    expect((some.times == times[inside]).all() and (some.ids == ids[inside]).all(), "spikes in a window")
    expect(len(some.between(60, 70)) == ((times > 60) & (times <= 70)).sum(), "spikes in a window of a window")
    trains = spikes.trains()
    expect(sorted(trains) == sorted(set(ids)) and all((trains[i] == times[ids == i]).all() for i in trains), "trains")
    expect(abs(spikes.rate() - len(times) / 80 / 0.2) < 1e-9, "mean rate")
    ends, rates = spikes.histogram(10)
    expect(numpy.allclose(rates, run.histograms["E"].values[:, 0]) and numpy.allclose(ends, 10 * numpy.arange(1, 21)),
           "rates counted and recorded differ")
    expect(numpy.allclose(list(run.rates().values()), file["volley/summary/rate_hz"][:]), "rates of populations")
    traces = run.traces["E"]
    expect(traces.state == "V_m" and traces.unit == "mV" and list(traces.ids) == [3, 7], f"{traces}")
    expect((traces.values == file["report/E/data"][:]).all() and (traces.of(7) == traces.values[:, 1]).all(), "traces")
    expect(numpy.allclose(traces.between(10, 20)[0], numpy.arange(11, 21)), "times of rows")
    weights = run.weights["w"]
    expect(weights.matrix().shape == (20, 80) and weights.matrix(0).nnz == 1600, "weights as a matrix")
    expect(len(run.readouts["z"]) == 200 and run.eigenvalues == {}, "readouts")
    expect(run.experiment["simulation"]["seed"] == 7 and run.populations["I"]["size"] == 20, "experiment")
    expect(run.summary["synapses"] == summary["synapses"], "summary")
    expect("E" in repr(run) and "80 neurons" in repr(spikes), "representations")
    table, segment = spikes.to_pandas(), spikes.to_neo()
    expect((table["time"] == times).all() and (table["id"] == ids).all(), "a table of pandas")
    expect(len(segment.spiketrains) == len(trains) and all((train.magnitude == trains[train.annotations["id"]]).all() and
           str(train.units.dimensionality) == "ms" for train in segment.spiketrains), "trains of neo")
    fails(lambda: run.spikes["X"], "there is no 'X'", "E, I")
    fails(lambda: traces.of(5), "no neuron 5")
    fails(lambda: spikes.histogram(0), "above 0")
    fails(lambda: volley.open("nothing.h5"), "there is no such file")
    fails(lambda: volley.open("net.yaml"), "cannot open 'net.yaml'")
    expect(run.spikes.get("X") is None, "get() of what is not there")
    return summary["spike_digest"]


def read_unfinished():
    """A run that was killed: what it had recorded, and as it went on."""
    words = ["run", "net.yaml", "-o", "cut.h5", "--progress", "off", "--set", "simulation.duration=1000 s",
             "--checkpoint-every", "250 ms model"]
    with subprocess.Popen(program.command(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not os.path.exists("cut.checkpoint.h5.1"):
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    run = volley.open("cut.h5")
    whole, cut = volley.open("net.h5").spikes["E"], run.spikes["E"].between(0, 200)
    expect(not run.complete and run.duration == 1e6 and len(run.traces["E"]) >= 200, f"{run}, {run.traces['E']}")
    expect((cut.times == whole.times).all() and (cut.ids == whole.ids).all(), "spikes of a run that was killed")
    expect((run.histograms["E"].values[:20] == volley.open("net.h5").histograms["E"].values).all(), "rates of a killed run")
    expect(run.rates()["E"] > 0 and run.summary == {}, "figures of a killed run")
    with volley.open("cut.checkpoint.h5.1") as saved:
        expect(isinstance(saved, volley.Checkpoint) and saved.time % 250 == 0 and not saved.complete and len(saved.spikes) == 0, f"{saved}")
        _, last = run.traces["E"].between(saved.time - 0.5, saved.time)
        expect(numpy.allclose(saved.states["E"]["V_m"][[3, 7]], last[0], atol=1e-4) and saved.states["E"].unit("V_m") == "mV", "states in a checkpoint")
        count = len(run.spikes["E"].between(0, saved.time))
        expect(saved.populations["E"] == {"spikes": count} and abs(saved.rates()["E"] - count / 80 / saved.time * 1e3) < 1e-9, "spikes of a checkpoint")
        expect(saved.synapses["w"]["weight"].shape == (1600,) and saved.experiment["simulation"]["seed"] == 7, "synapses of a checkpoint")
        expect(saved.summary["synapses"] == volley.open("net.h5").summary["synapses"] and "at " in repr(saved), f"{saved.summary}")
        fails(lambda: saved.states["E"]["W"], "no state 'W'", "V_m")


def describe(digest):
    """The same experiment by calls, from a file, and with arrays."""
    net = volley.Network(dt=0.1, duration=200, seed=7)
    net.population("E", 80, "iaf_psc_exp", tau_m=20, V_m=numpy.round(-70 + 0.1 * numpy.arange(80), 12))
    net.population("I", 20, "iaf_psc_exp")
    net.project("E", ["E", "I"], "fixed_indegree", indegree=8, weight=40, delay=1.5)
    net.project("I", "E", "all_to_all", name="w", receptor="ex", weight=1, delay="1 ms", synapse={"model": "stdp", "Wmax": 100})
    net.stimulate("poisson", ["E", "I"], rate="8 Hz", sources=800, weight=40)
    expect(net.check(ranks=2)["ranks"] == 2, "check")
    run = net.run("called.h5", ranks=2, threads=1)
    expect(run.summary["spike_digest"] == digest, "the same network by calls has other spikes")
    loaded = volley.load("net.yaml")
    loaded.set("projections.w.weight", 2)
    expect(loaded.run("loaded.h5").summary["spike_digest"] != digest, "a weight that was set changes nothing")
    loaded.set("projections.w.weight", 1)
    expect(loaded.run("loaded.h5", overwrite=True).summary["spike_digest"] == digest, "a file that was loaded")
    fails(lambda: net.population("X", 2, "iaf_psc_exp", tau=1), "no parameter or state 'tau'", "did you mean 'tau_m'?")
    fails(lambda: net.population("X", 2, "iaf"), "unknown model 'iaf'")
    fails(lambda: net.population("X", 2, "iaf_psc_exp", V_m=numpy.zeros(3)), "shape (2,)", "not (3,)")
    fails(lambda: net.stimulate("poison", "E"), "did you mean 'poisson'?")
    fails(lambda: net.project("E", "I", weight=numpy.ones((20, 80))), "(80, 20)", "not (20, 80)")
    fails(lambda: net.project("E", "I", edges=([1, 2], [3])), "equal length")
    fails(lambda: net.project("E", "I"), "give a rule")
    fails(lambda: net.project("E", "I", edges=([0.5, 1], [1, 2])), "whole numbers")
    fails(lambda: net.project("E", "I", edges=([-1, 1], [1, 2])), "whole numbers")
    fails(lambda: net.project("E", "I", "one_to_one", weight=numpy.ones(10), delay=1), "belong to edges")
    net.population("P", 3, "iaf_psc_exp_multisynapse", tau_syn=numpy.array([2.0, 9.0]))
    net.project("E", "P", "all_to_all", receptor=2, weight=1, delay=1)
    expect(net.check(ranks=1)["ranks"] == 1, "a population with receptors by a list")
    fails(lambda: net.run("called.h5"), "'called.h5' exists")
    net.set("populations.E.size", "abc")
    fails(net.check, "populations.E.size: 'abc' given")
    fails(lambda: net.set("populations.X.size", 1), "no entry 'X'")
    expect(not [name for name in os.listdir(".") if name.startswith(".volley-")], "files are left behind")


def connect():
    """Synapses from matrices, of NumPy and SciPy, and from lists: each weight arrives where it should."""
    import scipy.sparse
    matrix = numpy.array([[0, 1.5, 0], [2.5, 0, 3.5]])
    ways = {"dense": {"weight": matrix}, "sparse": {"weight": scipy.sparse.csr_matrix(matrix)},
            "edges": {"edges": ([0, 1, 1], [1, 0, 2]), "weight": numpy.array([1.5, 2.5, 3.5])}}
    for name, keys in ways.items():
        net = volley.Network(dt=0.1, duration=3)
        net.population("S", 2, "parrot")
        net.population("T", 3, "iaf_psc_delta", E_L=0, V_m=0, V_reset=0, tau_m=1e9, V_th=100)
        net.project("S", "T", delay=0.1, **keys)
        net.stimulate("spike_times", "S", neurons=1, times=[1.0], weight=1)
        net.record("traces", "T", states="V_m", interval=1)
        net.change([0.4, 0.5], "T", neurons=1, V_m=numpy.array([1.0, 2.0, 3.0]), C_m=250)
        last = net.run(f"{name}.h5").traces["T"].values[-1]
        expect(numpy.allclose(last - (0, 2, 0), matrix[1], atol=1e-6), f"{name}: {last}")
        again = volley.load(f"{name}.experiment.yaml")
        again.project("S", "T", delay=0.1, weight=matrix)
        again.save(f"{name}.experiment.yaml")
        last = volley.load(f"{name}.experiment.yaml").run(f"{name}.h5", overwrite=True).traces["T"].values[-1]
        expect(numpy.allclose(last - (0, 2, 0), 2 * matrix[1], atol=1e-6), f"{name}, loaded and saved with more: {last}")


SBATCH = """#!/bin/sh
printf '%s\\n' "$@" "every $VOLLEY_CHECKPOINT_EVERY" > words
while [ "${1#-}" != "$1" ]; do shift; done
"$VOLLEY" run "$2" -o "$3" >> "${3%.h5}.log" 2>&1 || true
echo "7;cluster"
"""
SQUEUE = """#!/bin/sh
if mkdir asked 2>/dev/null; then
  echo "slurm_load_jobs error: Socket timed out on send/recv operation" >&2
else
  echo "slurm_load_jobs error: Invalid job id specified" >&2
fi
exit 1
"""


def submit():
    """A job by programs that stand for SLURM's: what it is submitted with, its output, and a run that fails."""
    os.mkdir("slurm")
    for name, text in (("sbatch", SBATCH), ("squeue", SQUEUE)):
        with open(os.path.join("slurm", name), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join("slurm", name), 0o755)
    path = os.environ["PATH"]
    net = volley.Network(duration=20)
    net.population("E", 8, "iaf_psc_exp", I_e=500)
    net.record("spikes", "E")
    fails(lambda: net.submit("job.h5"), "sbatch")
    os.environ["PATH"] = os.path.abspath("slurm") + os.pathsep + path
    with open("job.log", "w", encoding="utf-8") as file:
        file.write("of an earlier job\n")
    job = net.submit("job.h5", nodes=2, ranks_per_node=3, threads=4, time="2:00:00", sbatch={"account": "a"}, set="simulation.seed=4",
                     checkpoint_every="30 min wall")
    patience, volley.job.PATIENCE = volley.job.PATIENCE, 0
    fails(lambda: job.wait(quiet=True), "Socket timed out")
    volley.job.PATIENCE = patience
    os.rmdir("asked")
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        run = job.wait(every=0.01)
    expect("earlier" not in said.getvalue() and "spike digest" in said.getvalue(), f"the log that is shown: {said.getvalue()}")
    with open("words", encoding="utf-8") as file:
        words = file.read().splitlines()
    want = {"--nodes=2", "--ntasks-per-node=3", "--cpus-per-task=4", "--time=2:00:00", "--account=a", "--job-name=job", "simulation.seed=4",
            os.path.join(program.SOURCE, "jobs", "slurm", "run.sbatch"), os.path.abspath("job.h5"), "every 30 min wall"}
    expect(job.number == "7" and job.state == "" and run.complete and len(run.spikes["E"]) > 0, f"a job: {job}")
    expect(want <= set(words) and "--checkpoint-every" not in words, f"sbatch has got {words}")
    os.remove("words")
    for key in ("resume", "checkpoint", "from_", "launcher"):
        fails(lambda: net.submit("other.h5", **{key: "latest"}), key, "leave it out")
    fails(lambda: net.submit("other.h5", sbatch={"output": "x-%N.log"}), "not %N")
    fails(lambda: net.submit("other.h5", set="repeat.trials=3"), "repeat() makes trials")
    expect(not os.path.exists("words"), "sbatch was called")
    job = net.submit("100%.h5", sbatch={"output": "%x-%j.log", "job-name": "n"})
    expect(job.log == os.path.abspath("n-7.log"), f"the log is {job.log}")
    expect(net.submit("99%.h5").log == os.path.abspath("99%.log"), "a log with a %")
    fails(lambda: net.submit("job.h5"), "exists")
    net.repeat(3)
    fails(lambda: net.submit("more.h5"), "submit each")
    fails(lambda: net.run("more.h5"), "run_trials()")
    net.set("repeat.trial", 2)
    net.set("populations.E.size", 0)
    fails(lambda: net.submit("more.h5").wait(every=0.01, quiet=True), "has ended without", "0 is too small")
    os.environ["PATH"] = path


def own_values():
    """What was given stays as it was given, whatever becomes of the caller's arrays and dictionaries."""
    net = volley.Network(dt=0.1, duration=20)
    few, many, weights, synapse = numpy.full(3, 1.0), numpy.full(100, 1.0), numpy.full(2, 1.0), {"model": "stdp", "Wmax": 1}
    net.population("A", 3, "iaf_psc_exp", I_e=few)
    net.population("B", 100, "iaf_psc_exp", I_e=many)
    net.project("A", "B", edges=([0, 1], [2, 3]), weight=weights, delay=1.5, synapse=synapse)
    net.set("populations.A.initial", synapse)
    before, arrays = net.to_yaml(), {name: values.copy() for name, values in net._data.items()}
    for values in (few, many, weights):
        values[:] = 7
    synapse["Wmax"] = 7
    expect(net.to_yaml() == before and all((net._data[name] == values).all() for name, values in arrays.items()), "values have changed")


def trials():
    """Trials that are opened are those of one experiment, and as many as it has."""
    net = volley.Network(dt=0.1, duration=5, seed=1)
    net.population("E", 3, "iaf_psc_exp")
    net.record("spikes", "E")
    fails(lambda: net.run_trials("t.h5"), "no trials")
    fails(lambda: volley.trials("t.h5"), "no trials", "t.1.h5")
    net.repeat(3, reset=False)
    fails(lambda: net.run_trials("t.h5", set="repeat.trial=2"), "repeat() makes trials")
    expect([run.trial for run in net.run_trials("t.h5")] == [1, 2, 3], "three trials")
    net.repeat(2)
    net.set("simulation.seed", 2)
    expect([run.trial for run in net.run_trials("t.h5", overwrite=True)] == [1, 2], "the third is of another run")
    net.repeat(3)
    net.set("repeat.trial", 1)
    fails(lambda: net.run_trials("t.h5"), "repeat.trial")
    expect(net.run("t.1.h5", overwrite=True).trial == 1, "one trial")
    fails(lambda: volley.trials("t.h5"), "'t.2.h5' is no trial of the experiment of 't.1.h5'")
    os.rename("t.1.h5", "t.2.h5")
    fails(lambda: volley.trials("t.h5"), "t.1.h5")
    os.rename("t.3.h5", "t.1.h5")
    fails(lambda: volley.trials("t.h5"), "'t.1.h5' is not the trial")


def check_types():
    """What the signatures promise, by a type checker; every public name says what it is."""
    here = os.path.dirname(os.path.abspath(__file__))
    done = subprocess.run([sys.executable, "-m", "mypy", "--cache-dir", os.devnull, "--config-file", os.path.join(here, "mypy.ini"),
                           os.path.dirname(volley.__file__)], capture_output=True, text=True, check=False)
    expect(done.returncode == 0, f"types: {done.stdout}{done.stderr}")
    for name in volley.__all__:
        thing = getattr(volley, name)
        parts = [part for key, part in vars(thing).items() if not key.startswith("_")] if isinstance(thing, type) else []
        silent = [part for part in (thing, *parts) if (callable(part) or isinstance(part, property)) and not part.__doc__]
        expect(not silent, f"{name}: nothing is said of {silent}")


def hear_and_replay():
    """The scripts beside the experiments of FORCE: rows become sound and rows again; a replay that is late is told as such."""
    sys.path.insert(0, os.path.join(program.EXPERIMENTS, "force"))
    import replay
    import sound

    at = numpy.arange(100)[:, None]
    rows = numpy.sin(numpy.pi * (at / 100 + numpy.arange(3) / 3)) ** 2
    numpy.savetxt("rows.csv", rows, delimiter=",")
    for words in (["rows.csv", "rows.wav"], ["rows.wav", "again.csv"]):
        sys.argv = ["sound.py", *words, "--pitches", "1000,2000,3000"]
        sound.main()
    again = numpy.loadtxt("again.csv", delimiter=",")
    expect(numpy.abs(again - rows)[5:-5].max() < 0.05, f"to sound and back: off by {numpy.abs(again - rows)[5:-5].max()}")
    times = 0.004 * numpy.arange(1, 1501)  # twice as fast from 3 s on, and 40 ms late
    signal = numpy.interp(times, [0, 3, 6], [0, 3, 9])
    with h5py.File("late.h5", "w") as file:
        file["volley/experiment"] = "readouts: [{supervisor: {speed_times: [3 s], speeds: [2]}}]"
        for state, wave in (("output", numpy.roll(numpy.sin(signal), 10)), ("supervisor", numpy.sin(signal))):
            group = file.create_group("readout/" + state)
            group["data"] = wave[:, None]
            group.attrs.update(state=numpy.bytes_(state), interval_ms=4.0, start_ms=0.0, learning_stop_ms=1000.0)
    (one, two) = replay.curve("late.h5")
    expect((one[0], two[0]) == (1, 2), f"speeds {one[0]} and {two[0]}")
    expect(two[1] < 0.999 < two[2] and two[3] == 40, f"a replay 40 ms late: {two}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    check_types()
    hear_and_replay()
    found = read_all()
    read_unfinished()
    describe(found)
    connect()
    own_values()
    trials()
    submit()
    os.chdir("/")
program.finish()
