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
} volley_timed_visit;

/* Brings a weight up to the spike; changes it by this itself. Returns it. past: spikes of its target. */
double volley_timed_take(const volley_synapse_constants *constants, const volley_past_spikes *past,
                         const volley_timed_visit *visit, double weight);

/* The same up to visit->now, without a spike there. */
double volley_timed_catch_up(const volley_synapse_constants *constants, const volley_past_spikes *past,
                             const volley_timed_visit *visit, double weight);

/* Entry k of what recorders find beside the states, as a spike at visit->now would find it. */
double volley_timed_look(const volley_synapse_constants *constants, const volley_past_spikes *past,
                         const volley_timed_visit *visit, int k);

/* A row takes in a spike that comes h ms after the last one; < 0: it is the first. Returns the part that is transmitted. */
double volley_timed_row_advance(const volley_synapse_constants *constants, double *row, double h);

/* The traces of a target with a spike at `time`; before: its last spike, or NULL. */
volley_past_spike volley_timed_target_traces(const volley_synapse_constants *constants, const volley_past_spike *before,
                                             double time);

#endif
