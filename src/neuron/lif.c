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

enum { I_e, t_ref, tau_m, tau_decay, tau_rise, V_reset, V_th, published_refractory, N_PARAMETERS };
enum { V_m, I_syn, h, refractory, t_last, N_STATES };
enum { SPIKES, N_RECEPTORS };
enum {
  step = VOLLEY_N_FILTER,
  time_constant,
  inverse_time,
  current_e,
  threshold,
  reset,
  refractory_steps,
  refractory_time,
  published,
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

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "mV", V_reset, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [I_syn] = {"I_syn", "mV", -1, 0, VOLLEY_VOLTAGES,
               "synaptic current; with tau_rise 0 without the spikes that the next step takes"},
    [h] = {"h", "mV/s", -1, 0, VOLLEY_ANY, "what makes I_syn rise, without the spikes that the next step takes"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9,
                    "steps left of the refractory period; not used by published_refractory"},
    [t_last] = {"t_last", "s", -1, 0, VOLLEY_ANY,
                "end of the step of the last spike; used by published_refractory only"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [SPIKES] = {"spikes", "mV s", VOLLEY_SIGNED, -1,
                "current, rises with tau_rise and decays with tau_decay; its area"},
};

static const char *check(const double *p) {
  if (p[published_refractory] != 0 && p[published_refractory] != 1) return "published_refractory must be 0 or 1";
  if (!(p[V_reset] < p[V_th])) return "V_reset must be below V_th";
  return volley_filter_check(p[tau_rise], p[tau_decay]);
}

static void prepare(const double *p, double dt, double *c) {
  volley_filter_prepare(p[tau_rise] / 1000, p[tau_decay] / 1000, dt / 1000, c);
  c[step] = dt / 1000;
  c[time_constant] = p[tau_m] / 1000;
  c[inverse_time] = 1 / c[time_constant];
  c[current_e] = p[I_e];
  c[threshold] = p[V_th];
  c[reset] = p[V_reset];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[refractory_time] = p[t_ref] / 1000;
  c[published] = p[published_refractory];
  c[counted] = 1 - p[published_refractory];
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 1;
}

/* Resets and lists the neurons first .. end - 1 whose potential has reached the threshold in step n = 1, 2, ... */
static void fire(volley_slice *slice, volley_spike_list *spikes, double n, uint32_t first, uint32_t end) {
  static const volley_firing firing = {V_m, refractory, threshold, reset, refractory_steps};
  const uint32_t stride = (uint32_t)slice->coefficient_stride, before = spikes->n;
  volley_fire(slice, spikes, &firing, first, end);
  for (uint32_t k = before; k < spikes->n; k++) {
    const uint32_t i = spikes->ids[k] - slice->offset;
    slice->states[t_last][i] = n * volley_coefficient(slice, step)[i * stride];
  }
}

/* The coefficient of neuron i within the loop. */
#define C(name) volley_at(c[name], cs, i)

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  double *restrict v = slice->states[V_m], *restrict syn = slice->states[I_syn], *restrict rise = slice->states[h];
  double *restrict r = slice->states[refractory], *restrict input = slice->inputs[SPIKES];
  const double *restrict last = slice->states[t_last];
  volley_column c[N_COEFFICIENTS];
  for (int k = 0; k < N_COEFFICIENTS; k++) c[k] = volley_column_of(slice, k);
  const volley_column current = {slice->current, slice->current[0]};
  const double n = (double)(slice->step + 1);
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    int crossed = 0;
#pragma omp simd reduction(| : crossed)
    for (uint32_t i = first; i < end; i++) {
      double synaptic = syn[i], rising = rise[i];
      volley_filter_take(c, cs, i, input[i], &synaptic, &rising);
      const double total = synaptic + volley_at(current, is, i) + C(current_e);
      const double moved = v[i] + C(step) * volley_divide(total - v[i], C(time_constant), C(inverse_time));
      const double still = n * C(step) > last[i] + C(refractory_time) ? 0 : 1;
      const double left = C(published) * still + C(counted) * r[i];
      const double now = left > 0 ? v[i] : moved;
      volley_filter_decay(c, cs, i, &synaptic, &rising);
      v[i] = now;
      r[i] = r[i] > 0 ? r[i] - 1 : 0;
      syn[i] = synaptic;
      rise[i] = rising;
      input[i] = 0;
      crossed |= now >= C(threshold);
    }
    if (crossed) fire(slice, spikes, n, first, end);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_lif = {
    .name = "lif",
    .doc = "leaky integrate-and-fire neuron of FORCE training, by Euler steps, with currents in mV",
    .reference = "Nicola & Clopath (2017)",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "mV",
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
