"""What is recorded from a population: spikes as Volley hands them over, and samples of states between two steps."""
import numpy as np
from pyNN import recording

from . import simulator


class Recorder(recording.Recorder):
    __doc__ = recording.Recorder.__doc__
    _simulator = simulator

    def __init__(self, population, file=None):
        super().__init__(population, file)
        self.restart()

    def restart(self):
        """From now on, without what was recorded before."""
        self._start = simulator.state.step
        self._spikes = []  # of (times, indices)
        self._rows = {}  # by variable: of samples of the cells in _columns, from _start on
        self._columns = {}  # by variable: indices of cells, ascending
        self._plan()

    def _plan(self):
        """The next step, from the present one on, at which samples are taken."""
        self._every = max(1, simulator.state.step_of(self.sampling_interval))
        past = simulator.state.step - self._start
        is_sampling = any(ids for variable, ids in self.recorded.items() if variable != "spikes")
        self.next_sample = self._start - -past // self._every * self._every if is_sampling else simulator.FOREVER

    def _record(self, variable, new_ids, sampling_interval=None):
        if variable == "spikes":
            return
        if sampling_interval is not None:
            steps = sampling_interval / simulator.state.dt
            if steps < 0.5 or abs(steps - round(steps)) > 1e-6:
                raise ValueError(f"sampling_interval is {sampling_interval} ms: a multiple of the time step, {simulator.state.dt} ms, "
                                 "is expected")
            self.sampling_interval = sampling_interval
        if self.next_sample == simulator.FOREVER or not self._rows:
            self._plan()

    def _reset(self):
        self.recorded.clear()
        self.restart()

    # ---- While a run is under way.

    def sample(self):
        """The present states."""
        simulation = simulator.state.simulation
        for variable, ids in self.recorded.items():
            if variable == "spikes" or not ids:
                continue
            state, factor = self.population.celltype.states[variable]
            columns = self._columns.get(variable)
            if columns is None or len(columns) != len(ids):
                self._widen(variable, np.sort(self.population.id_to_index(np.array([int(id) for id in ids]))))
                columns = self._columns[variable]
            rows = self._rows[variable]
            while len(rows) < (simulator.state.step - self._start) // self._every:  # it was not recorded then
                rows.append(np.full(len(columns), np.nan))
            rows.append(simulation.get(self.population.volley_name, state)[columns] / factor)
        self.next_sample += self._every

    def _widen(self, variable, columns):
        """More cells than before: their samples so far are not there."""
        before, rows = self._columns.get(variable), self._rows.get(variable, [])
        self._columns[variable] = columns
        self._rows[variable] = []
        for row in rows:
            wide = np.full(len(columns), np.nan)
            wide[np.searchsorted(columns, before)] = row
            self._rows[variable].append(wide)

    def take_spikes(self, times, indices):
        if self.recorded.get("spikes"):
            self._spikes.append((np.around(times, 12), indices.astype(int)))

    # ---- What PyNN asks for.

    def _all_spikes(self):
        if not self._spikes:
            return np.zeros(0), np.zeros(0, int)
        times, indices = (np.concatenate(parts) for parts in zip(*self._spikes))
        self._spikes = [(times, indices)]
        return times, indices

    def _get_spiketimes(self, ids, clear=False):
        times, indices = self._all_spikes()
        order = np.argsort(indices, kind="stable")
        times, indices = times[order], indices[order]
        wanted = self.population.id_to_index(np.array([int(id) for id in ids], int)) if len(ids) else np.zeros(0, int)
        firsts, ends = np.searchsorted(indices, wanted, "left"), np.searchsorted(indices, wanted, "right")
        return {int(id): times[first:end] for id, first, end in zip(ids, firsts, ends)}

    def _get_all_signals(self, variable, ids, clear=False):
        if not ids or not self._rows.get(variable):
            return np.zeros((0, 0)), None
        columns = np.searchsorted(self._columns[variable], self.population.id_to_index(np.array([int(id) for id in ids])))
        return np.array(self._rows[variable])[:, columns], None

    def _local_count(self, variable, filter_ids=None):
        counts = np.bincount(self._all_spikes()[1], minlength=self.population.size)
        return {int(id): int(counts[self.population.id_to_index(int(id))]) for id in self.filter_recorded(variable, filter_ids)}

    def _clear_simulator(self):
        self.restart()
        if self.next_sample == simulator.state.step and simulator.state.simulation is not None:
            self.sample()

    def write(self, variables, file=None, gather=True, filter_ids=None, clear=False, annotations=None):
        super().write(variables, file, True, filter_ids, clear, annotations)

    @property
    def metadata(self):
        return super().metadata | {"mpi_processes": simulator.state.ranks}
