/* What a synapse model is: a table of parameters, states and traces, and loops over the synapses of one source. One file a
 * model; adding one is a new file and a line in registry.c.
 *
 * Synapses are brought up to date when a spike of their source is delivered, from the spikes of their targets that are
 * kept for that. All times are steps at the synapse: a spike of step n of the source is there at n + the delay if it is the
 * axon's, else at n; one of step m of the target at m, or at m + the delay if it is the dendrite's. Events of one synapse
 * take effect in the order of these times. At equal times neither spike sees the other's trace; with a dendritic delay the
 * target's spike takes effect first, as in NEST, with an axonal delay the source's: the target's may be its effect. */
#ifndef VOLLEY_SYNAPSE_SYNAPSE_H
#define VOLLEY_SYNAPSE_SYNAPSE_H

#include "base/random.h"
#include "model/window.h"
#include "neuron/neuron.h"

struct volley_plasticity_plan; /* model/experiment.h */

enum {
  VOLLEY_MAX_SYNAPSE_STATES = 4,
  VOLLEY_MAX_ROW_STATES = 4, /* two a trace of the source */
  VOLLEY_MAX_TARGET_TRACES = 2,
  VOLLEY_MAX_TRACES = VOLLEY_MAX_ROW_STATES / 2 + VOLLEY_MAX_TARGET_TRACES + 1
};

#define VOLLEY_NEVER (INT64_MIN / 4) /* step of a spike that there was not */

/* A trace grows at every spike of those that it is of, and decays exponentially. */
typedef enum volley_trace_of { VOLLEY_OF_SOURCE, VOLLEY_OF_TARGET, VOLLEY_OF_DOPAMINE } volley_trace_of;
typedef struct volley_trace_info {
  volley_trace_of of;
  int tau;  /* parameter that is its time constant */
  int jump; /* parameter that a spike adds, or one of these */
} volley_trace_info;
enum { VOLLEY_JUMP_1 = -1, VOLLEY_JUMP_RATE = -2 /* 1 ms / tau: the trace means a rate in 1/ms */ };

/* exp(-steps dt / tau), from a table where that is short. */
enum { VOLLEY_DECAY_STEPS = 4096 };
typedef struct volley_trace {
  double *table; /* [VOLLEY_DECAY_STEPS] */
  double dt, tau, jump;
  int number; /* among those of the same spikes */
} volley_trace;

/* One spike of a target, and the traces of its spikes so far, this one included. */
typedef struct volley_past_spike {
  union {
    int64_t step;
    double time; /* ms, in a continuous run */
  };
  double traces[VOLLEY_MAX_TARGET_TRACES];
} volley_past_spike;

/* The spikes of a target that may still be needed, and the last one before these. */
typedef struct volley_past_spikes {
  volley_past_spike *spikes; /* [n] ascending */
  uint32_t n, capacity;
} volley_past_spikes;

/* What most events need of them in steps, in one line of the cache. */
enum { VOLLEY_RECENT = 8 };
typedef struct volley_recent_spikes {
  int64_t last;                            /* step of the last one */
  double traces[VOLLEY_MAX_TARGET_TRACES]; /* it included */
  uint32_t n;                              /* in volley_past_spikes */
  int32_t steps[VOLLEY_RECENT];            /* from the last one backwards, as steps since the last sweep */
} __attribute__((aligned(64))) volley_recent_spikes;

/* Dopamine: its concentration jumps at arrivals and decays between them. Entry 0 is before all that is asked for. */
typedef struct volley_dopamine {
  volley_past_spike *levels; /* [n] ascending; traces[0]: concentration just after */
  uint32_t n, capacity;
} volley_dopamine;

/* What all synapses of a projection share. */
typedef struct volley_synapse_constants {
  const struct volley_synapse_model *model;
  const double *parameters; /* [model->n_parameters] not owned, as all of the plan */
  double dt;                /* ms */
  volley_trace traces[VOLLEY_MAX_TRACES];
  bool nearest;      /* a spike sets traces to their jump */
  bool is_axonal;    /* the delay is that of the axon, not that of the dendrite */
  bool has_dopamine; /* by spikes of a population */
  const volley_window_of_time *learning, *dopamine_on;
  int n_learning, n_dopamine_on;
  volley_key key; /* of the random numbers of a model that draws */
} volley_synapse_constants;

/* Synapses of one source with one delay and receptor, and what is known of the time since they were last dealt with. */
typedef struct volley_synapse_view {
  const volley_synapse_constants *constants;
  const volley_past_spikes *past;     /* by target */
  const volley_recent_spikes *recent; /* of these */
  const volley_dopamine *dopamine;
  double *states[VOLLEY_MAX_SYNAPSE_STATES]; /* [n_states][count]; the first is the weight */
  const uint16_t *ids;                       /* [count] targets: numbers in past and input */
  uint32_t count;
  double sign; /* of what a weight adds to the input: -1 where negative weights make a conductance grow, else 1 */
  double *row; /* [n_row_states] what depends on the source's spikes alone */
  int64_t last, since, now; /* of the source's spike before, or < 0; what was before is dealt with; of this spike */
  int64_t swept;            /* the last sweep */
  int64_t dendritic;        /* steps that spikes of the target take */
  volley_gid source;
  uint32_t kind;          /* a number for what makes the group one of its source's: delay and receptor */
  const volley_gid *gids; /* of the targets, by their number, where the model draws */
} volley_synapse_view;

/* What engines that take no steps need of a model. */
typedef struct volley_synapse_events {
  /* What becomes of a weight at a spike of the target or the source (NULL: nothing), from the traces, in the order of the model's,
   * as they are at that time without the spike itself. */
  double (*at_target)(const double *parameters, const double *traces, double weight);
  double (*at_source)(const double *parameters, const double *traces, double weight);
  bool pairs_next; /* a spike pairs with one of the other side only if neither side has one between them */
  bool
      is_centred; /* the target's spikes end the source's trace, the model's first one, which a synapse keeps as its second state,
                      as it was just after the last spike of the source */
  /* Of a row that is more than traces: what a spike of the source finds `h` ms after the one before, or after the beginning if it is
   * the first; and what it leaves: which part of a weight is transmitted. NULL: nothing changes, and all of it. */
  void (*find)(const double *parameters, double h, bool is_first, double *row);
  double (*release)(const double *parameters, double *row);
  /* Whether one synapse transmits a spike, by a number drawn from 0 to 1. NULL: it does. */
  bool (*transmits)(const double *parameters, double drawn);
} volley_synapse_events;

typedef enum volley_dopamine_need {
  VOLLEY_DOPAMINE_NONE,
  VOLLEY_DOPAMINE_TAKEN,
  VOLLEY_DOPAMINE_NEEDED
} volley_dopamine_need;

typedef struct volley_synapse_model {
  const char *name, *doc, *equations, *reference;
  const volley_key_info *parameters;
  int n_parameters;
  const volley_state_info *states; /* of a synapse; the first is its weight */
  int n_states;
  int n_recordables; /* entries of states: those behind n_states are not kept, but recorders find them; 0: none */
  const volley_trace_info *traces;
  int n_traces;
  const char *const *row_states; /* names: each trace of the source without its last spike, and with it; then others */
  int n_row_states;
  bool pairs;                    /* takes the key `pairing` */
  bool nearest;                  /* a spike always sets traces to their jump */
  bool draws;                    /* random numbers, by constants->key */
  bool keeps_past;               /* needs the spikes of its targets */
  volley_dopamine_need dopamine; /* the keys of the population that releases it */
  bool takes_schedule;           /* takes `dopamine_on` */
  /* NULL if the values fit together, else what is wrong. values: [n_parameters]. May be NULL. */
  const char *(*check)(const double *values);
  /* Range that the weights may begin in. */
  void (*range)(const double *values, double *low, double *high);
  /* States of a source's row before its first spike. row: [n_row_states], zeroed. NULL: zeros. */
  void (*begin)(const volley_synapse_constants *constants, double *row);
  /* A spike: brings the synapses up to it, adds what they transmit to input[id], lets the spike act. The traces of the
   * source take it in afterwards, by themselves. */
  void (*spike)(volley_synapse_view *view, double *input);
  /* Brings the synapses up to where a spike at `now` would find them. NULL: nothing changes between spikes. */
  void (*catch_up)(volley_synapse_view *view);
  /* What a spike at `now` would find of entry n_states + k of states, into out: [count]; after catch_up(). May change the row,
   * which is a copy. */
  void (*look)(volley_synapse_view *view, int k, double *out);
  const volley_synapse_events *events; /* NULL: it needs steps */
} volley_synapse_model;

/* The members of a model that its tables give, beside those of neuron/neuron.h. */
#define VOLLEY_TRACES(table) .traces = (table), .n_traces = (int)(sizeof(table) / sizeof *(table))
#define VOLLEY_ROW_STATES(table) .row_states = (table), .n_row_states = (int)(sizeof(table) / sizeof *(table))

/* A weight, and behind it the traces in their order as what recorders find. */
#define VOLLEY_TRACED_STATES(table)                                                                                    \
  .states = (table), .n_states = 1, .n_recordables = (int)(sizeof(table) / sizeof *(table)),                           \
  .look = volley_look_at_traces

/* What recorders find of trace k, that of spikes at `now` included. */
void volley_look_at_traces(volley_synapse_view *view, int k, double *out);

/* How many entries of its states recorders find. */
static inline int volley_synapse_recordables(const volley_synapse_model *model) {
  return model->n_recordables > model->n_states ? model->n_recordables : model->n_states;
}

/* All models, ended by NULL, and one by name (NULL if unknown). */
const volley_synapse_model *const *volley_synapse_models(void);
const volley_synapse_model *volley_synapse_model_find(const char *name);
volley_registry *volley_synapse_registry(void); /* where plugins add theirs */

/* Constants of a projection with this plan and step size in ms; to be released. The plan must outlive them. */
volley_synapse_constants volley_synapse_constants_make(const struct volley_plasticity_plan *plan, double dt);
void volley_synapse_constants_release(volley_synapse_constants *constants);

/* The traces of a source take in a spike that comes so many steps after the last one. row: see volley_synapse_view */
void volley_source_traces_advance(const volley_synapse_constants *constants, double *row, int64_t steps);

/* The traces of a target with a spike of `step`; before: its last spike, or NULL. */
volley_past_spike volley_target_traces_at(const volley_synapse_constants *constants, const volley_past_spike *before,
                                          int64_t step);

/* The concentration of dopamine at the arrival of so many spikes, which is not before the level `before`. */
volley_past_spike volley_dopamine_at(const volley_synapse_constants *constants, const volley_past_spike *before,
                                     int64_t step, uint32_t spikes);

/* exp(-steps dt / tau); steps: 0 or more. */
double volley_decay_beyond(const volley_trace *trace, int64_t steps);
static inline double volley_decay_at(const volley_trace *trace, int64_t steps) {
  return steps < VOLLEY_DECAY_STEPS ? trace->table[steps] : volley_decay_beyond(trace, steps);
}

/* Whether a synapse learns from an event at this time (spikes of step n end at n + 1). */
static inline bool volley_learns(const volley_synapse_constants *constants, int64_t at) {
  return volley_is_within(constants->learning, constants->n_learning, at + 1, true);
}

#endif
