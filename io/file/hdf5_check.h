/* Checked HDF5 calls. A file carries the outcome of all calls made for it: the first failure becomes a fault that names
 * the file and HDF5's innermost reason, later ones are its consequences and stay silent. Calls on the invalid
 * identifiers that a failure leaves behind do no harm, so callers go on to their next point of agreement. */
#ifndef VOLLEY_IO_FILE_HDF5_CHECK_H
#define VOLLEY_IO_FILE_HDF5_CHECK_H

#include "base/memory.h"
#include "base/status.h"

#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

typedef struct volley_hdf5 {
  const char *path;          /* as faults name the file; not owned */
  const volley_place *place; /* where the experiment names the file, or NULL; not owned */
  volley_status blame;       /* status of faults: VOLLEY_FAILURE when writing, VOLLEY_USAGE when reading */
  bool failed;               /* a call has failed */
  bool is_silent;            /* that adds no fault */
  bool writes;               /* this rank writes what volley_hdf5_put_array is given (rank 0) */
} volley_hdf5;

/* Keeps HDF5 from printing its error stack, in this thread. Not collective. */
void volley_hdf5_quiet(void);

/* Whether this library compresses data that all ranks write together. */
bool volley_hdf5_can_compress(void);

/* Adds a fault, unless something has failed before. Returns false. */
bool volley_hdf5_fault(volley_hdf5 *file, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Hands result through. If it is negative and nothing has failed before, adds the fault "cannot DOING PATH: reason". */
int64_t volley_hdf5_check(volley_hdf5 *file, int64_t result, const char *doing);

/* H5Dread into all of `values`, checked. A filter that the data went through and that is not here is named. */
void volley_hdf5_read(volley_hdf5 *file, hid_t set, const char *name, hid_t type, hid_t memory, hid_t space,
                      void *values);

/* Closes any identifier but a file's; negative ones are ignored. Collective where the object is shared. */
void volley_hdf5_release(volley_hdf5 *file, hid_t id);

/* Whether what a file announces can be kept in memory: `count` values of `size` bytes. If not, adds a fault that names
 * `what` of the file, and both figures. Not collective. */
bool volley_hdf5_fits(volley_hdf5 *file, const char *what, uint64_t count, size_t size);

/* Whether a file can hold as many values of a dataset as it announces: one whose values were never written, or not to their
 * end, has none, or fewer bytes than values. `stored`: bytes that it has. Not collective. */
bool volley_hdf5_is_stored(hid_t set, uint64_t *stored);

/* The readers below are not collective. What they return is the arena's; after a fault it is empty, 0 or NAN. */

hid_t volley_hdf5_open_group(volley_hdf5 *file, hid_t parent, const char *name);
hid_t volley_hdf5_open_set(volley_hdf5 *file, hid_t parent, const char *name);

/* Attributes: a text, one value of type, a number, a count. */
const char *volley_hdf5_get_text(volley_hdf5 *file, hid_t object, const char *name, volley_arena *arena);
/* A text attribute of fixed or variable length that may be absent, as other programs write them: its beginning, in `size` bytes.
 * False, and "", where there is none. */
bool volley_hdf5_find_text(hid_t object, const char *name, char *text, size_t size);
void volley_hdf5_get_value(volley_hdf5 *file, hid_t object, const char *name, hid_t type, void *value);
double volley_hdf5_get_number(volley_hdf5 *file, hid_t object, const char *name);
uint64_t volley_hdf5_get_count(volley_hdf5 *file, hid_t object, const char *name);

/* A dataset that is one text. */
const char *volley_hdf5_get_document(volley_hdf5 *file, hid_t parent, const char *name, volley_arena *arena);

/* Number of values of a dataset. */
uint64_t volley_hdf5_count_values(volley_hdf5 *file, hid_t set);

/* All values of a dataset, of type, *n of them. */
void *volley_hdf5_get_array(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, volley_arena *arena,
                            uint64_t *n);

/* Values of a dataset `name` of so many dimensions: count[d] of each, from start[d] on, every stride[d]-th (NULL: all). */
void volley_hdf5_read_part(volley_hdf5 *file, hid_t set, const char *name, hid_t type, int dimensions,
                           const hsize_t *start, const hsize_t *stride, const hsize_t *count, void *values);

/* The writers below are collective over the ranks that opened the file, all with equal arguments. */

/* A new group, with those of its path that are not there yet; to be released by the caller. */
hid_t volley_hdf5_put_group(volley_hdf5 *file, hid_t parent, const char *name);

/* A type of text with room for `bytes` bytes, 1 or more; to be released by the caller. Not collective. */
hid_t volley_hdf5_text_type(volley_hdf5 *file, size_t bytes);

/* New attributes: a text (UTF-8, fixed length), a number, a count, or n values of type (both in memory and file;
 * n = 0: one scalar). */
void volley_hdf5_put_text(volley_hdf5 *file, hid_t object, const char *name, const char *text);
void volley_hdf5_put_number(volley_hdf5 *file, hid_t object, const char *name, double value);
void volley_hdf5_put_count(volley_hdf5 *file, hid_t object, const char *name, uint64_t value);
void volley_hdf5_put_values(volley_hdf5 *file, hid_t object, const char *name, hid_t type, size_t n,
                            const void *values);

/* A new one-dimensional dataset of n values, written by the rank whose file->writes is set; the others may pass NULL. */
void volley_hdf5_put_array(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, size_t n, const void *values);

/* The same, of which the dataset is returned, to be released by the caller. */
hid_t volley_hdf5_put_open_array(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, size_t n,
                                 const void *values);

/* The same with [n][width] values. */
void volley_hdf5_put_rows(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, size_t n, size_t width,
                          const void *values);

/* Other values for an attribute of one value, or for all of a dataset. */
void volley_hdf5_replace(volley_hdf5 *file, hid_t object, const char *name, hid_t type, const void *value);
void volley_hdf5_replace_array(volley_hdf5 *file, hid_t set, hid_t type, const void *values);

/* New datasets of texts: one (a scalar), or n. */
void volley_hdf5_put_document(volley_hdf5 *file, hid_t parent, const char *name, const char *text);
void volley_hdf5_put_texts(volley_hdf5 *file, hid_t parent, const char *name, size_t n, const char *const *texts);

#endif
