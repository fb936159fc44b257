/* What a checkpoint is made of: a table of sections, one file each, with a line in sections.c. A section says what it
 * has to write, and finds it again by name.
 *
 * Writing: every section describes its datasets; the file is then created as a whole, in this order, which decides where
 * everything lies; then the values are put. Reading: what is known without a network when the file is opened, the rest
 * into the network. */
#ifndef VOLLEY_IO_CHECKPOINT_SECTION_H
#define VOLLEY_IO_CHECKPOINT_SECTION_H

#include "base/memory.h"
#include "io/checkpoint/checkpoint.h"
#include "io/checkpoint/dataset.h"

/* What is saved. Nothing is owned. */
typedef struct volley_saved {
  const volley_run_parts *parts;
  const volley_run_state *state;
  const volley_recorded *past;
  const char *output;
} volley_saved;

/* What is to be written, in the order in which it is created. */
typedef struct volley_contents {
  volley_arena *arena; /* for what lives as long as the contents */
  struct volley_item *first, **end;
  size_t n_datasets;
  uint64_t bytes; /* that the file takes with them at most */
} volley_contents;

typedef struct volley_section {
  const char *name; /* of its group; several sections may share one */
  /* Whether a run of this experiment has such a section; NULL: every run. The rest may be NULL, too. */
  bool (*is_needed)(const volley_experiment *experiment);
  /* Bytes that groups and values take in the file, about. */
  uint64_t (*bytes)(const volley_experiment *experiment);
  /* Adds its groups and datasets, the same on every rank. Returns what put() and release() get. Collective. Here as in put() no
   * memory is a fault that is left on the list of its rank; nothing is written then. */
  void *(*create)(volley_contents *contents, const volley_saved *saved);
  /* Puts values of datasets that were added without. Collective. */
  void (*put)(volley_hdf5 *file, const volley_saved *saved, void *own);
  void (*release)(void *own);
  /* Reads into the checkpoint's info when it is opened. Collective; the same outcome on every rank. */
  void (*read)(volley_checkpoint *checkpoint);
  /* Sets the parts of the run as they were. Collective; faults are left on the list. */
  void (*restore)(volley_checkpoint *checkpoint, const volley_run_parts *parts);
} volley_section;

/* Whether a run of this experiment has the section. */
static inline bool volley_section_is_needed(const volley_section *section, const volley_experiment *experiment) {
  return !section->is_needed || section->is_needed(experiment);
}

/* All sections in the order of the file, ended by NULL. */
const volley_section *const *volley_checkpoint_sections(void);

/* Bytes of metadata at most, generous: of a file, a group, a dataset with its part of the seal. */
enum { VOLLEY_BYTES_OF_FILE = 65536, VOLLEY_BYTES_OF_GROUP = 4096, VOLLEY_BYTES_OF_DATASET = 2048 + 64 };

/* Contents without anything, to be destroyed; in place, which must stay. What is added must live as long as they do, unless
 * it is the arena's. */
void volley_contents_create(volley_contents *contents);
void volley_contents_destroy(volley_contents *contents);

/* Adds a group; paths are copied, formatted as by printf(). */
void volley_contents_add_group(volley_contents *contents, const char *path, ...) __attribute__((format(printf, 2, 3)));

/* Adds an attribute of a group: a text, or one value of a type of HDF5's own. */
void volley_contents_add_text(volley_contents *contents, const char *group, const char *name, const char *text);
void volley_contents_add_value(volley_contents *contents, const char *group, const char *name, hid_t type,
                               const void *value);

/* Adds a dataset of numbers; units: NULL or a text. values: all, put by rank 0; NULL: the section puts them. */
volley_dataset *volley_contents_add(volley_contents *contents, hid_t type, uint64_t count, const char *units,
                                    const void *values, const char *path, ...) __attribute__((format(printf, 6, 7)));

/* n numbers, the arena's; NULL on all ranks where one has no memory for them, a fault that is left on its list. Collective. */
double *volley_contents_numbers(volley_contents *contents, uint64_t n, MPI_Comm comm);

/* Adds a dataset of n texts, which are copied, the first at `texts` and each `stride` bytes behind the one before; a single
 * text as a scalar. */
void volley_contents_add_texts(volley_contents *contents, const char *path, size_t n, const void *texts, size_t stride);
void volley_contents_add_scalar(volley_contents *contents, const char *path, const char *text);

/* Bytes that each of these texts takes in such a dataset. */
size_t volley_texts_width(size_t n, const void *texts, size_t stride);

/* Creates all of it in an empty file. Collective. */
void volley_contents_make(const volley_contents *contents, volley_hdf5 *file, hid_t root);
/* Puts values that were given; by one rank. descriptor: of the same file, for all that is put. */
void volley_contents_put(const volley_contents *contents, volley_hdf5 *file, int descriptor, bool puts);
/* Writes the checksums, notes where bytes are in extents, [n_datasets], and releases the datasets. Collective over comm. */
void volley_contents_finish(const volley_contents *contents, volley_hdf5 *file, MPI_Comm comm, volley_extent *extents);
/* Releases them as they are. */
void volley_contents_release(const volley_contents *contents, volley_hdf5 *file);

/* What a run of another experiment takes of a checkpoint. */
typedef struct volley_taking {
  int *populations; /* [n_populations of the run] number in the checkpoint's experiment, -1: not taken */
  int *projections; /* [n_projections] number among those there whose synapses change, likewise */
  int *given;       /* [n_projections] number there of one whose weights a program has set, which are taken; -1: none */
  int64_t *swept;   /* [n_projections] when those that are taken were swept last there */
  bool *readouts;   /* [n_readouts] */
  double reach;     /* how far back the checkpoint has spikes, in steps or, in a continuous run, ms */
} volley_taking;

/* A checkpoint that is open. */
struct volley_checkpoint {
  const volley_taking *taking; /* NULL: all, of the same experiment */
  volley_hdf5 file;
  hid_t handle;
  MPI_Comm comm;
  volley_arena *arena;
  volley_checkpoint_info info;
};

/* Tells of spikes under way that only longer delays would need. */
void volley_taking_tell(const volley_checkpoint *checkpoint, const volley_network *network);

/* Whether the checkpoint has weights of static synapses of a projection, by its number there, that a program had set. Collective. */
bool volley_given_is_saved(const volley_checkpoint *checkpoint, int projection);

/* Whether the synapses of a projection, so many, are those of the checkpoint, where they have a number; if not, they begin at its
 * step. Collective. */
bool volley_synapses_are_taken(volley_checkpoint *checkpoint, volley_network *network, int projection,
                               uint64_t synapses, int *number);

/* The step of the last sweep over the synapses of a projection, by the experiment that was saved. A run that began at another's
 * checkpoint may be saved before a sweep of its own, and synapses whose states a program sets are swept then; an attribute of their group
 * says so. Collective. */
void volley_swept_add(volley_contents *contents, const volley_saved *saved, int projection, const char *group);
int64_t volley_swept_find(volley_checkpoint *checkpoint, const volley_network *network, int projection, int number);

/* Adds the fault that the file is no sound checkpoint, unless there is one. */
void volley_checkpoint_refuse(volley_checkpoint *checkpoint, const char *what);

/* Opens a dataset. */
volley_dataset volley_checkpoint_dataset(volley_checkpoint *checkpoint, const char *path);

/* Read a dataset on every rank; n: number of values, 0 after a fault. Counts and texts are the checkpoint's; numbers are
 * the caller's. */
uint64_t *volley_checkpoint_counts(volley_checkpoint *checkpoint, const char *path, uint64_t *n);
char **volley_checkpoint_texts(volley_checkpoint *checkpoint, const char *path, uint64_t *n);
double *volley_checkpoint_numbers(volley_checkpoint *checkpoint, const char *path, uint64_t *n);

#endif
