"""Populations, views and assemblies."""
import numpy as np
from pyNN import common, errors
from pyNN.parameters import ParameterSpace, simplify
from pyNN.standardmodels import StandardCellType

from . import simulator
from .recording import Recorder


def roots(group):
    """The populations of a population, view or assembly: [(population, indices of its cells)]."""
    parts = group.populations if isinstance(group, common.Assembly) else [group]
    found = []
    for part in parts:
        root = part.grandparent if isinstance(part, common.PopulationView) else part
        found.append((root, np.array([int(id) for id in part.all_cells], int) - int(root.first_id)))
    return found


class Assembly(common.Assembly):
    __doc__ = common.Assembly.__doc__
    _simulator = simulator

    @property
    def receptor_types(self):
        """Those that all populations have, in the order of the first one."""
        first, *others = (population.celltype.receptor_types for population in self.populations)
        return [name for name in first if all(name in names for names in others)]


class PopulationView(common.PopulationView):
    __doc__ = common.PopulationView.__doc__
    _assembly_class = Assembly
    _simulator = simulator

    @property
    def _indices(self):
        return roots(self)[0][1]

    def _get_parameters(self, *names):
        values = self.grandparent._parameters
        return ParameterSpace({name: simplify(values[name][self._indices]) for name in names}, shape=(self.size,))

    def _set_parameters(self, parameter_space):
        parameter_space.evaluate(simplify=False)
        self.grandparent._change_parameters(parameter_space.as_dict(), self._indices)

    def initialize(self, **initial_values):
        for variable, value in initial_values.items():
            values = common.populations.LazyArray(value, shape=(self.size,), dtype=float).evaluate(simplify=False)
            root = self.grandparent
            whole = root.initial_values[variable].evaluate(simplify=False)
            whole[self._indices] = simulator.share(values)
            root.initialize(**{variable: whole})

    def _get_view(self, selector, label=None):
        return PopulationView(self, selector, label)


class Population(common.Population):
    __doc__ = common.Population.__doc__
    _simulator = simulator
    _recorder_class = Recorder
    _assembly_class = Assembly

    def _create_cells(self):
        simulator.state.check_description("population")
        self.volley_name = simulator.state.named(self.label)
        first = simulator.state.id_counter
        simulator.state.id_counter += self.size
        self.all_cells = np.empty(self.size, dtype=object)
        for k in range(self.size):
            self.all_cells[k] = simulator.ID(first + k)
            self.all_cells[k].parent = self
        self._mask_local = np.ones(self.size, bool)
        standard = isinstance(self.celltype, StandardCellType)
        space = self.celltype.native_parameters if standard else self.celltype.parameter_space
        space.shape = (self.size,)
        space.evaluate(simplify=False)
        self._parameters = simulator.share(space.as_dict())
        self._initial = {}  # by state of Volley, in its units
        self._currents = []  # of (source, indices)
        self._built = {}  # parameters as the network was built with
        self._is_renewed = True  # currents and rates are to be set before the next step
        self._check_parameters()
        simulator.state.populations.append(self)

    def _check_parameters(self):
        check = getattr(self.celltype, "check_values", None)
        if check:
            check(self._parameters)

    # ---- Parameters and states.

    def _get_view(self, selector, label=None):
        return PopulationView(self, selector, label)

    def _get_parameters(self, *names):
        return ParameterSpace({name: simplify(self._parameters[name]) for name in names}, shape=(self.size,))

    def _set_parameters(self, parameter_space):
        parameter_space.evaluate(simplify=False)
        self._change_parameters(parameter_space.as_dict(), slice(None))

    def _change_parameters(self, values, indices):
        """Sets native parameters of some cells, also while a run is under way."""
        before = {name: self._parameters[name].copy() for name in values}
        for name, value in simulator.share(values).items():
            self._parameters[name] = np.array(self._parameters[name], dtype=object if value.dtype == object else float)
            self._parameters[name][indices] = value
        try:
            self._check_parameters()
            if simulator.state.simulation is not None:
                self._apply({name for name in values if not np.array_equal(before[name], self._parameters[name])})
        except Exception:
            self._parameters.update(before)
            raise

    def _apply(self, names):
        """Brings changed parameters into the run."""
        self._is_renewed = True
        self.celltype.check_change(self)
        own = names - {self.celltype.current_parameter} - set(self.celltype.source_parameters)
        if own:
            self.celltype.change(simulator.state.simulation, self, sorted(own))

    def _set_initial_value_array(self, variable, initial_values):
        if variable not in self.celltype.states:
            if variable in self.celltype.default_initial_values:
                return  # of a state that is no other than its default, or that Volley has not
            raise errors.NonExistentParameterError(variable, type(self.celltype).__name__, list(self.celltype.states))
        state, factor = self.celltype.states[variable]
        initial_values.base_value = simulator.share(initial_values.evaluate(simplify=True))
        initial_values.operations = []
        self._initial[state] = initial_values.evaluate(simplify=True) * factor
        if simulator.state.simulation is not None:
            simulator.state.simulation.set(self.volley_name, state, self._initial[state])

    # ---- For Volley.

    def describe_to(self, net):
        """Adds the population, and what drives it, to a network."""
        self._built = {name: values.copy() for name, values in self._parameters.items()}
        self._is_renewed = True
        self._injects = False
        self.celltype.describe_to(net, self)

    def drive(self, source, indices):
        """A current source that is there from now on."""
        self._currents.append((source, indices))
        self._is_renewed = True

    def renew_inputs(self):
        """Sets currents as they are from the present step on; assignments of what drives sources, which keep_inputs() is told once they are made."""
        step, state = simulator.state.step, simulator.state
        is_due = self._is_renewed or any(source.next_change(step - 1) == step for source, _ in self._currents)
        if is_due and (self._currents or self._has_other_current() or self._injects):
            self._injects = True
            self.current = np.zeros(self.size)
            for source, indices in self._currents:
                self.current[indices] += 1000 * source.at(np.array([step]))[0]
            parameter = self.celltype.current_parameter
            if self._has_other_current():
                self.current += self._parameters[parameter] - self._built[parameter]
            state.simulation.inject(self.volley_name, self.current)
        return self.celltype.renew(self, step, self._is_renewed)

    def keep_inputs(self):
        self.celltype.keep(self)
        self._is_renewed = False

    def _has_other_current(self):
        parameter = self.celltype.current_parameter
        return parameter in self._built and not np.array_equal(self._parameters[parameter], self._built[parameter])

    def next_change(self):
        """The next step at which its currents or rates change."""
        step = simulator.state.step
        return min([self.celltype.next_change(self, step), *(source.next_change(step) for source, _ in self._currents)])
