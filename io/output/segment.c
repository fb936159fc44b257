#include "io/output/segment.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/data/inputs.h"
#include "io/experiment/file.h"
#include "io/file/hdf5.h"
#include "io/file/path.h"
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
  if (recorder->kind->is_sonata && !recorder->kind->holds_spikes)
    snprintf(size, sizeof size, " of %s", volley_count(recorder->neurons.count, "neuron").text);
  volley_hdf5_fault(&stretch->hdf5, "'%s' is no recording of this run: it has no recorder '%s' of %s%s", stretch->path,
                    recorder->name, recorder->kind->plural, size);
}

/* Opens a dataset of a recorder's, to be read piece by piece without taking in whole chunks. Its extent must be
 * [*count][width] where it has two dimensions, else [*count]. */
static hid_t open_set(volley_segment *stretch, const volley_recorder *recorder, const char *name, int dimensions,
                      uint64_t width, uint64_t *count) {
  char *group = volley_recorder_path(stretch->experiment, recorder);
  char *path = volley_path_format("%s/%s", group, name);
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
  stretch->path = volley_path_format("%s", path);
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

volley_status volley_segment_spikes(volley_segment *stretch, int r, uint64_t first, uint64_t count, double *times,
                                    uint64_t *ids) {
  const hsize_t start = first, size = count;
  if (count == 0) return outcome(stretch);
  volley_hdf5_read_part(&stretch->hdf5, stretch->sources[r].times, "timestamps", H5T_NATIVE_DOUBLE, 1, &start, NULL,
                        &size, times);
  volley_hdf5_read_part(&stretch->hdf5, stretch->sources[r].ids, "node_ids", H5T_NATIVE_UINT64, 1, &start, NULL, &size,
                        ids);
  return outcome(stretch);
}

volley_status volley_segment_tile(volley_segment *stretch, int r, const volley_tile *tile, double *data) {
  const hsize_t start[2] = {tile->first_row, tile->first_column}, size[2] = {tile->rows, tile->columns};
  if (size[0] && size[1])
    volley_hdf5_read_part(&stretch->hdf5, stretch->sources[r].data, "data", H5T_NATIVE_DOUBLE, 2, start, NULL, size,
                          data);
  return outcome(stretch);
}

/* Whether a group of the file at path holds the text of the same experiment and, if asked for, the same sum of the files that
 * it reads. */
static bool is_of(const char *path, const char *group_name, const volley_experiment *experiment, bool has_inputs) {
  volley_hdf5 file = {.path = path, .is_silent = true};
  char hash[VOLLEY_INPUTS_HASH_SIZE];
  volley_arena *arena = volley_arena_create();
  const hid_t root = volley_hdf5_open(&file), group = volley_hdf5_open_group(&file, root, group_name);
  const char *text = volley_hdf5_get_document(&file, group, "experiment", arena);
  bool same = !file.failed && volley_experiment_is_same(experiment, text);
  volley_inputs_hash(experiment, hash);
  if (same && has_inputs) same = strcmp(volley_hdf5_get_text(&file, group, "inputs_hash", arena), hash) == 0;
  volley_hdf5_release(&file, group);
  if (root >= 0) (void)H5Fclose(root);
  volley_arena_destroy(arena);
  return same;
}

bool volley_segment_is_of(const char *path, const volley_experiment *experiment) {
  return is_of(path, "volley", experiment, true);
}

bool volley_checkpoint_is_of(const char *path, const volley_experiment *experiment) {
  return is_of(path, "volley_checkpoint", experiment, false);
}
