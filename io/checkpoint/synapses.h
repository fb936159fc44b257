/* Plastic synapses in a checkpoint: group /plastic/NUMBER for each projection whose synapses change, NUMBER from 0 in
 * the order of the experiment. Datasets of one value a synapse, in the order of network/synapse_order.h: the states of
 * the model, `last` (step of the source's last spike that was delivered) and the states of the source's row;
 * `past_counts`, how many spikes of each target are kept, and these, target by target, as `past_steps` and
 * `past_traces`; `dopamine`, steps and levels.
 *
 * What saving and restoring share. */
#ifndef VOLLEY_IO_CHECKPOINT_SYNAPSES_H
#define VOLLEY_IO_CHECKPOINT_SYNAPSES_H

#include "io/checkpoint/section.h"
#include "network/synapse_order.h"

/* A dataset of one value a synapse: a number of synapse s of a group. Steps are kept as numbers. */
typedef struct volley_synapse_column {
  const char *name;
  int k; /* of the states, of the synapse or of its row */
  double (*get)(const volley_plastic_table *plastic, const volley_plastic_group *group, uint64_t s, int k);
  void (*set)(volley_plastic_table *plastic, volley_plastic_group *group, uint64_t s, int k, double value);
} volley_synapse_column;

enum { VOLLEY_MAX_SYNAPSE_COLUMNS = VOLLEY_MAX_SYNAPSE_STATES + 1 + VOLLEY_MAX_ROW_STATES };

/* The columns of a model in the order of the file; returns their number. */
int volley_synapse_columns(const volley_synapse_model *model, volley_synapse_column *columns);

/* Traces that are kept with each spike of a target; 1 where the model has none. */
uint32_t volley_saved_traces(const volley_synapse_model *model);

/* One projection: where the values of a target begin in the datasets, by index of the target, [n_targets + 1]. */
typedef struct volley_saved_projection {
  int projection, number; /* number: among those whose synapses change */
  const volley_synapse_model *model;
  uint32_t n_targets;
  volley_synapse_order order; /* of the synapses */
  uint64_t *past;             /* of the spikes that are kept */
  uint64_t *ones;             /* one value a target */
} volley_saved_projection;

/* The projections of a network whose synapses change, [*n], without `past`. Collective over the network's communicator. Owned by the
 * caller. */
volley_saved_projection *volley_saved_projections(const volley_network *network, int *n);
void volley_saved_projections_release(volley_saved_projection *projections, int n);

/* Turns counts into beginnings; counts[n] becomes the sum. */
void volley_add_up(uint64_t *counts, uint32_t n);

/* The synapses of a block: where each is among them, target by target. */
typedef struct volley_saved_block {
  volley_plastic_table *plastic;
  uint32_t *indices; /* [targets] of the targets within their population */
  uint64_t *places;  /* [synapses] */
} volley_saved_block;

/* Those of block b; .plastic is NULL if it has none of the projection. */
volley_saved_block volley_saved_block_make(const volley_network *network, const volley_saved_projection *p, int b);
void volley_saved_block_release(volley_saved_block *block);

/* The next values of a block that are contiguous in a dataset: of targets from *t on, which moves behind them. firsts:
 * where those of a target begin. Returns false if there are none left. */
bool volley_saved_block_next(const volley_saved_block *block, const uint64_t *firsts, uint32_t *t, uint64_t *first,
                             uint64_t *count);

/* The two halves of the section. */
void *volley_synapses_create(volley_contents *contents, const volley_saved *saved);
void volley_synapses_put(volley_hdf5 *file, const volley_saved *saved, void *own);
void volley_synapses_release(void *own);
void volley_synapses_restore(volley_checkpoint *checkpoint, const volley_run_parts *parts);

#endif
