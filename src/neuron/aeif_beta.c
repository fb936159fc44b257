/* Adaptive exponential integrate-and-fire neurons with any number of conductances that are beta functions: aeif.c has the equations. */
#include "neuron/aeif.h"

enum { MOST = VOLLEY_MAX_RECEPTORS, END = GAP + tau_syn_in + 1 - tau_syn_ex };
enum { OF_PORTS = N_PARAMETERS - END, E_REV = 0, TAU_RISE, TAU_DECAY, N_OF_PORT }; /* parameters */
enum { still = w + 1, ports, N_STATES_BETA = ports + 2 * MOST };                   /* states: V_m, w, these */

#define PORT_KEYS(k)                                                                                                   \
  {"E_rev_" #k, "mV", 0, VOLLEY_VOLTAGES, .doc = "reversal potential of receptor " #k},                                \
      {"tau_rise_" #k, "ms", 2, VOLLEY_TIMES, .doc = "rise time of its conductance"},                                  \
      {"tau_decay_" #k, "ms", 20, VOLLEY_TIMES, .doc = "decay time of its conductance"},
#define PORT_STATES(k)                                                                                                 \
  {"g_" #k, "nS", -1, 0, VOLLEY_CONDUCTANCES, "conductance of receptor " #k},                                          \
      {"rise_" #k,                                                                                                     \
       "nS",                                                                                                           \
       -1,                                                                                                             \
       0,                                                                                                              \
       VOLLEY_CONDUCTANCES,                                                                                            \
       "what makes g_" #k " rise, at a rate of rise_" #k " c, where c makes the peak after a spike its weight"},
#define PORT_RECEPTORS(k)                                                                                              \
  {#k, "nS", VOLLEY_CONDUCTANCE, ports + 2 * k - 1,                                                                    \
   "conductance, a beta function of tau_rise_" #k " and tau_decay_" #k "; its peak"},

static const volley_key_info parameters_beta[OF_PORTS + N_OF_PORT * MOST] = {PARAMETERS(GAP, END),
                                                                             VOLLEY_FOR_SIZES(PORT_KEYS)};
static const volley_state_info states_beta[N_STATES_BETA] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [w] = {"w", "pA", -1, 0, VOLLEY_CURRENTS, "adaptation current"},
    [still] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
    VOLLEY_FOR_SIZES(PORT_STATES)};
static const volley_receptor_info receptors_beta[MOST] = {VOLLEY_FOR_SIZES(PORT_RECEPTORS)};

/* Its parameters as those of a model with two conductances. */
static void widen_beta(const double *p, double *out) {
  double narrow[N_PARAMETERS - GAP] = {0};
  memcpy(narrow, p, (OF_PORTS - 2) * sizeof *out);
  memcpy(narrow + N_PARAMETERS - GAP - 2, p + OF_PORTS - 2, 2 * sizeof *out); /* tau_w, tolerance */
  widen(narrow, out);
}

static const char *check_beta(const double *p) {
  double wide[N_PARAMETERS];
  widen_beta(p, wide);
  return check(wide);
}

/* Coefficients: those of the membrane, reversal potentials, courses. */
static void prepare_beta(int n, const double *p, double dt, double *c) {
  double wide[N_PARAMETERS], rises[MOST], decays[MOST];
  widen_beta(p, wide);
  prepare_membrane(wide, dt, c);
  for (int k = 0; k < n; k++) {
    const double *of = p + OF_PORTS + k * N_OF_PORT;
    c[courses + k] = of[E_REV];
    rises[k] = of[TAU_RISE];
    decays[k] = of[TAU_DECAY];
  }
  volley_beta_courses_prepare(rises, decays, n, wide[tolerance], dt, &c[courses + n]);
}

static double mean_current_beta(const double *p, int receptor) {
  double wide[N_PARAMETERS];
  widen_beta(p, wide);
  const double *of = p + OF_PORTS + receptor * N_OF_PORT, rise = of[TAU_RISE], decay = of[TAU_DECAY];
  const double area = rise * decay / volley_beta(rise, decay, volley_beta_peak(rise, decay));
  return 0.001 * area * (of[E_REV] - 0.5 * (wide[E_L] + wide[V_th]));
}

VOLLEY_INLINE void membrane_beta(const volley_cell *cell, int stage, const double *y, double *rate, double *drive,
                                 const int n) {
  double conductance = 0, in = 0;
  for (int k = 0; k < n; k++) {
    conductance += cell->x[k][stage];
    in += cell->x[k][stage] * C(courses + k);
  }
  membrane_at(cell, y, conductance, in, rate, drive);
}

#define N_BETA(n) (courses + (n) + VOLLEY_COURSES_OF(2 * (n)))
#define MODEL_BETA(n)                                                                                                  \
  {                                                                                                                    \
    .name = "aeif_cond_beta_multisynapse", .doc = DOC("conductances of several receptors that are beta functions"),    \
    .reference = "Brette & Gerstner (2005); Rotter & Diesmann (1999); Cash & Karp (1990)",                             \
    .parameters = parameters_beta, .n_parameters = OF_PORTS + (n)*N_OF_PORT, .states = states_beta,                    \
    .n_states = ports + 2 * (n), .receptors = receptors_beta, .n_receptors = (n), .n_coefficients = N_BETA(n),         \
    .names_receptors = true, .lists = "E_rev|tau_rise|tau_decay", .sizes = sizes_beta, .check = check_beta,            \
    .prepare = prepare_beta_##n, .mean_current = mean_current_beta, .update = update_beta_##n,                         \
  }

static const volley_neuron_model *const sizes_beta[MOST];

#define AT(k) ports + 2 * (k)
#define SIZED(number)                                                                                                  \
  VOLLEY_INLINE void membrane_beta_##number(const volley_cell *cell, int stage, const double *y, double *rate,         \
                                            double *drive) {                                                           \
    membrane_beta(cell, stage, y, rate, drive, number);                                                                \
  }                                                                                                                    \
  SLOPES(beta_##number)                                                                                                \
  static const volley_equations equations_beta_##number = {                                                            \
      .n = 2,                                                                                                          \
      .n_coefficients = N_BETA(number),                                                                                \
      .synapses = number,                                                                                              \
      .x = {AT(0), AT(1), AT(2), AT(3), AT(4), AT(5), AT(6), AT(7)},                                                   \
      .rise = {AT(0) + 1, AT(1) + 1, AT(2) + 1, AT(3) + 1, AT(4) + 1, AT(5) + 1, AT(6) + 1, AT(7) + 1},                \
      .beta = true,                                                                                                    \
      .refractory = still,                                                                                             \
      .slopes = slopes_beta_##number,                                                                                  \
      .membrane = membrane_beta_##number,                                                                              \
      .spike = spike,                                                                                                  \
      .peak = peak,                                                                                                    \
      .refractory_steps = refractory_steps,                                                                            \
  };                                                                                                                   \
  static const volley_rising rising_beta_##number = {&equations_beta_##number, rise, adapt, strain, V_reset};          \
  VOLLEY_INLINE void take_beta_##number(const volley_chunk *k) { volley_rise(&rising_beta_##number, k); }              \
  VOLLEY_FOR_PROCESSORS static void update_beta_##number(volley_slice *slice, volley_spike_list *spikes) {             \
    volley_update_long(slice, spikes, take_beta_##number, N_BETA(number));                                             \
  }                                                                                                                    \
  static void prepare_beta_##number(const double *p, double dt, double *c) { prepare_beta(number, p, dt, c); }         \
  static const volley_neuron_model beta_with_##number = MODEL_BETA(number);
VOLLEY_FOR_SIZES(SIZED)

#define LISTED(n) &beta_with_##n,
static const volley_neuron_model *const sizes_beta[MOST] = {VOLLEY_FOR_SIZES(LISTED)};

const volley_neuron_model volley_aeif_cond_beta_multisynapse = MODEL_BETA(1);
