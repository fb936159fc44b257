/* The plastic synapses of one projection onto one block of targets, and the spikes that they still need.
 *
 * Synapses stand by source, ascending; those of one source by due step and receptor: a group. Synapses of one target
 * stand within a group in the order of their edges. So the synapses of a target, gone through from the first group to the
 * last, come in an order that no partition can change: it numbers them in files (network/synapse_order.h). */
#ifndef VOLLEY_NETWORK_PLASTIC_TABLE_H
#define VOLLEY_NETWORK_PLASTIC_TABLE_H

#include "model/experiment.h"
#include "network/source_index.h"
#include "synapse/synapse.h"

/* Every so many steps all synapses are brought up to date, so that the spikes kept for them stay few. */
enum { VOLLEY_SWEEP_STEPS = 10000 };

/* Synapses of one source that are due at the same time at the same receptor. */
typedef struct volley_plastic_group {
  uint64_t first; /* synapse */
  uint32_t count;
  volley_gid source;
  uint16_t due, delay; /* steps: to the one before whose update the group is added; of the synapse */
  uint8_t receptor;
  union {
    int64_t last;     /* step of the last spike that was delivered, or VOLLEY_NEVER */
    double last_time; /* the same in a continuous run, in which it was laid out; < 0: there was none */
  };
  double row[VOLLEY_MAX_ROW_STATES];
} volley_plastic_group;

typedef struct volley_plastic_table {
  int projection;
  const volley_plasticity_plan *plan; /* not owned */
  const volley_synapse_model *model;
  volley_synapse_constants constants;
  uint32_t first_id, n_targets; /* ids within the block */
  volley_gid first_source, first_dopamine;
  uint32_t n_sources, n_dopamine; /* neurons from there on */
  int dopamine_delay;             /* steps */
  int turned;                     /* receptor whose weights are negative and make a conductance grow, or -1 */
  uint64_t synapses;
  volley_source_index sources;  /* with a row */
  uint32_t *firsts;             /* [sources.n_rows + 1] number of the first group of each */
  volley_plastic_group *groups; /* [n_groups + 1], the last one of no source */
  double *delays;               /* [n_groups] ms, in a continuous run */
  bool is_continuous;
  uint32_t n_groups;
  double *states[VOLLEY_MAX_SYNAPSE_STATES]; /* [synapses] */
  uint16_t *ids;                             /* [synapses] targets: id - first_id */
  volley_gid *gids;                          /* [n_targets] of a model that draws, to be set when it is made; or NULL */
  volley_past_spikes *past;                  /* [n_targets] */
  volley_recent_spikes *recent;              /* [n_targets] where there are steps */
  double *sums; /* [n_targets] of the weights at the beginning, where they are to be restored; or NULL */
  volley_dopamine dopamine;
  int64_t swept;            /* step of the last sweep, 0 at first */
  double swept_time;        /* the same in a continuous run */
  uint64_t n_past, n_kept;  /* spikes that are kept then, of all targets, now and after the sweep */
  double shortest, longest; /* delays then; INFINITY and 0 without synapses */
  int min_delay;            /* steps; VOLLEY_MAX_DELAY + 1 without synapses */
  int max_due;              /* steps; 0 without synapses */
} volley_plastic_table;

/* Building goes through all edges twice, target by target: after volley_plastic_table_begin() volley_plastic_table_count() on
 * each, then volley_plastic_table_allocate(), then volley_plastic_table_fill() on each, then volley_plastic_table_finish(). The
 * experiment must outlive the result. */
typedef struct volley_plastic_table_builder volley_plastic_table_builder;
volley_plastic_table_builder *volley_plastic_table_begin(const volley_experiment *experiment, int projection,
                                                         uint32_t first_id, uint32_t n_targets);
void volley_plastic_table_count(volley_plastic_table_builder *builder, volley_gid source_gid);
void volley_plastic_table_allocate(volley_plastic_table_builder *builder);
void volley_plastic_table_fill(volley_plastic_table_builder *builder, volley_gid source_gid, uint32_t id, uint16_t due,
                               uint16_t delay, uint8_t receptor, double weight);
void volley_plastic_table_fill_timed(volley_plastic_table_builder *builder, volley_gid source_gid, uint32_t id,
                                     double delay, uint8_t receptor, double weight); /* in a continuous run */
/* Makes the synapses, which the caller owns, and frees the builder. */
volley_plastic_table volley_plastic_table_finish(volley_plastic_table_builder *builder);
void volley_plastic_table_release(volley_plastic_table *plastic);

/* Bytes that it takes. */
uint64_t volley_plastic_table_bytes(const volley_plastic_table *plastic);

/* Bytes of a table of so many synapses in so many groups and rows, of so many sources; of what is kept of the spikes of so many targets, each of
 * which has `spikes` of them between two sweeps; and of a builder's records of synapses from so many sources. */
double volley_plastic_table_expected_bytes(const volley_synapse_model *model, double sources, double rows,
                                           double groups, double synapses);
double volley_plastic_table_expected_timed_bytes(const volley_projection *projection, double sources,
                                                 double per_row); /* in a continuous run; sources: of all blocks */
double volley_past_spikes_expected_bytes(double targets, double spikes);
double volley_plastic_table_builder_expected_bytes(double sources, double synapses);

/* A spike that is due before the update of `step` reaches a group: the synapses change and add to input[id]. */
void volley_plastic_table_deliver(volley_plastic_table *plastic, uint32_t group, int64_t step, double *input);

/* Whether there is a sweep before `step`: at multiples of VOLLEY_SWEEP_STEPS, and where sums of weights are restored. Only
 * there, for rules round where they stop. And the last one before; 0: none. */
bool volley_plastic_table_is_swept(const volley_plastic_table *plastic, int64_t step);
int64_t volley_plasticity_last_sweep(const volley_plasticity_plan *plan, int64_t step);

/* Brings all synapses up to the beginning of `step`, before whose update nothing has been delivered yet, and forgets the spikes
 * that are not needed any more: between two steps, too, before states are set. */
void volley_plastic_table_catch_up(volley_plastic_table *plastic, int64_t step);

/* The same in the step, when weights also change, and their sums are restored if it is time. */
void volley_plastic_table_sweep(volley_plastic_table *plastic, int64_t step);

/* Entry `state` of the model's states of the synapses of a group, [count], as a spike that is delivered before the update of
 * `step` would find it: within out, [n_states + 1][count]. Changes nothing. */
const double *volley_plastic_table_look(const volley_plastic_table *plastic, uint32_t group, int64_t step, int state,
                                        double *out);

/* Notes a spike of a target, by its number 0 .. n_targets - 1. Steps do not descend. */
void volley_plastic_table_note_target(volley_plastic_table *plastic, uint32_t target, int64_t step);

/* Finds anew what is recent of the spikes that are kept. */
void volley_plastic_table_find_recent(volley_plastic_table *plastic);

/* Notes `count` spikes of the population that releases dopamine. */
void volley_plastic_table_note_dopamine(volley_plastic_table *plastic, int64_t step, uint32_t count);

#endif
