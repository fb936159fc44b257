"""Standard cells by the models of Volley that have the same equations."""
import warnings

import numpy as np
from pyNN import errors
from pyNN.standardmodels import ModelNotAvailable, build_translations, cells

from .. import simulator

# States by variable: their names in Volley, and how many of its units are one of PyNN's.
V = {"v": ("V_m", 1.0)}
CONDUCTANCES = {"gsyn_exc": ("g_ex", 1000.0), "gsyn_inh": ("g_in", 1000.0)}
CURRENTS = {"isyn_exc": ("I_syn_ex", 1000.0), "isyn_inh": ("I_syn_in", 1000.0)}
TWO_RECEPTORS = {"excitatory": "ex", "inhibitory": "in"}


def compact(values):
    """One value where all are alike."""
    values = np.asarray(values, float)
    return float(values.flat[0]) if np.all(values == values.flat[0]) else values


class Cell:
    """What all cell types have: how Volley knows them."""
    volley_model = ""
    receptors = TWO_RECEPTORS  # names in Volley
    weight_unit = 1000.0  # Volley's units in one of PyNN
    states = V
    extra_parameters = {}
    current_parameter = "I_e"
    source_parameters = ()  # those that are of the stimulus behind a source

    def values(self, population):
        """Parameters by their names in Volley, one value for each cell."""
        return population._parameters

    def describe_to(self, net, population):
        """Adds the population to a network."""
        values = {name: compact(value) for name, value in self.values(population).items()} | self.extra_parameters
        net.population(population.volley_name, population.size, self.volley_model, **values, **population._initial)

    def check_change(self, population):
        """Raises an exception where parameters that were changed cannot be while a run is under way."""

    def change(self, simulation, population, names):
        """Brings parameters that were changed into a run that is under way."""
        values = self.values(population)
        simulation.set_parameters(population.volley_name, {key: values[key] for key in values if key.rstrip("_123") in names or key in names})

    def renew(self, population, step, is_renewed):
        """Assignments to what drives a source, as it is from the step on; keep() follows once Volley has taken them."""
        return []

    def keep(self, population):
        """Notes that Volley has what renew() assigned."""

    def spikes_as_given(self, population, since, until, spikes):
        """Times and indices of spikes between two steps, of which these were simulated."""
        return spikes

    def next_change(self, population, step):
        """The next step after this one at which renew() has something to do."""
        return simulator.FOREVER


MEMBRANE = (("v_rest", "E_L"), ("v_reset", "V_reset"), ("v_thresh", "V_th"), ("cm", "C_m", 1000.0), ("tau_refrac", "t_ref"),
            ("i_offset", "I_e", 1000.0))
SYNAPSES = (("tau_syn_E", "tau_syn_ex"), ("tau_syn_I", "tau_syn_in"))
REVERSALS = (("e_rev_E", "E_ex"), ("e_rev_I", "E_in"))
LEAK = (("tau_m", "g_L", "1000.0*cm/tau_m", "C_m/g_L"),)
TIME_CONSTANT = (("tau_m", "tau_m"),)


class IF_curr_exp(Cell, cells.IF_curr_exp):
    __doc__ = cells.IF_curr_exp.__doc__
    volley_model = "iaf_psc_exp"
    states = V | CURRENTS
    recordable = [*cells.IF_curr_exp.recordable, *CURRENTS]
    translations = build_translations(*MEMBRANE, *TIME_CONSTANT, *SYNAPSES)


class IF_curr_alpha(Cell, cells.IF_curr_alpha):
    __doc__ = cells.IF_curr_alpha.__doc__
    volley_model = "iaf_psc_alpha"
    states = V | CURRENTS
    recordable = [*cells.IF_curr_alpha.recordable, *CURRENTS]
    translations = build_translations(*MEMBRANE, *TIME_CONSTANT, *SYNAPSES)


class IF_curr_delta(Cell, cells.IF_curr_delta):
    __doc__ = cells.IF_curr_delta.__doc__
    volley_model = "iaf_psc_delta"
    receptors = {"excitatory": "spikes", "inhibitory": "spikes"}
    weight_unit = 1.0
    translations = build_translations(*MEMBRANE, *TIME_CONSTANT)


class IF_cond_exp(Cell, cells.IF_cond_exp):
    __doc__ = cells.IF_cond_exp.__doc__
    volley_model = "iaf_cond_exp"
    states = V | CONDUCTANCES
    translations = build_translations(*MEMBRANE, *LEAK, *SYNAPSES, *REVERSALS)


class IF_cond_alpha(Cell, cells.IF_cond_alpha):
    __doc__ = cells.IF_cond_alpha.__doc__
    volley_model = "iaf_cond_alpha"
    states = V | CONDUCTANCES
    translations = IF_cond_exp.translations


class IF_cond_exp_gsfa_grr(Cell, cells.IF_cond_exp_gsfa_grr):
    __doc__ = cells.IF_cond_exp_gsfa_grr.__doc__
    volley_model = "iaf_cond_exp_sfa_rr"
    states = V | CONDUCTANCES | {"g_s": ("g_sfa", 1.0), "g_r": ("g_rr", 1.0)}
    translations = build_translations(*MEMBRANE, *LEAK, *SYNAPSES, *REVERSALS, ("tau_sfa", "tau_sfa"), ("e_rev_sfa", "E_sfa"),
                                      ("q_sfa", "q_sfa"), ("tau_rr", "tau_rr"), ("e_rev_rr", "E_rr"), ("q_rr", "q_rr"))


class IF_facets_hardware1(Cell, cells.IF_facets_hardware1):
    __doc__ = cells.IF_facets_hardware1.__doc__
    volley_model = "iaf_cond_exp"
    states = V | CONDUCTANCES
    extra_parameters = {"C_m": 200.0, "t_ref": 1.0, "E_ex": 0.0}
    translations = build_translations(("v_rest", "E_L"), ("v_reset", "V_reset"), ("v_thresh", "V_th"), ("g_leak", "g_L"),
                                      ("e_rev_I", "E_in"), *SYNAPSES)


EXPONENTIAL = (*MEMBRANE, *LEAK, *SYNAPSES, *REVERSALS, ("v_spike", "V_peak"), ("a", "a"), ("b", "b", 1000.0), ("delta_T", "Delta_T"),
               ("tau_w", "tau_w"))


class EIF_cond_exp_isfa_ista(Cell, cells.EIF_cond_exp_isfa_ista):
    __doc__ = cells.EIF_cond_exp_isfa_ista.__doc__
    volley_model = "aeif_cond_exp"
    states = V | CONDUCTANCES | {"w": ("w", 1000.0)}
    translations = build_translations(*EXPONENTIAL)


class EIF_cond_alpha_isfa_ista(Cell, cells.EIF_cond_alpha_isfa_ista):
    __doc__ = cells.EIF_cond_alpha_isfa_ista.__doc__
    volley_model = "aeif_cond_alpha"
    states = EIF_cond_exp_isfa_ista.states
    translations = EIF_cond_exp_isfa_ista.translations


class HH_cond_exp(Cell, cells.HH_cond_exp):
    __doc__ = cells.HH_cond_exp.__doc__
    volley_model = "hh_cond_exp_traub"
    receptor_types = ("excitatory", "inhibitory")
    states = V | CONDUCTANCES | {"m": ("Act_m", 1.0), "h": ("Inact_h", 1.0), "n": ("Act_n", 1.0)}
    recordable = [*cells.HH_cond_exp.recordable, "m", "h", "n"]
    translations = build_translations(
        ("gbar_Na", "g_Na", 1000.0), ("gbar_K", "g_K", 1000.0), ("g_leak", "g_L", 1000.0), ("cm", "C_m", 1000.0), ("v_offset", "V_T"),
        ("e_rev_Na", "E_Na"), ("e_rev_K", "E_K"), ("e_rev_leak", "E_L"), ("i_offset", "I_e", 1000.0), *SYNAPSES, *REVERSALS)


class Izhikevich(Cell, cells.Izhikevich):
    __doc__ = cells.Izhikevich.__doc__
    volley_model = "izhikevich"
    receptors = IF_curr_delta.receptors
    weight_unit = 1.0
    states = V | {"u": ("U_m", 1.0)}
    extra_parameters = {"integration": 1}  # Runge-Kutta
    translations = build_translations(("a", "a"), ("b", "b"), ("c", "c"), ("d", "d"), ("i_offset", "I_e", 1000.0))


class GIF_cond_exp(Cell, cells.GIF_cond_exp):
    __doc__ = cells.GIF_cond_exp.__doc__
    volley_model = "gif_cond_exp"
    lists = ("tau_stc", "q_stc", "tau_sfa", "q_sfa")
    states = V | CONDUCTANCES | {"i_eta": ("I_stc", 1000.0), "v_t": ("E_sfa", 1.0)}
    translations = build_translations(
        *(entry for entry in MEMBRANE if entry[0] != "v_thresh"), *LEAK, *SYNAPSES, *REVERSALS, ("delta_v", "Delta_V"), ("v_t_star", "V_T_star"),
        ("lambda0", "lambda_0"), ("tau_eta", "tau_stc"), ("tau_gamma", "tau_sfa"), ("a_eta", "q_stc", 1000.0), ("a_gamma", "q_sfa"))

    def values(self, population):
        found = {name: value for name, value in population._parameters.items() if name not in self.lists}
        for name in self.lists:
            terms = np.array([entry.value for entry in population._parameters[name]], float)
            found |= {f"{name}_{k + 1}": terms[:, k] for k in range(terms.shape[1])}
        return found

    def check_values(self, values):
        for name in self.lists:
            if any(len(entry.value) != 3 for entry in values[name]):
                raise errors.InvalidParameterValueError("GIF_cond_exp: tau_eta, a_eta, tau_gamma and a_gamma have three values each")


class SpikeSourceInhGamma(ModelNotAvailable):
    """Volley has no gamma processes whose parameters follow a histogram."""


# ---- Sources of spikes.

class SpikeSourceArray(Cell, cells.SpikeSourceArray):
    __doc__ = cells.SpikeSourceArray.__doc__
    volley_model = "spike_source"
    states = {}
    current_parameter = None
    translations = build_translations(("spike_times", "spike_times"))

    @staticmethod
    def _steps(times):
        """At which spikes act."""
        return np.floor(times / simulator.state.dt + 0.5).astype(np.int64)

    def _spikes(self, population):
        """All times, in order, and the indices of their cells."""
        lists = [times.value for times in population._parameters["spike_times"]]
        times = np.concatenate(lists)
        ids = np.repeat(np.arange(len(lists), dtype=np.uint32), [len(part) for part in lists])
        order = np.lexsort((ids, times))
        return times[order], ids[order]

    def _data(self, population):
        times, ids = self._spikes(population)
        return {"times": np.around(self._steps(times) * simulator.state.dt, 9), "ids": ids}

    def change(self, simulation, population, names):
        population._has_other_spikes = True

    def renew(self, population, step, is_renewed):
        if not population._has_other_spikes:
            return []
        simulator.state.rewrite(f"spikes/{population.volley_name}", self._data(population))
        return [f"populations.{population.volley_name}.spikes.off_grid=nearest"]  # they are read anew

    def keep(self, population):
        population._has_other_spikes = False

    def check_values(self, values):
        lists = [np.asarray(times.value, float) for times in values["spike_times"]]
        if any(np.any(np.diff(times) < 0) for times in lists):
            raise errors.InvalidParameterValueError("spike_times: times must be in ascending order")
        lost = sum(int(np.sum(self._steps(times) < 1)) for times in lists)
        if lost:
            warnings.warn(f"{lost} spikes of a SpikeSourceArray before the end of the first step, {simulator.state.dt} ms, are left out")

    def spikes_as_given(self, population, since, until, spikes):
        times, ids = self._spikes(population)
        steps = self._steps(times)
        now = (steps > since) & (steps <= until)
        return times[now], ids[now]

    def describe_to(self, net, population):
        population._has_other_spikes = False  # than Volley
        group = f"spikes/{population.volley_name}"
        net._data |= {f"{group}/{name}": values for name, values in self._data(population).items()}
        net.population(population.volley_name, population.size, "spike_source",
                       spikes={"file": "", "group": group, "off_grid": "nearest"})


class RandomSource(Cell):
    """Spikes by a stimulus, which a parrot repeats. Its rates are 0 before it starts and after it has stopped."""
    volley_model = "parrot"
    volley_stimulus = "poisson"
    states = {}
    current_parameter = None
    single = None  # the parameter that a stimulus has one value of

    def rates(self, values):
        return values["rate"]

    def keys(self, values):
        """Further keys of the stimulus."""
        return {}

    @property
    def source_parameters(self):
        return tuple(self.default_parameters)

    def _present_rates(self, population, step):
        start, stop = population._times
        return np.where((start <= step) & (step < stop), self.rates(population._parameters), 0.0)

    def _find_times(self, population):
        """First step, and that after the last, of each cell."""
        values, step_of = population._parameters, simulator.state.step_of
        start = np.array([step_of(time) for time in values["start"]], np.int64)
        population._times = start, np.array([step_of(time) for time in values["start"] + values["duration"]], np.int64)
        population._later = np.unique(np.concatenate(population._times))

    def _groups(self, population):
        """Cells that have one stimulus: (its name, their indices)."""
        if not self.single:
            return [(population.volley_name, np.arange(population.size))]
        values = population._parameters[self.single]
        return [(f"{population.volley_name} {k}", np.nonzero(values == value)[0]) for k, value in enumerate(np.unique(values))]

    def _present_keys(self, population, cells_of, step):
        """Keys of the stimulus of some cells, as they are from a step on."""
        rates = self._present_rates(population, step)[cells_of]
        return {"rate": _one_or_each(rates), **self.keys({key: value[cells_of] for key, value in population._parameters.items()})}

    def describe_to(self, net, population):
        net.population(population.volley_name, population.size, "parrot")
        self._find_times(population)
        population._stimuli = population._renewed = []  # (name, cells, keys that it has), and will have
        for name, cells_of in self._groups(population):
            keys = self._present_keys(population, cells_of, simulator.state.step)
            population._stimuli.append((name, cells_of, keys))
            net.stimulate(self.volley_stimulus, population.volley_name, name=name,
                          **({} if len(cells_of) == population.size else {"neurons": cells_of.tolist()}), **keys)

    def change(self, simulation, population, names):
        pass

    def check_change(self, population):
        for _, cells_of, _ in population._stimuli:
            if self.single and len(np.unique(population._parameters[self.single][cells_of])) > 1:
                raise NotImplementedError(f"{type(self).__name__}: while a run is under way, cells that had one {self.single} can get another one, "
                                          "but not several; reset() before")

    def renew(self, population, step, is_renewed):
        if is_renewed:
            self._find_times(population)
        elif step not in population._later:
            return []
        assignments, population._renewed = [], []
        for name, cells_of, before in population._stimuli:
            keys = self._present_keys(population, cells_of, step)
            assignments += [f"stimuli.{name}.{key}={value if np.isscalar(value) else '{values: %s}' % value['values']}"
                            for key, value in keys.items() if value != before[key]]
            population._renewed.append((name, cells_of, keys))
        return assignments

    def keep(self, population):
        population._stimuli = population._renewed

    def next_change(self, population, step):
        at = np.searchsorted(population._later, step, side="right")
        return int(population._later[at]) if at < len(population._later) else simulator.FOREVER


def _one_or_each(values):
    value = compact(values)
    return value if np.isscalar(value) else {"values": value.tolist()}


class SpikeSourcePoisson(RandomSource, cells.SpikeSourcePoisson):
    __doc__ = cells.SpikeSourcePoisson.__doc__
    translations = build_translations(("rate", "rate"), ("start", "start"), ("duration", "duration"))


class SpikeSourcePoissonRefractory(RandomSource, cells.SpikeSourcePoissonRefractory):
    __doc__ = cells.SpikeSourcePoissonRefractory.__doc__
    volley_stimulus = "gamma"
    single = "tau_refrac"
    translations = build_translations(("rate", "rate"), ("tau_refrac", "tau_refrac"), ("start", "start"), ("duration", "duration"))

    def keys(self, values):
        return {"dead_time": float(values["tau_refrac"][0])}


class SpikeSourceGamma(RandomSource, cells.SpikeSourceGamma):
    __doc__ = cells.SpikeSourceGamma.__doc__
    volley_stimulus = "gamma"
    translations = build_translations(("alpha", "alpha"), ("beta", "beta"), ("start", "start"), ("duration", "duration"))

    def rates(self, values):
        return values["beta"] / values["alpha"]

    def keys(self, values):
        return {"gamma_shape": _one_or_each(values["alpha"])}
