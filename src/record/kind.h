/* What a kind of recorder is: which keys of the experiment it takes, what it looks at, and how its data lie in the
 * output. One file a kind; adding one is a new file and a line in VOLLEY_RECORDER_KINDS. */
#ifndef VOLLEY_RECORD_KIND_H
#define VOLLEY_RECORD_KIND_H

#include "force/readout.h"
#include "network/network.h"

/* All kinds, by the names that users give; each is a volley_record_NAME. */
/* clang-format off */
#define VOLLEY_RECORDER_KINDS(X) \
  X(spikes) \
  X(traces) \
  X(readout) \
  X(weights) \
  X(rates) \
  X(sums) \
  X(means) \
  X(stimuli) \
  X(dopamine) \
  /* one line a kind */
/* clang-format on */

/* What is recorded. */
typedef enum volley_subject {
  VOLLEY_OF_POPULATION,
  VOLLEY_OF_READOUT,
  VOLLEY_OF_PROJECTION,
  VOLLEY_OF_STIMULUS
} volley_subject;

/* What users choose from by the kind's key of states: `n` structs of `stride` bytes that begin with a name. */
typedef struct volley_choices {
  const void *table; /* NULL: not known */
  int n;
  size_t stride;
  const char *what, *of; /* "state of", "iaf_psc_exp"; of may be NULL */
} volley_choices;

/* An attribute of a recorder's group in the output: a text, a number or a count. */
typedef struct volley_attribute {
  const char *name;
  enum { VOLLEY_IS_TEXT, VOLLEY_IS_NUMBER, VOLLEY_IS_COUNT } type;
  const char *text;
  double number;
  uint64_t count;
} volley_attribute;
enum { VOLLEY_MAX_ATTRIBUTES = 8 };

/* What the output's mapping says of columns. */
typedef enum volley_mapped { VOLLEY_MAPS_NOTHING, VOLLEY_MAPS_NEURONS, VOLLEY_MAPS_SYNAPSES } volley_mapped;

/* Columns of a recorder of rows that this rank holds. */
typedef struct volley_trace_columns {
  uint64_t *columns; /* [count] ascending; column c of traces is the c-th selected neuron, by index; of weights the c-th
                        synapse (network/synapse_order.h) */
  uint32_t *sources, *targets; /* [count] of weights: indices within the populations; NULL otherwise */
  double *delays;              /* [count] of weights, ms */
  uint64_t count;
} volley_trace_columns;

/* A recorder at work: what it hands its data to. */
typedef struct volley_record volley_record;

/* Numbers a spike and keeps it, on some rank: all ranks hand over the same, in order. May communicate; agreed status. */
volley_status volley_record_spike(volley_record *record, int64_t step, uint32_t index);

/* Sets the next row, of those ranks that have columns of it, to a value; and says that it is complete, which may
 * communicate; agreed status. */
void volley_record_fill(volley_record *record, double value);
volley_status volley_record_end_row(volley_record *record);

struct volley_recorder_kind {
  const char *name, *plural; /* of the type, and of recorders in messages: "a recorder of readouts" */
  volley_subject of;
  const char *needs, *takes; /* keys of the section, "a|b", that must and may be given; those of no kind are for all */
  const char *choice_key;    /* of what is recorded, one or a list; NULL: there is no choice */
  volley_choices (*choices)(const volley_experiment *experiment, const volley_recorder *recorder);

  /* What is wrong with it, or NULL: in buffer, of `size` bytes. May be NULL. */
  const char *(*check)(const volley_experiment *experiment, const volley_recorder *recorder, char *buffer, size_t size);

  bool takes_nodes;  /* it may be of all nodes of a SONATA population that has several models */
  bool holds_spikes; /* else rows of numbers, all of the same width */
  /* Columns of a row, all ranks together. */
  uint64_t (*width)(const volley_experiment *experiment, const volley_recorder *recorder);
  /* The same before the network is built, where that differs. synapses: [projections] that are expected. */
  double (*expected_width)(const volley_experiment *experiment, const volley_recorder *recorder,
                           const double *synapses);
  /* Notes in the recorder what only the network tells. Collective. */
  void (*count)(const volley_experiment *experiment, const volley_network *network, volley_recorder *recorder);

  /* What a recorder needs at work, of which the other functions are given what this returns; sets the columns that this
   * rank holds. Collective. The network, the readouts and the recorder outlive it. NULL on a rank that has a fault, which is
   * left on its list. destroy: of what was made. */
  void *(*create)(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                  volley_trace_columns *columns);
  void (*destroy)(void *own);
  /* For a row at `step`, as the observer's functions of these names; row: [columns of this rank]. advance() may communicate. */
  void (*before)(void *own, int block, int64_t step, double *row);
  void (*sample)(void *own, int block, int slice, int64_t step, double *row);
  void (*advance)(void *own, double *row);
  /* A spike of a step, by the index of its neuron, which is a selected one; and the end of a step's spikes. Steps within
   * the recorder's time, the same on every rank. They may communicate; agreed status. A kind of rows that has them says
   * itself when a row is complete; rows of others are at the recorder's interval. */
  volley_status (*spike)(void *own, volley_record *record, int64_t step, uint32_t index);
  volley_status (*end_step)(void *own, volley_record *record, int64_t step);
  /* What a checkpoint must keep, the same on every rank: *n numbers, to be read or set. */
  double *(*state)(void *own, uint64_t *n);

  const char *group; /* of the output: /GROUP/NAME, or, of a SONATA kind, /recorders/NAME/GROUP/POPULATION */
  bool is_sonata;
  bool is_optional;   /* the group is there only where it has a recorder */
  bool may_be_single; /* values are float unless the experiment wants double */
  volley_mapped maps;
  /* What rows hold: name and unit. */
  volley_state_info (*value)(const volley_experiment *experiment, const volley_recorder *recorder);
  /* Attributes beside those that all have; returns their number. */
  int (*attributes)(const volley_experiment *experiment, const volley_recorder *recorder,
                    volley_attribute attributes[VOLLEY_MAX_ATTRIBUTES]);
  uint64_t column_bytes, mapping_bytes; /* of a column: in memory beside its buffer, and in the mapping; about */
};

#define VOLLEY_DECLARE(name) extern const volley_recorder_kind volley_record_##name;
VOLLEY_RECORDER_KINDS(VOLLEY_DECLARE)

/* All kinds, ended by NULL. */
const volley_recorder_kind *const *volley_recorder_kinds(void);
/* Their names as the words of a key: spikes|traces|... */
#define VOLLEY_WORD(name) "|" #name
#define VOLLEY_RECORDER_WORDS (&VOLLEY_RECORDER_KINDS(VOLLEY_WORD)[1])

/* What a recorder calls its neurons' population, which the nodes of several models share; whether it is of neurons of a
 * population; and whether of this one, the id that it has in the output, and its column among those that are recorded. */
const char *volley_recorded_name(const volley_experiment *experiment, const volley_recorder *recorder);
bool volley_recorder_covers(const volley_experiment *experiment, const volley_recorder *recorder, int population);
bool volley_recorder_takes(const volley_experiment *experiment, const volley_recorder *recorder, int population,
                           volley_gid gid, uint32_t *id, uint32_t *column);

/* What several kinds share. */
uint64_t volley_recorder_width(const volley_experiment *experiment, const volley_recorder *recorder);
void volley_recorders_count(volley_experiment *experiment, const volley_network *network);
int volley_population_attributes(const volley_experiment *experiment, const volley_recorder *recorder,
                                 volley_attribute attributes[VOLLEY_MAX_ATTRIBUTES]);
/* A state of the population's model: what there is to choose from, and its name and unit. */
volley_choices volley_state_choices(const volley_experiment *experiment, const volley_recorder *recorder);
volley_state_info volley_state_value(const volley_experiment *experiment, const volley_recorder *recorder);
/* A column for each selected neuron; one for all. */
uint64_t volley_neurons_width(const volley_experiment *experiment, const volley_recorder *recorder);
uint64_t volley_single_width(const volley_experiment *experiment, const volley_recorder *recorder);
/* All columns on rank 0, for values that every rank knows. */
volley_trace_columns volley_columns_on_first(const volley_network *network, uint64_t width);

/* Lets the recorders of a run begin at a step, 0 or where another run was saved: with the first row that lies behind it as a
 * whole. Sets experiment->begins. Not collective; VOLLEY_USAGE after a fault of a recorder that has stopped before. */
volley_status volley_recorders_begin(volley_experiment *experiment, int64_t step);

#endif
