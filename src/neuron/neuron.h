/* What a neuron model is: tables of parameters, states and receptors, and an update loop. One file a model; adding
 * one is a new file and a line in registry.c, or a plugin (plugin/plugin.h). */
#ifndef VOLLEY_NEURON_NEURON_H
#define VOLLEY_NEURON_NEURON_H

#include "base/exact.h"
#include "base/gid.h"
#include "base/random.h"
#include "base/units.h"
#include "model/key.h"
#include "model/registry.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

struct volley_population; /* model/experiment.h */

typedef struct volley_state_info {
  const char *name, *unit;
  int from_parameter; /* starts at the neuron's own value of this parameter, or -1 */
  double fallback;    /* start value where from_parameter is -1 */
  double min, max;    /* range of start values, closed; INFINITY where unbounded */
  const char *doc;
} volley_state_info;

/* What the weights of a receptor are. */
typedef enum volley_weights {
  VOLLEY_SIGNED, /* numbers, which are added */
  VOLLEY_COUNTS, /* the receptor counts spikes: every weight is 1 */
  VOLLEY_CONDUCTANCE /* never negative where the receptor is named; where the sign of a weight chooses it, its size counts */
} volley_weights;

typedef struct volley_receptor_info {
  const char *name, *unit; /* unit of a synaptic weight */
  volley_weights weights;
  int state; /* input is added to this state, at the end of the step in which it arrives; or -1 */
  const char *doc;
} volley_receptor_info;

enum { VOLLEY_RECEPTOR_BITS = 3 /* of a receptor's number, where it is packed */ };
enum { VOLLEY_MAX_RECEPTORS = 1 << VOLLEY_RECEPTOR_BITS };
enum { VOLLEY_MAX_STATES = 24, VOLLEY_MAX_PARAMETERS = 40, VOLLEY_MAX_COEFFICIENTS = 192 };

/* The neurons of one population that one thread updates together, as a structure of arrays.
 *
 * Input that arrives in a step is there when the update of that step is called where the receptor has an input of its
 * own: the update uses and clears it. Input to a receptor that is a state is added to that state between this update and
 * the next, so that a synaptic current needs no second array. */
typedef struct volley_slice {
  int population;
  uint32_t count;
  int64_t step;                      /* the step that is being taken; set by the engine */
  uint32_t offset;                   /* of its first neuron within the block: the id that synapses use */
  volley_gid *gids;                  /* [count] ascending */
  double *states[VOLLEY_MAX_STATES]; /* [n_states][count] */
  double *times;          /* [count] ms, of the states, as the engine left them in a continuous run; NULL in another */
  double *coefficients;   /* [n_coefficients][stride ? count : 1], from model->prepare; in a continuous
                                           run [stride ? count : 1][n_coefficients], from its events */
  int coefficient_stride; /* 1: one set a neuron, 0: one set for all */
  double *inputs[VOLLEY_MAX_RECEPTORS]; /* [n_receptors][count]: where input is added; a state's own array, or the
                                              summed input of this step */
  uint8_t reached;                      /* bits of receptors that static synapses may reach */
  uint32_t target_offset; /* of its first neuron among those of the block that static synapses may reach */
  uint32_t given_up;      /* 1 + position of a neuron that update() could not take through the step; or 0 */
  double *current;        /* pA injected during this step, [stride ? count : 1] */
  int current_stride;
  volley_key noise; /* of the numbers that neurons draw, by their gid and the step */
  bool is_adaptive; /* models that know both take Runge-Kutta steps with error control: simulation.integration */
} volley_slice;

/* Spikes found in a step, as ids within the block, ascending; an id may repeat (parrot). */
typedef struct volley_spike_list {
  uint32_t *ids;
  uint32_t n, capacity;
} volley_spike_list;

/* Appends one spike; grows the list when full. */
void volley_spike_push(volley_spike_list *list, uint32_t id);

typedef struct volley_neuron_model {
  const char *name, *doc, *reference;
  const volley_key_info *parameters;
  const volley_state_info *states;
  const volley_receptor_info *receptors;
  int n_parameters, n_states, n_receptors, n_coefficients;
  bool is_source;           /* its spikes are given: nothing reaches it but these, through its first receptor */
  const char *current_unit; /* of injected current; NULL: pA */
  double filter_unit;       /* ms that the rates of a readout's filter are counted in: 1 for 1/ms; 0: 1000, for 1/s */
  int receptor_of_sign[2];  /* receptor that positive (0) and negative (1) weights go to where none is named */
  bool names_receptors;     /* where there are several, one must be named, or numbered: 1, 2, ... */
  /* Parameters that can be given as lists, "tau_syn|E_rev": the values of tau_syn are tau_syn_1, tau_syn_2, ... */
  const char *lists;
  /* Where lists decide how many receptors there are: the same model with 1, 2, ... of them. [VOLLEY_MAX_RECEPTORS] */
  const struct volley_neuron_model *const *sizes;
  /* NULL if the values of one neuron fit together, else what is wrong. values: [n_parameters] */
  const char *(*check)(const double *values);
  /* Derived coefficients of one neuron for step size dt in ms. values: [n_parameters], out: [n_coefficients] */
  void (*prepare)(const double *values, double dt, double *out);
  /* Mean current in pA that spikes of 1 Hz with weight 1 cause at a receptor; used to compensate downscaling. */
  double (*mean_current)(const double *values, int receptor);
  /* Takes all neurons of the slice through one step and lists those that spiked. */
  void (*update)(volley_slice *slice, volley_spike_list *spikes);
  const struct volley_neuron_events *events; /* neuron/events.h; NULL: the model needs steps */
} volley_neuron_model;

/* A parameter that several models have: where V is held. */
#define VOLLEY_V_REFRACTORY                                                                                            \
  {                                                                                                                    \
    "V_refractory", "mV", -INFINITY, -INFINITY, 1e6,                                                                   \
        .doc = "potential while refractory, from which V goes on; -.inf: V_reset"                                      \
  }

/* Where V is after a spike. */
static inline double volley_held_potential(double V_reset, double V_refractory, double t_ref) {
  return t_ref > 0 && !isinf(V_refractory) ? V_refractory : V_reset;
}

/* What models do that spike as often as their first receptor counts: their update, and their events. */
void volley_repeat_input(volley_slice *slice, volley_spike_list *spikes);
extern const struct volley_neuron_events volley_repeat_events;

/* The members of a model that its tables give. */
#define VOLLEY_PARAMETERS(table) .parameters = (table), .n_parameters = (int)(sizeof(table) / sizeof *(table))
#define VOLLEY_STATES(table) .states = (table), .n_states = (int)(sizeof(table) / sizeof *(table))
#define VOLLEY_RECEPTORS(table) .receptors = (table), .n_receptors = (int)(sizeof(table) / sizeof *(table))

/* What the models of a table volley_neuron_model.sizes are made by: X(1) X(2) ... */
#define VOLLEY_FOR_SIZES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8)

/* Steps from the one in which input arrives at a receptor to the one before whose update it is added. */
static inline int volley_receptor_lag(const volley_neuron_model *model, int receptor) {
  return model->receptors[receptor].state >= 0 ? 1 : 0;
}

/* Mean current in pA that spikes of 1 Hz with weight 1 cause at a receptor; parameters that differ from neuron to neuron are
 * taken at their mean. */
double volley_mean_current(const struct volley_population *population, int receptor);

/* What a weight adds at a receptor: its size where this is a conductance. */
static inline double volley_receptor_weight(const volley_neuron_model *model, int receptor, double weight) {
  return model->receptors[receptor].weights == VOLLEY_CONDUCTANCE ? fabs(weight) : weight;
}

/* All models, ended by NULL, and one by name (NULL if unknown). */
const volley_neuron_model *const *volley_neuron_models(void);
const volley_neuron_model *volley_neuron_model_find(const char *name);

/* Where plugins add theirs. */
volley_registry *volley_neuron_registry(void);

#endif
