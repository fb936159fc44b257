/* An experiment that a program describes by calls instead of a file, with the same keys (docs/experiment.md) and the same
 * checks. A fault names the call that it comes from: "call 7: populations.E.size: ...", where calls are counted from 1
 * through those that add and set. All ranks must make the same calls. Nothing here is collective but the check. */
#ifndef VOLLEY_EXPERIMENT_DESCRIBE_H
#define VOLLEY_EXPERIMENT_DESCRIBE_H

#include "model/experiment.h"

#include <mpi.h>

typedef struct volley_description volley_description;

/* An empty description. name: stands for the name of an experiment file, which names the output by default; folder: where
 * relative paths in it start, "." is the working folder. Copied. Owned by the caller until it is checked or destroyed. */
volley_description *volley_description_create(const char *name, const char *folder);
void volley_description_destroy(volley_description *description); /* NULL is allowed */

/* Adds an entry to a section that is a list: populations, projections, stimuli, readouts, ablations, recorders. name: by
 * which paths reach it; NULL for none: they reach it by its number, which is returned, from 0. -1 after adding a fault:
 * what is there is no list. */
int volley_description_add(volley_description *description, const char *section, const char *name);

/* Set the value of a key, once or again. path: as --set has it, "simulation.duration", "populations.E.parameters.tau_m",
 * "stimuli.0.signal.type"; mappings on the way are made. A text is a word, a name, or a number with its unit, "20 ms";
 * numbers are in the unit that is documented. Arrays are copied as they are; rows are the lines of a matrix [n_rows]
 * [n_columns]. Return VOLLEY_USAGE after adding a fault: there is no such entry. */
volley_status volley_description_set(volley_description *description, const char *path, const char *text);
volley_status volley_description_set_number(volley_description *description, const char *path, double number);
volley_status volley_description_set_texts(volley_description *description, const char *path, const char *const *texts,
                                           int n);
volley_status volley_description_set_numbers(volley_description *description, const char *path, const double *numbers,
                                             size_t n);
volley_status volley_description_set_rows(volley_description *description, const char *path, const double *numbers,
                                          int n_rows, size_t n_columns);

/* Checks what was described, as an experiment file is, and makes the experiment of it: *out, owned by the caller, only if
 * all is right. looks_at_files: a file that is named and not there is a fault; false where a reader of the program's own
 * (model/reader.h) has what `file` and `dataset` name. Destroys the description. Collective over comm; every fault is
 * reported in one go, agreed status. */
volley_status volley_description_check(volley_description *description, bool looks_at_files, MPI_Comm comm,
                                       volley_experiment **out);

#endif
