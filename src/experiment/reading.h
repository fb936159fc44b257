/* What the readers of the sections share: the state of a reading, faults, and typed values. No MPI. */
#ifndef VOLLEY_EXPERIMENT_READING_H
#define VOLLEY_EXPERIMENT_READING_H

#include "experiment/keys.h"
#include "experiment/tree.h"
#include "model/experiment.h"

#include <stdbool.h>

/* Which element of lists is meant: element `row` of `rows` names; in projections also `column` of `columns` sources,
 * and lists are matrices. rows 0: lists are not expanded; columns 0: no matrices. */
typedef struct volley_pick {
  int row, rows, column, columns;
} volley_pick;

typedef struct volley_reading {
  volley_experiment *experiment;  /* being filled */
  volley_arena *arena;            /* the experiment's */
  const char *folder;             /* where relative paths in the experiment start */
  bool looks_at_files;            /* this rank reports files that are missing */
  bool is_silent;                 /* faults are counted, not reported; plugins are not loaded */
  int faults;                     /* found so far on this rank */
  bool *population_valid;         /* [n_populations] no fault in its size and parameters */
  bool *projection_valid;         /* [n_projections] */
  volley_node **stimulus_entries; /* [n_stimuli] where each is described, and its element of lists there */
  volley_pick *stimulus_picks;
  bool lost[VOLLEY_N_SECTIONS]; /* an entry was not read for its faults: what is not there may be meant by it */
} volley_reading;

/* Projections and stimuli, lists expanded: random numbers keep 24 bits for their index. */
enum { VOLLEY_MAX_ENTRIES = (1 << 24) - 1 };

/* Report what is wrong with a value (once for each node), with a key as such, or with an entry as a whole. Return false. */
bool volley_value_fault(volley_reading *reading, volley_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool volley_key_fault(volley_reading *reading, volley_node *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool volley_entry_fault(volley_reading *reading, const volley_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Some names, for messages. */
typedef struct volley_names {
  const char **names;
  int n;
} volley_names;

/* Names of a table of n structs of `stride` bytes, or of a registry of pointers ended by NULL, whose first member is a
 * name. The array is the arena's. */
volley_names volley_names_of_table(volley_reading *reading, const void *table, int n, size_t stride);
volley_names volley_names_of_registry(volley_reading *reading, const void *registry);
volley_names volley_names_of_words(volley_reading *reading, const char *words);             /* "a|b|c" */
volley_names volley_names_of_section(volley_reading *reading, enum volley_section section); /* its keys */
void volley_names_add(volley_reading *reading, volley_names *names, const char *name);
void volley_names_add_keys(volley_reading *reading, volley_names *names, const volley_key_info *keys, int n);

/* Reports that the word in node is not among the names, and which it may have meant. what: "neuron model". Returns false. */
bool volley_unknown(volley_reading *reading, volley_node *node, const char *what, volley_names names);

/* The same of a word that names an entry of a section, unless an entry of that section could not be read. */
void volley_unknown_name(volley_reading *reading, volley_node *node, enum volley_section section, const char *what,
                         volley_names names);

/* Whether node is a mapping with none but these keys. Unknown ones are reported with the nearest, and become it where it
 * is missing. */
bool volley_check_keys(volley_reading *reading, volley_node *node, volley_names known);

/* How many names a map may come to have under a key: volley_check_keys() may yet find that this is what another one means. */
size_t volley_count_under(const volley_node *map, const char *name);

/* Reports that an entry at a place lacks a key. */
void volley_missing_key(volley_reading *reading, volley_place place, const volley_key_info *key);

/* Reports the required keys of a table that a map lacks. */
void volley_check_required(volley_reading *reading, volley_node *map, const volley_key_info *keys, int n_keys);

/* Both for a section's table. */
bool volley_check_section(volley_reading *reading, volley_node *node, enum volley_section section);

/* Whether a section that must be a list is one. */
bool volley_check_list(volley_reading *reading, volley_node *section);

/* How many things the entries of a section are, where lists under the keys "a|b" are expanded, and one more; 0 after
 * reporting that these are more than possible. what: "populations" */
size_t volley_count_entries(volley_reading *reading, const volley_node *section, const char *keys, size_t most,
                            const char *what);

/* The element that pick means; NULL where node is NULL or the element is null, or after a fault (sizes differ). */
volley_node *volley_pick_node(volley_reading *reading, volley_node *node, volley_pick pick);

/* The values of keys of `entry`. Return false where the key is absent and has no fallback, or after a fault. */
bool volley_read_number(volley_reading *reading, const volley_node *entry, const volley_key_info *key, volley_pick pick,
                        double *out);
bool volley_read_flag(volley_reading *reading, const volley_node *entry, const volley_key_info *key, volley_pick pick,
                      bool *out);
/* A word or text; *node (may be NULL) is where it stands, NULL if it is the fallback. */
const char *volley_read_text(volley_reading *reading, const volley_node *entry, const volley_key_info *key,
                             volley_pick pick, volley_node **node);
/* The kind of a registry (see volley_names_of_registry()) that a key of entry names, by default the first unless one is
 * required; NULL after a fault. what: "neuron model" */
const void *volley_read_kind(volley_reading *reading, const volley_node *entry, const volley_key_info *key,
                             volley_pick pick, const void *registry, const char *what);
/* Index of the word among key->words, -1 after a fault. */
int volley_read_choice(volley_reading *reading, const volley_node *entry, const volley_key_info *key);

/* Notes that a key that entry lacks has its default, for what resolves the description (volley_node_resolve). */
void volley_note_default(volley_reading *reading, const volley_node *entry, const volley_key_info *key);

/* The mapping of a key; where there is none an empty one, which is there to have defaults. */
volley_node *volley_section_or_default(volley_reading *reading, const volley_node *above, const char *key,
                                       volley_names known);

/* The same of a section that may be absent; NULL after a fault. */
volley_node *volley_optional_section(volley_reading *reading, const volley_node *above, enum volley_section section);

/* A number in `unit` that a scalar holds; NaN and infinity are refused. */
bool volley_scalar_number(volley_reading *reading, volley_node *node, const char *unit, double *out);

/* A list of numbers, or one number, that obey unit and range of the key. *list is the arena's; it is left alone after a
 * fault. */
bool volley_read_list(volley_reading *reading, volley_node *node, const volley_key_info *key, double **list,
                      int *count);

/* What the numbers of a file or list may be where a value stands. */
typedef enum volley_of_file {
  VOLLEY_OF_FILE_NOTHING,
  VOLLEY_OF_FILE_ROWS,   /* a row for each neuron */
  VOLLEY_OF_FILE_NUMBERS /* a number for each neuron: also a column of a table */
} volley_of_file;

/* A number or distribution in `unit`, or numbers of a file or list. */
bool volley_read_value(volley_reading *reading, volley_node *node, const char *unit, volley_pick pick,
                       volley_of_file of, volley_distribution *out);

/* Sets the range of the numbers of a file or list, which are checked where they are read. */
void volley_bound_numbers(volley_distribution *values, double min, double max, bool positive);

/* Reports values outside of [min, max] (of ]min, max] if positive) that the distribution can give. */
bool volley_check_value(volley_reading *reading, volley_node *node, const volley_distribution *value, double min,
                        double max, bool positive, const char *unit);

/* Index of the struct of a table (see volley_names_of_table()) that node names; -1 after a fault, which is left out where an
 * entry of `section`, which the table holds, could not be read. */
int volley_find_named(volley_reading *reading, volley_node *node, enum volley_section section, const char *what,
                      const void *table, int n, size_t stride);

/* Population named by node; -1 after a fault. */
int volley_find_population(volley_reading *reading, volley_node *node);

/* Names in node (one or a list) as nodes; a fault if one is no word. Returns their number; *out is the arena's. */
int volley_read_names(volley_reading *reading, volley_node *node, volley_node ***out);

/* Number of names in node: 1 unless it is a list. */
size_t volley_count_names(const volley_node *names);

/* Reports a name (NULL: none) that would not do as a group in HDF5, as a part of a key path or as a word of a shell.
 * Names of all kinds pass through here. */
void volley_check_name(volley_reading *reading, volley_node *node);

/* Adds a note to those of the experiment, unless it has the same already: what is right but may not be what was meant. */
void volley_note(volley_reading *reading, const volley_place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Notes of what happens from start to stop ms, INFINITY for the end of the run, that it lies behind the end of the run as
 * a whole or in part. what: "the stimulus" */
void volley_note_window(volley_reading *reading, const volley_place *place, const char *what, double start,
                        double stop);

/* Notes of a time in ms that is rounded to steps if that makes it 0 or changes it by more than a tenth. */
void volley_note_rounding(volley_reading *reading, const volley_place *place, const char *what, double time);

/* Steps that a time in ms is; false and a fault of node unless they are whole, and at least one if positive. */
bool volley_whole_steps(volley_reading *reading, volley_node *node, double time, bool positive, int64_t *out);

/* A time that becomes whole steps, at least one if the key is positive. Returns false, and leaves *out alone, where the
 * key is absent and has no fallback, or after a fault. */
bool volley_read_steps(volley_reading *reading, const volley_node *entry, const volley_key_info *key, volley_pick pick,
                       int64_t *out);

/* Unit of the current that is injected into neurons of a model. */
const char *volley_current_unit(const struct volley_neuron_model *model);

/* Unit of the weights that reach a receptor of a model, or that of their sign; "" without a model. */
const char *volley_weight_unit(const struct volley_neuron_model *model, int receptor);

/* Receptor of a population's model that node (or NULL) of an entry names: index or VOLLEY_RECEPTOR_BY_SIGN; false after a
 * fault. */
bool volley_read_receptor(volley_reading *reading, const volley_place *place, volley_node *node, int population,
                          int *out);

/* Reports lists among parameters that have other numbers of values than the model takes. */
void volley_check_lists(volley_reading *reading, const struct volley_neuron_model *model, const volley_node *parameters,
                        volley_pick pick);

/* The model with as many receptors as the lists among a population's parameters (NULL: none) have values; parameters are
 * then those of this model. */
const struct volley_neuron_model *volley_sized_model(volley_reading *reading, const struct volley_neuron_model *model,
                                                     const volley_node *parameters, volley_pick pick);

/* What gives a parameter of a model its value, its own key or its place in a list; NULL: nothing. is_listed: whether the
 * list, or one value for all of it, is there. */
volley_node *volley_parameter_node(volley_reading *reading, const struct volley_neuron_model *model,
                                   const volley_node *parameters, const char *name, volley_pick pick, bool *is_listed);

/* A delay in ms that must be at least one step; node is where it stands. */
bool volley_check_delay(volley_reading *reading, volley_node *node, const volley_distribution *delay);

/* A weight: finite as a float, and 1 where the receptor counts. */
bool volley_check_weight(volley_reading *reading, volley_node *node, int population, int receptor,
                         const volley_distribution *weight);

/* The text of node as a path as seen from the experiment file, which is noted among the experiment's inputs. */
const char *volley_path(volley_reading *reading, const volley_node *node);

/* The same of a file; on the rank that looks at files, a fault if there is no such file. */
const char *volley_read_path(volley_reading *reading, volley_node *node);

/* A name and where it is given. */
typedef struct volley_named {
  const char *name;
  volley_place place;
} volley_named;

/* Reports names that occur twice. what: "population" */
void volley_refuse_duplicates(volley_reading *reading, const volley_named *names, int n, const char *what);

/* The same for what users wrote as `name` of a section's entries. */
void volley_refuse_same_names(volley_reading *reading, const volley_node *section, const char *what);

/* The sections. Each is given its node (NULL if absent) and fills the experiment. */
void volley_read_simulation(volley_reading *reading, volley_node *section);
void volley_read_populations(volley_reading *reading, volley_node *section);
void volley_read_projections(volley_reading *reading, volley_node *section);
void volley_read_stimuli(volley_reading *reading, volley_node *section);
void volley_read_readouts(volley_reading *reading, volley_node *section);
void volley_read_ablations(volley_reading *reading, volley_node *section);
void volley_read_changes(volley_reading *reading, volley_node *section);
void volley_read_stops(volley_reading *reading, volley_node *section);
void volley_read_repeat(volley_reading *reading,
                        volley_node *section); /* after the simulation, whose noise it changes */
void volley_read_recorders(volley_reading *reading, volley_node *section);

/* Reads into a stimulus, whose kind and target are set and whose other members are defaults, what a map says of it: the entry
 * of its section, or one that takes its place. */
void volley_read_stimulus(volley_reading *reading, volley_node *map, volley_pick pick, volley_stimulus *stimulus);

/* A parameter that switches something: true and false count as 1 and 0. Returns false where the node is no such word. */
bool volley_read_switch(volley_node *node, const volley_key_info *info, volley_distribution *out);

/* A weight or delay. */
bool volley_read_edge_value(volley_reading *reading, volley_node *node, const char *unit, volley_pick pick,
                            volley_distribution *out);

/* Key spikes of a population whose size and model are set. */
void volley_read_spikes(volley_reading *reading, volley_node *entry, volley_pick pick, volley_population *population);

/* Key positions of a population whose size is set. */
void volley_read_positions(volley_reading *reading, volley_node *entry, volley_pick pick,
                           volley_population *population);

/* Keys nodes and node_ids of a population whose size is set; and, when all populations are read, what they are together. */
void volley_read_nodes(volley_reading *reading, const volley_node *entry, volley_pick pick,
                       volley_population *population);
void volley_join_nodes(volley_reading *reading);

/* The nodes of that name, those of the first of their populations; NULL if there are none. */
const struct volley_nodes *volley_find_nodes(const volley_experiment *experiment, const char *name);

/* The first of their populations whose model has a state, or the first. And of selected nodes those of such models: others are
 * left out, which is noted. */
int volley_nodes_with_state(const volley_experiment *experiment, const struct volley_nodes *nodes, const char *state);
void volley_select_with_state(volley_reading *reading, const volley_place *place, const struct volley_nodes *nodes,
                              const char *state, volley_selection *selection);

/* Whether node is a function of the distance. */
bool volley_is_profile(const volley_node *node);

/* Reads one, whose values are in `unit`. A probability has a cut-off and is not negative; others may have min and max. NULL
 * after a fault. */
const volley_profile *volley_read_profile(volley_reading *reading, volley_node *map, const char *unit, volley_pick pick,
                                          bool is_probability);

/* The same as a weight or delay. */
bool volley_read_value_of_distance(volley_reading *reading, volley_node *map, const char *unit, volley_pick pick,
                                   volley_distribution *out);

/* Whether a population can be reached by what stands at a place; a fault if it is one of sources. what: "projection" */
bool volley_check_reachable(volley_reading *reading, const volley_place *place, const char *what,
                            const volley_population *population);

/* Keys synapse and delay_is of an entry's pair, whose other members are set. *out.model is NULL for static synapses. */
void volley_read_plasticity(volley_reading *reading, volley_node *entry, volley_pick pick,
                            const volley_projection *projection, volley_plasticity_plan *out);

/* Where the keys of a kind stand, and what their meaning depends on. */
typedef struct volley_key_source {
  volley_node *entry; /* the mapping that has them */
  volley_pick pick;
  int target, receptor; /* population and receptor whose units currents and weights have; target -1: none */
  bool allow_offgrid_times;
  volley_stimulus *stimulus; /* where numbers go that differ from neuron to neuron; NULL: none may */
} volley_key_source;

/* Reads keys into the members of *out that they fill; those that are not given, or wrong, get their defaults. */
void volley_read_keys(volley_reading *reading, const volley_key_source *source, const volley_key_info *keys, int n,
                      void *out);

/* A signal: a mapping with `type` and the keys of that kind. Its kind is NULL after a fault. */
volley_signal *volley_read_signal(volley_reading *reading, volley_node *map);

/* Indices in the order in which they are listed: 5, 0-99 or a list of these; *list stays NULL for all. what: "images" */
bool volley_read_indices(volley_reading *reading, volley_node *node, const char *what, double **list, int *count);

/* Some neurons of a population of `size` that a key of entry selects: all, which is the default, 5, 0-99 or a list of these. */
void volley_read_selection(volley_reading *reading, const volley_node *entry, const volley_key_info *key, uint32_t size,
                           volley_pick pick, volley_selection *out);

/* Reports what an engine that takes no steps cannot do, and which can. */
void volley_check_continuous(volley_reading *reading);

/* Applies experiment->scale_neurons and scale_indegree to an experiment that was read at full size. Sizes and numbers of
 * synapses shrink, weights grow by 1 / sqrt(k) where the indegree shrinks by k, and a constant current restores the
 * mean input that full indegrees and mean rates give. A Poisson stimulus is a part of the network's input if it reaches
 * a whole population during the whole run: then its sources and weight scale like indegrees. Other stimuli and
 * receptors that count spikes stay as they are. Selections are cut to what is left. Not collective; returns VOLLEY_USAGE
 * after reporting what cannot be scaled. */
volley_status volley_experiment_scale(volley_experiment *experiment);

#endif
