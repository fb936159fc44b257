/* Generalized leaky integrate-and-fire neuron with alpha-shaped synaptic currents of several time constants, by switches with
 * a reset that depends on the potential and a threshold that jumps at spikes, with currents after its spikes, and with a
 * threshold that follows the potential: the five kinds of the Allen Institute. Integrated exactly.
 * Teeter et al. (2018), Nat. Commun. 9: 709; NEST glif_psc.
 *
 *   C_m dV/dt = -g (V - E_L) + sum_a ASCurrents_a + sum_k I_syn_k + I
 *   dASCurrents_a/dt = -asc_decay_a ASCurrents_a,   dthreshold_spike/dt = -th_spike_decay threshold_spike
 *   dthreshold_voltage/dt = th_voltage_index (V - E_L) - th_voltage_decay threshold_voltage
 *   dI_syn_k/dt = rise_k e / tau_syn_k - I_syn_k / tau_syn_k,   drise_k/dt = -rise_k / tau_syn_k
 *   V > V_th + threshold_spike + threshold_voltage: a spike
 *
 * V and all that belongs to the threshold stand still for t_ref after a spike, and then go on from where they were reset to:
 * what decays has decayed by t_ref. During a step the currents after spikes count by their mean. A spike that arrives at the
 * end of a step makes rise_k jump there by its weight, which is the peak of its current. */
#include "neuron/kernel.h"
#include "neuron/propagator.h"

#include <stddef.h>

enum { MOST = VOLLEY_MAX_RECEPTORS, CURRENTS = 2 /* after spikes */ };
enum {
  C_m,
  E_L,
  V_reset,
  V_th,
  g,
  t_ref,
  spike_dependent_threshold,
  after_spike_currents,
  adapting_threshold,
  th_spike_add,
  th_spike_decay,
  voltage_reset_fraction,
  voltage_reset_add,
  th_voltage_index,
  th_voltage_decay,
  asc_init,
  asc_decay = asc_init + CURRENTS,
  asc_amps = asc_decay + CURRENTS,
  asc_r = asc_amps + CURRENTS,
  tau_syn = asc_r + CURRENTS,
  N_PARAMETERS = tau_syn + MOST
};
enum {
  V_m,
  threshold,
  threshold_spike,
  threshold_voltage,
  asc_sum,
  asc,
  refractory = asc + CURRENTS,
  synapses,
  N_STATES = synapses + 2 * MOST
};
enum {
  rest,
  reset,
  highest, /* V_th, above rest */
  jumps,   /* the three switches */
  has_currents,
  follows,
  decay_m,
  gain_dc,
  conductance,
  refractory_steps,
  spike_decay,
  spike_decay_at_rest, /* of the refractory period */
  spike_add,
  reset_fraction,
  reset_add,
  voltage_decay,
  voltage_slope,
  voltage_level,
  after_spikes,
  AFTER_DECAY = 0,
  AFTER_MEAN,
  AFTER_KEPT,
  AFTER_JUMP,
  N_AFTER,
  courses = after_spikes + N_AFTER * CURRENTS,
  DECAY = 0,
  GAIN,
  BY_RISE,
  GAIN_OF_RISE,
  N_SYNAPSE
};

#define TAU(k)                                                                                                         \
  [tau_syn + k - 1] = {"tau_syn_" #k, "ms", 2, VOLLEY_TIMES, .doc = "rise time of currents of receptor " #k},
#define SWITCH(name, text)                                                                                             \
  { name, "", 0, 0, 1, .type = VOLLEY_KEY_FLAG, .doc = text }
#define AFTER(k, fallback_decay, fallback_amps)                                                                        \
  [asc_init + k - 1] = {"asc_init_" #k, "pA", 0, VOLLEY_CURRENTS, .doc = "current after spikes " #k " at the start"},  \
                  [asc_decay + k - 1] = {"asc_decay_" #k, "1/ms", fallback_decay, 0, 1e6, true, .doc = "its decay"},   \
                  [asc_amps + k - 1] = {"asc_amps_" #k, "pA", fallback_amps, VOLLEY_CURRENTS,                          \
                                        .doc = "what a spike adds to it"},                                             \
                  [asc_r + k - 1] = {"asc_r_" #k, "", 1, 0, 1, .doc = "which part of it a spike leaves"}

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 58.72, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -78.85, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [V_reset] = {"V_reset", "mV", -78.85, VOLLEY_VOLTAGES,
                 .doc = "potential after a spike, without spike_dependent_threshold"},
    [V_th] = {"V_th", "mV", -51.68, VOLLEY_VOLTAGES, .doc = "threshold at rest"},
    [g] = {"g", "nS", 9.43, VOLLEY_CONDUCTANCES, true, .doc = "leak conductance"},
    [t_ref] = {"t_ref", "ms", 3.75, 0, 1e9, true, .doc = "refractory period, rounded to steps"},
    [spike_dependent_threshold] =
        SWITCH("spike_dependent_threshold", "whether the threshold jumps at spikes, and the reset depends on V"),
    [after_spike_currents] = SWITCH("after_spike_currents", "whether there are currents after spikes"),
    [adapting_threshold] = SWITCH("adapting_threshold", "whether the threshold follows V; needs the other two"),
    [th_spike_add] = {"th_spike_add", "mV", 0.37, VOLLEY_VOLTAGES, .doc = "jump of the threshold at a spike"},
    [th_spike_decay] = {"th_spike_decay", "1/ms", 0.009, 0, 1e6, true, .doc = "decay of these jumps"},
    [voltage_reset_fraction] = {"voltage_reset_fraction", "", 0.2, 0, 1,
                                .doc = "which part of V above rest a spike leaves"},
    [voltage_reset_add] = {"voltage_reset_add", "mV", 18.51, VOLLEY_VOLTAGES, .doc = "what a spike adds to it"},
    [th_voltage_index] = {"th_voltage_index", "1/ms", 0.005, -1e6, 1e6, .doc = "how the threshold follows V"},
    [th_voltage_decay] = {"th_voltage_decay", "1/ms", 0.09, 0, 1e6, true, .doc = "decay of this part of it"},
    AFTER(1, 0.003, -9.18),
    AFTER(2, 0.1, -198.94),
    VOLLEY_FOR_SIZES(TAU)};

#define CURRENT(k)                                                                                                     \
  {"I_syn_" #k, "pA", -1, 0, VOLLEY_CURRENTS, "synaptic current of receptor " #k},                                     \
      {"rise_" #k,                                                                                                     \
       "pA",                                                                                                           \
       -1,                                                                                                             \
       0,                                                                                                              \
       VOLLEY_CURRENTS,                                                                                                \
       "what makes I_syn_" #k " rise, at a rate of rise_" #k " e / tau_syn_" #k},

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [threshold] = {"threshold", "mV", V_th, 0, VOLLEY_VOLTAGES,
                   "threshold after each step; what it begins with counts for nothing"},
    [threshold_spike] = {"threshold_spike", "mV", -1, 0, VOLLEY_VOLTAGES, "its part by spikes"},
    [threshold_voltage] = {"threshold_voltage", "mV", -1, 0, VOLLEY_VOLTAGES, "its part by the potential"},
    [asc_sum] = {"ASCurrents_sum", "pA", -1, 0, VOLLEY_CURRENTS,
                 "mean of all currents after spikes during the last step; what it begins with counts for nothing"},
    [asc] = {"ASCurrents_1", "pA", asc_init, 0, VOLLEY_CURRENTS, "current after spikes 1"},
    [asc + 1] = {"ASCurrents_2", "pA", asc_init + 1, 0, VOLLEY_CURRENTS, "current after spikes 2"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
    VOLLEY_FOR_SIZES(CURRENT)};

#define RECEPTOR(k)                                                                                                    \
  {#k, "pA", VOLLEY_SIGNED, synapses + 2 * k - 1, "current, an alpha function of tau_syn_" #k "; its peak"},

static const volley_receptor_info receptors[MOST] = {VOLLEY_FOR_SIZES(RECEPTOR)};

static const char *check(const double *p) {
  if (!(p[V_reset] < p[V_th])) return "V_reset must be below V_th";
  if (p[adapting_threshold] != 0 && (p[spike_dependent_threshold] == 0 || p[after_spike_currents] == 0))
    return "adapting_threshold needs spike_dependent_threshold and after_spike_currents";
  for (int k = spike_dependent_threshold; k <= adapting_threshold; k++)
    if (p[k] != 0 && p[k] != 1) return "spike_dependent_threshold, after_spike_currents, adapting_threshold are 0 or 1";
  if (p[adapting_threshold] != 0 && p[th_voltage_decay] == p[g] / p[C_m]) return "th_voltage_decay must not be g / C_m";
  return NULL;
}

static void prepare(int n, const double *p, double dt, double *c) {
  const double tau_m = p[C_m] / p[g];
  c[rest] = p[E_L];
  c[reset] = p[V_reset] - p[E_L];
  c[highest] = p[V_th] - p[E_L];
  for (int k = 0; k < 3; k++) c[jumps + k] = p[spike_dependent_threshold + k];
  c[decay_m] = exp(-dt / tau_m);
  c[gain_dc] = -expm1(-dt / tau_m) / p[g];
  c[conductance] = p[g];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[spike_decay] = exp(-p[th_spike_decay] * dt);
  c[spike_decay_at_rest] = exp(-p[th_spike_decay] * p[t_ref]);
  c[spike_add] = p[th_spike_add];
  c[reset_fraction] = p[voltage_reset_fraction];
  c[reset_add] = p[voltage_reset_add];
  c[voltage_decay] = exp(-p[th_voltage_decay] * dt);
  c[voltage_slope] = p[adapting_threshold] != 0 ? p[th_voltage_index] / (p[th_voltage_decay] - p[g] / p[C_m]) : 0;
  c[voltage_level] = p[th_voltage_index] / p[th_voltage_decay];
  for (int a = 0; a < CURRENTS; a++) {
    double *out = c + after_spikes + a * N_AFTER;
    out[AFTER_DECAY] = exp(-p[asc_decay + a] * dt);
    out[AFTER_MEAN] = volley_mean_decay(p[asc_decay + a] * dt);
    out[AFTER_KEPT] = p[asc_r + a] * exp(-p[asc_decay + a] * p[t_ref]);
    out[AFTER_JUMP] = p[asc_amps + a];
  }
  for (int k = 0; k < n; k++) {
    const double tau = p[tau_syn + k], slope = exp(1) / tau;
    double *out = c + courses + k * N_SYNAPSE;
    out[DECAY] = exp(-dt / tau);
    out[GAIN] = volley_decay_gain(tau, tau_m, p[C_m], dt);
    out[BY_RISE] = slope * dt * out[DECAY];
    out[GAIN_OF_RISE] = slope * volley_alpha_gain(tau, tau_m, p[C_m], dt);
  }
}

static double mean_current(const double *p, int receptor) { return 0.001 * exp(1) * p[tau_syn + receptor]; }

/* The coefficient of neuron i, that of a current after spikes, and that of a receptor. */
#define C(name) volley_at(k->c[name], k->cs, i)
#define OF_AFTER(a, name) C(after_spikes + (a)*N_AFTER + (name))
#define OF(x, name) C(courses + (x)*N_SYNAPSE + (name))

/* What the synaptic currents add to the potential; takes them through the step. */
VOLLEY_INLINE double take_synapses(const volley_chunk *k, uint32_t i, const int n) {
  double *const *s = k->slice->states;
  double sum = 0;
  for (int x = 0; x < n; x++) {
    const double now = s[synapses + 2 * x][i], rise = s[synapses + 2 * x + 1][i];
    sum += now * OF(x, GAIN) + rise * OF(x, GAIN_OF_RISE);
    s[synapses + 2 * x][i] = now * OF(x, DECAY) + rise * OF(x, BY_RISE);
    s[synapses + 2 * x + 1][i] = rise * OF(x, DECAY);
  }
  return sum;
}

/* The mean of the currents after spikes in this step. */
VOLLEY_INLINE double mean_after(const volley_chunk *k, uint32_t i) {
  double sum = 0;
  for (int a = 0; a < CURRENTS; a++) sum += k->slice->states[asc + a][i] * OF_AFTER(a, AFTER_MEAN);
  return C(has_currents) != 0 ? sum : 0;
}

VOLLEY_INLINE void take_after(const volley_chunk *k, uint32_t i, int waits, int is_spike) {
  for (int a = 0; a < CURRENTS; a++) {
    double *now = &k->slice->states[asc + a][i];
    const double decayed = *now * OF_AFTER(a, AFTER_DECAY);
    const double after = is_spike ? OF_AFTER(a, AFTER_JUMP) + decayed * OF_AFTER(a, AFTER_KEPT) : decayed;
    *now = (waits | (C(has_currents) == 0)) ? *now : after;
  }
}

VOLLEY_INLINE int advance(const volley_chunk *k, uint32_t i, double current, const int n) {
  double *const *s = k->slice->states;
  const double v = s[V_m][i] - C(rest), left = s[refractory][i], by_spikes = s[threshold_spike][i];
  const double by_voltage = s[threshold_voltage][i], mean = mean_after(k, i), drive = current + mean;
  const int waits = left > 0, moves = left <= 0;
  const double moved = v * C(decay_m) + drive * C(gain_dc) + take_synapses(k, i, n);
  const double level = drive / C(conductance), slope = C(voltage_slope) * (v - level);
  const double followed = slope * C(decay_m) + C(voltage_decay) * (by_voltage - slope - C(voltage_level) * level) +
                          C(voltage_level) * level;
  const double voltage = C(follows) != 0 ? followed : by_voltage;
  const double decayed = C(jumps) != 0 ? by_spikes * C(spike_decay) : by_spikes;
  const int is_high = moved > decayed + voltage + C(highest), is_spike = moves & is_high;
  const double left_by_spike = C(jumps) != 0 ? C(reset_fraction) * v + C(reset_add) : C(reset);
  const double jumped = C(jumps) != 0 ? decayed * C(spike_decay_at_rest) + C(spike_add) : decayed;
  s[V_m][i] = C(rest) + (waits ? v : is_spike ? left_by_spike : moved);
  s[threshold_spike][i] = waits ? by_spikes : is_spike ? jumped : decayed;
  s[threshold_voltage][i] = waits ? by_voltage : voltage;
  s[threshold][i] = C(rest) + C(highest) + s[threshold_spike][i] + s[threshold_voltage][i];
  s[asc_sum][i] = waits ? s[asc_sum][i] : mean;
  s[refractory][i] = waits ? left - 1 : is_spike ? C(refractory_steps) : 0;
  take_after(k, i, waits, is_spike);
  return is_spike;
}

#define MODEL(n)                                                                                                       \
  {                                                                                                                    \
    .name = "glif_psc",                                                                                                \
    .doc = "generalized leaky integrate-and-fire neuron of the Allen Institute, in its five kinds, with alpha-shaped " \
           "currents of several receptors, integrated exactly",                                                        \
    .reference = "Teeter et al. (2018); Rotter & Diesmann (1999)", .parameters = parameters,                           \
    .n_parameters = tau_syn + n, .states = states, .n_states = synapses + 2 * n, .receptors = receptors,               \
    .n_receptors = n, .n_coefficients = courses + n * N_SYNAPSE, .names_receptors = true,                              \
    .lists = "asc_init|asc_decay|asc_amps|asc_r|tau_syn", .sizes = sizes, .check = check, .prepare = prepare_##n,      \
    .mean_current = mean_current, .update = update_##n,                                                                \
  }

static const volley_neuron_model *const sizes[MOST];

#define SIZED(n)                                                                                                       \
  VOLLEY_INLINE int advance_##n(const volley_chunk *k, uint32_t i, double current) {                                   \
    return advance(k, i, current, n);                                                                                  \
  }                                                                                                                    \
  VOLLEY_INLINE void take_##n(const volley_chunk *k) { volley_advance_and_list(k, advance_##n); }                      \
  static void update_##n(volley_slice *slice, volley_spike_list *spikes) {                                             \
    volley_update_long(slice, spikes, take_##n, courses + n * N_SYNAPSE);                                              \
  }                                                                                                                    \
  static void prepare_##n(const double *p, double dt, double *c) { prepare(n, p, dt, c); }                             \
  static const volley_neuron_model with_##n = MODEL(n);
VOLLEY_FOR_SIZES(SIZED)

#define LISTED(n) &with_##n,
static const volley_neuron_model *const sizes[MOST] = {VOLLEY_FOR_SIZES(LISTED)};

const volley_neuron_model volley_glif_psc = MODEL(1);
