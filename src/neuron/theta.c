/* Theta neuron of FORCE training: a phase, by Euler steps.
 * Ermentrout & Kopell (1986), SIAM J. Appl. Math. 46: 233-253; Nicola & Clopath (2017), Nat. Commun. 8: 2208.
 *
 *   dV/dt = 1 - cos V + pi^2 (1 + cos V) (I_syn + I + I_e),   t in seconds;   V >= pi: a spike, V = -pi
 *
 * A constant current I > 0 makes it fire at sqrt(I) Hz. Every operation has the published order, to give the published
 * bits; V is not confined to -pi .. pi from below. */
#include "neuron/spike_filter.h"

#include <stddef.h>
#include <string.h>

enum { I_e, tau_decay, tau_rise, N_PARAMETERS };
enum { V_m, I_syn, h };
enum { SPIKES };
enum { filter = N_PARAMETERS, step = filter + VOLLEY_N_FILTER, N_COEFFICIENTS };

static const double pi = 0x1.921fb54442d18p+1;

static const volley_key_info parameters[N_PARAMETERS] = {
    [I_e] = {"I_e", "", 0, -INFINITY, INFINITY, .doc = "constant input current; alone it gives sqrt(I_e) Hz"},
    [tau_decay] = {"tau_decay", "ms", 20, VOLLEY_TIMES, .doc = "decay time of synaptic currents"},
    [tau_rise] = {"tau_rise", "ms", 2, 0, 1e9, .doc = "rise time of synaptic currents; 0: none"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "", -1, 0, VOLLEY_ANY, "phase in radians"},
    [I_syn] = {"I_syn", "", -1, 0, VOLLEY_ANY,
               "synaptic current; with tau_rise 0 without the spikes that the next step takes"},
    [h] = {"h", "1/s", -1, 0, VOLLEY_ANY, "what makes I_syn rise, without the spikes that the next step takes"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "s", VOLLEY_SIGNED, -1, "current, rises with tau_rise and decays with tau_decay; its area"},
};

static const char *check(const double *p) { return volley_filter_check(p[tau_rise], p[tau_decay]); }

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  volley_filter_prepare(p[tau_rise] / 1000, p[tau_decay] / 1000, dt / 1000, &c[filter]);
  c[step] = dt / 1000;
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 1;
}

/* The coefficient of neuron i. */
#define C(name) volley_at(k->c[name], k->cs, i)

VOLLEY_INLINE int advance(const volley_chunk *k, uint32_t i, double current) {
  double *const *s = k->slice->states, *input = k->slice->inputs[SPIKES];
  double synaptic = s[I_syn][i], rising = s[h][i];
  volley_filter_take(&k->c[filter], k->cs, i, input[i], &synaptic, &rising);
  const double v = s[V_m][i], total = synaptic + current + C(I_e), cosine = volley_cosine(v);
  const double now = v + C(step) * (1 - cosine + pi * pi * ((1 + cosine) * total));
  volley_filter_decay(&k->c[filter], k->cs, i, &synaptic, &rising);
  s[V_m][i] = now;
  s[I_syn][i] = synaptic;
  s[h][i] = rising;
  input[i] = 0;
  return now >= pi;
}

/* Resets and lists the neurons whose phase has reached pi. */
static void fire(const volley_slice *slice, volley_spike_list *spikes, uint32_t first, uint32_t end) {
  double *phase = slice->states[V_m];
  for (uint32_t i = first; i < end; i++) {
    if (!(phase[i] >= pi)) continue;
    phase[i] = -pi;
    volley_spike_push(spikes, slice->offset + i);
  }
}

VOLLEY_INLINE void take(const volley_chunk *k) {
  if (volley_advance(k, advance)) fire(k->slice, k->spikes, k->first, k->end);
}

VOLLEY_FOR_PROCESSORS static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_theta = {
    .name = "theta",
    .doc = "theta neuron of FORCE training, by Euler steps: a phase, driven by currents without a unit",
    .reference = "Ermentrout & Kopell (1986); Nicola & Clopath (2017)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "",
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
