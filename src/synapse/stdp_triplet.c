/* Spike-timing dependent plasticity of triplets: two traces of the source, two of the target. */
#include "synapse/pairing.h"

#include <math.h>

enum {
  A_PLUS,
  A_MINUS,
  A_PLUS_TRIPLET,
  A_MINUS_TRIPLET,
  TAU_PLUS,
  TAU_PLUS_TRIPLET,
  TAU_MINUS,
  TAU_MINUS_TRIPLET,
  WMAX,
  N_PARAMETERS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    {"Aplus", "weight", 5e-10, -INFINITY, INFINITY, .doc = "growth at a spike of the target, by pairs"},
    {"Aminus", "weight", 7e-3, -INFINITY, INFINITY, .doc = "loss at a spike of the source, by pairs"},
    {"Aplus_triplet", "weight", 6.2e-3, -INFINITY, INFINITY, .doc = "growth at a spike of the target, by triplets"},
    {"Aminus_triplet", "weight", 2.3e-4, -INFINITY, INFINITY, .doc = "loss at a spike of the source, by triplets"},
    {"tau_plus", "ms", 16.8, VOLLEY_TIMES, .doc = "time constant of the source's trace"},
    {"tau_plus_triplet", "ms", 101, VOLLEY_TIMES, .doc = "time constant of the source's slow trace"},
    {"tau_minus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the target's trace"},
    {"tau_minus_triplet", "ms", 110, VOLLEY_TIMES, .doc = "time constant of the target's slow trace"},
    {"Wmax", "weight", 100, -INFINITY, INFINITY, .doc = "greatest weight; negative for inhibitory synapses"},
};

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
    {"x", "", -1, 0, VOLLEY_ANY, "trace of the source"},
    {"x_slow", "", -1, 0, VOLLEY_ANY, "slow trace of the source"},
    {"y", "", -1, 0, VOLLEY_ANY, "trace of the target"},
    {"y_slow", "", -1, 0, VOLLEY_ANY, "slow trace of the target"},
};
enum { PLUS, PLUS_SLOW, MINUS, MINUS_SLOW };
static const volley_trace_info traces[] = {
    [PLUS] = {VOLLEY_OF_SOURCE, TAU_PLUS, VOLLEY_JUMP_1},
    [PLUS_SLOW] = {VOLLEY_OF_SOURCE, TAU_PLUS_TRIPLET, VOLLEY_JUMP_1},
    [MINUS] = {VOLLEY_OF_TARGET, TAU_MINUS, VOLLEY_JUMP_1},
    [MINUS_SLOW] = {VOLLEY_OF_TARGET, TAU_MINUS_TRIPLET, VOLLEY_JUMP_1},
};
static const char *const row_states[] = {"trace_before", "trace", "triplet_before", "triplet"};

static const char *check(const double *values) { return values[WMAX] == 0 ? "Wmax must not be 0" : NULL; }

static void range(const double *values, double *low, double *high) {
  *low = fmin(0, values[WMAX]);
  *high = fmax(0, values[WMAX]);
}

/* Traces: the slow ones of the other side, beside the fast one of a spike's partner. */
static inline double grown(const double *p, double weight, double slow, double trace) {
  return volley_change_size(weight, (p[A_PLUS] + p[A_PLUS_TRIPLET] * slow) * trace, p[WMAX]);
}

static inline double loss_of(const double *p, double slow) { return p[A_MINUS] + p[A_MINUS_TRIPLET] * slow; }

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  const double slow = volley_target_trace_before(b, MINUS_SLOW, pairs, k);
  return grown(b->constants->parameters, weight, slow, volley_source_trace(b, PLUS, arrival));
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight) {
  return volley_change_size(weight, -loss * volley_target_trace(b, MINUS, pairs), b->constants->parameters[WMAX]);
}

static const volley_pairing pairing = {.at_target = at_target, .at_source = at_source};

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters;
  volley_pairing_spike(b, input, pairing, loss_of(p, volley_source_trace_now(b, PLUS_SLOW)));
}

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

/* From event to event. */
static double change_at_target(const double *p, const double *now, double weight) {
  return grown(p, weight, now[MINUS_SLOW], now[PLUS]);
}

static double change_at_source(const double *p, const double *now, double weight) {
  return volley_change_size(weight, -loss_of(p, now[PLUS_SLOW]) * now[MINUS], p[WMAX]);
}

static const volley_synapse_events events = {.at_target = change_at_target, .at_source = change_at_source};

const volley_synapse_model volley_synapse_stdp_triplet = {
    .name = "stdp_triplet",
    .doc = "spike-timing dependent plasticity of triplets of spikes",
    .equations =
        "at a spike of the target |weight| <- |weight| + x (Aplus + Aplus_triplet y_slow), at one of the source "
        "|weight| <- |weight| - y (Aminus + Aminus_triplet x_slow), within 0 and |Wmax|; the traces x and x_slow of "
        "the "
        "source, y and y_slow of the target grow by 1 at a spike and decay with tau_plus, tau_plus_triplet, tau_minus "
        "and "
        "tau_minus_triplet. A spike finds the traces without itself",
    .reference = "Pfister & Gerstner 2006. NEST's stdp_triplet_synapse",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_TRACED_STATES(states),
    VOLLEY_TRACES(traces),
    VOLLEY_ROW_STATES(row_states),
    .keeps_past = true,
    .check = check,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
    .events = &events,
};
