/* Spike-timing dependent plasticity of pairs in which potentiation grows with a power of the weight. */
#include "synapse/pairing.h"

#include <math.h>

enum { LAMBDA, ALPHA, MU, W0, TAU_PLUS, TAU_MINUS, N_PARAMETERS };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"lambda", "", 0.1, 0, INFINITY, .doc = "step of learning"},
    {"alpha", "", 1, 0, INFINITY, .doc = "depression as a part of potentiation"},
    {"mu", "", 0.4, 0, INFINITY, .doc = "power of the weight that potentiation grows with"},
    {"w0", "weight", 1, 0, INFINITY, .positive = true,
     .doc = "weight at which a potentiation is lambda w0 for a trace of 1"},
    {"tau_plus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the source's trace: window of potentiation"},
    {"tau_minus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the target's trace: window of depression"},
};

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "weight"}};
static const char *const row_states[] = {"trace_before", "trace"};

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = 0;
  *high = INFINITY;
}

/* The weight after the target's spikes. */
static inline double take_pairs(const volley_synapse_view *b, const volley_pairs *pairs, double weight) {
  const double *p = b->constants->plan->parameters;
  for (uint32_t k = pairs->first; k < pairs->end; k++) {
    const int64_t arrival = volley_arrival(b, pairs, k);
    if (!volley_learns(b->constants, arrival)) continue;
    const double trace = volley_source_trace(b, arrival);
    if (trace > 0) weight += p[LAMBDA] * p[W0] * pow(weight / p[W0], p[MU]) * trace;
  }
  return weight;
}

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->plan->parameters;
  const double loss = volley_learns(b->constants, b->now + b->axonal) ? p[ALPHA] * p[LAMBDA] : 0;
  double *weights = b->states[0];
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    const double weight = take_pairs(b, &pairs, weights[i]);
    weights[i] = fmax(0, weight - loss * weight * volley_target_trace(b, &pairs));
    input[b->ids[i]] += b->sign * weights[i];
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

const volley_synapse_model volley_synapse_stdp_pl = {
    .name = "stdp_pl",
    .doc =
        "spike-timing dependent plasticity of pairs: potentiation by a power of the weight, depression in proportion",
    .equations = "at a spike of the target weight <- weight + lambda w0 (weight / w0)^mu K_plus, at one of the source "
                 "weight <- max(0, weight - alpha lambda weight K_minus), with the traces of stdp. Independent Poisson "
                 "spikes lead to w0 (tau_plus / (alpha tau_minus))^(1 / (1 - mu))",
    .reference = "Morrison, Aertsen & Diesmann 2007. NEST's stdp_pl_synapse_hom",
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
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
};
