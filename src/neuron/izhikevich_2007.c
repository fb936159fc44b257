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
#include <string.h>

enum { C, I_e, a, b, c, d, k, tau_decay, tau_rise, v_peak, v_r, v_t, N_PARAMETERS };
enum { V_m, U_m, I_syn, h };
enum { SPIKES };
enum { filter = N_PARAMETERS, step = filter + VOLLEY_N_FILTER, N_COEFFICIENTS };

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

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", v_r, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [U_m] = {"U_m", "pA", -1, 0, VOLLEY_CURRENTS, "recovery current"},
    [I_syn] = {"I_syn", "pA", -1, 0, VOLLEY_CURRENTS,
               "synaptic current; with tau_rise 0 without the spikes that the next step takes"},
    [h] = {"h", "pA/ms", -1, 0, VOLLEY_ANY, "what makes I_syn rise, without the spikes that the next step takes"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "pA ms", VOLLEY_SIGNED, -1,
                "current, rises with tau_rise and decays with tau_decay; its area"},
};

static const char *check(const double *p) {
  if (!(p[c] < p[v_peak])) return "c must be below v_peak";
  return volley_filter_check(p[tau_rise], p[tau_decay]);
}

static void prepare(const double *p, double dt, double *out) {
  memcpy(out, p, N_PARAMETERS * sizeof *out);
  volley_filter_prepare(p[tau_rise], p[tau_decay], dt, &out[filter]);
  out[step] = dt;
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 0.001;
}

/* The coefficient of neuron i. */
#define AT(name) volley_at(chunk->c[name], chunk->cs, i)

VOLLEY_INLINE int advance(const volley_chunk *chunk, uint32_t i, double current) {
  double *const *s = chunk->slice->states, *input = chunk->slice->inputs[SPIKES];
  double synaptic = s[I_syn][i], rising = s[h][i];
  volley_filter_take(&chunk->c[filter], chunk->cs, i, input[i], &synaptic, &rising);
  const double v = s[V_m][i], u = s[U_m][i], above = v - AT(v_r), total = synaptic + current + AT(I_e);
  const double now = v + AT(step) * (AT(k) * above * (v - AT(v_t)) - u + total) / AT(C);
  volley_filter_decay(&chunk->c[filter], chunk->cs, i, &synaptic, &rising);
  s[V_m][i] = now;
  s[U_m][i] = u + AT(step) * (AT(a) * (AT(b) * above - u));
  s[I_syn][i] = synaptic;
  s[h][i] = rising;
  input[i] = 0;
  return now >= AT(v_peak);
}

/* Resets and lists the neurons whose potential has reached the peak. */
VOLLEY_INLINE void fire(const volley_chunk *chunk) {
  double *v = chunk->slice->states[V_m], *u = chunk->slice->states[U_m];
  for (uint32_t i = chunk->first; i < chunk->end; i++) {
    if (!(v[i] >= AT(v_peak))) continue;
    v[i] = AT(c);
    u[i] += AT(d);
    volley_spike_push(chunk->spikes, chunk->slice->offset + i);
  }
}

VOLLEY_INLINE void take(const volley_chunk *chunk) {
  if (volley_advance(chunk, advance)) fire(chunk);
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_izhikevich_2007 = {
    .name = "izhikevich_2007",
    .doc = "Izhikevich's neuron with dimensions, by Euler steps, as in FORCE training",
    .reference = "Izhikevich (2007); Nicola & Clopath (2017)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "pA",
    .filter_unit = 1,
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
