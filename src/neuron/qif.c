/* Quadratic integrate-and-fire neuron with exponential synaptic currents.
 * Ermentrout & Kopell (1986), SIAM J. Appl. Math. 46: 233-253; Latham, Richmond, Nelson & Nirenberg (2000), J.
 * Neurophysiol. 83: 808-827.
 *
 *   C_m dV/dt = k (V - E_L) (V - V_c) + I_syn_ex + I_syn_in + I_e + I,   dI_syn_x/dt = -I_syn_x / tau_syn_x
 *   V >= V_peak: a spike, V = V_reset
 *
 * A spike that arrives at the end of a step makes I_syn jump there. Synaptic currents are exact, V takes steps with
 * error control (cash_karp.h). A spike resets V where V reaches the peak within the step, and V goes on from there; a
 * refractory period lasts from there to t_ref after the end of the step. */
#include "neuron/cash_karp.h"

#include <stddef.h>

enum { C_m, E_L, I_e, V_c, V_peak, V_reset, k, t_ref, tau_syn_ex, tau_syn_in, tolerance, N_PARAMETERS };
enum { V_m, I_syn_ex, I_syn_in, refractory, N_STATES };
enum { EX, IN, N_RECEPTORS };
enum {
  step,
  inverse_capacitance,
  gain,
  rest,
  critical,
  current_e,
  peak,
  reset,
  time_ex,
  time_in,
  refractory_steps,
  error_allowed,
  decays_ex,
  decays_in = decays_ex + VOLLEY_N_STAGE_DECAYS,
  N_COEFFICIENTS = decays_in + VOLLEY_N_STAGE_DECAYS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 100, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -60, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [V_c] = {"V_c", "mV", -40, VOLLEY_VOLTAGES, .doc = "critical potential, above which V rises by itself"},
    [V_peak] = {"V_peak", "mV", 35, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [V_reset] = {"V_reset", "mV", -50, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [k] = {"k", "nS/mV", 0.7, 0, INFINITY, .positive = true, .doc = "gain of the current that makes a spike"},
    [t_ref] = {"t_ref", "ms", 0, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 2, VOLLEY_TIMES, .doc = "decay time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of inhibitory currents"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"},
};

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [I_syn_ex] = {"I_syn_ex", "pA", -1, 0, VOLLEY_CURRENTS, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "pA", -1, 0, VOLLEY_CURRENTS, "inhibitory synaptic current"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static const char *check(const double *p) {
  if (!(p[V_reset] < p[V_peak])) return "V_reset must be below V_peak";
  return p[V_c] < p[V_peak] ? NULL : "V_c must be below V_peak";
}

static void prepare(const double *p, double dt, double *c) {
  c[step] = dt;
  c[inverse_capacitance] = 1 / p[C_m];
  c[gain] = p[k];
  c[rest] = p[E_L];
  c[critical] = p[V_c];
  c[current_e] = p[I_e];
  c[peak] = p[V_peak];
  c[reset] = p[V_reset];
  c[time_ex] = p[tau_syn_ex];
  c[time_in] = p[tau_syn_in];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[error_allowed] = p[tolerance];
  volley_stage_decays(p[tau_syn_ex], dt, &c[decays_ex]);
  volley_stage_decays(p[tau_syn_in], dt, &c[decays_in]);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

/* One neuron; ex and in: synaptic currents at the stages of a step. */
typedef struct cell {
  double ex[VOLLEY_STAGES], in[VOLLEY_STAGES];
  double inverse_capacitance, gain, rest, critical, current, peak, reset;
  double start_ex, start_in, time_ex, time_in; /* currents when the whole step begins */
  double refractory_steps, refractory;         /* the second: steps left, this one included */
  int n_spikes;
} cell;

/* V stays below the peak here so that the stages of a step that passes it do not run away. */
VOLLEY_INLINE void slopes(const void *of, int stage, const double *y, double *slope) {
  const cell *it = of;
  const double v = y[0] < it->peak ? y[0] : it->peak;
  const double rising = it->gain * (v - it->rest) * (v - it->critical);
  const double moved = (rising + it->ex[stage] + it->in[stage] + it->current) * it->inverse_capacitance;
  slope[0] = it->refractory > 0 ? 0 : moved;
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
  it->refractory = it->refractory_steps > 0 ? it->refractory_steps + 1 : 0;
  it->n_spikes++;
}

static const volley_equations equations = {1, slopes, prepare_part, reached, spike, NULL};

/* The coefficient of neuron i within a loop. */
#define C(name) volley_at(c[name], cs, i)

VOLLEY_INLINE void set_cell(cell *it, const volley_slice *slice, const volley_column *c, uint32_t i, uint32_t cs,
                            uint32_t is) {
  it->inverse_capacitance = C(inverse_capacitance);
  it->gain = C(gain);
  it->rest = C(rest);
  it->critical = C(critical);
  it->current = C(current_e) + slice->current[is * i];
  it->peak = C(peak);
  it->reset = C(reset);
  it->start_ex = slice->states[I_syn_ex][i];
  it->start_in = slice->states[I_syn_in][i];
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

static const volley_steps steps = {1, whole, parts};

VOLLEY_INLINE void decay(const volley_slice *slice, const volley_column *c, uint32_t first, uint32_t end, uint32_t cs) {
  double *restrict ex = slice->states[I_syn_ex], *restrict in = slice->states[I_syn_in];
  double *restrict r = slice->states[refractory];
#pragma omp simd
  for (uint32_t i = first; i < end; i++) {
    ex[i] *= C(decays_ex + VOLLEY_LAST_STAGE_DECAY);
    in[i] *= C(decays_in + VOLLEY_LAST_STAGE_DECAY);
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

const volley_neuron_model volley_qif = {
    .name = "qif",
    .doc =
        "quadratic integrate-and-fire neuron with exponentially decaying synaptic currents, which are exact; V takes "
        "Runge-Kutta steps of fifth order with error control",
    .reference = "Ermentrout & Kopell (1986); Latham et al. (2000); Cash & Karp (1990)",
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
