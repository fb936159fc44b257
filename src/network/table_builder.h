/* Builds a table from edges that come in any order of sources. Building goes through all edges of a block twice, in the same
 * order: first volley_table_count() on each, then volley_table_allocate(), then volley_table_fill() on each, then
 * volley_table_finish(). */
#ifndef VOLLEY_NETWORK_TABLE_BUILDER_H
#define VOLLEY_NETWORK_TABLE_BUILDER_H

#include "network/table.h"

typedef struct volley_table_builder volley_table_builder;

/* For sources whose gids lie below `sources`, and targets of numbers below `stride` with so many receptors. Of the simulation
 * delivery, weight_bits and seed are kept. */
volley_table_builder *volley_table_builder_create(volley_gid sources, uint32_t stride, int receptors,
                                                  const volley_simulation *simulation);
void volley_table_count(volley_table_builder *builder, const volley_gid *sources, size_t n);
void volley_table_allocate(volley_table_builder *builder);
/* n edges onto a target: their sources' gids, due steps, receptors and weights. */
void volley_table_fill(volley_table_builder *builder, uint16_t target, size_t n, const volley_gid *sources,
                       const uint16_t *dues, const uint8_t *receptors, const float *weights);
/* Makes the table, which the caller owns, and frees the builder. */
volley_table volley_table_finish(volley_table_builder *builder);
void volley_table_builder_destroy(volley_table_builder *builder); /* of one that is not finished; NULL is allowed */

/* Bytes of what the builder of a table with so many rows and synapses holds. */
double volley_table_builder_expected_bytes(double rows, double synapses);

#endif
