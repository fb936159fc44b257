/* Spike-timing dependent plasticity of pairs. */
#include "synapse/pairing.h"

#include <math.h>

enum { LAMBDA, ALPHA, TAU_PLUS, TAU_MINUS, MU_PLUS, MU_MINUS, WMAX, N_PARAMETERS };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"lambda", "", 0.01, 0, INFINITY, .doc = "step of learning, as a part of Wmax"},
    {"alpha", "", 1, 0, INFINITY, .doc = "depression as a part of potentiation"},
    {"tau_plus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the source's trace: window of potentiation"},
    {"tau_minus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the target's trace: window of depression"},
    {"mu_plus", "", 1, 0, INFINITY, .doc = "how potentiation depends on the weight; 0: additive, with a hard bound"},
    {"mu_minus", "", 1, 0, INFINITY, .doc = "how depression depends on the weight; 0: additive, with a hard bound"},
    {"Wmax", "weight", 100, -INFINITY, INFINITY, .doc = "greatest weight; negative for inhibitory synapses"},
};

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "weight"}};
enum { PLUS, MINUS };
static const volley_trace_info traces[] = {
    [PLUS] = {VOLLEY_OF_SOURCE, TAU_PLUS, VOLLEY_JUMP_1},
    [MINUS] = {VOLLEY_OF_TARGET, TAU_MINUS, VOLLEY_JUMP_1},
};
static const char *const row_states[] = {"trace_before", "trace"};

static const char *check(const double *values) { return values[WMAX] == 0 ? "Wmax must not be 0" : NULL; }

static void range(const double *values, double *low, double *high) {
  *low = fmin(0, values[WMAX]);
  *high = fmax(0, values[WMAX]);
}

/* x to the power of mu; the usual powers need no pow(). */
static inline double power(double x, double mu) { return mu == 0 ? 1 : mu == 1 ? x : pow(x, mu); }

static inline double facilitate(const double *p, double weight, double trace) {
  const double w = weight / p[WMAX];
  const double next = w + p[LAMBDA] * power(1 - w, p[MU_PLUS]) * trace;
  return next < 1 ? next * p[WMAX] : p[WMAX];
}

static inline double depress(const double *p, double loss, double weight, double trace) {
  const double w = weight / p[WMAX];
  const double next = w - loss * power(w, p[MU_MINUS]) * trace;
  return next > 0 ? next * p[WMAX] : 0;
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  (void)pairs, (void)k;
  const double trace = volley_source_trace(b, PLUS, arrival);
  return trace > 0 ? facilitate(b->constants->parameters, weight, trace) : weight;
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight) {
  const double trace = volley_target_trace(b, MINUS, pairs);
  return trace > 0 ? depress(b->constants->parameters, loss, weight, trace) : weight;
}

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters;
  volley_pairing_spike(b, input, at_target, at_source, p[ALPHA] * p[LAMBDA]);
}

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, at_target); }

const volley_synapse_model volley_synapse_stdp = {
    .name = "stdp",
    .doc = "spike-timing dependent plasticity of pairs: additive (mu 0), multiplicative (mu 1) or by a power law",
    .equations =
        "with w = weight / Wmax: at a spike of the target w <- min(1, w + lambda (1 - w)^mu_plus K_plus), at one "
        "of the source w <- max(0, w - alpha lambda w^mu_minus K_minus); the traces K_plus of the source and "
        "K_minus of the target grow by 1 at a spike (pairing all) or are set to 1 (nearest) and decay with "
        "tau_plus and tau_minus",
    .reference = "Guetig, Aharonov, Rotter & Sompolinsky 2003; Morrison, Diesmann & Gerstner 2008. NEST's stdp_synapse",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_TRACES(traces),
    VOLLEY_ROW_STATES(row_states),
    .pairs = true,
    .keeps_past = true,
    .check = check,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
};
