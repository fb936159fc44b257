#include "io/output/segment.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/data/inputs.h"
#include "io/experiment/file.h"
#include "io/file/hdf5.h"
#include "io/output/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The datasets of one recorder. */
typedef struct source {
  hid_t times, ids; /* spikes */
  hid_t data;       /* traces */
  uint64_t count;   /* spikes or rows */
} source;

struct volley_segment {
  const volley_experiment *experiment;
  volley_hdf5 hdf5;
  char *path;
  hid_t handle;
  source *sources; /* [n_recorders] */
};

static volley_status outcome(const volley_segment *stretch) {
  return stretch->hdf5.failed ? stretch->hdf5.blame : VOLLEY_OK;
}

static void fail(volley_segment *stretch, const volley_recorder *recorder) {
  char size[96] = "";
  if (stretch->hdf5.failed) return;
  stretch->hdf5.failed = true;
  if (recorder->kind->is_sonata && !recorder->kind->holds_spikes)
    snprintf(size, sizeof size, " of %s", volley_count(recorder->neurons.count, "neuron").text);
  volley_fault(stretch->hdf5.blame, NULL, "'%s' is no recording of this run: it has no recorder '%s' of %s%s",
               stretch->path, recorder->name, recorder->kind->plural, size);
}

/* Opens a dataset of a recorder's, to be read piece by piece without taking in whole chunks. Its extent must be
 * [*count][width] where it has two dimensions, else [*count]. */
static hid_t open_set(volley_segment *stretch, const volley_recorder *recorder, const char *name, int dimensions,
                      uint64_t width, uint64_t *count) {
  char *group = volley_recorder_path(stretch->experiment, recorder);
  char *path = volley_alloc(strlen(group) + strlen(name) + 2, 1, "a path");
  sprintf(path, "%s/%s", group, name);
  const hid_t access = volley_hdf5_check(&stretch->hdf5, H5Pcreate(H5P_DATASET_ACCESS), "set up");
  volley_hdf5_check(&stretch->hdf5, H5Pset_chunk_cache(access, 0, 0, H5D_CHUNK_CACHE_W0_DEFAULT), "set up");
  const hid_t set = stretch->hdf5.failed ? -1 : H5Dopen2(stretch->handle, path, access);
  const hid_t space = set < 0 ? -1 : volley_hdf5_check(&stretch->hdf5, H5Dget_space(set), "look up data of");
  hsize_t size[H5S_MAX_RANK] = {0};
  const int found = space < 0 ? -1 : H5Sget_simple_extent_dims(space, size, NULL);
  if (found != dimensions || (dimensions == 2 && size[1] != width)) fail(stretch, recorder);
  *count = size[0];
  volley_hdf5_release(&stretch->hdf5, space);
  volley_hdf5_release(&stretch->hdf5, access);
  free(path);
  free(group);
  return set;
}

static void open_source(volley_segment *stretch, int r) {
  const volley_recorder *recorder = &stretch->experiment->recorders[r];
  source *opened = &stretch->sources[r];
  if (!recorder->kind->holds_spikes) {
    const uint64_t width = volley_recorder_width(stretch->experiment, recorder);
    opened->data = open_set(stretch, recorder, "data", 2, width, &opened->count);
    return;
  }
  uint64_t n_times = 0, n_ids = 0;
  opened->times = open_set(stretch, recorder, "timestamps", 1, 0, &n_times);
  opened->ids = open_set(stretch, recorder, "node_ids", 1, 0, &n_ids);
  opened->count = n_times < n_ids ? n_times : n_ids;
}

volley_status volley_segment_open(const char *path, const volley_experiment *experiment, volley_status blame,
                                  volley_segment **out) {
  volley_segment *stretch = volley_alloc(1, sizeof *stretch, "a recording");
  stretch->experiment = experiment;
  stretch->path = strcpy(volley_alloc(strlen(path) + 1, 1, "a path"), path);
  stretch->hdf5 = (volley_hdf5){.path = stretch->path, .blame = blame};
  stretch->sources = volley_alloc((size_t)experiment->n_recorders, sizeof *stretch->sources, "a recording");
  stretch->handle = volley_hdf5_open(&stretch->hdf5);
  for (int r = 0; r < experiment->n_recorders; r++) {
    stretch->sources[r] = (source){.times = -1, .ids = -1, .data = -1};
    if (!stretch->hdf5.failed) open_source(stretch, r);
  }
  const volley_status status = outcome(stretch);
  if (status == VOLLEY_OK)
    *out = stretch;
  else
    volley_segment_close(stretch);
  return status;
}

void volley_segment_close(volley_segment *stretch) {
  if (!stretch) return;
  for (int r = 0; r < stretch->experiment->n_recorders; r++) {
    volley_hdf5_release(&stretch->hdf5, stretch->sources[r].times);
    volley_hdf5_release(&stretch->hdf5, stretch->sources[r].ids);
    volley_hdf5_release(&stretch->hdf5, stretch->sources[r].data);
  }
  if (stretch->handle >= 0) (void)H5Fclose(stretch->handle);
  free(stretch->sources);
  free(stretch->path);
  free(stretch);
}

uint64_t volley_segment_count(const volley_segment *stretch, int r) { return stretch->sources[r].count; }

/* Reads a part of a dataset of so many dimensions. */
static void read_part(volley_segment *stretch, hid_t set, hid_t type, int dimensions, const hsize_t *start,
                      const hsize_t *size, void *values) {
  volley_hdf5 *hdf5 = &stretch->hdf5;
  const hid_t memory = volley_hdf5_check(hdf5, H5Screate_simple(dimensions, size, NULL), "describe data of");
  const hid_t space = volley_hdf5_check(hdf5, H5Dget_space(set), "look up data of");
  volley_hdf5_check(hdf5, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, size, NULL), "select data of");
  volley_hdf5_check(hdf5, H5Dread(set, type, memory, space, H5P_DEFAULT, values), "read");
  volley_hdf5_release(hdf5, space);
  volley_hdf5_release(hdf5, memory);
}

volley_status volley_segment_spikes(volley_segment *stretch, int r, uint64_t first, uint64_t count, double *times,
                                    uint64_t *ids) {
  const hsize_t start = first, size = count;
  if (count == 0) return outcome(stretch);
  read_part(stretch, stretch->sources[r].times, H5T_NATIVE_DOUBLE, 1, &start, &size, times);
  read_part(stretch, stretch->sources[r].ids, H5T_NATIVE_UINT64, 1, &start, &size, ids);
  return outcome(stretch);
}

volley_status volley_segment_tile(volley_segment *stretch, int r, const volley_tile *tile, double *data) {
  const hsize_t start[2] = {tile->first_row, tile->first_column}, size[2] = {tile->rows, tile->columns};
  if (size[0] && size[1]) read_part(stretch, stretch->sources[r].data, H5T_NATIVE_DOUBLE, 2, start, size, data);
  return outcome(stretch);
}

/* Whether the file was recorded with the same contents of the files that the experiment reads. */
static bool has_inputs(hid_t file, const volley_experiment *experiment) {
  char hash[VOLLEY_INPUTS_HASH_SIZE], found[VOLLEY_INPUTS_HASH_SIZE] = "";
  volley_inputs_hash(experiment, hash);
  const hid_t attribute = H5Aopen_by_name(file, "volley", "inputs_hash", H5P_DEFAULT, H5P_DEFAULT);
  const hid_t type = attribute < 0 ? -1 : H5Aget_type(attribute);
  if (type >= 0 && H5Tget_size(type) < sizeof found) (void)H5Aread(attribute, type, found);
  if (type >= 0) (void)H5Tclose(type);
  if (attribute >= 0) (void)H5Aclose(attribute);
  return strcmp(hash, found) == 0;
}

/* Whether the text of an experiment at a path in a file is the same experiment. */
static bool has_experiment(hid_t file, const char *path, const volley_experiment *experiment) {
  bool same = false;
  const hid_t set = file < 0 ? -1 : H5Dopen2(file, path, H5P_DEFAULT);
  const hid_t type = set < 0 ? -1 : H5Dget_type(set);
  if (type >= 0) {
    char *text = volley_alloc(H5Tget_size(type) + 1, 1, "the text of an experiment");
    same = H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) >= 0 && volley_experiment_is_same(experiment, text);
    free(text);
  }
  if (type >= 0) (void)H5Tclose(type);
  if (set >= 0) (void)H5Dclose(set);
  return same;
}

bool volley_segment_is_of(const char *path, const volley_experiment *experiment) {
  const hid_t file = volley_hdf5_try_open(path);
  const bool same = has_experiment(file, "/volley/experiment", experiment) && has_inputs(file, experiment);
  if (file >= 0) (void)H5Fclose(file);
  return same;
}

bool volley_checkpoint_is_of(const char *path, const volley_experiment *experiment) {
  const hid_t file = volley_hdf5_try_open(path);
  const bool same = has_experiment(file, "/volley_checkpoint/experiment", experiment);
  if (file >= 0) (void)H5Fclose(file);
  return same;
}
