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
static const char *const row_states[] = {"trace_before", "trace"};

static const char *check(const volley_plasticity_plan *plan, const double *values) {
  (void)plan;
  return values[WMAX] == 0 ? "Wmax must not be 0" : NULL;
}

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

static inline double depress(const double *p, double weight, double trace) {
  const double w = weight / p[WMAX];
  const double next = w - p[ALPHA] * p[LAMBDA] * power(w, p[MU_MINUS]) * trace;
  return next > 0 ? next * p[WMAX] : 0;
}

/* The weight after the target's spikes. */
static inline double take_pairs(const volley_synapse_view *b, const volley_pairs *pairs, double weight) {
  for (uint32_t k = pairs->first; k < pairs->end; k++) {
    const int64_t arrival = volley_arrival(b, pairs, k);
    if (!volley_learns(b->constants, arrival)) continue;
    const double trace = volley_source_trace(b, arrival);
    if (trace > 0) weight = facilitate(b->constants->plan->parameters, weight, trace);
  }
  return weight;
}

static void spike(volley_synapse_view *b, double *input) {
  const bool learns = volley_learns(b->constants, b->now + b->axonal);
  double *weights = b->states[0];
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    double weight = take_pairs(b, &pairs, weights[i]);
    const double trace = learns ? volley_target_trace(b, &pairs) : 0;
    if (trace > 0) weight = depress(b->constants->plan->parameters, weight, trace);
    weights[i] = weight;
    input[b->ids[i]] += b->sign * weight;
  }
  volley_advance_trace(b);
}

static void catch_up(volley_synapse_view *b) {
  double *weights = b->states[0];
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    weights[i] = take_pairs(b, &pairs, weights[i]);
  }
}

const volley_synapse_model volley_synapse_stdp = {
    .name = "stdp",
    .doc = "spike-timing dependent plasticity of pairs: additive (mu 0), multiplicative (mu 1) or by a power law",
    .equations =
        "with w = weight / Wmax: at a spike of the target w <- min(1, w + lambda (1 - w)^mu_plus K_plus), at one "
        "of the source w <- max(0, w - alpha lambda w^mu_minus K_minus); the traces K_plus of the source and "
        "K_minus of the target grow by 1 at a spike (pairing all) or are set to 1 (nearest) and decay with "
        "tau_plus and tau_minus",
    .reference = "Guetig, Aharonov, Rotter & Sompolinsky 2003; Morrison, Diesmann & Gerstner 2008. NEST's stdp_synapse",
    .parameters = parameters,
    .n_parameters = N_PARAMETERS,
    .states = states,
    .n_states = 1,
    .row_states = row_states,
    .n_row_states = 2,
    .pairs = true,
    .keeps_past = true,
    .tau_source = TAU_PLUS,
    .tau_target = TAU_MINUS,
    .tau_slow = -1,
    .jump = -1,
    .check = check,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
};
