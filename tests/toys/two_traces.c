/* A toy rule with two traces of the target: the slow one makes weights grow more at its spikes, the fast one makes them
 * shrink at those of the source. */
#include "synapse/pairing.h"

enum { STEP, TAU, TAU_SLOW, N_PARAMETERS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [STEP] = {"step", "weight", 0.1, VOLLEY_FROM_ZERO, .doc = "change by a pair of spikes at the same time"},
    [TAU] = {"tau", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the trace of the source and of the fast one"},
    [TAU_SLOW] = {"tau_slow", "ms", 100, VOLLEY_TIMES, .doc = "time constant of the slow trace of the target"},
};

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "weight"}};
enum { OF_SOURCE, FAST, SLOW, N_TRACES };
static const volley_trace_info traces[N_TRACES] = {
    [OF_SOURCE] = {VOLLEY_OF_SOURCE, TAU, VOLLEY_JUMP_1},
    [FAST] = {VOLLEY_OF_TARGET, TAU, VOLLEY_JUMP_1},
    [SLOW] = {VOLLEY_OF_TARGET, TAU_SLOW, VOLLEY_JUMP_1},
};
static const char *const row_states[] = {"trace_before", "trace"};

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = -INFINITY;
  *high = INFINITY;
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  const double more = 1 + volley_target_trace_before(b, SLOW, pairs, k);
  return weight + b->constants->parameters[STEP] * more * volley_source_trace(b, OF_SOURCE, arrival);
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double step, double weight) {
  return weight - step * volley_target_trace(b, FAST, pairs);
}

static const volley_pairing pairing = {.at_target = at_target, .at_source = at_source};

static void spike(volley_synapse_view *b, double *input) {
  volley_pairing_spike(b, input, pairing, b->constants->parameters[STEP]);
}

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

const volley_synapse_model volley_synapse_two_traces = {
    .name = "two_traces",
    .doc = "weights that grow more where the target has fired before",
    .equations = "at a spike of the target w <- w + step (1 + slow) x, at one of the source w <- w - step fast",
    .parameters = parameters,
    .n_parameters = N_PARAMETERS,
    .states = states,
    .n_states = 1,
    .traces = traces,
    .n_traces = N_TRACES,
    .row_states = row_states,
    .n_row_states = 2,
    .keeps_past = true,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
};
