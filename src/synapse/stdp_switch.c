/* Spike-timing dependent plasticity in which depression turns into potentiation while there is dopamine. */
#include "synapse/pairing.h"

#include <math.h>

enum {
  A_PLUS,
  A_MINUS,
  A_PLUS_DOPAMINE,
  A_MINUS_DOPAMINE,
  TAU_PLUS,
  TAU_MINUS,
  MU,
  WMIN,
  WMAX,
  TAU_N,
  JUMP,
  THRESHOLD,
  N_PARAMETERS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    {"A_plus", "weight", 1, -INFINITY, INFINITY, .doc = "growth at a spike of the target for a source's trace of 1"},
    {"A_minus", "weight", 1, -INFINITY, INFINITY, .doc = "loss at a spike of the source for a target's trace of 1"},
    {"A_plus_dopamine", "weight", 1.5, -INFINITY, INFINITY, .doc = "A_plus while there is dopamine"},
    {"A_minus_dopamine", "weight", -0.5, -INFINITY, INFINITY,
     .doc = "A_minus while there is dopamine; negative: weak growth"},
    {"tau_plus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the source's trace"},
    {"tau_minus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the target's trace"},
    {"mu", "", 0, 0, INFINITY,
     .doc = "changes are multiplied by the distance to the bound that they move to, as a part of Wmax - Wmin, to the "
            "power of "
            "mu; 0: hard bounds, 1: soft ones"},
    {"Wmin", "weight", 0, -INFINITY, INFINITY, .doc = "least weight"},
    {"Wmax", "weight", 100, -INFINITY, INFINITY, .doc = "greatest weight"},
    {"tau_n", "ms", 200, VOLLEY_TIMES, .doc = "time constant of the dopamine concentration that spikes release"},
    {"n_jump", "", 1, 0, INFINITY, .doc = "growth of the concentration at a spike"},
    {"n_threshold", "", 0.5, 0, INFINITY, .positive = true,
     .doc = "there is dopamine while its concentration is not below this"},
};

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
    {"x", "", -1, 0, VOLLEY_ANY, "trace of the source"},
    {"y", "", -1, 0, VOLLEY_ANY, "trace of the target"},
    {"n", "", -1, 0, VOLLEY_ANY, "dopamine that spikes have released"},
};
enum { PLUS, MINUS, DOPAMINE };
static const volley_trace_info traces[] = {
    [PLUS] = {VOLLEY_OF_SOURCE, TAU_PLUS, VOLLEY_JUMP_1},
    [MINUS] = {VOLLEY_OF_TARGET, TAU_MINUS, VOLLEY_JUMP_1},
    [DOPAMINE] = {VOLLEY_OF_DOPAMINE, TAU_N, JUMP},
};
static const char *const row_states[] = {"trace_before", "trace"};

static const char *check(const double *values) {
  return values[WMIN] < values[WMAX] ? NULL : "Wmin must be less than Wmax";
}

static void range(const double *values, double *low, double *high) {
  *low = values[WMIN];
  *high = values[WMAX];
}

static bool has_dopamine(const volley_synapse_view *b, int64_t at) {
  const volley_synapse_constants *c = b->constants;
  if (volley_is_within(c->dopamine_on, c->n_dopamine_on, at + 1, false)) return true;
  return c->has_dopamine &&
         volley_dopamine_level(b, DOPAMINE, volley_dopamine_find(b, at), at) >= c->parameters[THRESHOLD];
}

/* The weight after a change that is not yet bounded. */
static inline double bounded(const double *p, double weight, double change) {
  if (p[MU] > 0) {
    const double distance = change > 0 ? p[WMAX] - weight : weight - p[WMIN];
    change *= pow(distance / (p[WMAX] - p[WMIN]), p[MU]);
  }
  return volley_clip(weight + change, p[WMIN], p[WMAX]);
}

static inline double at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                               double weight) {
  (void)pairs, (void)k;
  const double *p = b->constants->parameters, growth = p[has_dopamine(b, arrival) ? A_PLUS_DOPAMINE : A_PLUS];
  return bounded(p, weight, growth * volley_source_trace(b, PLUS, arrival));
}

static inline double at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight) {
  if (loss == 0) return weight;
  return bounded(b->constants->parameters, weight, -loss * volley_target_trace(b, MINUS, pairs));
}

static const volley_pairing pairing = {.at_target = at_target, .at_source = at_source};

static void spike(volley_synapse_view *b, double *input) {
  const double loss = b->constants->parameters[has_dopamine(b, b->now) ? A_MINUS_DOPAMINE : A_MINUS];
  volley_pairing_spike(b, input, pairing, loss);
}

static void catch_up(volley_synapse_view *b) { volley_pairing_catch_up(b, pairing); }

const volley_synapse_model volley_synapse_stdp_switch = {
    .name = "stdp_switch",
    .doc = "spike-timing dependent plasticity in which depression turns into potentiation while there is dopamine",
    .equations =
        "at a spike of the target weight <- weight + A_plus x, at one of the source weight <- weight - A_minus y, "
        "within Wmin and Wmax; the traces x of the source and y of the target grow by 1 at a spike (pairing all) "
        "or are set to 1 (nearest) and decay with tau_plus and tau_minus. While there is dopamine, by the windows "
        "of `dopamine_on` or the spikes of the population `dopamine`, A_plus_dopamine and A_minus_dopamine count "
        "instead",
    .reference = "Zhang, Lau & Bi 2009; traces as in Uramoto & Torikai 2013",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_TRACED_STATES(states),
    VOLLEY_TRACES(traces),
    VOLLEY_ROW_STATES(row_states),
    .pairs = true,
    .dopamine = VOLLEY_DOPAMINE_TAKEN,
    .takes_schedule = true,
    .keeps_past = true,
    .check = check,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
};
