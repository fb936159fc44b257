/* What a generator is: a table of keys and functions that add its input to slices. One file a generator. */
#ifndef VOLLEY_STIMULUS_STIMULUS_H
#define VOLLEY_STIMULUS_STIMULUS_H

#include "model/experiment.h"
#include "model/reader.h"
#include "neuron/neuron.h"
#include "stimulus/own.h"

#include <stddef.h>

typedef struct volley_neuron_range {
  uint32_t first, count; /* positions within the slice */
} volley_neuron_range;

typedef struct volley_selected {
  volley_neuron_range *ranges;
  int n_ranges;
  uint32_t count;
} volley_selected;

/* Steps first .. end - 1. */
typedef struct volley_window {
  int64_t first, end;
} volley_window;

/* Time of a stimulus that knows no steps: spikes of times start < t <= stop, and of 0 with start 0, act `delay` later; currents
 * flow in [start, stop). */
typedef struct volley_span_of_time {
  double start, stop, delay; /* ms; INFINITY: for ever */
} volley_span_of_time;

/* A generator at work on one slice. */
typedef struct volley_generator volley_generator;

/* What each begins with: the selected neurons of its slice; the steps in [start, stop) of the stimulus, for spikes those in which
 * such act; the same in time; the receptor of spikes, and what one adds there. */
#define VOLLEY_GENERATOR                                                                                               \
  volley_selected selected;                                                                                            \
  volley_window window;                                                                                                \
  volley_span_of_time span;                                                                                            \
  int receptor;                                                                                                        \
  volley_each weight

/* The files of stimuli while they are read. */
typedef struct volley_loading volley_loading;

/* The way of one neuron through the events of a generator. */
typedef struct volley_cursor {
  double time;           /* ms, of the next event; INFINITY: there is none */
  double value;          /* of currents: that flows from then on; else the weight of its spike */
  double now;            /* of currents: that flows until then */
  uint32_t number;       /* of the generator, among those of its slice */
  uint32_t i;            /* of the neuron, among those that the generator reaches */
  uint32_t count, epoch; /* the generator's own */
} volley_cursor;

/* What engines that take no steps need of a kind. What happens to a neuron is a function of the experiment and its gid. */
typedef struct volley_stimulus_events {
  /* Sets the cursor of a neuron to its first event, or to a later one that no event after time `from` is before. */
  void (*begin)(const volley_generator *generator, volley_gid gid, double from, volley_cursor *cursor);
  /* Moves it to the event after. */
  void (*next)(const volley_generator *generator, volley_gid gid, volley_cursor *cursor);
} volley_stimulus_events;

typedef struct volley_stimulus_kind {
  const char *name, *doc;
  const volley_key_info *keys; /* of its own, in `size` bytes: stimulus->parameters */
  int n_keys;
  size_t size;
  bool is_current;   /* injects current: reaches no receptor, has no weight or delay */
  bool takes_signal; /* plays a signal, with a gain for each neuron: keys signal and gain */
  bool is_own;       /* a current that differs from neuron to neuron */
  bool (*differs)(const volley_stimulus *stimulus); /* whether it does so as it was read; NULL: it does not */
  /* NULL if the values fit together, else what is wrong. */
  const char *(*check)(const volley_stimulus *stimulus);
  /* Reads its files, by volley_stimulus_read(); NULL: there are none. Collective, agreed status. */
  volley_status (*load)(volley_loading *loading, const volley_stimulus *stimulus);
  /* The same as check() once the files are read; what is wrong may be written into buffer of `size` bytes. NULL: all is
   * right. */
  const char *(*check_loaded)(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                              size_t size);
  /* Where it stands for sources outside of the network, of which a scaled network has k times as many: makes them so many,
   * and returns the rate in Hz that each neuron had from all before. NULL: it is no such input. */
  double (*scale_sources)(const volley_stimulus *stimulus, double k);
  size_t generator; /* bytes of its struct volley_generator, which begins with VOLLEY_GENERATOR */
  /* Prepares the rest of a generator, which is zeroed. It owns what it allocates. NULL: there is nothing to be done. */
  void (*create)(volley_generator *generator, const volley_experiment *experiment, int stimulus, volley_slice *slice);
  /* Adds the input of one step to slice->inputs or slice->current. */
  void (*apply)(volley_generator *generator, volley_slice *slice, int64_t step);
  void (*destroy)(volley_generator *generator); /* frees what create() has allocated; NULL: nothing */
  const volley_stimulus_events *events;         /* NULL: it needs steps */
} volley_stimulus_kind;

/* The generator of a stimulus for the selected neurons of one slice; NULL if none is selected. Owned by the caller. */
volley_generator *volley_generator_create(const volley_experiment *experiment, int stimulus, volley_slice *slice);
void volley_generator_destroy(const volley_stimulus_kind *kind, volley_generator *generator);

/* All kinds, ended by NULL, and one by name (NULL if unknown). */
const volley_stimulus_kind *const *volley_stimulus_kinds(void);
const volley_stimulus_kind *volley_stimulus_kind_find(const char *name);
volley_registry *volley_stimulus_registry(void); /* where plugins add theirs */

/* All keys of a kind that stand beside those of the section, in the order of the reference: those that it shares with others
 * (volley_keys.is_common: they fill members of volley_stimulus) and its own. Returns how many tables. */
enum { VOLLEY_STIMULUS_TABLES = 3 };
int volley_stimulus_keys(const volley_stimulus_kind *kind, volley_keys tables[VOLLEY_STIMULUS_TABLES]);

/* Sets all that the keys of its kind fill to their defaults; parameters are the arena's. */
void volley_stimulus_set_defaults(volley_stimulus *stimulus, volley_arena *arena);

/* Reads a series, once for all stimuli that name the same file and dataset, into the arena that is the experiment's; nothing
 * where its values are there. */
volley_arena *volley_loading_arena(const volley_loading *loading);
volley_status volley_stimulus_read(volley_loading *loading, const volley_stimulus *stimulus, volley_series *series);

#ifdef MPI_VERSION /* plugins are compiled without */
/* Reads the files that stimuli name, and checks what could not be checked before. Collective
 * over the ranks of the reader (which may be NULL where no file is named), agreed status. To be called before a network is
 * built; signals have volley_signals_load(). */
volley_status volley_stimuli_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);
#endif

#endif
