"""Projections: the edges that connectors of PyNN draw, with weights and delays as they are drawn, which Volley gets as lists."""
import numpy as np
from pyNN import common, errors
from pyNN.parameters import ParameterSpace
from pyNN.space import Space

from . import simulator
from .populations import roots
from .standardmodels.synapses import StaticSynapse

MOST_GROUPS = 1000  # of synapses with equal parameters
GREATEST = float(np.finfo(np.float32).max)  # weight in Volley


class Connection(common.Connection):
    """One synapse of a projection, by its number."""

    def __init__(self, projection, number):
        self.__dict__.update(projection=projection, number=number)

    @property
    def presynaptic_index(self):
        return int(self.projection.sources[self.number])

    @property
    def postsynaptic_index(self):
        return int(self.projection.targets[self.number])

    @property
    def presynaptic_cell(self):
        return self.projection.pre[self.presynaptic_index]

    @property
    def postsynaptic_cell(self):
        return self.projection.post[self.postsynaptic_index]

    source, target = presynaptic_cell, postsynaptic_cell

    def __getattr__(self, name):
        if name not in self.projection.names():
            raise AttributeError(f"a connection has no {name}; it has {', '.join(self.projection.names())}")
        return float(np.broadcast_to(self.projection.values_of(name), len(self.projection))[self.number])

    def __setattr__(self, name, value):
        if name not in self.projection.names():
            raise AttributeError(f"of a connection {', '.join(self.projection.names())} can be set, not {name}")
        self.projection.set_value(self.number, name, value)

    def as_tuple(self, *names):
        return tuple(getattr(self, name) for name in names)


class Projection(common.Projection):
    __doc__ = common.Projection.__doc__
    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(self, presynaptic_neurons, postsynaptic_neurons, connector, synapse_type=None, source=None, receptor_type=None,
                 space=Space(), label=None):
        simulator.state.check_description("projection")
        super().__init__(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type, source, receptor_type, space, label)
        for population, _ in roots(self.post):
            if self.receptor_type not in population.celltype.receptors:
                raise errors.ConnectionError(f"pyNN.volley has no receptor {self.receptor_type} of {population.celltype}")
        self._pieces = []
        connector.connect(self)
        self.sources, self.targets, self.values = simulator.share(self._collect())
        del self._pieces
        self._check(self.values)
        self._parts = []  # of what is projections of Volley: (name, numbers of synapses as Volley orders them)
        self._seen = None, {}  # step, and what states of synapses were then
        self._is_changed = False  # weights are to be set before the next step
        simulator.state.projections.append(self)

    def _convergent_connect(self, presynaptic_indices, postsynaptic_index, **parameters):
        sources = np.asarray(presynaptic_indices, int)
        self._pieces.append((sources, np.full(len(sources), int(postsynaptic_index)), parameters))

    def _collect(self):
        """Sources, targets, and values by name: one for all where they are alike."""
        if not self._pieces:
            return np.zeros(0, int), np.zeros(0, int), {name: 0.0 for name in self.synapse_type.get_native_names()}
        values = {}
        for name in self._pieces[0][2]:
            given = [parameters[name] for _, _, parameters in self._pieces]
            if all(np.ndim(value) == 0 and value == given[0] for value in given):
                values[name] = float(given[0])
            else:
                values[name] = np.concatenate([np.broadcast_to(np.asarray(value, float), len(piece[0]))
                                               for value, piece in zip(given, self._pieces)])
        return (np.concatenate([piece[0] for piece in self._pieces]), np.concatenate([piece[1] for piece in self._pieces]), values)

    def _check(self, values):
        """Delays in whole steps; what synapses can be."""
        if "delay" in values and len(self):
            steps = np.floor(np.asarray(values["delay"]) / simulator.state.dt + 0.5)
            if not np.all(steps >= 1):
                raise errors.ConnectionError(f"projection '{self.label}': a delay of {np.min(values['delay'])} ms is shorter than the "
                                             f"time step, {simulator.state.dt} ms")
            values["delay"] = np.around(steps * simulator.state.dt, 9) if np.ndim(steps) else float(round(steps * simulator.state.dt, 9))
        self.synapse_type.check_values(values)

    def __len__(self):
        return len(self.sources)

    def __getitem__(self, number):
        if not -len(self) <= number < len(self):
            raise IndexError(f"a projection of {len(self)} connections has none of number {number}")
        return Connection(self, number % len(self))

    @property
    def connections(self):
        return [Connection(self, number) for number in range(len(self))]

    @property
    def least_delay(self):
        return float(np.min(self.values["delay"]))

    # ---- Looking and setting.

    def names(self):
        return [*self.values, *self.synapse_type.states]

    def _learns(self, name):
        """Whether Volley has other values by now than were described."""
        return simulator.state.simulation is not None and name in self.synapse_type.states

    def values_of(self, name):
        """One value for all synapses, or one for each; of what learns as it is now."""
        if name == "presynaptic_index":
            return self.sources
        if name == "postsynaptic_index":
            return self.targets
        if not self._learns(name):
            return self.values[name]
        step, seen = self._seen
        if step != simulator.state.step:
            step, seen = simulator.state.step, {}
            self._seen = step, seen
        if name not in seen:
            state = self.synapse_type.states[name]
            seen[name] = np.zeros(len(self))
            for volley_name, numbers, unit in self._parts:
                factor = unit if state == "weight" else 1.0
                seen[name][numbers] = simulator.state.simulation.get_synapses(volley_name, state) / factor
        return seen[name]

    def _get_attributes_as_list(self, names):
        columns = [np.broadcast_to(self.values_of(name), len(self)).tolist() for name in names]
        return list(zip(*columns))

    def _get_attributes_as_arrays(self, names, multiple_synapses="sum"):
        shape, arrays = (self.pre.size, self.post.size), []
        for name in names:
            values = np.broadcast_to(self.values_of(name), len(self)).astype(float)
            array = np.full(shape, np.nan)
            if multiple_synapses == "last":
                array[self.sources, self.targets] = values
            elif multiple_synapses == "first":
                array[self.sources[::-1], self.targets[::-1]] = values[::-1]
            else:
                ufunc, start = {"sum": (np.add, 0.0), "min": (np.minimum, np.inf), "max": (np.maximum, -np.inf)}[multiple_synapses]
                array[self.sources, self.targets] = start
                ufunc.at(array, (self.sources, self.targets), values)
            arrays.append(array)
        return arrays

    def _set_attributes(self, parameter_space):
        parameter_space.evaluate(simplify=True)
        given = {name: value if np.ndim(value) == 0 else value[self.sources, self.targets]
                 for name, value in parameter_space.as_dict().items()}
        self.set_values(simulator.share(given))

    def set_values(self, given):
        """Sets values of all synapses: one, or one for each; while a run is under way their weights alone."""
        self._check_change(given, slice(None))
        for name, value in given.items():
            if self._learns(name):
                self.values_of(name)[:] = value
            self.values[name] = np.array(value, float) if np.ndim(value) else value

    def set_value(self, number, name, value):
        """Sets one value of one synapse, as set_values() does. What the others have learned stays theirs, and no part of the description."""
        given = {name: float(simulator.share(value))}
        self._check_change(given, number)
        if self._learns(name):
            self.values_of(name)[number] = given[name]
        if np.ndim(self.values.get(name, 0.0)) == 0:
            self.values[name] = np.full(len(self), self.values.get(name, 0.0))
        self.values[name][number] = given[name]

    def _check_change(self, given, numbers):
        """Values of some synapses can be what is given, which send_weights() is to bring into a run that is under way."""
        self._check(given)
        if simulator.state.simulation is None:
            return
        if set(given) != {"weight"}:
            raise NotImplementedError(f"projection '{self.label}': {', '.join(sorted(set(given) - {'weight'}))} cannot be set while a run is "
                                      "under way, only weights can; reset() before")
        self._check_weights(given["weight"], numbers)
        self._is_changed = True

    def _check_weights(self, weights, numbers):
        """Weights of some synapses, as Volley keeps them, are numbers of its receptors and rules."""
        units = self._units[self.targets[numbers]]

        def in_volley(name, other):
            value = self.values.get(name)
            return other if value is None else np.float32(units * (value if np.ndim(value) == 0 else value[numbers]))

        with np.errstate(over="ignore"):
            weights, ends = np.float32(units * weights), [in_volley("w_min", -GREATEST), in_volley("w_max", GREATEST)]
        low, high = np.maximum(np.minimum(*ends), self._least), np.maximum(*ends)
        wrong = np.nonzero(np.ravel(~((low <= weights) & (weights <= high))))[0]
        if len(wrong):
            weight, low, high = (np.ravel(np.broadcast_to(values / units, np.shape(units)))[wrong[0]] for values in (weights, low, high))
            raise errors.InvalidWeightError(f"projection '{self.label}': weights of {low:.6g} to {high:.6g} are possible there, not {weight:.6g}")

    def send_weights(self):
        """Brings weights that were set into the run. One that is refused after all stays set here, and is tried again: no step is made without it."""
        if self._is_changed:
            weights = np.broadcast_to(self.values_of("weight"), len(self))
            for name, numbers, unit in self._parts:
                simulator.state.simulation.set_synapses(name, "weight", weights[numbers].astype(float) * unit)
        self._is_changed = False

    def _set_initial_value_array(self, variable, initial_value):
        value = initial_value.evaluate(simplify=True)
        if variable not in self.synapse_type.initial_states:
            raise errors.NonExistentParameterError(variable, type(self.synapse_type).__name__, list(self.synapse_type.initial_states))
        self.set_values({variable: value if np.ndim(value) == 0 else np.asarray(value)})

    # ---- For Volley.

    def describe_to(self, net):
        """Adds the edges to a network: a projection for each pair of populations and each set of parameters of synapses."""
        self._parts, self._seen, self._is_changed = [], (None, {}), False
        before, after = roots(self.pre), roots(self.post)
        pre_number, pre_index = (np.concatenate(parts) for parts in zip(*((np.full(len(index), k), index) for k, (_, index) in enumerate(before))))
        post_number, post_index = (np.concatenate(parts) for parts in zip(*((np.full(len(index), k), index) for k, (_, index) in enumerate(after))))
        self._units = np.array([population.celltype.weight_unit for population, _ in after])[post_number]  # of each target
        self._least = 0.0 if after[0][0].celltype.conductance_based else -GREATEST  # weight; PyNN lets no assembly mix them
        pairs = pre_number[self.sources] * len(after) + post_number[self.targets]
        for pair in np.unique(pairs):
            pre, post = before[pair // len(after)][0], after[pair % len(after)][0]
            numbers = np.nonzero(pairs == pair)[0]
            self._describe_pair(net, pre, post, numbers, pre_index[self.sources[numbers]], post_index[self.targets[numbers]])

    def _describe_pair(self, net, pre, post, numbers, sources, targets):
        def of_these(value):
            return value if np.ndim(value) == 0 else value[numbers]

        unit = post.celltype.weight_unit
        weights, delays = (np.broadcast_to(of_these(self.values[name]), len(numbers)).astype(float) for name in ("weight", "delay"))
        keys = self.synapse_type.keys({name: of_these(value) for name, value in self.values.items()}, unit, post, targets, self.receptor_type)
        varying = {name: np.broadcast_to(value, len(numbers)) for name, value in keys.items() if np.ndim(value) > 0}
        group_of = np.zeros(len(numbers), int)
        if varying:
            group_of = np.unique(np.array(list(varying.values())), axis=1, return_inverse=True)[1].ravel()
        if group_of.max() >= MOST_GROUPS:
            raise NotImplementedError(f"projection '{self.label}': {group_of.max() + 1} sets of {', '.join(varying)}; Volley has one set of "
                                      f"parameters for a projection, and pyNN.volley makes no more than {MOST_GROUPS} of one")
        for group in range(group_of.max() + 1):
            of_group = np.nonzero(group_of == group)[0]
            order = of_group[np.lexsort((of_group, delays[of_group], sources[of_group], targets[of_group]))]
            name = f"projection {simulator.state.projections.index(self)}, part {len(self._parts)}"
            synapse = {key: float(varying[key][of_group[0]]) if key in varying else value for key, value in keys.items()}
            projection_keys = {"delay_is": synapse.pop("delay_is")} if "delay_is" in synapse else {}
            net.project(pre.volley_name, post.volley_name, name=name, edges=(sources[order], targets[order]), weight=weights[order] * unit,
                        delay=delays[order], receptor=post.celltype.receptors[self.receptor_type], **projection_keys,
                        **({"synapse": synapse} if synapse else {}))
            self._parts.append((name, numbers[order], unit))
