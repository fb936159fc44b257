#include "io/checkpoint/readouts.h"

#include <stdlib.h>

enum {
  PIECE = 1 << 22,  /* bytes of P that a rank takes in hand at a time */
  MOST_PENDING = 64 /* vectors that go with P, beside one a dimension */
};

uint64_t volley_readout_checkpoint_bytes(const volley_experiment *experiment, int r) {
  const volley_readout *readout = &experiment->readouts[r];
  const uint64_t n = readout->size, k = (uint64_t)readout->supervisor->dimension;
  const uint64_t spikes = n * 64; /* noted and not yet in the filters: far more than can be */
  return (n * (n + MOST_PENDING + 2 * k + 2) + 8 * k + spikes) * sizeof(double);
}

void volley_readout_create_datasets(volley_hdf5 *file, hid_t parent, const volley_experiment *experiment,
                                    volley_readouts *readouts, int r, volley_arena *arena, volley_dataset *datasets) {
  const volley_readout *readout = &experiment->readouts[r];
  const uint64_t n = readout->size, size = volley_readouts_state_size(readouts, r);
  const volley_learner *learner = volley_readouts_learner(readouts, r);
  const uint64_t pending = (uint64_t)volley_learner_pending(learner) * n;
  double *state = volley_arena_alloc(arena, size, sizeof *state);
  double *columns = volley_arena_alloc(arena, pending, sizeof *columns);
  volley_readouts_get_state(readouts, r, state);
  volley_learner_get_pending(learner, columns);
  const hid_t group = volley_hdf5_put_group(file, parent, readout->name);
  datasets[VOLLEY_READOUT_STATE] = volley_dataset_create(file, group, "state", H5T_NATIVE_DOUBLE, size, NULL, state);
  datasets[VOLLEY_READOUT_PENDING] =
      volley_dataset_create(file, group, "pending", H5T_NATIVE_DOUBLE, pending, NULL, columns);
  datasets[VOLLEY_READOUT_P] = volley_dataset_create(file, group, "P", H5T_NATIVE_DOUBLE, n * n, NULL, NULL);
  volley_hdf5_release(file, group);
}

/* Rows that a piece holds. */
static uint32_t rows_at_once(uint64_t n) {
  const uint64_t rows = PIECE / (n * sizeof(double));
  return rows > 0 ? (uint32_t)rows : 1;
}

void volley_readout_put_rows(volley_hdf5 *file, volley_dataset *dataset, const volley_experiment *experiment,
                             volley_readouts *readouts, int r) {
  const volley_learner *learner = volley_readouts_learner(readouts, r);
  uint32_t first, count;
  volley_learner_rows(learner, &first, &count);
  const uint64_t n = experiment->readouts[r].size;
  const uint32_t most = rows_at_once(n);
  double *rows = volley_alloc((size_t)most * n, sizeof *rows, "a checkpoint");
  for (uint32_t from = first; from < first + count; from += most) {
    const uint32_t some = first + count - from < most ? first + count - from : most;
    volley_learner_get_rows(learner, from, some, rows);
    volley_dataset_put(file, dataset, from * n, some * n, rows);
  }
  free(rows);
}

/* Reads all values of a dataset on every rank; to be freed by the caller. */
static double *get_all(volley_hdf5 *file, hid_t group, const char *name, uint64_t file_bytes, uint64_t *count) {
  volley_dataset dataset = volley_dataset_open(file, group, name, file_bytes);
  *count = file->failed ? 0 : dataset.count;
  double *values = volley_alloc(*count, sizeof *values, "a checkpoint");
  volley_dataset_get(file, &dataset, H5T_NATIVE_DOUBLE, 0, *count, values);
  volley_dataset_release(file, &dataset);
  return values;
}

static void get_rows(volley_hdf5 *file, hid_t group, uint64_t file_bytes, const volley_readout *readout,
                     const volley_learner *learner) {
  uint32_t first, count;
  const uint64_t n = readout->size;
  const uint32_t most = rows_at_once(n);
  volley_learner_rows(learner, &first, &count);
  volley_dataset dataset = volley_dataset_open(file, group, "P", file_bytes);
  if (!file->failed && dataset.count != n * n) {
    file->failed = true;
    volley_fault(VOLLEY_USAGE, &readout->place, "the checkpoint's P of readout '%s' is not %llu x %llu", readout->name,
                 (unsigned long long)n, (unsigned long long)n);
  }
  double *rows = volley_alloc((size_t)most * n, sizeof *rows, "a checkpoint");
  for (uint32_t from = first; from < first + count && !file->failed; from += most) {
    const uint32_t some = first + count - from < most ? first + count - from : most;
    volley_dataset_get(file, &dataset, H5T_NATIVE_DOUBLE, from * n, some * n, rows);
    volley_learner_set_rows(learner, from, some, rows);
  }
  free(rows);
  volley_dataset_release(file, &dataset);
}

void volley_readout_restore(volley_hdf5 *file, hid_t root, uint64_t file_bytes, const volley_experiment *experiment,
                            volley_readouts *readouts, int r) {
  const volley_readout *readout = &experiment->readouts[r];
  const volley_learner *learner = volley_readouts_learner(readouts, r);
  const uint64_t most = MOST_PENDING + (uint64_t)readout->supervisor->dimension;
  uint64_t size = 0, pending = 0;
  const hid_t parent = volley_hdf5_check(file, H5Gopen2(root, "readouts", H5P_DEFAULT), "find the readouts in");
  const hid_t group = volley_hdf5_check(file, H5Gopen2(parent, readout->name, H5P_DEFAULT), "find a readout in");
  double *state = get_all(file, group, "state", file_bytes, &size);
  double *columns = get_all(file, group, "pending", file_bytes, &pending);
  if (!file->failed && (pending % readout->size || pending / readout->size > most)) {
    file->failed = true;
    volley_fault(VOLLEY_USAGE, &readout->place, "the checkpoint's updates of readout '%s' do not fit it",
                 readout->name);
  }
  if (!file->failed) volley_readouts_set_state(readouts, r, size, state);
  if (!file->failed) get_rows(file, group, file_bytes, readout, learner);
  if (!file->failed) volley_learner_set_pending(learner, (int)(pending / readout->size), columns);
  free(state);
  free(columns);
  volley_hdf5_release(file, group);
  volley_hdf5_release(file, parent);
}
