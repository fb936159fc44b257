/* The static synapses onto one block of targets in a run without steps: rows of one source each, by delay and then in the order
 * of the edges.
 *
 *   synapse  uint16_t target, code | float weight, where weights are many | delay, where delays are many
 *
 * The code is the number of a kind, a list of all receptors with those of weights and delays that are few; a delay then takes 0
 * bytes, else 8, or 4 together with the code where it has few digits, as drawn ones do (rule/walk.c). So a synapse takes 4
 * bytes at best, 8 or 12, and 16 at worst. Delays are exact, and weights where the whole network has few (network.c). */
#ifndef VOLLEY_NETWORK_EVENT_TABLE_H
#define VOLLEY_NETWORK_EVENT_TABLE_H

#include "network/source_index.h"
#include "neuron/neuron.h"

#include <string.h>

typedef struct volley_event_synapse {
  double delay; /* ms */
  double weight;
  uint16_t target; /* number among the block's targets (volley_block_targets) */
  uint8_t receptor;
  uint16_t source; /* while tables are built: lower bits */
} volley_event_synapse;

/* What synapses of one code have in common; 0 where it is their own. */
typedef struct volley_event_kind {
  double delay, weight;
  uint8_t receptor;
} volley_event_kind;

typedef enum volley_delay_form { VOLLEY_DELAY_OF_KIND, VOLLEY_DELAY_PACKED, VOLLEY_DELAY_WHOLE } volley_delay_form;

typedef struct volley_event_table {
  volley_source_index sources; /* with a row */
  uint64_t *firsts;            /* [sources.n_rows + 1] their first synapses */
  unsigned char *pool;         /* [firsts[n_rows]] synapses of `size` bytes each */
  size_t size;
  bool has_weights; /* each synapse its own */
  volley_delay_form delays;
  volley_event_kind *kinds; /* [n_kinds]; none where delays are packed */
  uint32_t n_kinds;
  double shortest, longest; /* delays; INFINITY and 0 without synapses */
} volley_event_table;

/* Building goes through all edges twice, in the same order: volley_event_table_begin(), _count() on each, _allocate(), _fill() on
 * each, _finish(), which gives the table and frees the builder. sources: gids lie below; few_weights: of the whole network, else
 * weights are kept in single precision. */
typedef struct volley_event_table_builder volley_event_table_builder;
volley_event_table_builder *volley_event_table_begin(volley_gid sources, bool few_weights);
void volley_event_table_count(volley_event_table_builder *builder, volley_gid source_gid);
void volley_event_table_allocate(volley_event_table_builder *builder);
void volley_event_table_fill(volley_event_table_builder *builder, volley_gid source_gid, volley_event_synapse synapse);
volley_event_table volley_event_table_finish(volley_event_table_builder *builder);

uint64_t volley_event_table_synapses(const volley_event_table *table);
uint64_t volley_event_table_bytes(const volley_event_table *table);
void volley_event_table_release(volley_event_table *table);

/* Bytes of tables with so many rows and synapses, whose weights or delays are many, without the index of their sources; and of
 * what a builder holds for so many sources. */
double volley_event_table_expected_bytes(double rows, double synapses, bool weights, bool delays);
double volley_event_table_builder_expected_bytes(double sources, double synapses);

/* The first of the synapses first .. end - 1 of one row at which a spike sent at `time` arrives at `bound` or later, or end. */
uint64_t volley_event_table_reach(const volley_event_table *table, uint64_t first, uint64_t end, double time,
                                  double bound);

/* Parts of a delay and receptor that are packed into 48 bits. */
enum { VOLLEY_DELAY_DIGITS = 39, VOLLEY_DELAY_EXPONENTS = 6, VOLLEY_LEAST_EXPONENT = 1023 - 21 };

/* Target of synapse number s of the table, and all of it. */
static inline uint16_t volley_event_synapse_target(const volley_event_table *table, uint64_t s) {
  uint16_t target;
  memcpy(&target, table->pool + s * table->size, sizeof target);
  return target;
}

static inline volley_event_synapse volley_event_synapse_at(const volley_event_table *table, uint64_t s) {
  const unsigned char *at = table->pool + s * table->size;
  volley_event_synapse synapse = {0};
  uint16_t code;
  memcpy(&synapse.target, at, sizeof synapse.target);
  memcpy(&code, at + 2, sizeof code);
  at += 4;
  if (table->delays != VOLLEY_DELAY_PACKED) {
    const volley_event_kind *kind = &table->kinds[code];
    synapse.delay = kind->delay;
    synapse.weight = kind->weight;
    synapse.receptor = kind->receptor;
  }
  if (table->has_weights) {
    float weight;
    memcpy(&weight, at, sizeof weight);
    synapse.weight = weight;
    at += sizeof weight;
  }
  if (table->delays == VOLLEY_DELAY_WHOLE) memcpy(&synapse.delay, at, sizeof synapse.delay);
  if (table->delays == VOLLEY_DELAY_PACKED) {
    uint32_t low;
    memcpy(&low, at, sizeof low);
    const uint64_t packed = (uint64_t)code << 32 | low, bits = packed >> VOLLEY_RECEPTOR_BITS;
    const uint64_t delay = (bits << (52 - VOLLEY_DELAY_DIGITS)) + ((uint64_t)VOLLEY_LEAST_EXPONENT << 52);
    memcpy(&synapse.delay, &delay, sizeof delay);
    synapse.receptor = (uint8_t)(packed & ((1u << VOLLEY_RECEPTOR_BITS) - 1));
  }
  return synapse;
}

#endif
