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

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
    {"K_plus", "", -1, 0, VOLLEY_ANY, "trace of the source"},
    {"K_minus", "", -1, 0, VOLLEY_ANY, "trace of the target"},
};
enum { PLUS, MINUS };
static const volley_trace_info traces[] = {
    [PLUS] = {VOLLEY_OF_SOURCE, TAU_PLUS, VOLLEY_JUMP_1},
    [MINUS] = {VOLLEY_OF_TARGET, TAU_MINUS, VOLLEY_JUMP_1},
};
static const char *const row_states[] = {"trace_before", "trace"};

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = 0;
  *high = INFINITY;
}

static inline double part(const double *p, double weight) { return weight / p[W0]; }

static inline double facilitate(const double *p, double weight, double power, double trace) {
  return trace > 0 ? weight + p[LAMBDA] * p[W0] * power * trace : weight;
}

static inline double depress(double loss, double weight, double trace) {
  const double next = weight - loss * weight * trace;
  return next > 0 ? next : 0;
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  (void)k;
  return facilitate(b->constants->parameters, weight, pairs->power, volley_source_trace(b, PLUS, arrival));
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight) {
  return depress(loss, weight, volley_target_trace(b, MINUS, pairs));
}

static const volley_pairing pairing = {at_target, at_source, .target_power = {part, MU}};

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters;
  volley_pairing_spike(b, input, pairing, p[ALPHA] * p[LAMBDA]);
}

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

/* From event to event. */
static double change_at_target(const double *p, const double *now, double weight) {
  return facilitate(p, weight, pow(part(p, weight), p[MU]), now[PLUS]);
}

static double change_at_source(const double *p, const double *now, double weight) {
  return depress(p[ALPHA] * p[LAMBDA], weight, now[MINUS]);
}

static const volley_synapse_events events = {.at_target = change_at_target, .at_source = change_at_source};

const volley_synapse_model volley_synapse_stdp_pl = {
    .name = "stdp_pl",
    .doc =
        "spike-timing dependent plasticity of pairs: potentiation by a power of the weight, depression in proportion",
    .equations = "at a spike of the target weight <- weight + lambda w0 (weight / w0)^mu K_plus, at one of the source "
                 "weight <- max(0, weight - alpha lambda weight K_minus), with the traces of stdp. Independent Poisson "
                 "spikes lead to w0 (tau_plus / (alpha tau_minus))^(1 / (1 - mu))",
    .reference = "Morrison, Aertsen & Diesmann 2007. NEST's stdp_pl_synapse_hom",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_TRACED_STATES(states),
    VOLLEY_TRACES(traces),
    VOLLEY_ROW_STATES(row_states),
    .pairs = true,
    .keeps_past = true,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
    .events = &events,
};
