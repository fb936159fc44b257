/* Synapses in a continuous run: times are in ms, of the synapse, as in synapse.h, and a synapse is dealt with by itself. */
#ifndef VOLLEY_SYNAPSE_TIMED_H
#define VOLLEY_SYNAPSE_TIMED_H

#include "synapse/synapse.h"

/* A spike that comes to the synapses of one source with one delay and receptor. */
typedef struct volley_timed_visit {
  double row[VOLLEY_MAX_ROW_STATES]; /* without the spike */
  double last, since, now;           /* of the source's spike before; what was before is dealt with; of this spike */
  double dendritic;                  /* that spikes of the target take */
  double part;                       /* of a weight that is transmitted */
  volley_key key;                    /* of the numbers that are drawn for it */
} volley_timed_visit;

/* Brings a synapse, its weight and what else it keeps (own; NULL: nothing), up to the spike, and changes it by this itself. past:
 * spikes of its target. */
void volley_timed_take(const volley_synapse_constants *constants, const volley_past_spikes *past,
                       const volley_timed_visit *visit, double *weight, double *own);

/* The same up to visit->now, without a spike there. */
void volley_timed_catch_up(const volley_synapse_constants *constants, const volley_past_spikes *past,
                           const volley_timed_visit *visit, double *weight, double *own);

/* Entry k of what recorders find beside the weight, as a spike at visit->now would find it; own: up to then. */
double volley_timed_look(const volley_synapse_constants *constants, const volley_past_spikes *past,
                         const volley_timed_visit *visit, int k, const double *own);

/* The row of visit->row takes in its spike; the part of a weight that is transmitted is set. */
void volley_timed_row_advance(const volley_synapse_constants *constants, volley_timed_visit *visit, double *row);

/* The part of a weight that synapse number `number` of those of the group onto target `gid` transmits. */
double volley_timed_part(const volley_synapse_constants *constants, const volley_timed_visit *visit, volley_gid gid,
                         uint32_t number);

/* The traces of a target with a spike at `time`; before: its last spike, or NULL. */
volley_past_spike volley_timed_target_traces(const volley_synapse_constants *constants, const volley_past_spike *before,
                                             double time);

#endif
