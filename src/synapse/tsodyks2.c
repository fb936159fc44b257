/* Short-term plasticity: depression and facilitation of a source's release. */
#include "synapse/synapse.h"

#include <math.h>

enum { U_PARAMETER, TAU_REC, TAU_FAC, X_INITIAL, U_INITIAL, N_PARAMETERS };
enum { X, U };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"U", "", 0.5, 0, 1, .doc = "part of the resources that is released at rest; grows of u at a spike"},
    {"tau_rec", "ms", 800, VOLLEY_TIMES, .doc = "time constant of the recovery of resources"},
    {"tau_fac", "ms", 0, 0, 1e9, .doc = "time constant of facilitation; 0: there is none"},
    {"x", "", 1, 0, 1, .doc = "resources at the first spike"},
    {"u", "", VOLLEY_NO_DEFAULT, 0, 1, .doc = "part of them that is released at the first spike, by default U"},
};

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight with all resources released"},
    {"x", "", -1, 0, VOLLEY_ANY, "resources that a spike would find"},
    {"u", "", -1, 0, VOLLEY_ANY, "part of them that a spike would release"},
};
static const char *const row_states[] = {"x", "u"};

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = -INFINITY;
  *high = INFINITY;
}

static void begin(const volley_synapse_constants *constants, double *row) {
  row[X] = constants->parameters[X_INITIAL];
  row[U] = isnan(constants->parameters[U_INITIAL]) ? 0 : constants->parameters[U_INITIAL];
}

/* Resources and release at a spike h ms after the one before. */
static void find(const double *p, double h, bool is_first, double *row) {
  if (is_first) {
    if (isnan(p[U_INITIAL])) row[U] = p[U_PARAMETER];
  } else {
    row[X] = 1 + (row[X] - row[X] * row[U] - 1) * exp(-h / p[TAU_REC]);
    row[U] = p[U_PARAMETER] + row[U] * (1 - p[U_PARAMETER]) * (p[TAU_FAC] > 0 ? exp(-h / p[TAU_FAC]) : 0);
  }
}

static double release(const double *p, double *row) {
  (void)p;
  return row[X] * row[U];
}

static void advance(const volley_synapse_view *b) {
  find(b->constants->parameters, (double)(b->now - b->last) * b->constants->dt, b->last < 0, b->row);
}

static void spike(volley_synapse_view *b, double *input) {
  const double *weights = b->states[0];
  advance(b);
  const double released = release(b->constants->parameters, b->row);
  for (uint32_t i = 0; i < b->count; i++) input[b->ids[i]] += b->sign * released * weights[i];
}

static void look(volley_synapse_view *b, int k, double *out) {
  advance(b);
  for (uint32_t i = 0; i < b->count; i++) out[i] = b->row[k];
}

static const volley_synapse_events events = {.find = find, .release = release};

const volley_synapse_model volley_synapse_tsodyks2 = {
    .name = "tsodyks2",
    .doc = "short-term depression and facilitation",
    .equations = "a spike transmits weight x u; from one spike to the next, h later, "
                 "x <- 1 + (x - x u - 1) exp(-h / tau_rec) and u <- U + u (1 - U) exp(-h / tau_fac)",
    .reference = "Tsodyks & Markram 1997; Maass & Markram 2002. NEST's tsodyks2_synapse",
    VOLLEY_PARAMETERS(parameters),
    .states = states,
    .n_states = 1,
    .n_recordables = 3,
    VOLLEY_ROW_STATES(row_states),
    .range = range,
    .begin = begin,
    .spike = spike,
    .look = look,
    .events = &events,
};
