"""Standard current sources. A current is constant within a step; all cells that one source is injected into get the same."""
import numpy as np
from pyNN import common
from pyNN.parameters import ParameterSpace, Sequence
from pyNN.standardmodels import StandardCurrentSource, build_translations, electrodes

from .. import simulator
from ..populations import roots


class CurrentSource(StandardCurrentSource):
    """Base class of current sources. What they give is known before: at(), next_change()."""

    def __init__(self, **parameters):
        object.__setattr__(self, "_samples", None)  # nA, from step _first on; None: not recorded
        object.__setattr__(self, "_first", 0)
        object.__setattr__(self, "_targets", [])
        object.__setattr__(self, "_number", len(simulator.state.current_sources))
        space = ParameterSpace(self.default_parameters, self.get_schema(), shape=(1,))
        space.update(**parameters)
        self.set_native_parameters(self.translate(space))
        simulator.state.current_sources.append(self)

    def set_native_parameters(self, parameters):
        parameters.evaluate(simplify=True)
        for name, value in parameters.items():
            object.__setattr__(self, name, value.value if isinstance(value, Sequence) else value)
        self.prepare()
        for population in self._targets:
            population._is_renewed = True

    def get_native_parameters(self):
        return ParameterSpace({name: Sequence(value) if isinstance(value := self.__dict__[name], (list, np.ndarray)) else value
                               for name in self.get_native_names()}, shape=(1,))

    def prepare(self):
        """What follows from the parameters."""

    def at(self, steps):
        """The current in nA during some steps: array."""
        raise NotImplementedError

    def next_change(self, step):
        """The next step after this one at which the current changes."""
        raise NotImplementedError

    def inject_into(self, cells):
        __doc__ = StandardCurrentSource.inject_into.__doc__  # noqa: F841
        if isinstance(cells, (common.BasePopulation, common.Assembly)):
            targets = roots(cells)
        else:
            targets = [(cell.parent, np.array([int(cell) - int(cell.parent.first_id)])) for cell in cells]
        for population, indices in targets:
            if not population.celltype.injectable:
                raise TypeError("Can't inject current into a spike source.")
            population.drive(self, indices)
            self._targets.append(population)

    # ---- Recording.

    def record(self):
        object.__setattr__(self, "_samples", np.zeros(0))
        object.__setattr__(self, "_first", simulator.state.step)

    def take_samples(self):
        """Those up to now."""
        if self._samples is not None:
            if simulator.state.step < self._first + len(self._samples):  # after reset()
                self.record()
                object.__setattr__(self, "_first", 0)
            steps = np.arange(self._first + len(self._samples), simulator.state.step)
            object.__setattr__(self, "_samples", np.append(self._samples, self.at(steps)))

    def _get_data(self):
        now = simulator.state.step
        times = np.around(np.arange(self._first, now + 1) * simulator.state.dt, 9)
        return times, np.append(self._samples, self.at(np.array([now])))


class Window(CurrentSource):
    """From start to stop."""

    def prepare(self):
        object.__setattr__(self, "_window", (simulator.state.step_of(self.start), simulator.state.step_of(self.stop)))

    def inside(self, steps):
        return (steps >= self._window[0]) & (steps < self._window[1])

    every = 0  # steps between two changes within the window; 0: there are none

    def next_change(self, step):
        start, stop = self._window
        if step < start:
            return start
        if step >= stop:
            return simulator.FOREVER
        return min(stop, step + self.every - (step - start) % self.every) if self.every else stop


class DCSource(Window, electrodes.DCSource):
    __doc__ = electrodes.DCSource.__doc__
    translations = build_translations(("amplitude", "amplitude"), ("start", "start"), ("stop", "stop"))

    def at(self, steps):
        return np.where(self.inside(steps), self.amplitude, 0.0)


class ACSource(Window, electrodes.ACSource):
    __doc__ = electrodes.ACSource.__doc__
    translations = build_translations(("amplitude", "amplitude"), ("start", "start"), ("stop", "stop"), ("frequency", "frequency"),
                                      ("offset", "offset"), ("phase", "phase"))
    every = 1

    def at(self, steps):
        times = (steps - self._window[0]) * simulator.state.dt
        sine = np.sin(2 * np.pi * (self.frequency * times / 1000 + self.phase / 360))
        return np.where(self.inside(steps), self.offset + self.amplitude * sine, 0.0)


class NoisyCurrentSource(Window, electrodes.NoisyCurrentSource):
    __doc__ = electrodes.NoisyCurrentSource.__doc__
    translations = build_translations(("mean", "mean"), ("start", "start"), ("stop", "stop"), ("stdev", "stdev"), ("dt", "dt"))

    @property
    def every(self):
        return max(1, simulator.state.step_of(self.dt))

    def prepare(self):
        super().prepare()
        object.__setattr__(self, "_noise", (None, None, np.zeros(0)))

    def _values(self, n):
        """The first n numbers of the noise, of which every trial has its own."""
        trial, generator, numbers = self._noise
        if trial != simulator.state.segment_counter:
            trial, numbers = simulator.state.segment_counter, np.zeros(0)
            generator = np.random.default_rng([simulator.state.seed, self._number, trial])
        if len(numbers) < n:
            numbers = np.append(numbers, generator.standard_normal(max(n - len(numbers), 1000)))
        object.__setattr__(self, "_noise", (trial, generator, numbers))
        return numbers

    def at(self, steps):
        inside = self.inside(steps)
        intervals = np.where(inside, (steps - self._window[0]) // self.every, 0)
        numbers = self._values(int(np.max(intervals, initial=0)) + 1)
        return np.where(inside, self.mean + self.stdev * numbers[intervals], 0.0)


class StepCurrentSource(CurrentSource, electrodes.StepCurrentSource):
    __doc__ = electrodes.StepCurrentSource.__doc__
    translations = build_translations(("amplitudes", "amplitudes"), ("times", "times"))

    def prepare(self):
        times, amplitudes = np.asarray(self.times, float), np.asarray(self.amplitudes, float)
        if times.shape != amplitudes.shape:
            raise ValueError(f"Step current: {times.size} times and {amplitudes.size} amplitudes; each time needs one amplitude.")
        if np.any(times < 0):
            raise ValueError("Step current cannot accept negative timestamps.")
        if np.any(np.diff(times) <= 0):
            raise ValueError("Step current timestamps should be monotonically increasing.")
        steps = np.floor(times / simulator.state.dt + 0.5).astype(np.int64)
        last = np.append(np.diff(steps) > 0, True) if steps.size else np.zeros(0, bool)  # of those in the same step
        object.__setattr__(self, "_steps", steps[last])
        object.__setattr__(self, "_levels", np.append(0.0, amplitudes[last]))
        object.__setattr__(self, "times", np.around(self._steps * simulator.state.dt, 9))
        object.__setattr__(self, "amplitudes", amplitudes[last])

    def at(self, steps):
        return self._levels[np.searchsorted(self._steps, steps, side="right")]

    def next_change(self, step):
        at = np.searchsorted(self._steps, step, side="right")
        return int(self._steps[at]) if at < len(self._steps) else simulator.FOREVER
