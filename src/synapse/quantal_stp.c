/* Short-term plasticity of release sites, each of which is full or empty: sites recover and release by chance, with the probabilities that
 * resources have in the mean in tsodyks2. Their numbers are functions of the seed, the synapse (its projection, source, target, delay, receptor, and
 * number among its likes) and the spike. */
#include "base/random.h"
#include "synapse/synapse.h"

#include <math.h>

enum { U_PARAMETER, TAU_REC, TAU_FAC, SITES, N_PARAMETERS };
enum { WEIGHT, EMPTY };
enum { U, AGAIN /* spikes of the same step before the last one */ };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"U", "", 0.5, 0, 1, .doc = "growth of u at a spike, as a part of what is left to 1"},
    {"tau_rec", "ms", 800, VOLLEY_TIMES, .doc = "time constant of the recovery of a site"},
    {"tau_fac", "ms", 0, 0, 1e9, .doc = "time constant of facilitation; 0: there is none"},
    {"n", "", 1, 1, 1e6, .doc = "release sites; a whole number"},
};

static const volley_state_info states[] = {
    {"weight", "weight", -1, 0, VOLLEY_ANY, "weight with all sites released"},
    {"empty", "", -1, 0, 0, 1e6, "sites that the last spike has left empty"},
    {"u", "", -1, 0, VOLLEY_ANY, "probability with which a full site would release at a spike"},
};
static const char *const row_states[] = {"u", "again"};

static const char *check(const double *values) {
  return values[SITES] != floor(values[SITES]) ? "n must be a whole number" : NULL;
}

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = -INFINITY;
  *high = INFINITY;
}

/* u as a spike finds it that comes h ms after the one before, or is the first. */
static double grown(const double *p, double h, double u) {
  const double decayed = p[TAU_FAC] > 0 ? u * exp(-h / p[TAU_FAC]) : 0;
  return decayed + p[U_PARAMETER] * (1 - decayed);
}

static double since_last(const volley_synapse_view *b) {
  return (double)(b->now - (b->last < 0 ? -1 : b->last)) * b->constants->dt;
}

/* The key of the numbers of one spike. */
static volley_key key_of_spike(const volley_synapse_view *b) {
  uint32_t words[4];
  const uint32_t again = (uint32_t)b->row[AGAIN], late = (uint32_t)((uint64_t)b->now >> 32);
  volley_random_block(b->constants->key, b->source, (uint32_t)b->now, late << 16 ^ again, words);
  return (volley_key){{words[0], words[1]}};
}

static void spike(volley_synapse_view *b, double *input) {
  const double *p = b->constants->parameters, h = since_last(b), recovers = -expm1(-h / p[TAU_REC]);
  double *weights = b->states[WEIGHT], *empty = b->states[EMPTY];
  b->row[AGAIN] = b->last == b->now ? b->row[AGAIN] + 1 : 0;
  b->row[U] = grown(p, h, b->row[U]);
  const volley_key key = key_of_spike(b);
  uint32_t number = 0; /* of synapses of one target, which are neighbours */
  for (uint32_t i = 0; i < b->count; i++) {
    uint32_t words[4];
    number = i > 0 && b->ids[i] == b->ids[i - 1] ? number + 1 : 0;
    volley_random_block(key, b->gids[b->ids[i]], b->kind, number, words);
    volley_stream stream = volley_stream_of((volley_key){{words[0], words[1]}}, words[2], 0);
    empty[i] = fmin(floor(empty[i]), p[SITES]); /* it may have been set */
    empty[i] -= (double)volley_binomial(&stream, (uint64_t)empty[i], recovers);
    const double released = (double)volley_binomial(&stream, (uint64_t)(p[SITES] - empty[i]), b->row[U]);
    empty[i] += released;
    input[b->ids[i]] += b->sign * weights[i] * (released / p[SITES]);
  }
}

static void look(volley_synapse_view *b, int k, double *out) {
  (void)k;
  for (uint32_t i = 0; i < b->count; i++) out[i] = grown(b->constants->parameters, since_last(b), b->row[U]);
}

const volley_synapse_model volley_synapse_quantal_stp = {
    .name = "quantal_stp",
    .doc = "short-term depression and facilitation of n release sites, each of which is full or empty, by chance",
    .equations = "du/dt = -u / tau_fac; at a spike, h after the one before, each empty site is full again with the "
                 "probability 1 - exp(-h / "
                 "tau_rec), u grows by U (1 - u), each full site releases with the probability u and is empty then, "
                 "and weight times the "
                 "part of the n sites that have released is transmitted. All are full at the beginning. What happens "
                 "is a function of the "
                 "seed, the synapse and the spike",
    .reference = "Fuhrmann, Segev, Markram & Tsodyks 2002; Loebel et al. 2009. NEST's quantal_stp_synapse",
    VOLLEY_PARAMETERS(parameters),
    .states = states,
    .n_states = 2,
    .n_recordables = 3,
    VOLLEY_ROW_STATES(row_states),
    .draws = true,
    .check = check,
    .range = range,
    .spike = spike,
    .look = look,
};
