"""pyNN.volley: each standard cell, a small network and synapses that change as pyNN.neuron has them; what PyNN promises of views,
assemblies, recording, runs that go on, reset; what there is not is refused by name."""
import json
import os
import sys
import tempfile
import warnings

sys.path[:0] = [os.path.join(os.environ["VOLLEY_SOURCE"], *path) for path in (("tests", "support"), ("io", "python"))]
try:
    import pyNN.common
except ImportError:
    print("PyNN is missing (on Debian python3-pynn)")
    sys.exit(77)
if "VOLLEY_TEST_C_FLAGS" in os.environ:
    print("an interpreter without a sanitizer cannot load a module with one")
    sys.exit(77)
import numpy  # noqa: E402
import program  # noqa: E402
import pynn_networks  # noqa: E402
import volley_pynn  # noqa: E402, F401
from program import expect  # noqa: E402
import pyNN.volley as sim  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))


def raises(kind, call, *words):
    """Expects an exception of this kind that says the words."""
    try:
        call()
    except kind as fault:
        expect(all(word in str(fault) for word in words), f"'{fault}' does not say {words}")
        return
    expect(False, f"no exception that says {words}")


def compare_cells(expected):
    """Within 0.1 mV, but for 2 ms before a spike and 3 ms after it, where V is steep: spikes are 0.1 ms from those of NEURON; of Hodgkin-Huxley cells Volley tells the
    maximum, NEURON where V passes 10 mV."""
    for name, found in pynn_networks.run_cells(sim, 0.01).items():
        v, theirs = numpy.array(found["v"]), numpy.array(expected[name]["v"])
        spikes, times = numpy.array(expected[name]["spikes"]), numpy.arange(len(v))
        away = numpy.all([(times < spike - 2) | (times > spike + 3) for spike in spikes], axis=0) if len(spikes) else slice(None)
        worst = numpy.max(abs(v - theirs)[away])
        expect(worst < 0.1, f"{name}: V is {worst} mV from NEURON's")
        expect(len(found["spikes"]) == len(spikes) and numpy.all(abs(found["spikes"] - spikes) < (0.2 if name == "HH_cond_exp" else 0.1)),
               f"{name}: spikes {found['spikes']}, {spikes} of NEURON")


def compare_small_network(expected):
    found = pynn_networks.run_small_network(sim, 0.02)
    v, g = (numpy.array(found[key]) - expected[key] for key in ("v", "g"))
    expect(numpy.max(abs(v)) < 0.1 and numpy.max(abs(g)) < 1e-4, f"small network: {abs(v).max()} mV, {abs(g).max()} uS")
    for ours, theirs in zip(found["spikes"], expected["spikes"]):
        expect(len(ours) == len(theirs) and numpy.all(abs(numpy.array(ours) - theirs) < 0.1), f"spikes {ours} and {theirs}")


def compare_plastic(expected):
    """NEURON lets a weight that grew in proportion to what was left grow by what was left at the last spike of the source."""
    found = pynn_networks.run_plastic(sim, 0.05)
    for name, bound in {"additive": 0.005, "multiplicative": 0.01, "depressing": 1e-3, "facilitating": 2e-3}.items():
        ours, theirs = numpy.array(found[name]), numpy.array(expected[name])
        expect(numpy.max(abs(ours - theirs)) < bound * numpy.max(theirs), f"{name}: {ours} and {theirs}")


def use_views_and_assemblies():
    sim.setup(timestep=0.1, rng_seed=3)
    cells = sim.Population(6, sim.IF_curr_exp(tau_m=[10, 11, 12, 13, 14, 15.0], i_offset=0.5), label="cells/a.b")
    view, others = cells[1:4], sim.Population(2, sim.IF_curr_exp())
    view[0:2].set(tau_m=20.0, cm=0.5)
    expect(cells.get("tau_m").tolist() == [10, 20, 20, 13, 14, 15] and view.get("cm").tolist() == [0.5, 0.5, 1], f"{cells.get('tau_m')}")
    view.initialize(v=[-60, -61, -62])
    cells[5].tau_m = 7.0
    expect(cells[5].tau_m == 7, "one cell")
    everything = cells[3:] + others
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[5.0], [5.0, 10.0]]))
    edges = sim.Projection(source, everything, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.5, delay=[[1.0] * 5, [2.0] * 5]))
    expect(len(edges) == 10 and edges.get("delay", "array").tolist() == [[1.0] * 5, [2.0] * 5], f"{edges.get('delay', 'array')}")
    edges.set(weight=0.25)
    listed = sim.Projection(source, cells[[0, 2]], sim.FromListConnector([(0, 1, 2.0, 0.31), (1, 0, 1.0, 0.5)]))
    expect(sorted(listed.get(["weight", "delay"], "list")) == [(0, 1, 2.0, 0.3), (1, 0, 1.0, 0.5)], f"{listed.get(['weight', 'delay'], 'list')}")
    expect(listed[0].weight in (1.0, 2.0) and sum(c.weight for c in listed.connections) == 3, "single connections")
    everything.record(["v", "spikes"])
    cells[0:2].record("isyn_exc", sampling_interval=0.1)
    source.record("spikes")
    sim.run(12.0)
    v = everything.get_data("v").segments[0].analogsignals
    expect(sum(signal.shape[1] for signal in v) == 5 and all(signal.shape[0] == 121 for signal in v), f"{[signal.shape for signal in v]}")
    current = cells.get_data("isyn_exc").segments[0].analogsignals[0].magnitude
    expect(current.shape == (121, 2) and 0.97 < current[:105, 0].max() <= 1 and not current[:, 1].any(), f"{current.shape} {current.max(0)}")
    expect([train.magnitude.tolist() for train in source.get_data().segments[0].spiketrains] == [[5.0], [5.0, 10.0]], "sources")


def set_back():
    """A current that is set, and set again to what it was at the beginning."""
    found = []
    for last in (0.1, 0.1001):
        sim.setup(timestep=0.1)
        cell = sim.Population(1, sim.IF_curr_exp(i_offset=0.1))
        cell.record("v")
        for offset in (0.3, last):
            sim.run(10.0)
            cell.set(i_offset=offset)
        sim.run(30.0)
        found.append(cell.get_data().segments[0].analogsignals[0].magnitude[-1, 0])
    expect(abs(found[0] - found[1]) < 0.01, f"i_offset that is set back: {found}")


def go_on_and_reset():
    """Runs that go on are one run; currents, rates and spikes of sources change on the way; trials after reset()."""
    traces = []
    for pieces in ([30.0], [10.0, 0.1, 19.9]):
        sim.setup(timestep=0.1)
        cell = sim.Population(2, sim.IF_cond_exp(i_offset=0.2))
        step = sim.StepCurrentSource(times=[5.0, 15.0], amplitudes=[0.5, -0.2])
        wave, noise = sim.ACSource(start=3.0, stop=25.0, amplitude=0.3, frequency=100.0), sim.NoisyCurrentSource(mean=0.1, stdev=0.2, dt=0.5)
        cell.inject(step)
        cell[0].inject(wave)
        noise.inject_into(cell[1:])
        noise.record()
        drive = sim.Population(1, sim.SpikeSourcePoisson(rate=500.0, start=4.0, duration=10.0))
        edges = sim.Projection(drive, cell, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.01))
        given = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 29.0, 220.0]))
        given.record("spikes")
        drive.record("spikes")
        cell.record("v", sampling_interval=0.5)
        for piece in pieces:
            sim.run(piece)
        traces.append(cell.get_data().segments[0].analogsignals[0].magnitude)
    expect(numpy.array_equal(*traces) and traces[0].shape == (61, 2), "a run in pieces is another one")
    values = noise.get_data().magnitude[:, 0]
    expect(len(values) == 301 and len(set(values)) == 61, f"{len(values)} {len(set(values))} currents")
    spikes = drive.get_data().segments[0].spiketrains[0].magnitude
    expect(len(spikes) > 0 and 4 < spikes[0] and spikes[-1] <= 14.2, f"{spikes}")
    drive.set(rate=0.0, duration=1e9)
    cell.set(i_offset=0.0)
    sim.run(170.0)
    expect(len(drive.get_data().segments[0].spiketrains[0]) == len(spikes), "the rate was not set")
    cell.get_data(clear=True)
    sim.run(1.0)
    after = cell.get_data().segments[0].analogsignals[0]
    expect(after.shape == (3, 2) and float(after.t_start) == 200, f"after a clear: {after.shape} from {after.t_start}")
    cell.set(v_rest=[-70.0, -60.0])
    given.set(spike_times=[90.0, 201.5, 202.04, 300.0])
    sim.run(149.0)
    v = cell.get_data().segments[0].analogsignals[0].magnitude[-1]
    expect(abs(v[0] + 74) < 0.1 and -64 < v[1] < -60, f"at rest, with -0.2 nA and noise, at {v}")
    times = given.get_data().segments[0].spiketrains[0].magnitude.tolist()
    expect(times == [1.0, 29.0, 201.5, 202.04, 300.0], f"{times}")
    raises(NotImplementedError, lambda: edges.set(delay=1.0), "delay", "under way")
    drive.set(rate=500.0, duration=10.0)
    sim.reset()
    sim.run(30.0)
    sim.reset()
    sim.run(30.0)
    trials = [segment.spiketrains[0].magnitude.tolist() for segment in drive.get_data().segments]
    expect(len(trials) == 3 and trials[1] != trials[2] and all(trials), f"{trials}")


def change_weights():
    """Weights that are set between two runs, of static synapses and of those that learn, onto views of two populations."""
    sim.setup(timestep=0.1)
    first, second = (sim.Population(3, sim.IF_curr_delta(v_thresh=1000.0, tau_m=1e9)) for _ in range(2))
    cells = first[1:] + second
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[1.0, 11.0, 21.0], [2.0, 12.0]]))
    static = sim.Projection(source, cells, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0, delay=0.5))
    rule = sim.STDPMechanism(sim.SpikePairRule(), sim.AdditiveWeightDependence(w_max=9.0), weight=2.0, delay=0.5)
    learning = sim.Projection(source, first, sim.FixedProbabilityConnector(1.0), rule)
    first.record("v", sampling_interval=0.1)
    second.record("v", sampling_interval=0.1)
    sim.run(10.0)
    weights = numpy.array([[3.0, 1.0, 0.0, 2.0, 5.0], [1.0, 1.0, 4.0, 0.5, 0.25]])
    static.set(weight=weights)
    static[0].weight = 7.0
    weights[int(static[0].presynaptic_index), int(static[0].postsynaptic_index)] = 7.0
    learning.set(weight=0.5)
    expect(static.get("weight", "array").tolist() == weights.tolist() and set(numpy.ravel(learning.get("weight", "array"))) == {0.5},
           f"{static.get('weight', 'array')} {learning.get('weight', 'array')}")
    sim.run(10.0)
    v = numpy.concatenate([population.get_data().segments[0].analogsignals[0].magnitude for population in (first, second)], axis=1)
    grown = v[-1] - v[100]
    expected = weights.sum(0)
    expect(numpy.allclose(grown, [1.0, 1.0 + expected[0], 1.0 + expected[1], *expected[2:]], atol=1e-6), f"weights that were set: {grown}, {expected}")
    raises(NotImplementedError, lambda: learning.set(tau_plus=10.0), "tau_plus", "under way")
    sim.reset()
    sim.run(1.0)
    expect(static.get("weight", "array").tolist() == weights.tolist(), "weights after a reset")


def change_single_weights():
    """One weight is set while others learn: they go on from what they have learned, and begin the next trial as described. What is refused leaves all as
    it was; what is set goes to Volley once."""
    sim.setup(timestep=0.1)
    cells, one, other = sim.Population(2, sim.IF_curr_delta(tau_refrac=0.1)), sim.Population(2, sim.IF_cond_exp()), sim.Population(2, sim.IF_cond_alpha())
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[[1.0, 21.0], [1.0, 21.0]]))
    rule = sim.STDPMechanism(sim.SpikePairRule(A_plus=0.3), sim.AdditiveWeightDependence(w_max=50.0), weight=20.0, delay=0.5)
    learning = sim.Projection(source, cells, sim.AllToAllConnector(), rule)
    static = sim.Projection(source, one + other, sim.AllToAllConnector(), sim.StaticSynapse(weight=0.01, delay=0.5))
    sim.run(20.0)
    learned = numpy.ravel(learning.get("weight", "array"))
    expect(min(learned) > 21, f"nothing is learned: {learned}")
    learning[0].weight = 5.0
    at = int(learning[0].presynaptic_index) * 2 + int(learning[0].postsynaptic_index)
    learned[at] = 5.0
    for value in (-1.0, 51.0, numpy.nan):
        raises(pyNN.errors.InvalidWeightError, lambda value=value: setattr(learning[1], "weight", value), "0 to 50", f"{value:g}")
    raises(pyNN.errors.InvalidWeightError, lambda: static.set(weight=numpy.array([[1.0, 1.0, 1.0, -1.0]] * 2)), "not -1")
    raises(AttributeError, lambda: setattr(static[0], "presynaptic_index", 1), "presynaptic_index")
    expect(numpy.array_equal(numpy.ravel(learning.get("weight", "array")), learned) and set(numpy.ravel(static.get("weight", "array"))) == {0.01},
           f"{learning.get('weight', 'array')} {static.get('weight', 'array')}")
    simulation = sim.simulator.state.simulation
    told, tell = [], simulation.set_synapses
    simulation.set_synapses = lambda *words: (told.append(words[0]), tell(*words))
    for connection in static.connections:
        connection.weight = 0.0
    sim.run(0.1)
    sim.run(0.4)
    expect(len(told) == 3 and len(set(told)) == 3, f"weights were sent for {told}")
    expect(numpy.allclose(numpy.ravel(learning.get("weight", "array")), learned, rtol=1e-6), f"{learning.get('weight', 'array')} and {learned}")
    sim.reset()
    sim.run(0.1)
    described = [20.0] * 4
    described[at] = 5.0
    expect(numpy.ravel(learning.get("weight", "array")).tolist() == described, f"weights of the next trial: {learning.get('weight', 'array')}")


def change_sources():
    """Random and given sources that change while a run is under way."""
    sim.setup(timestep=0.1, rng_seed=2)
    given = [sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, time])) for time in (90.0, 91.0)]
    gamma = sim.Population(20, sim.SpikeSourceGamma(alpha=1.0, beta=50.0))
    refractory = sim.Population(6, sim.SpikeSourcePoissonRefractory(rate=100.0, tau_refrac=[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]))
    for population in (*given, gamma, refractory):
        population.record("spikes")
    sim.run(50.0)
    given[0].set(spike_times=[60.0])
    given[1].set(spike_times=[61.0, 62.0])
    gamma.set(alpha=25.0, beta=2500.0)
    raises(NotImplementedError, lambda: refractory.set(tau_refrac=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), "tau_refrac")
    refractory.set(rate=1000.0)
    for _ in range(2):  # told as long as it is so
        raises(Exception, lambda: sim.run(1.0), "dead_time")
    refractory.set(tau_refrac=8.0, rate=100.0)
    simulation = sim.simulator.state.simulation
    told, tell = [], simulation.assign
    simulation.assign = lambda *assignments: (told.append(len(assignments)), tell(*assignments))
    sim.run(950.0)
    expect(told == [2 + 2 + 2], f"assignments of spikes, gamma, dead times: {told}")
    expect([population.get_data().segments[0].spiketrains[0].magnitude.tolist() for population in given] == [[1.0, 60.0], [1.0, 61.0, 62.0]], "given spikes")
    late = [[numpy.diff(train.magnitude[train.magnitude > 60]) for train in population.get_data().segments[0].spiketrains] for population in (gamma, refractory)]
    regular, apart = (numpy.concatenate(parts) for parts in late)
    expect(0.15 < regular.std() / regular.mean() < 0.26 and 9 < regular.mean() < 11, f"gamma: mean {regular.mean()}, CV {regular.std() / regular.mean()}")
    expect(apart.min() > 7.8 and 9 < apart.mean() < 11.5, f"refractory: least {apart.min()}, mean {apart.mean()}")


def draw_while_running():
    """Stochastic cells and synapses. What they do is in tests/reference/test_by_chance.py: here that parameters arrive."""
    sim.setup(timestep=0.1, rng_seed=4)
    cells = sim.Population(40, sim.GIF_cond_exp(cm=0.1, i_offset=0.3, v_t_star=-50.0, lambda0=10.0, delta_v=1.0, tau_eta=[2.0, 20.0, 50.0],
                                                a_eta=[0.05, 0.01, 0.0], a_gamma=[2.0, 1.0, 0.5]))
    cells.record(["spikes", "v_t", "i_eta"])
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=numpy.arange(1.0, 100.0, 10.0)))
    targets = sim.Population(200, sim.IF_curr_delta(v_thresh=1000.0, tau_m=1e9))
    quantal = sim.MultiQuantalSynapse(weight=4.0, U=0.5, n=[[2] * 100 + [4] * 100], tau_rec=1e9, delay=0.5)
    sim.Projection(source, targets, sim.AllToAllConnector(), quantal)
    others = sim.Population(200, sim.IF_curr_delta(v_thresh=1000.0, tau_m=1e9))
    sim.Projection(source, others, sim.AllToAllConnector(), sim.StochasticTsodyksMarkramSynapse(weight=4.0, U=1.0, tau_rec=1e-3, delay=0.5))
    for population in (targets, others):
        population.record("v", sampling_interval=1.0)
    sim.run(100.0)
    data = cells.get_data().segments[0]
    spikes, threshold = sum(map(len, data.spiketrains)), data.filter(name="v_t")[0].magnitude
    expect(100 < spikes < 4000 and threshold.min() >= -50 and 2 < threshold.max() + 50 < 30, f"GIF_cond_exp: {spikes} spikes, {threshold.max()} mV")
    expect(0.05 < data.filter(name="i_eta")[0].magnitude.max() < 0.5, f"i_eta {data.filter(name='i_eta')[0].magnitude.max()} nA")
    v = targets.get_data().segments[0].analogsignals[0].magnitude
    steps = numpy.diff(v, axis=0)[1::10]
    expect(set(numpy.round(steps[:, :100].ravel(), 6)) <= {0, 2, 4} and set(numpy.round(steps[:, 100:].ravel(), 6)) == {0, 1, 2, 3, 4}, "parts of sites")
    expect(numpy.all(v[-1] - v[0] <= 4.000001) and (v[-1] - v[0]).mean() > 3.9, f"all sites release once: {v[-1] - v[0]}")
    w = others.get_data().segments[0].analogsignals[0].magnitude
    expect(numpy.allclose(w[-1] - w[0], 40.0), f"sites that recover at once: {w[-1] - w[0]}")
    cells.set(tau_gamma=[1.0, 5.0, 9.0])
    sim.run(1.0)
    expect(cells.get("tau_gamma").value.tolist() == [1.0, 5.0, 9.0], f"{cells.get('tau_gamma')}")


def refuse():
    sim.setup(timestep=0.1)
    cell, source = sim.Population(2, sim.IF_curr_exp()), sim.Population(2, sim.SpikeSourceArray(spike_times=[1.0]))
    for name in ("SpikeSourceInhGamma", "ElectricalSynapse", "NativeRNG"):
        raises(NotImplementedError, getattr(sim, name), name)
    pairs, additive = sim.SpikePairRule(), sim.AdditiveWeightDependence()
    raises(NotImplementedError, lambda: sim.STDPMechanism(pairs, additive, dendritic_delay_fraction=0.5), "dendritic_delay_fraction", "0.5")
    raises(pyNN.errors.NoModelAvailableError, lambda: sim.STDPMechanism(sim.Vogels2011Rule(), sim.GutigWeightDependence()), "Vogels2011Rule")
    raises(pyNN.errors.ConnectionError, lambda: sim.Projection(source, cell, sim.AllToAllConnector(), sim.StaticSynapse(delay=0.01)), "0.01 ms")
    raises(pyNN.errors.RecordingError, lambda: cell.record("w"))
    raises(ValueError, lambda: cell.record("v", sampling_interval=0.25), "0.25 ms")
    raises(TypeError, lambda: source.inject(sim.DCSource()), "spike source")
    raises(pyNN.errors.NonExistentParameterError, lambda: cell.initialize(u=1.0), "u")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        sim.Population(1, sim.SpikeSourceArray(spike_times=[0.0, 3.0]))
    expect(any("1 spikes" in str(w.message) for w in told), f"{told}")
    sim.run(1.0)
    raises(pyNN.errors.ConnectionError, lambda: sim.Population(1, sim.IF_curr_exp()), "under way")
    sim.end()


with open(os.path.join(HERE, "pynn_neuron.json"), encoding="utf-8") as file:
    reference = json.load(file)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    compare_cells(reference["cells"])
    compare_small_network(reference["small_network"])
    compare_plastic(reference["plastic"])
    use_views_and_assemblies()
    set_back()
    go_on_and_reset()
    change_weights()
    change_single_weights()
    change_sources()
    draw_while_running()
    refuse()
    expect(not os.listdir("."), f"files are left behind: {os.listdir('.')}")
    os.chdir("/")
program.finish()
