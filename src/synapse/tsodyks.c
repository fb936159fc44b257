/* Short-term plasticity with resources that are recovered, active and inactive. */
#include "neuron/propagator.h"
#include "synapse/synapse.h"

enum { TAU_PSC, TAU_FAC, TAU_REC, U_PARAMETER, X_INITIAL, Y_INITIAL, U_INITIAL, N_PARAMETERS };
enum { X, Y, U };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"tau_psc", "ms", 3, VOLLEY_TIMES,
     .doc = "time constant of what is active; the decay of the synaptic current that goes with it is the target's"},
    {"tau_fac", "ms", 0, 0, 1e9, .doc = "time constant of facilitation; 0: there is none"},
    {"tau_rec", "ms", 800, VOLLEY_TIMES, .doc = "time constant of the recovery of resources"},
    {"U", "", 0.5, 0, 1, .doc = "growth of u at a spike, as a part of what is left to 1"},
    {"x", "", 1, 0, 1, .doc = "resources that are recovered, at the beginning"},
    {"y", "", 0, 0, 1, .doc = "resources that are active, at the beginning"},
    {"u", "", 0, 0, 1, .doc = "part that is released, at the beginning"},
};

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight with all resources released"},
    {"x", "", -1, 0, VOLLEY_ANY, "resources that a spike would find"},
    {"y", "", -1, 0, VOLLEY_ANY, "active resources that a spike would find"},
    {"u", "", -1, 0, VOLLEY_ANY, "part of x that a spike would release"},
};
static const char *const row_states[] = {"x", "y", "u"};

static const char *check(const double *values) {
  return values[X_INITIAL] + values[Y_INITIAL] > 1 ? "x and y together must not exceed 1" : NULL;
}

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = -INFINITY;
  *high = INFINITY;
}

static void begin(const volley_synapse_constants *constants, double *row) {
  row[X] = constants->parameters[X_INITIAL];
  row[Y] = constants->parameters[Y_INITIAL];
  row[U] = constants->parameters[U_INITIAL];
}

/* The row as a spike finds it; before the first one the time since the beginning counts. */
static void find(const double *p, double h, bool is_first, double *row) {
  (void)is_first;
  const double active = exp(-h / p[TAU_PSC]), left = exp(-h / p[TAU_REC]);
  const double fast = 1 / p[TAU_PSC], slow = 1 / p[TAU_REC]; /* what was active and is inactive now */
  const double between = h * fast * exp(-h * fmin(fast, slow)) * volley_mean_decay(h * fabs(fast - slow));
  const double inactive = 1 - row[X] - row[Y];
  row[U] *= p[TAU_FAC] > 0 ? exp(-h / p[TAU_FAC]) : 0;
  row[X] += (1 - active - between) * row[Y] + (1 - left) * inactive;
  row[Y] *= active;
  row[U] += p[U_PARAMETER] * (1 - row[U]);
}

static double release(const double *p, double *row) {
  (void)p;
  const double released = row[U] * row[X];
  row[X] -= released;
  row[Y] += released;
  return released;
}

static void advance(const volley_synapse_view *b) {
  const double h = (double)(b->now - (b->last < 0 ? -1 : b->last)) * b->constants->dt;
  find(b->constants->parameters, h, b->last < 0, b->row);
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

const volley_synapse_model volley_synapse_tsodyks = {
    .name = "tsodyks",
    .doc = "short-term depression and facilitation, with resources that are recovered, active and inactive",
    .equations =
        "a spike adds U (1 - u) to u, makes x u of the recovered resources x active and transmits weight x u; "
        "between spikes dy/dt = -y / tau_psc, dz/dt = y / tau_psc - z / tau_rec, dx/dt = z / tau_rec and du/dt "
        "= -u / tau_fac, where z = 1 - x - y is inactive",
    .reference = "Tsodyks, Uziel & Markram 2000. NEST's tsodyks_synapse",
    VOLLEY_PARAMETERS(parameters),
    .states = states,
    .n_states = 1,
    .n_recordables = 4,
    VOLLEY_ROW_STATES(row_states),
    .check = check,
    .range = range,
    .begin = begin,
    .spike = spike,
    .look = look,
    .events = &events,
};
