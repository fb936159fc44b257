/* Izhikevich's neuron in its dimensional form, by Euler steps; defaults as in FORCE training.
 * Izhikevich (2007), Dynamical Systems in Neuroscience, MIT Press, section 8.1.4; Nicola & Clopath (2017), Nat. Commun.
 * 8: 2208; their files, ModelDB 190565.
 *
 *   C dV/dt = k (V - v_r) (V - v_t) - U + I_syn + I + I_e,   dU/dt = a (b (V - v_r) - U)
 *   V >= v_peak: a spike, V = c, U = U + d
 *
 * Both equations are stepped from the V and U that the step before left. Time is counted in ms; every operation has the
 * published order, to give the published bits. */
#include "neuron/spike_filter.h"

#include <stddef.h>

enum { C, I_e, a, b, c, d, k, tau_decay, tau_rise, v_peak, v_r, v_t, N_PARAMETERS };
enum { V_m, U_m, I_syn, h, N_STATES };
enum { SPIKES, N_RECEPTORS };
enum {
  step = VOLLEY_N_FILTER,
  capacitance,
  inverse_capacitance,
  gain,
  rest,
  rise_from,
  recovery_rate,
  recovery_gain,
  current_e,
  peak,
  reset,
  recovery_jump,
  N_COEFFICIENTS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C] = {"C", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [I_e] = {"I_e", "pA", 1000, VOLLEY_CURRENTS, .doc = "constant input current, as in the published files"},
    [a] = {"a", "1/ms", 0.01, 0, INFINITY, .positive = true, .doc = "rate of the recovery"},
    [b] = {"b", "nS", -2, -1e9, 1e9, .doc = "recovery current by potential above v_r"},
    [c] = {"c", "mV", -65, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [d] = {"d", "pA", 200, VOLLEY_CURRENTS, .doc = "jump of the recovery current after a spike"},
    [k] = {"k", "nS/mV", 2.5, 0, INFINITY, .positive = true, .doc = "gain of the current that makes a spike"},
    [tau_decay] = {"tau_decay", "ms", 20, VOLLEY_TIMES, .doc = "decay time of synaptic currents"},
    [tau_rise] = {"tau_rise", "ms", 2, 0, 1e9, .doc = "rise time of synaptic currents; 0: none"},
    [v_peak] = {"v_peak", "mV", 30, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [v_r] = {"v_r", "mV", -60, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [v_t] = {"v_t", "mV", -19.2, VOLLEY_VOLTAGES, .doc = "instantaneous threshold; published as v_r + 40 - b / k"},
};

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "mV", v_r, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [U_m] = {"U_m", "pA", -1, 0, VOLLEY_CURRENTS, "recovery current"},
    [I_syn] = {"I_syn", "pA", -1, 0, VOLLEY_CURRENTS,
               "synaptic current; with tau_rise 0 without the spikes that the next step takes"},
    [h] = {"h", "pA/ms", -1, 0, VOLLEY_ANY, "what makes I_syn rise, without the spikes that the next step takes"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [SPIKES] = {"spikes", "pA ms", VOLLEY_SIGNED, -1,
                "current, rises with tau_rise and decays with tau_decay; its area"},
};

static const char *check(const double *p) {
  if (!(p[c] < p[v_peak])) return "c must be below v_peak";
  return volley_filter_check(p[tau_rise], p[tau_decay]);
}

static void prepare(const double *p, double dt, double *out) {
  volley_filter_prepare(p[tau_rise], p[tau_decay], dt, out);
  out[step] = dt;
  out[capacitance] = p[C];
  out[inverse_capacitance] = 1 / p[C];
  out[gain] = p[k];
  out[rest] = p[v_r];
  out[rise_from] = p[v_t];
  out[recovery_rate] = p[a];
  out[recovery_gain] = p[b];
  out[current_e] = p[I_e];
  out[peak] = p[v_peak];
  out[reset] = p[c];
  out[recovery_jump] = p[d];
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 0.001;
}

/* Resets and lists the neurons first .. end - 1 whose potential has reached the peak. */
static void fire(volley_slice *slice, volley_spike_list *spikes, uint32_t first, uint32_t end) {
  const uint32_t stride = (uint32_t)slice->coefficient_stride;
  double *potential = slice->states[V_m];
  for (uint32_t i = first; i < end; i++) {
    if (!(potential[i] >= volley_coefficient(slice, peak)[i * stride])) continue;
    potential[i] = volley_coefficient(slice, reset)[i * stride];
    slice->states[U_m][i] += volley_coefficient(slice, recovery_jump)[i * stride];
    volley_spike_push(spikes, slice->offset + i);
  }
}

/* The coefficient of neuron i within the loop. */
#define AT(name) volley_at(columns[name], cs, i)

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  double *restrict v = slice->states[V_m], *restrict u = slice->states[U_m], *restrict syn = slice->states[I_syn];
  double *restrict rise = slice->states[h], *restrict input = slice->inputs[SPIKES];
  volley_column columns[N_COEFFICIENTS];
  for (int n = 0; n < N_COEFFICIENTS; n++) columns[n] = volley_column_of(slice, n);
  const volley_column current = {slice->current, slice->current[0]};
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    int crossed = 0;
#pragma omp simd reduction(| : crossed)
    for (uint32_t i = first; i < end; i++) {
      double synaptic = syn[i], rising = rise[i];
      volley_filter_take(columns, cs, i, input[i], &synaptic, &rising);
      const double total = synaptic + volley_at(current, is, i) + AT(current_e);
      const double above = v[i] - AT(rest);
      const double now = v[i] + AT(step) * (AT(gain) * above * (v[i] - AT(rise_from)) - u[i] + total) / AT(capacitance);
      u[i] += AT(step) * (AT(recovery_rate) * (AT(recovery_gain) * above - u[i]));
      volley_filter_decay(columns, cs, i, &synaptic, &rising);
      v[i] = now;
      syn[i] = synaptic;
      rise[i] = rising;
      input[i] = 0;
      crossed |= now >= AT(peak);
    }
    if (crossed) fire(slice, spikes, first, end);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_izhikevich_2007 = {
    .name = "izhikevich_2007",
    .doc = "Izhikevich's neuron with dimensions, by Euler steps, as in FORCE training",
    .reference = "Izhikevich (2007); Nicola & Clopath (2017)",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "pA",
    .filter_unit = 1,
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
