"""Where a simulation of PyNN stands: what was described, the run of Volley that was made of it, and time.

Under MPI every process holds the whole description, with what process 0 has drawn, and gets all that is recorded; Volley deals out
neurons and synapses. So all cells are local everywhere, and what the common code of PyNN would gather is there: it is told of one
process."""
import h5py
import numpy as np
import volley
from pyNN import common, errors

try:
    from mpi4py import MPI

    COMM = MPI.COMM_WORLD
except ImportError:
    COMM = None

name = "Volley"
FOREVER = 2**62  # steps
MOST_STEPS = 2**32 - 1
MANY_STEPS = 1000  # after which spikes are taken, for they need memory


def share(values):
    """The values of process 0, on all."""
    return COMM.bcast(values) if COMM is not None and COMM.size > 1 else values


class ID(int, common.IDMixin):
    __doc__ = common.IDMixin.__doc__


class State(common.control.BaseState):
    """The one object `state`."""

    def __init__(self):
        super().__init__()
        self.mpi_rank, self.ranks = (COMM.rank, COMM.size) if COMM is not None else (0, 1)
        self.num_processes = 1  # as the common code sees it
        self.simulation = None
        self.dt = 0.1
        self.clear()

    def clear(self):
        """Forgets all that was described."""
        self.min_delay_given = self.max_delay_given = "auto"
        self.threads = None
        self.seed = 1
        self.keys = {}
        self.populations, self.projections, self.current_sources = [], [], []
        self.recorders = set()
        self.write_on_end = []
        self.id_counter = 0
        self.segment_counter = -1
        self.reset()

    def reset(self):
        """Back to time 0: the network is built anew at the next run, with the parameters as they are now."""
        self.close()
        self.running = False
        self.step = 0
        self.t_start = 0
        self.segment_counter += 1
        for recorder in self.recorders:
            recorder.restart()

    def close(self):
        if self.simulation is not None:
            self.simulation.close()
        self.simulation = None

    # ---- Time.

    @property
    def t(self):
        return self.time_of(self.step)

    def time_of(self, step):
        return round(step * self.dt, 9)

    def step_of(self, time):
        """The step nearest to a time in ms, halves up."""
        return int(min(np.floor(time / self.dt + 0.5), FOREVER))

    @property
    def min_delay(self):
        if self.min_delay_given != "auto":
            return self.min_delay_given
        return min((projection.least_delay for projection in self.projections if len(projection)), default=self.dt)

    @property
    def max_delay(self):
        return self.max_delay_given

    # ---- Running.

    def named(self, label):
        """A name for Volley: the label without what names may not have, and unlike those that are there."""
        plain = "".join("_" if c in "/.=" or ord(c) < 32 else c for c in label)[:60].strip() or "population"
        taken = {population.volley_name for population in self.populations}
        return plain if plain not in taken else next(f"{plain} {k}" for k in range(2, len(taken) + 3) if f"{plain} {k}" not in taken)

    def build(self):
        """The network as it is described, at time 0."""
        duration = self.time_of(min(self.step_of(1e7), MOST_STEPS))  # as long as Volley can go on
        net = volley.Network(dt=self.dt, duration=duration, seed=(self.seed + self.segment_counter) % 2**32, **self.keys)
        for population in self.populations:
            population.describe_to(net)
        for projection in self.projections:
            projection.describe_to(net)
        self.simulation = net.build(threads=self.threads)
        if COMM is None and volley.simulation.module().rank(0)[1] > 1:
            raise volley.VolleyError("PyNN on several processes needs mpi4py")

    def rewrite(self, group, data):
        """Gives datasets of the running experiment's file of arrays other contents."""
        if self.mpi_rank == 0:
            with h5py.File(self.simulation.arrays, "r+") as file:
                for name, values in data.items():
                    del file[group][name]
                    file[group][name] = values
        share(None)

    def check_description(self, what):
        """Populations and projections are there before a run begins."""
        if self.simulation is not None:
            raise errors.ConnectionError(f"a {what} cannot be added while a run is under way: pyNN.volley builds the network when "
                                         "it first runs; call reset() before, or describe it earlier")

    def run(self, simtime):
        self.run_until(self.t + simtime)

    def run_until(self, tstop):
        """On to a time in ms, in pieces between which currents and rates change and samples are taken."""
        stop = self.step_of(tstop)
        if self.simulation is None:
            if not self.populations:
                self.step, self.running = stop, True
                return
            self.build()
        self.running = True
        self._sample()
        taken = self.step
        while self.step < stop:
            self._renew()
            until = min([stop, taken + MANY_STEPS, *(recorder.next_sample for recorder in self.recorders),
                         *(population.next_change() for population in self.populations)])
            self.simulation.run(self.time_of(until) - self.time_of(self.step))
            self.step = until
            self._sample()
            if self.step - taken >= MANY_STEPS or self.step == stop:
                self._take_spikes(taken)
                taken = self.step
        for source in self.current_sources:
            source.take_samples()

    def _renew(self):
        """Inputs and weights as they are from the present step on: one assignment of all, for it reads all given spikes anew."""
        assignments = [text for population in self.populations for text in population.renew_inputs()]
        if assignments:
            self.simulation.assign(*assignments)
        for population in self.populations:
            population.keep_inputs()
        for projection in self.projections:
            projection.send_weights()

    def _take_spikes(self, since):
        for population in self.populations:
            spikes = self.simulation.spikes(population.volley_name)
            population.recorder.take_spikes(*population.celltype.spikes_as_given(population, since, self.step, spikes))

    def _sample(self):
        for recorder in self.recorders:
            if recorder.next_sample == self.step:
                recorder.sample()


state = State()
