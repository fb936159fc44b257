/* Leaky integrate-and-fire neuron of FORCE training: Euler steps, currents in mV.
 * Nicola & Clopath (2017), Nat. Commun. 8: 2208; their files, ModelDB 190565.
 *
 *   dV/dt = (I_syn + I + I_e - V) / tau_m,   V >= V_th: V = V_reset, and V stays for t_ref
 *
 * Time is counted in seconds and every operation has the published order, to give the published bits. After a spike in
 * step n V stays for round(t_ref / dt) steps and moves in the next. The published program instead lets V move in step
 * n = 1, 2, ... if n dt > t_last + t_ref in floating point, t_last being 0 at first: this keeps neurons that have not
 * fired still for the first t_ref of a run, and after some spikes V stays for one step less (at 50 us 39 instead of 40
 * after one in eight). published_refractory 1 does the same. */
#include "neuron/spike_filter.h"

#include <stddef.h>
#include <string.h>

enum { I_e, t_ref, tau_m, tau_decay, tau_rise, V_reset, V_th, published_refractory, N_PARAMETERS };
enum { V_m, I_syn, h, refractory, t_last };
enum { SPIKES };
enum {
  filter = N_PARAMETERS,
  step = filter + VOLLEY_N_FILTER,
  time_constant,
  inverse_time,
  refractory_steps,
  refractory_time,
  counted,
  N_COEFFICIENTS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [I_e] = {"I_e", "mV", -40, VOLLEY_VOLTAGES, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_m] = {"tau_m", "ms", 10, VOLLEY_TIMES, .doc = "membrane time constant"},
    [tau_decay] = {"tau_decay", "ms", 20, VOLLEY_TIMES, .doc = "decay time of synaptic currents"},
    [tau_rise] = {"tau_rise", "ms", 2, 0, 1e9, .doc = "rise time of synaptic currents; 0: none"},
    [V_reset] = {"V_reset", "mV", -65, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -40, VOLLEY_VOLTAGES, .doc = "threshold"},
    [published_refractory] =
        {"published_refractory", "", 0, 0, 1,
         .doc = "1: V moves where n dt > t_last + t_ref in floating point, as in the published program"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", V_reset, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [I_syn] = {"I_syn", "mV", -1, 0, VOLLEY_VOLTAGES,
               "synaptic current; with tau_rise 0 without the spikes that the next step takes"},
    [h] = {"h", "mV/s", -1, 0, VOLLEY_ANY, "what makes I_syn rise, without the spikes that the next step takes"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9,
                    "steps left of the refractory period; not used by published_refractory"},
    [t_last] = {"t_last", "s", -1, 0, VOLLEY_ANY,
                "end of the step of the last spike; used by published_refractory only"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "mV s", VOLLEY_SIGNED, -1,
                "current, rises with tau_rise and decays with tau_decay; its area"},
};

static const char *check(const double *p) {
  if (p[published_refractory] != 0 && p[published_refractory] != 1) return "published_refractory must be 0 or 1";
  if (!(p[V_reset] < p[V_th])) return "V_reset must be below V_th";
  return volley_filter_check(p[tau_rise], p[tau_decay]);
}

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  volley_filter_prepare(p[tau_rise] / 1000, p[tau_decay] / 1000, dt / 1000, &c[filter]);
  c[step] = dt / 1000;
  c[time_constant] = p[tau_m] / 1000;
  c[inverse_time] = 1 / c[time_constant];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[refractory_time] = p[t_ref] / 1000;
  c[counted] = 1 - p[published_refractory];
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
  const double v = s[V_m][i], r = s[refractory][i], total = synaptic + current + C(I_e);
  const double moved = v + C(step) * volley_divide(total - v, C(time_constant), C(inverse_time));
  const double n = (double)(k->slice->step + 1);
  const double still = n * C(step) > s[t_last][i] + C(refractory_time) ? 0 : 1;
  const double left = C(published_refractory) * still + C(counted) * r;
  const double now = left > 0 ? v : moved;
  volley_filter_decay(&k->c[filter], k->cs, i, &synaptic, &rising);
  s[V_m][i] = now;
  s[refractory][i] = r > 0 ? r - 1 : 0;
  s[I_syn][i] = synaptic;
  s[h][i] = rising;
  input[i] = 0;
  return now >= C(V_th);
}

static const volley_firing firing = {V_m, refractory, V_th, V_reset, refractory_steps};

VOLLEY_INLINE void take(const volley_chunk *k) {
  const uint32_t before = k->spikes->n;
  if (!volley_advance(k, advance)) return;
  volley_fire(k, &firing);
  for (uint32_t n = before; n < k->spikes->n; n++) {
    const uint32_t i = k->spikes->ids[n] - k->slice->offset;
    k->slice->states[t_last][i] = (double)(k->slice->step + 1) * C(step);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_lif = {
    .name = "lif",
    .doc = "leaky integrate-and-fire neuron of FORCE training, by Euler steps, with currents in mV",
    .reference = "Nicola & Clopath (2017)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "mV",
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
