/* Learning at the spikes of the target from the difference of two traces of the source. */
#include "synapse/pairing.h"

#include <math.h>

enum { RATE, DECAY, TAU_FAST, TAU_SLOW, WMIN, WMAX, N_PARAMETERS };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"learning_rate", "weight", 0.05, -INFINITY, INFINITY,
     .doc =
         "change at a spike of the target for a difference of 1; negative: what fires together inhibits less, or more"},
    {"decay", "weight", 0.001, -INFINITY, INFINITY, .doc = "what a weight loses at every spike of the target"},
    {"tau_fast", "ms", 10, VOLLEY_TIMES, .doc = "time constant of the fast trace"},
    {"tau_slow", "ms", 100, VOLLEY_TIMES, .doc = "time constant of the slow trace"},
    {"Wmin", "weight", 0, -INFINITY, INFINITY, .doc = "least weight"},
    {"Wmax", "weight", 1, -INFINITY, INFINITY, .doc = "greatest weight"},
};

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
    {"fast", "1/ms", -1, 0, VOLLEY_ANY, "fast trace of the source"},
    {"slow", "1/ms", -1, 0, VOLLEY_ANY, "slow trace of the source"},
};
enum { FAST, SLOW };
static const volley_trace_info traces[] = {
    [FAST] = {VOLLEY_OF_SOURCE, TAU_FAST, VOLLEY_JUMP_RATE},
    [SLOW] = {VOLLEY_OF_SOURCE, TAU_SLOW, VOLLEY_JUMP_RATE},
};
static const char *const row_states[] = {"fast_before", "fast", "slow_before", "slow"};

static const char *check(const double *values) {
  return values[WMIN] < values[WMAX] ? NULL : "Wmin must be less than Wmax";
}

static void range(const double *values, double *low, double *high) {
  *low = values[WMIN];
  *high = values[WMAX];
}

static double change_at_target(const double *p, const double *now, double weight) {
  return volley_clip(weight - p[DECAY] + p[RATE] * (now[FAST] - now[SLOW]), p[WMIN], p[WMAX]);
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  (void)pairs, (void)k;
  const double now[] = {[FAST] = volley_source_trace(b, FAST, arrival), [SLOW] = volley_source_trace(b, SLOW, arrival)};
  return change_at_target(b->constants->parameters, now, weight);
}

static const volley_pairing pairing = {.at_target = at_target};

static void spike(volley_synapse_view *b, double *input) { volley_pairing_spike(b, input, pairing, 0); }

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

static const volley_synapse_events events = {.at_target = change_at_target};

const volley_synapse_model volley_synapse_trace = {
    .name = "trace",
    .doc = "learning at the spikes of the target, from the difference of a fast and a slow trace of the source",
    .equations =
        "at a spike of the target weight <- clip(weight - decay + learning_rate (fast - slow), Wmin, Wmax); the "
        "traces of the source grow by 1 ms / tau at its spikes and decay with tau_fast and tau_slow: both mean its "
        "rate in 1/ms. For learned lateral inhibition: learning_rate < 0, Wmin < 0, Wmax 0",
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
