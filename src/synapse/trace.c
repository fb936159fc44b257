/* Learning at the spikes of the target from the difference of two traces of the source. */
#include "synapse/pairing.h"

#include <math.h>

enum { RATE, DECAY, TAU_FAST, TAU_SLOW, WMIN, WMAX, N_PARAMETERS };
enum { FAST_BEFORE, FAST, SLOW_BEFORE, SLOW };

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

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "weight"}};
static const char *const row_states[] = {"fast_before", "fast", "slow_before", "slow"};

static const char *check(const volley_plasticity_plan *plan, const double *values) {
  (void)plan;
  return values[WMIN] < values[WMAX] ? NULL : "Wmin must be less than Wmax";
}

static void range(const double *values, double *low, double *high) {
  *low = values[WMIN];
  *high = values[WMAX];
}

/* Fast less slow trace of the source when a spike of the target arrives. */
static inline double difference(const volley_synapse_view *b, int64_t arrival) {
  const int64_t steps = arrival - (*b->last + b->axonal);
  if (steps <= 0) return b->row[FAST_BEFORE] - b->row[SLOW_BEFORE];
  return b->row[FAST] * volley_decay_at(&b->constants->source, steps) -
         b->row[SLOW] * volley_decay_at(&b->constants->second, steps);
}

static void catch_up(volley_synapse_view *b) {
  const double *p = b->constants->plan->parameters;
  double *weights = b->states[0];
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    for (uint32_t k = pairs.first; k < pairs.end; k++) {
      const int64_t arrival = volley_arrival(b, &pairs, k);
      if (!volley_learns(b->constants, arrival)) continue;
      weights[i] = volley_clip(weights[i] - p[DECAY] + p[RATE] * difference(b, arrival), p[WMIN], p[WMAX]);
    }
  }
}

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->plan->parameters, *weights = b->states[0];
  catch_up(b);
  for (uint32_t i = 0; i < b->count; i++) input[b->ids[i]] += b->sign * weights[i];
  const int64_t steps = b->now - *b->last;
  b->row[FAST_BEFORE] = b->row[FAST] * volley_decay_at(&b->constants->source, steps);
  b->row[SLOW_BEFORE] = b->row[SLOW] * volley_decay_at(&b->constants->second, steps);
  b->row[FAST] = b->row[FAST_BEFORE] + 1 / p[TAU_FAST];
  b->row[SLOW] = b->row[SLOW_BEFORE] + 1 / p[TAU_SLOW];
  *b->last = b->now;
}

const volley_synapse_model volley_synapse_trace = {
    .name = "trace",
    .doc = "learning at the spikes of the target, from the difference of a fast and a slow trace of the source",
    .equations =
        "at a spike of the target weight <- clip(weight - decay + learning_rate (fast - slow), Wmin, Wmax); the "
        "traces of the source grow by 1 ms / tau at its spikes and decay with tau_fast and tau_slow: both mean its "
        "rate in 1/ms. For learned lateral inhibition: learning_rate < 0, Wmin < 0, Wmax 0",
    .parameters = parameters,
    .n_parameters = N_PARAMETERS,
    .states = states,
    .n_states = 1,
    .row_states = row_states,
    .n_row_states = 4,
    .keeps_past = true,
    .tau_source = TAU_FAST,
    .tau_target = -1,
    .tau_slow = TAU_SLOW,
    .jump = -1,
    .check = check,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
};
