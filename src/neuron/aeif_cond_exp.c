/* Adaptive exponential integrate-and-fire neuron with synaptic conductances that decay exponentially.
 * Brette & Gerstner (2005), J. Neurophysiol. 94: 3637-3642; NEST aeif_cond_exp.
 *
 *   C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) - g_ex (V - E_ex) - g_in (V - E_in)
 *               - w + I_e + I
 *   tau_w dw/dt = a (V - E_L) - w,   dg_x/dt = -g_x / tau_syn_x;   V >= V_peak: a spike, V = V_reset, w = w + b
 *
 * A spike that arrives at the end of a step makes g jump there by the size of its weight. g is exact, V and w take
 * steps with error control (cash_karp.h). A spike resets V where V reaches the peak within the step, and V goes on from
 * there; a refractory period lasts from there to t_ref after the end of the step. Without a slope (Delta_T 0) V_th is
 * the peak. */
#include "neuron/cash_karp.h"

#include <stddef.h>

enum {
  C_m,
  Delta_T,
  E_L,
  E_ex,
  E_in,
  I_e,
  V_peak,
  V_reset,
  V_th,
  a,
  b,
  g_L,
  t_ref,
  tau_syn_ex,
  tau_syn_in,
  tau_w,
  tolerance,
  N_PARAMETERS
};
enum { V_m, w, g_ex, g_in, refractory, N_STATES };
enum { EX, IN, N_RECEPTORS };
enum {
  step,
  inverse_capacitance,
  leak,
  rest,
  reversal_ex,
  reversal_in,
  current_e,
  time_ex,
  time_in,
  spike_current,
  inverse_width,
  threshold,
  highest,
  peak,
  reset,
  refractory_steps,
  adaptation,
  jump,
  rate,
  error_allowed,
  decays_ex,
  decays_in = decays_ex + VOLLEY_N_STAGE_DECAYS,
  N_COEFFICIENTS = decays_in + VOLLEY_N_STAGE_DECAYS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 281, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [Delta_T] = {"Delta_T", "mV", 2, 0, 1e6, .doc = "width of the rise to a spike; 0: V_th is a sharp threshold"},
    [E_L] = {"E_L", "mV", -70.6, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},
    [E_in] = {"E_in", "mV", -85, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [V_peak] = {"V_peak", "mV", 0, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [V_reset] = {"V_reset", "mV", -60, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -50.4, VOLLEY_VOLTAGES, .doc = "potential at which a spike begins"},
    [a] = {"a", "nS", 4, -1e9, 1e9, .doc = "what the adaptation strives for, by potential above E_L"},
    [b] = {"b", "pA", 80.5, VOLLEY_CURRENTS, .doc = "jump of the adaptation after a spike"},
    [g_L] = {"g_L", "nS", 30, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [t_ref] = {"t_ref", "ms", 0, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 0.2, VOLLEY_TIMES, .doc = "decay time of the excitatory conductance"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of the inhibitory conductance"},
    [tau_w] = {"tau_w", "ms", 144, VOLLEY_TIMES, .doc = "time constant of the adaptation"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"},
};

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [w] = {"w", "pA", -1, 0, VOLLEY_CURRENTS, "adaptation current"},
    [g_ex] = {"g_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "excitatory conductance"},
    [g_in] = {"g_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "inhibitory conductance"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, g_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, decays with tau_syn_in"},
};

static const char *check(const double *p) {
  if (!(p[V_th] <= p[V_peak])) return "V_peak must not be below V_th";
  if (!(p[V_reset] < (p[Delta_T] > 0 ? p[V_peak] : p[V_th])))
    return "V_reset must be below V_peak and, where Delta_T is 0, below V_th";
  if ((p[V_peak] - p[V_th]) > 600 * p[Delta_T] && p[Delta_T] > 0)
    return "V_peak must be at most 600 Delta_T above V_th";
  return NULL;
}

static void prepare(const double *p, double dt, double *c) {
  c[step] = dt;
  c[inverse_capacitance] = 1 / p[C_m];
  c[leak] = p[g_L];
  c[rest] = p[E_L];
  c[reversal_ex] = p[E_ex];
  c[reversal_in] = p[E_in];
  c[current_e] = p[I_e];
  c[time_ex] = p[tau_syn_ex];
  c[time_in] = p[tau_syn_in];
  c[spike_current] = p[g_L] * p[Delta_T];
  c[inverse_width] = p[Delta_T] > 0 ? 1 / p[Delta_T] : 0;
  c[threshold] = p[V_th];
  c[highest] = p[V_peak];
  c[peak] = p[Delta_T] > 0 ? p[V_peak] : p[V_th];
  c[reset] = p[V_reset];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[adaptation] = p[a];
  c[jump] = p[b];
  c[rate] = 1 / p[tau_w];
  c[error_allowed] = p[tolerance];
  volley_stage_decays(p[tau_syn_ex], dt, &c[decays_ex]);
  volley_stage_decays(p[tau_syn_in], dt, &c[decays_in]);
}

/* At a potential halfway from rest to V_th. */
static double mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_th]);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

/* One neuron; ex and in: conductances at the stages of a step. */
typedef struct cell {
  double ex[VOLLEY_STAGES], in[VOLLEY_STAGES];
  double inverse_capacitance, leak, rest, reversal_ex, reversal_in, current;
  double spike_current, inverse_width, threshold, highest, peak, reset, adaptation, jump, rate;
  double start_ex, start_in, time_ex, time_in; /* conductances when the whole step begins */
  double refractory_steps, refractory;         /* the second: steps left, this one included */
  int n_spikes;
} cell;

VOLLEY_INLINE void slopes(const void *of, int stage, const double *y, double *slope) {
  const cell *it = of;
  const double v = it->refractory > 0 ? it->reset : y[0] < it->highest ? y[0] : it->highest;
  const double spike = it->spike_current * volley_exponential((v - it->threshold) * it->inverse_width);
  const double ex = it->ex[stage] * (v - it->reversal_ex), in = it->in[stage] * (v - it->reversal_in);
  const double moved = (spike + it->current - it->leak * (v - it->rest) - ex - in - y[1]) * it->inverse_capacitance;
  slope[0] = it->refractory > 0 ? 0 : moved;
  slope[1] = (it->adaptation * (v - it->rest) - y[1]) * it->rate;
}

static void prepare_part(void *of, double start, double h) {
  cell *it = of;
  volley_course_of_part(it->start_ex, 0, it->time_ex, start, h, it->ex);
  volley_course_of_part(it->start_in, 0, it->time_in, start, h, it->in);
}

VOLLEY_INLINE bool reached(const void *of, const double *y) {
  const cell *it = of;
  const int moves = it->refractory <= 0, is_high = y[0] >= it->peak;
  return moves & is_high;
}

static void spike(void *of, double *y) {
  cell *it = of;
  y[0] = it->reset;
  y[1] += it->jump;
  it->refractory = it->refractory_steps > 0 ? it->refractory_steps + 1 : 0;
  it->n_spikes++;
}

static const volley_equations equations = {2, slopes, prepare_part, reached, spike, NULL};

/* The coefficient of neuron i within a loop. */
#define C(name) volley_at(c[name], cs, i)

VOLLEY_INLINE void set_cell(cell *it, const volley_slice *slice, const volley_column *c, uint32_t i, uint32_t cs,
                            uint32_t is) {
  it->inverse_capacitance = C(inverse_capacitance);
  it->leak = C(leak);
  it->rest = C(rest);
  it->reversal_ex = C(reversal_ex);
  it->reversal_in = C(reversal_in);
  it->current = C(current_e) + slice->current[is * i];
  it->spike_current = C(spike_current);
  it->inverse_width = C(inverse_width);
  it->threshold = C(threshold);
  it->highest = C(highest);
  it->peak = C(peak);
  it->reset = C(reset);
  it->adaptation = C(adaptation);
  it->jump = C(jump);
  it->rate = C(rate);
  it->start_ex = slice->states[g_ex][i];
  it->start_in = slice->states[g_in][i];
  it->time_ex = C(time_ex);
  it->time_in = C(time_in);
  it->refractory_steps = C(refractory_steps);
  it->refractory = slice->states[refractory][i];
  it->n_spikes = 0;
}

/* Not where there is a spike, either. */
VOLLEY_INLINE int whole(const volley_slice *slice, const volley_column *c, uint32_t i, const double *y, double *end,
                        uint32_t cs, uint32_t is) {
  cell it;
  set_cell(&it, slice, c, i, cs, is);
  volley_course_of_step(&c[decays_ex], cs, i, it.start_ex, 0, false, C(step), it.ex);
  volley_course_of_step(&c[decays_in], cs, i, it.start_in, 0, false, C(step), it.in);
  const double error = volley_cash_karp(&equations, &it, C(step), y, end);
  const int is_wrong = !(error <= C(error_allowed)), is_spike = reached(&it, end);
  return is_wrong | is_spike;
}

VOLLEY_INLINE bool parts(volley_slice *slice, const volley_column *c, uint32_t i, double *y, void *spikes, uint32_t cs,
                         uint32_t is) {
  cell it;
  set_cell(&it, slice, c, i, cs, is);
  if (!volley_substeps(&equations, &it, C(step), C(error_allowed), y)) return false;
  slice->states[refractory][i] = it.refractory;
  for (int n = 0; n < it.n_spikes; n++) volley_spike_push(spikes, slice->offset + i);
  return true;
}

static const volley_steps steps = {2, whole, parts};

VOLLEY_INLINE void decay(const volley_slice *slice, const volley_column *c, uint32_t first, uint32_t end, uint32_t cs) {
  double *restrict ex = slice->states[g_ex], *restrict in = slice->states[g_in], *restrict input = slice->inputs[IN];
  double *restrict r = slice->states[refractory];
#pragma omp simd
  for (uint32_t i = first; i < end; i++) {
    ex[i] *= C(decays_ex + VOLLEY_LAST_STAGE_DECAY);
    in[i] = in[i] * C(decays_in + VOLLEY_LAST_STAGE_DECAY) + input[i];
    input[i] = 0;
    r[i] = r[i] > 0 ? r[i] - 1 : 0;
  }
}

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  volley_column c[N_COEFFICIENTS];
  double failed[VOLLEY_CHUNK];
  for (int n = 0; n < N_COEFFICIENTS; n++) c[n] = volley_column_of(slice, n);
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    if (volley_attempt(&steps, slice, c, first, end, failed, cs, is))
      volley_mend(&steps, slice, c, first, end, failed, spikes, cs, is);
    decay(slice, c, first, end, cs);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_aeif_cond_exp = {
    .name = "aeif_cond_exp",
    .doc =
        "adaptive exponential integrate-and-fire neuron with exponentially decaying conductances, which are exact; V "
        "and w take Runge-Kutta steps of fifth order with error control",
    .reference = "Brette & Gerstner (2005); Cash & Karp (1990)",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
