"""Volley as a simulator of PyNN: `import pyNN.volley as sim` (docs/pynn.md)."""
from pyNN import common, random, space
from pyNN.common.control import DEFAULT_MAX_DELAY, DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP
from pyNN.random import GSLRNG, NumpyRNG
from pyNN.recording import get_io
from pyNN.space import Space
from pyNN.standardmodels import StandardCellType

from . import simulator
from .connectors import *  # noqa: F403
from .connectors import FixedProbabilityConnector
from .populations import Assembly, Population, PopulationView
from .projections import Projection
from .standardmodels.cells import (EIF_cond_alpha_isfa_ista, EIF_cond_exp_isfa_ista, GIF_cond_exp, HH_cond_exp, IF_cond_alpha, IF_cond_exp,
                                   IF_cond_exp_gsfa_grr, IF_curr_alpha, IF_curr_delta, IF_curr_exp, IF_facets_hardware1, Izhikevich,
                                   SpikeSourceArray, SpikeSourceGamma, SpikeSourceInhGamma, SpikeSourcePoisson,
                                   SpikeSourcePoissonRefractory)
from .standardmodels.electrodes import ACSource, DCSource, NoisyCurrentSource, StepCurrentSource
from .standardmodels.synapses import (AdditivePotentiationMultiplicativeDepression, AdditiveWeightDependence, ElectricalSynapse,
                                      GutigWeightDependence, MultiplicativeWeightDependence, MultiQuantalSynapse, SimpleStochasticSynapse,
                                      SpikePairRule, StaticSynapse, STDPMechanism, StochasticTsodyksMarkramSynapse, TsodyksMarkramSynapse,
                                      Vogels2011Rule)


class NativeRNG(random.NativeRNG):
    """Volley draws nothing for PyNN."""

    def __init__(self, *args, **kwargs):
        raise NotImplementedError("pyNN.volley has no NativeRNG: networks are drawn by NumpyRNG")


def list_standard_models():
    """The names of the standard cell types that there are."""
    return [name for name, thing in globals().items()
            if isinstance(thing, type) and issubclass(thing, StandardCellType) and thing is not StandardCellType]


def setup(timestep=DEFAULT_TIMESTEP, min_delay=DEFAULT_MIN_DELAY, **extra_params):
    """
    Begins anew: what was described before is forgotten. Returns the MPI rank.

    Of the extra_params pyNN.volley takes

    max_delay - what get_max_delay() says; Volley needs no bound
    threads   - of each process; by default as many as `volley run` would take
    rng_seed  - of Poisson sources, noise and synapses that fail (1); each reset() has its own numbers
    volley    - a dict of further keys of `simulation` in Volley: partition, exchange, ...
    """
    common.setup(timestep, min_delay, **extra_params)
    state = simulator.state
    state.clear()
    state.dt = float(timestep)
    state.min_delay_given = min_delay
    state.max_delay_given = extra_params.get("max_delay", DEFAULT_MAX_DELAY)
    state.threads = extra_params.get("threads")
    state.seed = int(extra_params.get("rng_seed", 1))
    state.keys = dict(extra_params.get("volley", {}))
    return rank()


def end(compatible_output=True):
    """Writes what record() was to write to files, and ends the run."""
    state = simulator.state
    for population, variables, filename in state.write_on_end:
        population.write_data(get_io(filename) if isinstance(filename, str) else filename, variables)
    state.write_on_end = []
    state.close()


run, run_until = common.build_run(simulator)
run_for = run
reset = common.build_reset(simulator)
initialize = common.initialize
get_current_time, get_time_step, get_min_delay, get_max_delay, _, rank = common.build_state_queries(simulator)


def num_processes():
    """The number of MPI processes."""
    return simulator.state.ranks


create = common.build_create(Population)
connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)
set = common.set  # noqa: A001
record = common.build_record(simulator)


def record_v(source, filename):
    return record(["v"], source, filename)


def record_gsyn(source, filename):
    return record(["gsyn_exc", "gsyn_inh"], source, filename)
