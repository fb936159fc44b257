/* The experiment as plain structs: what the user wrote, checked and with units and lists resolved. Immutable once
 * read; the same on every rank. No MPI here. All pointers are owned by the experiment's arena. */
#ifndef VOLLEY_MODEL_EXPERIMENT_H
#define VOLLEY_MODEL_EXPERIMENT_H

#include "base/gid.h"
#include "base/memory.h"
#include "base/status.h"
#include "model/distribution.h"
#include "model/key.h"
#include "model/profile.h"
#include "model/window.h"

#include <stdbool.h>
#include <stdint.h>

struct volley_neuron_model;  /* neuron/neuron.h */
struct volley_synapse_model; /* synapse/synapse.h */
struct volley_rule;          /* rule/rule.h */
struct volley_space;         /* space/space.h */
struct volley_stimulus_kind; /* stimulus/stimulus.h */
struct volley_signal_kind;   /* signal/signal.h */
struct volley_partitioner;   /* partition/partition.h */
struct volley_engine_kind;   /* engine/engine.h */
struct volley_exchange_kind; /* exchange/exchange.h */
struct volley_learner_kind;  /* learner/learner.h */
struct volley_node;          /* experiment/tree.h */
struct volley_nodes;         /* model/nodes.h */

/* Some neurons of one population: sorted, disjoint ranges of indices within the population. */
typedef struct volley_range {
  uint32_t first, count;
  uint32_t before; /* neurons in the ranges before; set by volley_selection_finish() */
} volley_range;
typedef struct volley_selection {
  volley_range *ranges;
  int n_ranges;
  uint32_t count; /* neurons in all ranges */
} volley_selection;

/* How the static synapses onto the neurons of one thread are delivered (network/table.h). */
typedef enum volley_delivery { VOLLEY_DELIVERY_AUTO, VOLLEY_DELIVERY_LISTED, VOLLEY_DELIVERY_DIRECT } volley_delivery;

/* What static synapses keep of a weight: 32 bits of floating point, or a whole number of 16 or 8 bits. */
typedef enum volley_weight_bits {
  VOLLEY_WEIGHT_BITS_32,
  VOLLEY_WEIGHT_BITS_16,
  VOLLEY_WEIGHT_BITS_8
} volley_weight_bits;

/* Time of a continuous run is counted in steps where it must be whole, for recorders and checkpoints: so many in a ms. */
enum { VOLLEY_STEPS_OF_MS = 1000000 };

typedef struct volley_simulation {
  double dt;           /* ms */
  int64_t steps;       /* duration in steps */
  bool continuous;     /* spikes and delays are at any times, and dt only is what other times are whole multiples of */
  uint32_t seed;       /* of what the network is made of */
  uint32_t noise_seed; /* of what happens by chance while it runs */
  bool batch_exchange; /* exchange every min delay instead of every step */
  volley_delivery delivery;
  volley_weight_bits weight_bits;
  bool adaptive; /* neurons whose step could be split take Runge-Kutta steps with error control */
  const struct volley_partitioner *partitioner;
  const void *partition_parameters; /* what its keys fill; NULL where it has none */
  volley_place partition_place;
  const struct volley_engine_kind *engine;     /* NULL: the default */
  const struct volley_exchange_kind *exchange; /* NULL: the default */
  int exchange_group;                          /* ranks near each other; 0: those of a node */
} volley_simulation;

/* What all synapses that leave a population do, by the signs of their weights, once the network is built. A positive
 * weight at a conductance that inhibits is inhibitory; one of 0 that stays 0 is nothing. */
typedef enum volley_outgoing {
  VOLLEY_OUTGOING_NONE, /* no synapse, or before it is built */
  VOLLEY_OUTGOING_EXCITATORY,
  VOLLEY_OUTGOING_INHIBITORY,
  VOLLEY_OUTGOING_MIXED /* both bits */
} volley_outgoing;

/* What becomes of a spike time that is no whole number of steps. */
typedef enum volley_off_grid { VOLLEY_OFF_GRID_REFUSE, VOLLEY_OFF_GRID_NEAREST, VOLLEY_OFF_GRID_UP } volley_off_grid;

enum { VOLLEY_DIMENSIONS = 3 /* of space, at most */ };

typedef enum volley_arrangement {
  VOLLEY_ARRANGED_GRID,
  VOLLEY_ARRANGED_UNIFORM,
  VOLLEY_ARRANGED_FILE
} volley_arrangement;

/* How the neurons of a population lie in space, in a unit of length that the user chooses. */
typedef struct volley_position_plan {
  volley_arrangement arrangement;
  int dimensions;                   /* 0: as many as the file has, until it is read */
  double extent[VOLLEY_DIMENSIONS]; /* all 0: what the neurons of the file take, until it is read */
  double centre[VOLLEY_DIMENSIONS];
  bool periodic[VOLLEY_DIMENSIONS];  /* the ends meet */
  uint32_t shape[VOLLEY_DIMENSIONS]; /* of a grid: columns along each axis */
  const char *file, *dataset;        /* dataset NULL: a text file */
  volley_place place;
} volley_position_plan;

/* Spikes that are given: of files, or of lists. */
typedef struct volley_spike_plan {
  const char **files, **groups; /* [n_files] groups[k] NULL: looked for, maybe by the population's name in the file */
  int n_files;
  const char *population; /* NULL: the file's only one */
  volley_list times, ids; /* ms, indices; where there is no file */
  volley_off_grid off_grid;
  double resolution; /* ms that times are rounded to first; 0: none */
  double first_id;   /* what files call neuron 0 */
  uint32_t neurons;  /* of the population before it is scaled */
  uint64_t count;    /* spikes of all, also those outside of the run; 0 until the files were looked at */
  volley_place place;
} volley_spike_plan;

typedef struct volley_population {
  const char *name;
  const struct volley_neuron_model *model;
  uint32_t size;
  volley_gid first_gid;             /* gids are first_gid .. first_gid + size - 1, in order of the populations */
  volley_distribution *parameters;  /* [model->n_parameters] */
  volley_distribution *initial;     /* [model->n_states] */
  double mean_rate;                 /* Hz, of the full network; NAN where not given */
  double background_current;        /* pA, constant; compensates downscaling, 0 without */
  volley_outgoing outgoing;         /* VOLLEY_OUTGOING_NONE until the network is built */
  volley_spike_plan *spikes;        /* of a source; NULL where the neurons find theirs */
  volley_position_plan *positions;  /* NULL: the population lies nowhere */
  const struct volley_space *space; /* the same at work, from volley_spaces_load() on */
  struct volley_nodes *nodes; /* of a SONATA population that has several models; NULL: the population is its own */
  volley_place place;
} volley_population;

enum {
  VOLLEY_RECEPTOR_BY_SIGN = -1,
  VOLLEY_MAX_DELAY = 65534 /* steps: with the lag of a receptor they take 16 bits */
};

/* Delays of a continuous run, in ms. */
#define VOLLEY_SHORTEST_DELAY 1e-6
#define VOLLEY_LONGEST_DELAY 1e9

/* What the weights of synapses that learn become at a time: a number, or what they are times a factor. */
typedef struct volley_weight_change {
  int64_t step;
  bool sets;
  double value;
} volley_weight_change;

/* How the synapses of a projection change. */
typedef struct volley_plasticity_plan {
  const struct volley_synapse_model *model; /* NULL: static synapses */
  double *parameters;                       /* [model->n_parameters] */
  bool nearest;                             /* spikes pair with their nearest neighbours only, not with all before */
  bool is_axonal;                           /* the delay is that of the axon, not that of the dendrite */
  int64_t normalize;                        /* steps between two times at which sums of weights are restored; 0: none */
  volley_weight_change *changes;            /* [n_changes] by step */
  int n_changes;
  volley_window_of_time *learning; /* ascending, disjoint; none: always */
  int n_learning;
  int dopamine;                       /* population whose spikes release dopamine, or -1 */
  volley_selection dopamine_neurons;  /* of this population */
  double dopamine_delay;              /* ms */
  volley_window_of_time *dopamine_on; /* dopamine by schedule; ascending, disjoint */
  int n_dopamine_on;
} volley_plasticity_plan;

/* One source population onto one target population. Lists in the file are expanded, in order: target by target, source by source. */
typedef struct volley_projection {
  const char *name;
  int source, target; /* indices of populations */
  const struct volley_rule *rule;
  uint64_t number;               /* indegree, outdegree or total number, by rule; 0 where the rule has none */
  double probability;            /* pairwise_bernoulli; the greatest there is where it depends on the distance */
  const volley_profile *profile; /* probability of a pair by its distance; of rules with a number only its ratios count.
                                    NULL: all are alike */
  bool autapses, multapses;
  bool balanced;              /* the mean of a target's weights is subtracted from each of them */
  volley_distribution weight; /* unit of the target's receptor */
  volley_distribution delay;  /* ms */
  int receptor;               /* index into the target model's receptors, or VOLLEY_RECEPTOR_BY_SIGN */
  const char *file; /* rule edges: HDF5 file and group with datasets source, target, and maybe weight, delay */
  const char *group;
  void *parameters; /* the rule's own: what its keys fill */
  volley_plasticity_plan plasticity;
  double expected; /* synapses, about; 0 until volley_run_load(), which asks for them where a partitioner needs it */
  volley_place place;
} volley_projection;

/* Some values as a function of time. */
typedef struct volley_signal {
  const struct volley_signal_kind *kind;
  int dimension; /* 0 until the file that decides it was read */
  double scale;
  double noise;                    /* amplitude of noise added at every step */
  int noise_distribution;          /* 0: normal with this standard deviation, 1: uniform between 0 and this */
  volley_list speed_times, speeds; /* ms, factors */
  void *parameters;                /* the kind's own: what its keys fill */
  volley_place place;
} volley_signal;

/* A number of a stimulus that differs from neuron to neuron. */
typedef struct volley_own {
  const char *key;           /* that it stands under */
  uint32_t stream;           /* where its random numbers begin among those of the stimulus and gid */
  double factor;             /* what they are multiplied with */
  volley_distribution value; /* a file or list has a number for each of the stimulus' neurons, in their order */
} volley_own;

typedef struct volley_stimulus {
  const char *name;
  const struct volley_stimulus_kind *kind;
  int target; /* index of a population */
  volley_selection neurons;
  double start, stop; /* ms; stop INFINITY for the end of the run */
  int receptor;       /* as in a projection; this and the next two of kinds that are no currents */
  double weight;
  double delay;             /* ms; NAN: one step */
  bool allow_offgrid_times; /* times that are no whole steps are moved to the end of the step in which they lie */
  volley_signal *signal;    /* of kinds that play one */
  volley_distribution gain; /* of each neuron and dimension of the signal; a dataset has [size][dimension] values */
  const double *gains;      /* [size][dimension] of the population, once read from the dataset; NULL if there is none */
  void *parameters;         /* the kind's own: what its keys fill; of numbers in `own` their mean */
  volley_own *own;          /* [n_own] numbers that are not the same for all */
  int n_own;
  volley_place place;
} volley_stimulus;

/* From start to stop the selected neurons fire no spikes, or channels of a stimulus that plays a signal are 0. */
typedef struct volley_ablation {
  int population, stimulus; /* one of them is -1 */
  volley_selection neurons;
  double *channels; /* [n_channels] indices; NULL: all */
  int n_channels;
  int64_t start, stop; /* steps; INT64_MAX: to the end */
  volley_place place;
} volley_ablation;

/* Populations whose neurons are numbered through in their order. */
typedef struct volley_pool {
  int *populations; /* [n] */
  int n;
  uint32_t size; /* neurons */
} volley_pool;

static inline bool volley_pool_has(const volley_pool *pool, int population) {
  for (int i = 0; i < pool->n; i++)
    if (pool->populations[i] == population) return true;
  return false;
}

/* A number of the neurons' model that is set: a parameter or a state. */
typedef struct volley_setting {
  int number;
  volley_distribution value; /* a file or list has a number for each neuron of the population */
} volley_setting;

/* What is changed between two steps: of a population, a projection or a stimulus; the numbers of the others are -1. */
typedef struct volley_change {
  int64_t step; /* the first that sees it */
  int population;
  volley_selection neurons;            /* of it */
  volley_setting *parameters, *states; /* [n_parameters], [n_states] */
  int n_parameters, n_states;
  int projection;
  bool sets_weight;           /* all weights become what is drawn; else they are multiplied */
  volley_distribution weight; /* as in the projection */
  double factor;
  int stimulus;
  volley_stimulus *renewed; /* what it becomes */
  volley_place place;
} volley_change;

/* What ends a run before its duration is over: a rate in a window of time, no spikes in one, or the clock on the wall. */
typedef enum volley_stop_kind {
  VOLLEY_STOP_ABOVE,
  VOLLEY_STOP_BELOW,
  VOLLEY_STOP_SILENT,
  VOLLEY_STOP_WALL
} volley_stop_kind;

/* Looked at every `window` steps, from the end of the first window on. */
typedef struct volley_stop {
  volley_stop_kind kind;
  volley_pool of; /* whose spikes are counted, all together */
  double limit;   /* Hz; of the clock s */
  int64_t window, start;
  /* While it runs: */
  int64_t next, first; /* where the present window ends, and the first one began; steps */
  uint64_t count;      /* spikes before the present window */
  double deadline;     /* of the clock, in MPI_Wtime() of rank 0 */
} volley_stop;

/* How often an experiment is run. Trials are runs of their own, of which each knows its number. */
typedef struct volley_trials {
  int n, number;  /* n 0: it is run once; number from 1, 0: not one of them but all */
  bool continues; /* a trial begins with what the one before has ended with */
} volley_trials;

/* A linear readout of filtered spikes that learns to follow a supervisor (FORCE: Sussillo & Abbott 2009, Nicola & Clopath
 * 2017). K is its dimension. */
typedef struct volley_readout {
  const char *name;
  volley_pool reads;  /* N is its size */
  volley_pool fed;    /* what gets the feedback; empty: there is none */
  double rise, decay; /* ms; rise 0: single exponential */
  double filter_unit; /* ms that the filter's rates are counted in: 1000 for 1/s, 1 for 1/ms */
  volley_signal *supervisor;
  const struct volley_learner_kind *learner; /* of one that learns */
  bool is_exact;                             /* the decoders move by P r e / (1 + r' P r), not by P r e */
  double lambda;                             /* regularisation: P starts as 1 / lambda */
  int64_t interval;                          /* steps between two learning steps */
  int64_t start, stop; /* with one-based steps n: learns where n % interval == 1 % interval, start < n < stop */
  volley_distribution decoders; /* initial; constant 0 by default; a dataset has [N][K] values */
  double *gains;           /* [populations of the experiment] Q of those that are fed, in the units of their currents */
  volley_distribution eta; /* of each neuron that is fed and each dimension; a dataset has as many values */
  bool clamps;             /* while learning, the supervisor is fed back instead of the output */
  int eigenvalues;         /* how many of the effective weight matrix to compute before and after; -1: all, 0: none */
  volley_place place;
} volley_readout;

typedef struct volley_recorder_kind volley_recorder_kind; /* record/kind.h */

/* What is recorded of a readout: columns are its dimensions; one for the norm; neurons by dimensions for the decoders. */
typedef enum volley_readout_value {
  VOLLEY_READOUT_OUTPUT,
  VOLLEY_READOUT_SUPERVISOR,
  VOLLEY_READOUT_ERROR,    /* output - supervisor */
  VOLLEY_READOUT_DECODERS, /* of the selected neurons, numbered 0 .. N - 1 */
  VOLLEY_READOUT_NORM,     /* of all decoders: root of the sum of squares */
  VOLLEY_READOUT_VALUES
} volley_readout_value;

extern const char *const volley_readout_value_names[VOLLEY_READOUT_VALUES];

typedef struct volley_recorder {
  const char *name; /* name of the group in the output; unique for each kind */
  const volley_recorder_kind *kind;
  int population;                /* index into the experiment's; of stimuli the target; readouts, weights: -1 */
  bool of_nodes;                 /* of all nodes of the SONATA population to which it belongs; neurons are these */
  int readout;                   /* readouts: index into the experiment's */
  int projection;                /* weights, dopamine: index into the experiment's */
  int stimulus;                  /* stimuli: index into the experiment's */
  volley_selection neurons;      /* readouts: of the decoders; weights: targets */
  volley_selection sources;      /* weights */
  uint64_t synapses;             /* weights: how many; 0 until the network is built */
  int state;                     /* traces, weights: index into the model's states; readouts: a volley_readout_value */
  int64_t interval, start, stop; /* steps; a sample or spike at time t * dt is kept where start < t <= stop */
  volley_place place;
} volley_recorder;

/* When checkpoints are written; at the end of a run, too, if any are. */
typedef struct volley_checkpoint_plan {
  const char *file; /* NULL where not given: the output's name with .checkpoint.h5 */
  double wall;      /* s between two; 0: not by the clock */
  int64_t steps;    /* between two; 0: not by model time */
  int keep;         /* how many */
  bool is_file_set; /* by an assignment */
} volley_checkpoint_plan;

/* A file that the experiment reads, and the key that names it. */
typedef struct volley_input_file {
  const char *path;
  const struct volley_node *node;
  volley_place place;
  uint64_t bytes, checksum; /* of its content; 0 until io/data/inputs.h has looked */
} volley_input_file;

typedef struct volley_experiment {
  volley_arena *arena;
  const char *file;     /* path as given by the user */
  const char *folder;   /* absolute: relative paths in the file start there */
  const char *from;     /* the same as files are opened from it: as the user came to it */
  const char *title;    /* "" where not given */
  const char *plugins;  /* files of plugins as this rank finds them, and what stands for their bytes; NULL: none */
  const char *resolved; /* YAML text with all --set applied */
  const struct volley_node *tree; /* the same as nodes that know where they stand; for io */
  volley_simulation simulation;
  volley_population *populations;
  int n_populations;
  volley_projection *projections;
  int n_projections;
  volley_stimulus *stimuli;
  const volley_stimulus *first_stimuli; /* as they are before changes; NULL: no change has made others of them */
  int n_stimuli;
  volley_readout *readouts;
  int n_readouts;
  volley_ablation *ablations;
  int n_ablations;
  volley_change *changes; /* by step */
  int n_changes;
  int64_t begins;         /* step at which the run begins, at a checkpoint of another one; 0: at the beginning */
  const char *begun_from; /* that checkpoint, absolute; NULL: none */
  int n_changed;          /* so many of them are made: what parameters and weights are (model/change.h) */
  volley_trials trials;
  volley_stop *stops; /* each ends the run */
  int n_stops;
  const char *ended_early; /* which of them has, in words: simulation.steps is where; NULL: none */
  volley_recorder *recorders;
  int n_recorders;
  volley_input_file *inputs; /* in the order in which they are named; a file may be named more than once */
  int n_inputs;
  volley_gid neurons; /* sum of the sizes: gids are below */
  double scale_neurons, scale_indegree;
  const char *output; /* path of the output file */
  bool is_output_set; /* by an assignment */
  bool makes_folder;  /* a run makes its folder where it is not there */
  int compression;    /* of recorded data, 0 .. 9; 0: none */
  bool is_double;     /* traces are written as float64, not as float32 */
  const char **notes; /* [n_notes] what a user should know of it, though nothing is wrong */
  int n_notes;
  volley_checkpoint_plan checkpoint;
} volley_experiment;

/* Frees the experiment and all that hangs on it. NULL is allowed. */
void volley_experiment_destroy(volley_experiment *experiment);

/* Index of a neuron within its population. */
static inline uint32_t volley_index_in(const volley_population *population, volley_gid gid) {
  return (uint32_t)(gid - population->first_gid);
}

/* Population of a gid, looked for from population p on. */
static inline int volley_population_of(const volley_experiment *experiment, volley_gid gid, int p) {
  while (gid - experiment->populations[p].first_gid >= experiment->populations[p].size) p++;
  return p;
}

/* Steps nearest to a time in ms (volley_round_steps); of times without end more than any run has. */
int64_t volley_steps(const volley_experiment *experiment, double time);

/* The time in ms of so many steps: in a continuous run the double next to it, so that it compares with times of spikes. */
double volley_time_of(const volley_experiment *experiment, int64_t steps);

/* Sums up the ranges of a selection that is being made: sets `before` of each, and `count`. */
void volley_selection_finish(volley_selection *selection);

/* Whether the selection holds index, and how many selected indices are below it (its column among the selected). */
bool volley_selection_column(const volley_selection *selection, uint32_t index, uint32_t *column);

#endif
