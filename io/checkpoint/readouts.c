/* Section of readouts: group /readouts/NAME with `state` (decoders, filters, outputs), `P` (N x N values, row by row; A of
 * batch learning; absent where the learner keeps none) and `pending` (vectors that go with it, [n][N]: see learner/rls.h
 * and learner/batch.h). */
#include "base/progress.h"
#include "io/checkpoint/section.h"

#include <stdlib.h>

enum {
  PIECE = 1 << 22,  /* bytes of P that a rank takes in hand at a time */
  MOST_PENDING = 64 /* vectors that go with P, beside one a dimension */
};

static uint64_t count_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const uint64_t n = readout->reads.size, k = (uint64_t)readout->supervisor->dimension;
    const uint64_t spikes = n * 64; /* noted and not yet in the filters: far more than can be */
    bytes += VOLLEY_BYTES_OF_GROUP + 3 * VOLLEY_BYTES_OF_DATASET;
    bytes += (n * (n + MOST_PENDING + 2 * k + 2) + 8 * k + spikes) * sizeof(double);
  }
  return bytes;
}

/* Returns the datasets of P. */
static void *create(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  const MPI_Comm comm = saved->parts->network->comm;
  volley_readouts *readouts = saved->parts->readouts;
  volley_arena *arena = contents->arena;
  volley_dataset **matrices = volley_arena_alloc(arena, (size_t)experiment->n_readouts, sizeof *matrices);
  for (int r = 0; r < experiment->n_readouts; r++) {
    const char *name = experiment->readouts[r].name;
    const uint64_t n = experiment->readouts[r].reads.size, size = volley_readouts_state_size(readouts, r);
    const volley_learner *learner = volley_readouts_learner(readouts, r);
    const uint64_t pending = learner->kind->rows ? (uint64_t)learner->kind->pending(learner->own) * n : 0;
    double *state = volley_contents_numbers(contents, size, comm);
    double *columns = volley_contents_numbers(contents, pending, comm);
    if (!state || !columns) return NULL;
    volley_readouts_get_state(readouts, r, state);
    if (learner->kind->rows) learner->kind->get_pending(learner->own, columns);
    volley_contents_add_group(contents, "readouts/%s", name);
    volley_contents_add(contents, H5T_NATIVE_DOUBLE, size, NULL, state, "readouts/%s/state", name);
    volley_contents_add(contents, H5T_NATIVE_DOUBLE, pending, NULL, columns, "readouts/%s/pending", name);
    if (!learner->kind->rows) continue;
    matrices[r] = volley_contents_add(contents, H5T_NATIVE_DOUBLE, n * n, NULL, NULL, "readouts/%s/P", name);
  }
  return matrices;
}

/* Puts the rows of P that this rank has, piece by piece, or gets and sets them. */
static void move_rows(volley_hdf5 *file, volley_dataset *dataset, uint64_t n, const volley_learner *learner,
                      bool puts) {
  const uint64_t at_once = PIECE / (n * sizeof(double));
  const uint32_t most = at_once > 0 ? (uint32_t)at_once : 1;
  uint32_t first, count;
  if (!learner->kind->rows) return;
  learner->kind->rows(learner->own, &first, &count);
  double *rows = volley_alloc_or_fault((size_t)most * n, sizeof *rows, "a checkpoint");
  if (!rows) file->failed = true;
  for (uint32_t from = first; from < first + count && !file->failed; from += most) {
    const uint32_t some = first + count - from < most ? first + count - from : most;
    if (puts) {
      learner->kind->get_rows(learner->own, from, some, rows);
      volley_dataset_put(file, dataset, from * n, some * n, rows);
    } else {
      volley_dataset_get(file, dataset, H5T_NATIVE_DOUBLE, from * n, some * n, rows);
      learner->kind->set_rows(learner->own, from, some, rows);
    }
  }
  free(rows);
}

static void put(volley_hdf5 *file, const volley_saved *saved, void *own) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  volley_dataset **matrices = own;
  for (int r = 0; r < experiment->n_readouts; r++)
    move_rows(file, matrices[r], experiment->readouts[r].reads.size, volley_readouts_learner(saved->parts->readouts, r),
              true);
}

static void restore_rows(volley_checkpoint *checkpoint, const volley_readout *readout, const volley_learner *learner) {
  volley_hdf5 *file = &checkpoint->file;
  const uint64_t n = readout->reads.size;
  volley_dataset dataset =
      volley_checkpoint_dataset(checkpoint, volley_arena_format(checkpoint->arena, "readouts/%s/P", readout->name));
  if (!file->failed && dataset.count != n * n) {
    file->failed = true;
    volley_fault(VOLLEY_USAGE, &readout->place, "the checkpoint's P of readout '%s' is not %llu x %llu", readout->name,
                 (unsigned long long)n, (unsigned long long)n);
  }
  move_rows(file, &dataset, n, learner, false);
  volley_dataset_release(file, &dataset);
}

/* Whether a state fits a readout. One of another dimension, which a file may decide, is not taken; a run that goes on has none. */
static bool can_have(volley_checkpoint *checkpoint, const volley_run_parts *parts, int r, uint64_t size,
                     const double *state) {
  const volley_readout *readout = &parts->network->experiment->readouts[r];
  if (checkpoint->file.failed || volley_readouts_can_have(parts->readouts, r, size, state))
    return !checkpoint->file.failed;
  if (!checkpoint->taking)
    volley_fault(VOLLEY_USAGE, &readout->place, "the checkpoint's state of readout '%s' does not fit it",
                 readout->name);
  else if (parts->network->rank == 0)
    volley_progress_note("not taken: readout %s, which has another dimension there", readout->name);
  checkpoint->file.failed = !checkpoint->taking;
  return false;
}

static void restore_readout(volley_checkpoint *checkpoint, const volley_run_parts *parts, int r) {
  const volley_readout *readout = &parts->network->experiment->readouts[r];
  volley_readouts *readouts = parts->readouts;
  volley_hdf5 *file = &checkpoint->file;
  const volley_learner *learner = volley_readouts_learner(readouts, r);
  const uint64_t most = MOST_PENDING + (uint64_t)readout->supervisor->dimension;
  uint64_t size = 0, pending = 0;
  double *state = volley_checkpoint_numbers(
      checkpoint, volley_arena_format(checkpoint->arena, "readouts/%s/state", readout->name), &size);
  const bool fits = can_have(checkpoint, parts, r, size, state);
  double *columns = volley_checkpoint_numbers(
      checkpoint, volley_arena_format(checkpoint->arena, "readouts/%s/pending", readout->name), &pending);
  if (fits && !file->failed && (pending % readout->reads.size || pending / readout->reads.size > most)) {
    file->failed = true;
    volley_fault(VOLLEY_USAGE, &readout->place, "the checkpoint's updates of readout '%s' do not fit it",
                 readout->name);
  }
  if (fits && !file->failed) volley_readouts_set_state(readouts, r, state);
  if (fits && learner->kind->rows) restore_rows(checkpoint, readout, learner);
  if (fits && learner->kind->rows && !file->failed)
    learner->kind->set_pending(learner->own, (int)(pending / readout->reads.size), columns);
  free(state);
  free(columns);
}

static void restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  const volley_experiment *experiment = parts->network->experiment;
  for (int r = 0; r < experiment->n_readouts; r++)
    if (!checkpoint->taking || checkpoint->taking->readouts[r]) restore_readout(checkpoint, parts, r);
}

const volley_section volley_section_readouts = {
    .name = "readouts", .bytes = count_bytes, .create = create, .put = put, .restore = restore};
