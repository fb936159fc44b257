/* The static synapses onto one block of targets in a run without steps: rows of one source each, in the order of the edges.
 *
 * A synapse takes 8 bytes where the block has few delays, which then stand in a list, else 12, or 16 if one of its delays needs
 * more than the 40 binary digits that drawn ones have (rule/walk.c); a delay is always exact. */
#ifndef VOLLEY_NETWORK_EVENT_TABLE_H
#define VOLLEY_NETWORK_EVENT_TABLE_H

#include "network/source_index.h"
#include "neuron/neuron.h"

#include <string.h>

typedef struct volley_event_synapse {
  double delay; /* ms */
  float weight;
  uint16_t target; /* number among the block's targets (volley_block_targets) */
  uint8_t receptor;
} volley_event_synapse;

typedef struct volley_event_kind {
  double delay;
  uint8_t receptor;
} volley_event_kind;

typedef struct volley_event_table {
  volley_source_index sources; /* with a row */
  uint64_t *firsts;            /* [sources.n_rows + 1] their first synapses */
  unsigned char *pool;         /* [firsts[n_rows]] synapses of `size` bytes each */
  size_t size;
  volley_event_kind *kinds; /* [n_kinds] delays and receptors, of synapses of 8 bytes */
  uint32_t n_kinds;
  double shortest, longest; /* delays; INFINITY and 0 without synapses */
} volley_event_table;

/* Building goes through all edges twice, in the same order: volley_event_table_begin(), _count() on each, _allocate(), _fill() on
 * each, _finish(), which gives the table and frees the builder. sources: gids lie below. */
typedef struct volley_event_table_builder volley_event_table_builder;
volley_event_table_builder *volley_event_table_begin(uint32_t sources);
void volley_event_table_count(volley_event_table_builder *builder, uint32_t source_gid);
void volley_event_table_allocate(volley_event_table_builder *builder);
void volley_event_table_fill(volley_event_table_builder *builder, uint32_t source_gid, volley_event_synapse synapse);
volley_event_table volley_event_table_finish(volley_event_table_builder *builder);

uint64_t volley_event_table_synapses(const volley_event_table *table);
uint64_t volley_event_table_bytes(const volley_event_table *table);
void volley_event_table_release(volley_event_table *table);

/* Parts of a delay and receptor that are packed into 48 bits. */
enum { VOLLEY_DELAY_DIGITS = 39, VOLLEY_DELAY_EXPONENTS = 6, VOLLEY_LEAST_EXPONENT = 1023 - 21 };

/* Synapse number s of the table. */
static inline volley_event_synapse volley_event_synapse_at(const volley_event_table *table, uint64_t s) {
  const unsigned char *at = table->pool + s * table->size;
  volley_event_synapse synapse;
  uint16_t high;
  if (table->size == sizeof synapse) {
    memcpy(&synapse, at, sizeof synapse);
    return synapse;
  }
  memcpy(&synapse.weight, at, sizeof synapse.weight);
  memcpy(&synapse.target, at + 4, sizeof synapse.target);
  memcpy(&high, at + 6, sizeof high);
  if (table->size == 8) {
    synapse.delay = table->kinds[high].delay;
    synapse.receptor = table->kinds[high].receptor;
    return synapse;
  }
  uint32_t low;
  memcpy(&low, at + 8, sizeof low);
  const uint64_t packed = (uint64_t)high << 32 | low, bits = packed >> VOLLEY_RECEPTOR_BITS;
  const uint64_t delay = (bits << (52 - VOLLEY_DELAY_DIGITS)) + ((uint64_t)VOLLEY_LEAST_EXPONENT << 52);
  memcpy(&synapse.delay, &delay, sizeof delay);
  synapse.receptor = (uint8_t)(packed & ((1u << VOLLEY_RECEPTOR_BITS) - 1));
  return synapse;
}

#endif
