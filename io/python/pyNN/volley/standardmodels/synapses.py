"""Standard synapses by the models of Volley that have the same equations."""
import numpy as np
from pyNN import errors
from pyNN.standardmodels import ModelNotAvailable, build_translations, synapses

from .. import simulator


def same(*names):
    """Names and units as they are in PyNN."""
    return build_translations(*((name, name) for name in names))


class Synapse:
    """What all synapse types have: how Volley knows them."""
    states = {}  # names in Volley of what changes during a run
    initial_states = ()

    def _get_minimum_delay(self):
        given = simulator.state.min_delay_given
        return simulator.state.dt if given == "auto" else given

    def check_values(self, values):
        """Raises an exception where Volley has no synapse with values, of which some are given."""

    def keys(self, values, unit, population, targets, receptor_type):
        """Keys of `synapse` in Volley, {}: static. values: by name, one or one for each synapse; unit: Volley's weights in one of
        PyNN's."""
        return {}


class StaticSynapse(Synapse, synapses.StaticSynapse):
    __doc__ = synapses.StaticSynapse.__doc__
    translations = same("weight", "delay")


class SimpleStochasticSynapse(Synapse, synapses.SimpleStochasticSynapse):
    __doc__ = synapses.SimpleStochasticSynapse.__doc__
    translations = same("weight", "delay", "p")

    def keys(self, values, unit, population, targets, receptor_type):
        return {"model": "bernoulli", "p_transmit": values["p"]}


class TsodyksMarkramSynapse(Synapse, synapses.TsodyksMarkramSynapse):
    __doc__ = synapses.TsodyksMarkramSynapse.__doc__
    translations = same("weight", "delay", "U", "tau_rec", "tau_facil")
    states = {"u": "u"}
    initial_states = ("u",)

    def keys(self, values, unit, population, targets, receptor_type):
        decay = {"excitatory": "tau_syn_ex", "inhibitory": "tau_syn_in"}[receptor_type]
        if decay not in population._parameters:
            raise NotImplementedError(f"TsodyksMarkramSynapse needs a target whose synaptic input decays with a time constant; "
                                      f"{type(population.celltype).__name__} has none")
        return {"model": "tsodyks", "U": values["U"], "tau_rec": values["tau_rec"], "tau_fac": values["tau_facil"],
                "tau_psc": np.asarray(population._parameters[decay], float)[targets], "u": values.get("u", 0.0)}


def release_sites(values, n):
    """Keys of synapses whose sites recover and release by chance."""
    return {"model": "quantal_stp", "U": values["U"], "tau_rec": values["tau_rec"], "tau_fac": values["tau_facil"], "n": n}


class StochasticTsodyksMarkramSynapse(Synapse, synapses.StochasticTsodyksMarkramSynapse):
    __doc__ = synapses.StochasticTsodyksMarkramSynapse.__doc__
    translations = same("weight", "delay", "U", "tau_rec", "tau_facil")

    def keys(self, values, unit, population, targets, receptor_type):
        return release_sites(values, 1)


class MultiQuantalSynapse(Synapse, synapses.MultiQuantalSynapse):
    __doc__ = synapses.MultiQuantalSynapse.__doc__
    translations = same("weight", "delay", "U", "n", "tau_rec", "tau_facil")

    def check_values(self, values):
        sites = np.asarray(values.get("n", 1))
        if np.any(sites < 1) or np.any(sites % 1):
            raise errors.InvalidParameterValueError("MultiQuantalSynapse: n is a number of release sites, 1 or more")

    def keys(self, values, unit, population, targets, receptor_type):
        return release_sites(values, values["n"])


class STDPMechanism(Synapse, synapses.STDPMechanism):
    __doc__ = synapses.STDPMechanism.__doc__
    base_translations = same("weight", "delay", "dendritic_delay_fraction")
    states = {"weight": "weight"}

    def __init__(self, timing_dependence=None, weight_dependence=None, voltage_dependence=None, dendritic_delay_fraction=1.0,
                 weight=0.0, delay=None):
        if voltage_dependence is not None:
            raise NotImplementedError("pyNN.volley has no voltage dependence of plasticity")
        if timing_dependence is None or weight_dependence is None:
            raise errors.NoModelAvailableError("STDPMechanism needs a timing_dependence and a weight_dependence")
        if dendritic_delay_fraction not in (0, 1):
            raise NotImplementedError("pyNN.volley has delays that are dendritic or axonal: dendritic_delay_fraction must be 1 or 0, "
                                      f"not {dendritic_delay_fraction}")
        super().__init__(timing_dependence, weight_dependence, voltage_dependence, dendritic_delay_fraction, weight, delay)
        if not timing_dependence.possible_models & weight_dependence.possible_models:
            raise errors.NoModelAvailableError(f"pyNN.volley has no {type(timing_dependence).__name__} with "
                                               f"{type(weight_dependence).__name__}")

    def _build_translations(self):
        self.translations = {**self.base_translations, **self.timing_dependence.translations, **self.weight_dependence.translations}

    def keys(self, values, unit, population, targets, receptor_type):
        learning = self.timing_dependence.learning(values, unit, self.weight_dependence)
        return {**learning, "delay_is": "dendritic" if self.dendritic_delay_fraction == 1 else "axonal"}


class SpikePairRule(Synapse, synapses.SpikePairRule):
    __doc__ = synapses.SpikePairRule.__doc__
    translations = same("tau_plus", "tau_minus", "A_plus", "A_minus")
    possible_models = {"pairs"}

    def learning(self, values, unit, weight_dependence):
        taus = {"tau_plus": values["tau_plus"], "tau_minus": values["tau_minus"]}
        mu_plus, mu_minus = weight_dependence.powers(values)
        least, most, growth, loss = (np.asarray(values[name]) for name in ("w_min", "w_max", "A_plus", "A_minus"))
        if not np.any(least) and np.all(growth):
            return {"model": "stdp", "lambda": values["A_plus"], "alpha": loss / growth, "mu_plus": mu_plus, "mu_minus": mu_minus,
                    "Wmax": most * unit, **taus}
        if np.any(np.asarray(mu_plus) != mu_minus) or np.any(~np.isin(mu_plus, (0, 1))):
            raise NotImplementedError(f"{type(weight_dependence).__name__}: pyNN.volley needs w_min = 0 and an A_plus other than 0")
        span = most - least if mu_plus else most  # of one that is multiplied by the distance to the bound, as a part of the span
        return {"model": "stdp_switch", "A_plus": growth * span * unit, "A_minus": loss * span * unit, "mu": mu_plus,
                "Wmin": least * unit, "Wmax": most * unit, **taus}


class Vogels2011Rule(Synapse, synapses.Vogels2011Rule):
    __doc__ = synapses.Vogels2011Rule.__doc__
    translations = same("tau", "eta", "rho")
    possible_models = {"vogels"}

    def learning(self, values, unit, weight_dependence):
        if np.any(values["w_min"]):
            raise NotImplementedError("Vogels2011Rule: pyNN.volley needs w_min = 0")
        tau = values["tau"]
        return {"model": "vogels_sprekeler", "eta": values["eta"] * unit, "alpha": 2e-3 * values["rho"] * tau, "tau": tau,
                "tau_minus": tau, "Wmax": values["w_max"] * unit}


class AdditiveWeightDependence(Synapse, synapses.AdditiveWeightDependence):
    __doc__ = synapses.AdditiveWeightDependence.__doc__
    translations = same("w_min", "w_max")
    possible_models = {"pairs", "vogels"}

    def powers(self, values):
        return 0.0, 0.0


class MultiplicativeWeightDependence(Synapse, synapses.MultiplicativeWeightDependence):
    __doc__ = synapses.MultiplicativeWeightDependence.__doc__
    translations = same("w_min", "w_max")
    possible_models = {"pairs"}

    def powers(self, values):
        return 1.0, 1.0


class AdditivePotentiationMultiplicativeDepression(Synapse, synapses.AdditivePotentiationMultiplicativeDepression):
    __doc__ = synapses.AdditivePotentiationMultiplicativeDepression.__doc__
    translations = same("w_min", "w_max")
    possible_models = {"pairs"}

    def powers(self, values):
        return 0.0, 1.0


class GutigWeightDependence(Synapse, synapses.GutigWeightDependence):
    __doc__ = synapses.GutigWeightDependence.__doc__
    translations = same("w_min", "w_max", "mu_plus", "mu_minus")
    possible_models = {"pairs"}

    def powers(self, values):
        return values["mu_plus"], values["mu_minus"]


class ElectricalSynapse(ModelNotAvailable):
    """Volley has no gap junctions."""
