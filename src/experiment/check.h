/* From a description, whoever has made it, to a checked experiment. */
#ifndef VOLLEY_EXPERIMENT_CHECK_H
#define VOLLEY_EXPERIMENT_CHECK_H

#include "experiment/tree.h"
#include "model/experiment.h"

#include <mpi.h>
#include <stdio.h>

/* Checks a description, scales what it describes, and fills an experiment, which keeps all of them in the arena and owns
 * that from now on. file: path of the experiment file, which names the output by default; folder: where relative paths
 * start, absolute; looks_at_files: this process reports files that are missing. Returns the experiment also where something
 * is wrong: every fault is on this process's list (volley_local_status()) then. Not collective. */
volley_experiment *volley_experiment_check(volley_arena *arena, volley_node *root, const char *file, const char *folder,
                                           bool looks_at_files);

/* Notes in a description what its numbers are in their documented units and what stands for absent keys, as the check does,
 * without a word on what is wrong. The root is a map. Models of plugins must be loaded. Not collective. */
void volley_description_annotate(volley_arena *arena, volley_node *root);

/* All that an experiment says as YAML text: every key that has a value, in the order of the tables, numbers in their
 * documented units, defaults filled in. Read again it is the same experiment, and gives the same text. What has no default
 * but follows from other keys is left out: stop, output.file, and parameters that are not given of entries with several
 * models. Owned by the experiment. Not collective. */
const char *volley_experiment_resolve(const volley_experiment *experiment);

/* Whether the key at a path, or what stands in it, cannot change the results. */
bool volley_key_is_free(const char *path);

/* Tells on stderr which keys differ that could change the results. Of a run that begins where another was saved. */
void volley_experiment_tell(const volley_experiment *now, volley_arena *arena, volley_node *then, const char *name);

/* How many keys differ that could change the results between the experiment `then`, whose description is a map, and
 * `now`, if a run of the one is gone on with as the other from time_ms of model time on. Unless silent, adds a fault for
 * each, and for a duration that is over already, and one that says what can be done. name: what messages call `then`,
 * which is annotated. Paths and the like are made in the arena. Not collective, but the same on every rank. */
int volley_experiment_differences(const volley_experiment *now, volley_arena *arena, volley_node *then,
                                  const char *name, double time_ms, bool silent);

/* Adds a fault where one run of the experiment cannot be from 0 ms on: all of its trials are meant, or one that goes on where the one
 * before has ended. Not collective. */
void volley_trial_check(const volley_experiment *experiment);

/* Adds a note to those of an experiment, unless it is among them. Not collective. */
void volley_experiment_note(volley_experiment *experiment, const char *text);

/* Rank 0 prints the experiment's notes to stderr. Not collective. */
void volley_experiment_print_notes(const volley_experiment *experiment, MPI_Comm comm);

/* Writes the reference of all keys as Markdown, from the tables that the reader works with. */
void volley_experiment_write_reference(FILE *out);

#endif
