/* What a generator is: a table of keys and functions that add its input to slices. One file a generator. */
#ifndef VOLLEY_STIMULUS_STIMULUS_H
#define VOLLEY_STIMULUS_STIMULUS_H

#include "model/experiment.h"
#include "neuron/neuron.h"

#include <stddef.h>

typedef enum volley_value_kind { VOLLEY_VALUE_NUMBER, VOLLEY_VALUE_LIST } volley_value_kind;

/* One key of a generator and the member of volley_stimulus it fills. */
typedef struct volley_stimulus_key {
  const char *name, *unit; /* unit "weight": the unit of the receptor it reaches; "" is a pure number */
  volley_value_kind kind;
  size_t offset;       /* of a double (number) or a double * (list) in volley_stimulus */
  size_t count_offset; /* list: of its int length */
  bool required;
  double fallback; /* where not required; a delay's NAN stands for one step, a weight's for 1 */
  double min;      /* least allowed value */
  const char *doc;
} volley_stimulus_key;

/* A generator at work on one slice. */
typedef struct volley_generator volley_generator;

typedef struct volley_stimulus_kind {
  const char *name, *doc;
  const volley_stimulus_key *keys;
  int n_keys;
  bool is_current;   /* injects current: reaches no receptor, has no weight or delay */
  bool takes_signal; /* plays a signal, with a gain for each neuron: keys signal and gain */
  /* NULL if the values fit together, else what is wrong. */
  const char *(*check)(const volley_stimulus *stimulus);
  /* Prepares the generator for the selected neurons of one slice. It owns what it allocates; NULL if none is selected. */
  volley_generator *(*create)(const volley_experiment *experiment, int stimulus, volley_slice *slice);
  /* Adds the input of one step to slice->inputs or slice->current. */
  void (*apply)(volley_generator *generator, volley_slice *slice, int64_t step);
  void (*destroy)(volley_generator *generator);
} volley_stimulus_kind;

/* All kinds, ended by NULL, and one by name (NULL if unknown). */
const volley_stimulus_kind *const *volley_stimulus_kinds(void);
const volley_stimulus_kind *volley_stimulus_kind_find(const char *name);

#endif
