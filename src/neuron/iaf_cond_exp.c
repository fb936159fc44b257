/* Leaky integrate-and-fire neuron with synaptic conductances that decay exponentially; equations in conductance.h.
 * Meffin, Burkitt & Grayden (2004), J. Comput. Neurosci. 16: 159-175; NEST iaf_cond_exp. */
#include "neuron/conductance.h"

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},
    [E_in] = {"E_in", "mV", -85, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"},
    [g_L] = {"g_L", "nS", 16.6667, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 0.2, VOLLEY_TIMES, .doc = "decay time of the excitatory conductance"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of the inhibitory conductance"},
    [V_reset] = {"V_reset", "mV", -60, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [g_ex] = {"g_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "excitatory conductance"},
    [g_in] = {"g_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "inhibitory conductance"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, g_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, decays with tau_syn_in"},
};

static const volley_equations equations = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS,
    .x = {g_ex, g_in},
    .rise = {-1, -1},
    .adds_input = true,
    .refractory = refractory,
    .slopes = volley_conductance_slopes,
};

VOLLEY_INLINE void take(const volley_chunk *k) { volley_conductance_take(&equations, k); }

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_iaf_cond_exp = {
    .name = "iaf_cond_exp",
    .doc = "leaky integrate-and-fire neuron with exponentially decaying conductances, which are exact; V takes "
           "Runge-Kutta steps of "
           "fifth order with error control",
    .reference = "Meffin, Burkitt & Grayden (2004); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = volley_conductance_check,
    .prepare = volley_conductance_prepare,
    .mean_current = volley_conductance_mean_current,
    .update = update,
};
