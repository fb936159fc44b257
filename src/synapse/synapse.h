/* What a synapse model is: a table of parameters and states, and loops over the synapses of one source. One file a
 * model; adding one is a new file and a line in registry.c.
 *
 * Synapses are brought up to date when a spike of their source is delivered, from the spikes of their targets that are
 * kept for that. Times are steps: a spike of step n of the source is at the synapse at n + axonal, one of step m of
 * the target at m + dendritic, where axonal + dendritic is the delay of the synapse and one of them is 0. Events of
 * one synapse take effect in the order of these times. At equal times neither spike sees the other's trace; with a
 * dendritic delay the target's spike takes effect first, as in NEST, with an axonal delay the source's: the target's
 * may be its effect. */
#ifndef VOLLEY_SYNAPSE_SYNAPSE_H
#define VOLLEY_SYNAPSE_SYNAPSE_H

#include "model/experiment.h"
#include "neuron/neuron.h"

enum { VOLLEY_MAX_SYNAPSE_STATES = 4, VOLLEY_MAX_ROW_STATES = 4 };

#define VOLLEY_NEVER (INT64_MIN / 4) /* step of a spike that there was not */

/* exp(-steps dt / tau), from a table where that is short. */
enum { VOLLEY_DECAY_STEPS = 4096 };
typedef struct volley_decay {
  double *table; /* [VOLLEY_DECAY_STEPS] */
  double dt, tau;
} volley_decay;

/* One spike of a target, and the trace of its spikes so far, this one included. */
typedef struct volley_past_spike {
  int64_t step;
  double trace;
} volley_past_spike;

/* The spikes of a target that may still be needed, and the last one before these. */
typedef struct volley_past_spikes {
  volley_past_spike *spikes; /* [n] ascending */
  uint32_t n, capacity;
} volley_past_spikes;

/* Dopamine: its concentration jumps at arrivals and decays between them. Entry 0 is before all that is asked for. */
typedef struct volley_dopamine {
  volley_past_spike *levels; /* [n] ascending; trace: concentration just after */
  uint32_t n, capacity;
} volley_dopamine;

/* What all synapses of a projection share. */
typedef struct volley_synapse_constants {
  const volley_plasticity_plan *plan; /* not owned */
  double dt;                          /* ms */
  volley_decay source, target,
      second;  /* of the traces of source and target; of dopamine or the source's second trace */
  double jump; /* of the dopamine concentration at a spike; 1 / tau where no parameter says */
} volley_synapse_constants;

/* Synapses of one source with one delay and receptor, and what is known of the time since they were last dealt with. */
typedef struct volley_synapse_view {
  const volley_synapse_constants *constants;
  const volley_past_spikes *past; /* by id - first_id */
  const volley_dopamine *dopamine;
  double *states[VOLLEY_MAX_SYNAPSE_STATES]; /* [n_states][count]; the first is the weight */
  const uint16_t *ids;                       /* [count] targets within the block */
  uint32_t count, first_id;
  double sign;       /* of what a weight adds to the input: -1 where negative weights make a conductance grow, else 1 */
  double *row;       /* [n_row_states] what depends on the source's spikes alone */
  int64_t *last;     /* step of the spike delivered before this one, or VOLLEY_NEVER */
  int64_t from, now; /* pairings were dealt with as if a spike of step `from` had been delivered; now of `now` */
  int64_t axonal, dendritic; /* steps */
  int64_t after, until; /* steps of the target: its spikes after the one and up to the other take effect since then */
} volley_synapse_view;

typedef struct volley_synapse_model {
  const char *name, *doc, *equations, *reference;
  const volley_key_info *parameters;
  int n_parameters;
  const volley_state_info *states; /* of a synapse; the first is its weight */
  int n_states;
  const char *const *row_states; /* names, for checkpoints */
  int n_row_states;
  bool pairs;                                 /* takes the key `pairing` */
  bool takes_dopamine, takes_schedule;        /* takes `dopamine`; takes `dopamine_on` */
  bool keeps_past;                            /* needs the spikes of its targets */
  int tau_source, tau_target, tau_slow, jump; /* parameters that are these constants; -1: none */
  /* NULL if the values fit together, else what is wrong. values: [n_parameters]; plan has all but the
   * parameters. May be NULL. */
  const char *(*check)(const volley_plasticity_plan *plan, const double *values);
  /* Range that the weights may begin in. */
  void (*range)(const double *values, double *low, double *high);
  /* States of a source's row before its first spike. row: [n_row_states], zeroed. NULL: zeros. */
  void (*begin)(const volley_synapse_constants *constants, double *row);
  /* A spike of step `now`: brings the synapses up to it, adds what they transmit to input[id], lets the spike act. */
  void (*spike)(volley_synapse_view *view, double *input);
  /* Brings the synapses up to where a spike of step `now` would find them. NULL: nothing changes between spikes. */
  void (*catch_up)(volley_synapse_view *view);
} volley_synapse_model;

/* All models, ended by NULL, and one by name (NULL if unknown). */
const volley_synapse_model *const *volley_synapse_models(void);
const volley_synapse_model *volley_synapse_model_find(const char *name);

/* Constants of a projection with this plan and step size in ms; to be released. The plan must outlive them. */
volley_synapse_constants volley_synapse_constants_make(const volley_plasticity_plan *plan, double dt);
void volley_synapse_constants_release(volley_synapse_constants *constants);

/* exp(-steps dt / tau); steps: 0 or more. */
double volley_decay_beyond(const volley_decay *decay, int64_t steps);
static inline double volley_decay_at(const volley_decay *decay, int64_t steps) {
  return steps < VOLLEY_DECAY_STEPS ? decay->table[steps] : volley_decay_beyond(decay, steps);
}

/* Whether the step that ends at time t * dt lies in one of the windows; without any, `otherwise`. */
static inline bool volley_is_within(const volley_window_of_time *windows, int n, int64_t t, bool otherwise) {
  for (int w = 0; w < n; w++)
    if (windows[w].start < t && t <= windows[w].stop) return true;
  return n == 0 && otherwise;
}

/* Whether a synapse learns from an event at this time (spikes of step n end at n + 1). */
static inline bool volley_learns(const volley_synapse_constants *constants, int64_t at) {
  return volley_is_within(constants->plan->learning, constants->plan->n_learning, at + 1, true);
}

#endif
