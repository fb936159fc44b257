/* Gating of NMDA receptors: what they are open by saturates where their source fires fast. */
#include "synapse/synapse.h"

#include <math.h>

enum { ALPHA, TAU_RISE, TAU_DECAY, N_PARAMETERS };
enum { S };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"alpha", "1/ms", 0.5, 0, 1e3, true, .doc = "rate at which gates open"},
    {"tau_rise", "ms", 2, 1e-6, 1e3, .doc = "time constant of the transmitter that opens them"},
    {"tau_decay", "ms", 100, VOLLEY_TIMES, .doc = "time constant of their closing; also that of the target's NMDA"},
};

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "conductance of all gates open"}};
static const char *const row_states[] = {"s"};

static const char *check(const double *values) {
  if (!(values[TAU_RISE] < values[TAU_DECAY])) return "tau_rise must be below tau_decay";
  return values[ALPHA] * values[TAU_RISE] <= 100 ? NULL : "alpha tau_rise must be at most 100";
}

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = 0;
  *high = INFINITY;
}

/* Lower incomplete gamma function of a > 0 and x: x^a exp(-x) (1 / a + x / (a (a + 1)) + ...). */
static double lower_gamma(double a, double x) {
  double term = 1 / a, sum = term;
  for (int n = 1; n < 1000 && term > 1e-17 * sum; n++) sum += term *= x / (a + n);
  return pow(x, a) * exp(-x) * sum;
}

/* The gates that a spike opens: all its transmitter acts at once, as it is quick beside their closing. */
static void spike(volley_synapse_view *b, double *input) {
  const double *weights = b->states[0], *p = b->constants->parameters;
  const double x = p[ALPHA] * p[TAU_RISE], ratio = p[TAU_RISE] / p[TAU_DECAY];
  const double open = pow(x, ratio) * lower_gamma(1 - ratio, x), shut = expm1(-x);
  const double h = (double)(b->now - (b->last < 0 ? b->now : b->last)) * b->constants->dt;
  const double before = b->row[S] * exp(-h / p[TAU_DECAY]), jump = open + shut * before;
  b->row[S] = before + jump;
  for (uint32_t i = 0; i < b->count; i++) input[b->ids[i]] += b->sign * jump * weights[i];
}

const volley_synapse_model volley_synapse_nmda_gating = {
    .name = "nmda_gating",
    .doc = "NMDA receptors, which saturate by the spikes of their source. NEST's iaf_bw_2001_exact, whose neurons "
           "integrate "
           "the gating of each synapse onto them, is not there: a state and its exponential for each synapse and step, "
           "where this takes one for each spike",
    .equations = "a spike transmits weight j, j = k_0 + k_1 s, and s <- s + j; from one spike to the next, h later, "
                 "s <- s exp(-h / tau_decay); x = alpha tau_rise, r = tau_rise / tau_decay, k_1 = exp(-x) - 1, "
                 "k_0 = x^r gamma(1 - r, x), the lower incomplete gamma function",
    .reference = "Brunel & Wang 2001; NEST's iaf_bw_2001, whose neurons do this for all their targets",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_ROW_STATES(row_states),
    .check = check,
    .range = range,
    .spike = spike,
};
