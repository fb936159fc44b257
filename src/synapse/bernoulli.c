/* Static synapses that transmit a spike by chance. Whether one does is a function of the seed, the synapse (its projection,
 * source, target, delay, receptor, and number among its likes) and the spike. */
#include "base/random.h"
#include "synapse/synapse.h"

#include <math.h>

enum { P_TRANSMIT, N_PARAMETERS };
enum { AGAIN /* spikes of the same step before the last one */ };
enum { CHUNK = 128, WORDS = 4 };

static const volley_key_info parameters[N_PARAMETERS] = {
    {"p_transmit", "", 1, 0, 1, .doc = "probability that a spike is transmitted"},
};

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "weight"}};
static const char *const row_states[] = {"again"};

static void range(const double *values, double *low, double *high) {
  (void)values;
  *low = -INFINITY;
  *high = INFINITY;
}

/* The key of the numbers of one spike. */
static volley_key key_of_spike(const volley_synapse_view *b) {
  uint32_t words[WORDS];
  const uint32_t again = (uint32_t)b->row[AGAIN], late = (uint32_t)((uint64_t)b->now >> 32);
  volley_random_block(b->constants->key, b->source, (uint32_t)b->now, late << 16 ^ again, words);
  return (volley_key){{words[0], words[1]}};
}

static void spike(volley_synapse_view *b, double *input) {
  b->row[AGAIN] = b->last == b->now ? b->row[AGAIN] + 1 : 0;
  const volley_key key = key_of_spike(b);
  const double probability = b->constants->parameters[P_TRANSMIT], *weights = b->states[0];
  volley_gid gids[CHUNK];
  uint32_t words[WORDS][CHUNK], more[WORDS], number = 0; /* of synapses of one target, which are neighbours */
  for (uint32_t first = 0; first < b->count; first += CHUNK) {
    const uint32_t n = b->count - first < CHUNK ? b->count - first : CHUNK;
    for (uint32_t i = 0; i < n; i++) gids[i] = b->gids[b->ids[first + i]];
    volley_random_blocks(key, gids, n, b->kind, 0, words[0], CHUNK);
    for (uint32_t i = 0; i < n; i++) {
      const uint16_t id = b->ids[first + i];
      number = first + i > 0 && id == b->ids[first + i - 1] ? number + 1 : 0;
      uint32_t word = words[number % WORDS][i];
      if (number >= WORDS) {
        volley_random_block(key, gids[i], b->kind, number / WORDS, more);
        word = more[number % WORDS];
      }
      if (volley_open_uniform(word) < probability) input[id] += b->sign * weights[first + i];
    }
  }
}

/* From event to event. */
static void find(const double *p, double h, bool is_first, double *row) {
  (void)p;
  row[AGAIN] = h == 0 && !is_first ? row[AGAIN] + 1 : 0;
}

static bool transmits(const double *p, double drawn) { return drawn < p[P_TRANSMIT]; }

static const volley_synapse_events events = {.find = find, .transmits = transmits};

const volley_synapse_model volley_synapse_bernoulli = {
    .name = "bernoulli",
    .doc = "static synapses that transmit a spike with a probability",
    .equations =
        "each spike is transmitted with the probability p_transmit, independently of all others. Whether it is, "
        "is a function of the seed, the synapse and the spike",
    .reference = "Lefort, Tomm, Sarria & Petersen 2009. NEST's bernoulli_synapse",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_ROW_STATES(row_states),
    .draws = true,
    .range = range,
    .spike = spike,
    .events = &events,
};
