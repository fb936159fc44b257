/* What a generator is: a table of keys and functions that add its input to slices. One file a generator. */
#ifndef VOLLEY_STIMULUS_STIMULUS_H
#define VOLLEY_STIMULUS_STIMULUS_H

#include "model/experiment.h"
#include "model/reader.h"
#include "neuron/neuron.h"

#include <stddef.h>

typedef enum volley_value_kind {
  VOLLEY_VALUE_NUMBER, /* double */
  VOLLEY_VALUE_STEPS,  /* double: a time in ms that is a whole number of steps */
  VOLLEY_VALUE_COUNT,  /* int */
  VOLLEY_VALUE_LIST,   /* double * and int: a list of numbers, or one number */
  VOLLEY_VALUE_TIMES,  /* the same of times in ms that are whole steps, unless allow_offgrid_times, read before, is 1 */
  VOLLEY_VALUE_INDICES, /* double * and int: whole numbers and ranges like 0-99 in any order, or one of these */
  VOLLEY_VALUE_CHOICE,  /* int: index of the word among `words` */
  VOLLEY_VALUE_PATH,    /* const char *: a file, relative to the experiment file */
  VOLLEY_VALUE_TEXT,    /* const char * */
  VOLLEY_VALUE_STIMULUS /* int: number of a stimulus that stands before this one and is of the type that `words` says */
} volley_value_kind;

/* One key of a generator and the member of volley_stimulus it fills. */
typedef struct volley_stimulus_key {
  const char *name, *unit; /* unit "weight": the unit of the receptor it reaches; "" is a pure number */
  volley_value_kind kind;
  size_t offset;       /* of the member of volley_stimulus that it fills */
  size_t count_offset; /* list, indices: of its int length */
  bool required;
  double fallback; /* where not required: number, count, choice; a delay's NAN stands for one step, a weight's for 1 */
  double min;      /* least allowed value */
  const char *doc;
  bool positive;     /* min itself is not allowed */
  const char *words; /* choice: "listed|random"; stimulus: its type */
} volley_stimulus_key;

/* The key that stands before those of VOLLEY_VALUE_TIMES. */
#define VOLLEY_KEY_OFFGRID                                                                                             \
  {                                                                                                                    \
    .name = "allow_offgrid_times", .unit = "", .kind = VOLLEY_VALUE_CHOICE,                                            \
    .offset = offsetof(volley_stimulus, allow_offgrid_times), .words = "false|true",                                   \
    .doc = "whether times that are no whole number of steps are moved to the end of the step in which they lie, or "   \
           "refused"                                                                                                   \
  }

/* A generator at work on one slice. */
typedef struct volley_generator volley_generator;

typedef struct volley_stimulus_kind {
  const char *name, *doc;
  const volley_stimulus_key *keys;
  int n_keys;
  bool is_current;   /* injects current: reaches no receptor, has no weight or delay */
  bool takes_signal; /* plays a signal, with a gain for each neuron: keys signal and gain */
  bool is_own;       /* a current that differs from neuron to neuron */
  /* NULL if the values fit together, else what is wrong. */
  const char *(*check)(const volley_stimulus *stimulus);
  /* The same once the files are read; what is wrong may be written into buffer of `size` bytes. NULL: all is right. */
  const char *(*check_loaded)(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                              size_t size);
  /* Prepares the generator for the selected neurons of one slice. It owns what it allocates; NULL if none is selected. */
  volley_generator *(*create)(const volley_experiment *experiment, int stimulus, volley_slice *slice);
  /* Adds the input of one step to slice->inputs or slice->current. */
  void (*apply)(volley_generator *generator, volley_slice *slice, int64_t step);
  void (*destroy)(volley_generator *generator);
} volley_stimulus_kind;

/* All kinds, ended by NULL, and one by name (NULL if unknown). */
const volley_stimulus_kind *const *volley_stimulus_kinds(void);
const volley_stimulus_kind *volley_stimulus_kind_find(const char *name);

/* Reads the files that stimuli name into `rows` and `labels`, and checks what could not be checked before. Collective
 * over the ranks of the reader (which may be NULL where no file is named), agreed status. To be called before a network is
 * built; signals have volley_signals_load(). */
volley_status volley_stimuli_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

#endif
