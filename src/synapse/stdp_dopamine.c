/* Dopamine-modulated plasticity with an eligibility trace. Between two events the concentration n and the eligibility c
 * decay exponentially, so that the change of the weight has a closed form. */
#include "synapse/pairing.h"

#include <math.h>

enum { A_PLUS, A_MINUS, TAU_PLUS, TAU_MINUS, TAU_C, TAU_N, B, WMIN, WMAX, N_PARAMETERS };
enum { WEIGHT, ELIGIBILITY };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"A_plus", "weight", 1, -INFINITY, INFINITY, .doc = "growth of the eligibility at a spike of the target"},
    {"A_minus", "weight", 1.5, -INFINITY, INFINITY, .doc = "loss of the eligibility at a spike of the source"},
    {"tau_plus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the source's trace"},
    {"tau_minus", "ms", 20, VOLLEY_TIMES, .doc = "time constant of the target's trace"},
    {"tau_c", "ms", 1000, VOLLEY_TIMES, .doc = "time constant of the eligibility"},
    {"tau_n", "ms", 200, VOLLEY_TIMES, .doc = "time constant of the dopamine concentration, which grows by 1 / tau_n"},
    {"b", "1/ms", 0, -INFINITY, INFINITY, .doc = "concentration at which weights do not change"},
    {"Wmin", "weight", 0, -INFINITY, INFINITY, .doc = "least weight"},
    {"Wmax", "weight", 200, -INFINITY, INFINITY, .doc = "greatest weight"},
};

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "weight"},
                                           {"c", "weight", -1, 0, VOLLEY_ANY, "eligibility"},
                                           {"K_plus", "", -1, 0, VOLLEY_ANY, "trace of the source"},
                                           {"K_minus", "", -1, 0, VOLLEY_ANY, "trace of the target"},
                                           {"n", "1/ms", -1, 0, VOLLEY_ANY, "dopamine"}};
enum { PLUS, MINUS, DOPAMINE };
static const volley_trace_info traces[] = {
    [PLUS] = {VOLLEY_OF_SOURCE, TAU_PLUS, VOLLEY_JUMP_1},
    [MINUS] = {VOLLEY_OF_TARGET, TAU_MINUS, VOLLEY_JUMP_1},
    [DOPAMINE] = {VOLLEY_OF_DOPAMINE, TAU_N, VOLLEY_JUMP_RATE},
};
static const char *const row_states[] = {"trace_before", "trace"};

static const char *check(const double *values) {
  return values[WMIN] < values[WMAX] ? NULL : "Wmin must be less than Wmax";
}

static void range(const double *values, double *low, double *high) {
  *low = values[WMIN];
  *high = values[WMAX];
}

/* One synapse on its way through time. */
typedef struct walk {
  const volley_synapse_view *view;
  double weight, eligibility;
  int64_t at;
  uint32_t level; /* of dopamine, that stands at this time */
} walk;

/* The first time after `at`, up to `to`, at which dopamine arrives or learning begins or ends. */
static int64_t next_stop(const walk *w, int64_t to) {
  const volley_dopamine *dopamine = w->view->dopamine;
  const volley_synapse_constants *c = w->view->constants;
  if (w->level + 1 < dopamine->n && dopamine->levels[w->level + 1].step < to) to = dopamine->levels[w->level + 1].step;
  for (int l = 0; l < c->n_learning; l++) { /* a time t ends at t + 1 */
    const int64_t edges[2] = {c->learning[l].start - 1, c->learning[l].stop - 1};
    for (int k = 0; k < 2; k++)
      if (edges[k] > w->at && edges[k] < to) to = edges[k];
  }
  return to;
}

/* Goes on to a time without events: dw/dt = c (n - b). */
static void glide(walk *w, int64_t to) {
  const volley_synapse_constants *constants = w->view->constants;
  const double *p = constants->parameters;
  const double h = (double)(to - w->at) * constants->dt;
  if (volley_learns(constants, to)) {
    const double n = volley_dopamine_level(w->view, DOPAMINE, w->level, w->at), rate = 1 / p[TAU_C] + 1 / p[TAU_N];
    const double integral = p[B] * p[TAU_C] * expm1(-h / p[TAU_C]) - n / rate * expm1(-rate * h);
    w->weight = volley_clip(w->weight + w->eligibility * integral, p[WMIN], p[WMAX]);
  }
  w->eligibility *= exp(-h / p[TAU_C]);
  w->at = to;
}

static void go_to(walk *w, int64_t to) {
  const volley_dopamine *dopamine = w->view->dopamine;
  while (w->at < to) {
    glide(w, next_stop(w, to));
    while (w->level + 1 < dopamine->n && dopamine->levels[w->level + 1].step <= w->at) w->level++;
  }
}

/* From `since` to `now`, through the spikes of the target. level: of dopamine at `since`. */
static walk walk_through(const volley_synapse_view *b, uint32_t i, const volley_pairs *pairs, uint32_t level) {
  const double growth = b->constants->parameters[A_PLUS];
  walk w = {b, b->states[WEIGHT][i], b->states[ELIGIBILITY][i], b->since, level};
  for (uint32_t k = pairs->first; k < pairs->end; k++) {
    const int64_t arrival = volley_arrival(b, pairs, k);
    go_to(&w, arrival);
    if (volley_learns(b->constants, arrival)) w.eligibility += growth * volley_source_trace(b, PLUS, arrival);
  }
  go_to(&w, b->now);
  return w;
}

static void spike(volley_synapse_view *b, double *input) {
  const uint32_t level = volley_dopamine_find(b, b->since);
  const double loss = volley_learns(b->constants, b->now) ? b->constants->parameters[A_MINUS] : 0;
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    const walk w = walk_through(b, i, &pairs, level);
    b->states[WEIGHT][i] = w.weight;
    b->states[ELIGIBILITY][i] = w.eligibility - loss * volley_target_trace(b, MINUS, &pairs);
    input[b->ids[i]] += b->sign * w.weight;
  }
}

static void catch_up(volley_synapse_view *b) {
  const uint32_t level = volley_dopamine_find(b, b->since);
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    const walk w = walk_through(b, i, &pairs, level);
    b->states[WEIGHT][i] = w.weight;
    b->states[ELIGIBILITY][i] = w.eligibility;
  }
}

const volley_synapse_model volley_synapse_stdp_dopamine = {
    .name = "stdp_dopamine",
    .doc =
        "plasticity by three factors: spikes of source and target make a synapse eligible, dopamine changes its weight",
    .equations =
        "dweight/dt = c (n - b) within Wmin and Wmax; dc/dt = -c / tau_c, at a spike of the target c <- c + A_plus "
        "K_plus, at one of the source c <- c - A_minus K_minus; dn/dt = -n / tau_n, at a spike of the population "
        "`dopamine` n <- n + 1 / tau_n; traces K as in stdp. While learning is off neither weights nor "
        "eligibility take part, and the eligibility decays",
    .reference = "Izhikevich 2007; Potjans, Morrison & Diesmann 2010. NEST's stdp_dopamine_synapse",
    VOLLEY_PARAMETERS(parameters),
    .states = states,
    .n_states = 2,
    .n_recordables = 5,
    .look = volley_look_at_traces,
    VOLLEY_TRACES(traces),
    VOLLEY_ROW_STATES(row_states),
    .pairs = true,
    .dopamine = VOLLEY_DOPAMINE_NEEDED,
    .keeps_past = true,
    .check = check,
    .range = range,
    .spike = spike,
    .catch_up = catch_up,
};
