#include "base/memory.h"
#include "base/text.h"
#include "io/checkpoint/checkpoint.h"
#include "io/checkpoint/dataset.h"
#include "io/checkpoint/header.h"
#include "io/checkpoint/readouts.h"
#include "io/checkpoint/redistribute.h"
#include "io/checkpoint/series.h"
#include "io/checkpoint/synapses.h"
#include "io/file/hdf5.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct volley_checkpoint {
  volley_hdf5 file;
  hid_t handle;
  MPI_Comm comm;
  volley_arena *arena;
  volley_checkpoint_info info;
};

static void refuse(volley_checkpoint *checkpoint, const char *what) {
  if (checkpoint->file.failed) return;
  checkpoint->file.failed = true;
  volley_fault(VOLLEY_USAGE, NULL, "'%s' is no sound checkpoint: %s", checkpoint->info.path, what);
}

/* Reads a dataset of counts into memory that the arena owns. */
static uint64_t *get_counts(volley_checkpoint *checkpoint, hid_t group, const char *name, uint64_t *n) {
  volley_dataset dataset = volley_dataset_open(&checkpoint->file, group, name, checkpoint->info.bytes);
  *n = checkpoint->file.failed ? 0 : dataset.count;
  uint64_t *counts = volley_arena_alloc(checkpoint->arena, *n, sizeof *counts);
  volley_dataset_get(&checkpoint->file, &dataset, H5T_NATIVE_UINT64, 0, *n, counts);
  volley_dataset_release(&checkpoint->file, &dataset);
  return counts;
}

/* Reads a dataset of texts. */
static char **get_texts(volley_checkpoint *checkpoint, hid_t group, const char *name, uint64_t *n) {
  volley_hdf5 *file = &checkpoint->file;
  volley_dataset dataset = volley_dataset_open(file, group, name, checkpoint->info.bytes);
  if (!file->failed && H5Tget_class(dataset.type) != H5T_STRING) refuse(checkpoint, "a dataset of texts holds none");
  *n = file->failed ? 0 : dataset.count;
  const size_t width = *n ? dataset.bytes : 0;
  char **texts = volley_arena_alloc(checkpoint->arena, *n, sizeof *texts);
  char *rows = volley_arena_alloc(checkpoint->arena, *n, width);
  volley_dataset_get(file, &dataset, dataset.type, 0, *n, rows);
  for (uint64_t i = 0; i < *n; i++) {
    texts[i] = volley_arena_alloc(checkpoint->arena, width + 1, 1);
    memcpy(texts[i], rows + i * width, width);
  }
  volley_dataset_release(file, &dataset);
  return texts;
}

static void read_description(volley_checkpoint *checkpoint, hid_t group) {
  volley_checkpoint_info *info = &checkpoint->info;
  uint64_t n = 0, n_recorders = 0, n_populations = 0, n_inputs[4] = {0};
  volley_checkpoint_get_header(&checkpoint->file, group, checkpoint->arena, info);
  if (!checkpoint->file.failed && (double)info->state.step * info->dt_ms != info->time_ms)
    refuse(checkpoint, "its step and its time do not fit");
  if (checkpoint->file.failed) return;
  char **texts = get_texts(checkpoint, group, "experiment", &n);
  if (n != 1) refuse(checkpoint, "it holds no experiment");
  if (n == 1) info->experiment = texts[0];
  info->past.files = get_texts(checkpoint, group, "recorded_files", &n);
  info->past.positions = get_counts(checkpoint, group, "recorder_positions", &n_recorders);
  info->state.counts = get_counts(checkpoint, group, "population_spikes", &n_populations);
  info->input_keys = get_texts(checkpoint, group, "input_keys", &n_inputs[0]);
  info->input_files = get_texts(checkpoint, group, "input_files", &n_inputs[1]);
  info->input_bytes = get_counts(checkpoint, group, "input_bytes", &n_inputs[2]);
  info->input_checksums = get_counts(checkpoint, group, "input_checksums", &n_inputs[3]);
  for (int i = 1; i < 4; i++)
    if (n_inputs[i] != n_inputs[0]) refuse(checkpoint, "what it says of the files that were read does not fit");
  if (n > INT_MAX || n_inputs[0] > INT_MAX || n_recorders > INT_MAX || n_populations > INT_MAX)
    refuse(checkpoint, "it holds too much");
  info->past.n_files = (int)n;
  info->n_recorders = (int)n_recorders;
  info->n_inputs = (int)n_inputs[0];
  info->state.n_populations = (int)n_populations;
}

static void read_recent_spikes(volley_checkpoint *checkpoint, hid_t group) {
  volley_run_state *state = &checkpoint->info.state;
  uint64_t n_recent = 0, sum = 0;
  state->recent_counts = get_counts(checkpoint, group, "counts", &n_recent);
  volley_dataset dataset = volley_dataset_open(&checkpoint->file, group, "gids", checkpoint->info.bytes);
  state->n_recent = (int64_t)n_recent;
  state->n_gids = checkpoint->file.failed ? 0 : dataset.count;
  state->gids = volley_arena_alloc(checkpoint->arena, state->n_gids, sizeof *state->gids);
  volley_dataset_get(&checkpoint->file, &dataset, H5T_NATIVE_UINT32, 0, state->n_gids, state->gids);
  volley_dataset_release(&checkpoint->file, &dataset);
  for (uint64_t i = 0; i < n_recent && sum <= state->n_gids; i++) {
    if (state->recent_counts[i] > state->n_gids) refuse(checkpoint, "the numbers of recent spikes do not fit");
    sum += state->recent_counts[i];
  }
  if (sum != state->n_gids || state->step < state->n_recent)
    refuse(checkpoint, "the numbers of recent spikes do not fit");
  for (uint64_t i = 0; i < state->n_gids; i++)
    if (state->gids[i] >= checkpoint->info.neurons) refuse(checkpoint, "a recent spike is of no neuron");
}

static void read_all(volley_checkpoint *checkpoint) {
  volley_hdf5 *file = &checkpoint->file;
  checkpoint->handle = volley_hdf5_open_shared(file, checkpoint->comm);
  if (file->failed) return;
  const hid_t group = H5Gopen2(checkpoint->handle, "volley_checkpoint", H5P_DEFAULT);
  if (group < 0) {
    file->failed = true;
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is no checkpoint of Volley: it has no group /volley_checkpoint", file->path);
    return;
  }
  read_description(checkpoint, group);
  const hid_t recent =
      volley_hdf5_check(file, H5Gopen2(checkpoint->handle, "recent_spikes", H5P_DEFAULT), "find a group in");
  if (!file->failed) read_recent_spikes(checkpoint, recent);
  volley_hdf5_release(file, group);
  volley_hdf5_release(file, recent);
}

volley_status volley_checkpoint_open(const char *path, MPI_Comm comm, volley_checkpoint **out) {
  int rank = 0;
  *out = NULL;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  const volley_seal_result found = volley_seal_verify(path, VOLLEY_CHECKPOINT_FORMAT, comm);
  if (rank == 0) volley_checkpoint_explain(path, &found);
  VOLLEY_TRY(volley_agree(comm));
  volley_checkpoint *checkpoint = volley_alloc(1, sizeof *checkpoint, "a checkpoint");
  checkpoint->arena = volley_arena_create();
  checkpoint->handle = -1;
  VOLLEY_MPI(MPI_Comm_dup(comm, &checkpoint->comm));
  VOLLEY_MPI(MPI_Comm_set_errhandler(checkpoint->comm, MPI_ERRORS_RETURN));
  checkpoint->info.path = volley_arena_copy(checkpoint->arena, path);
  checkpoint->info.bytes = found.bytes;
  checkpoint->file = (volley_hdf5){.path = checkpoint->info.path, .blame = VOLLEY_USAGE, .transfer = H5P_DEFAULT};
  read_all(checkpoint);
  const volley_status status = volley_agree(comm);
  if (status != VOLLEY_OK) {
    volley_checkpoint_close(checkpoint);
    return status;
  }
  *out = checkpoint;
  return VOLLEY_OK;
}

const volley_checkpoint_info *volley_checkpoint_get_info(const volley_checkpoint *checkpoint) {
  return &checkpoint->info;
}

void volley_checkpoint_close(volley_checkpoint *checkpoint) {
  if (!checkpoint) return;
  if (checkpoint->handle >= 0) (void)H5Fclose(checkpoint->handle);
  VOLLEY_MPI(MPI_Comm_free(&checkpoint->comm));
  volley_arena_destroy(checkpoint->arena);
  free(checkpoint);
}

/* Opens the datasets of a population's states. */
static void open_states(volley_checkpoint *checkpoint, const volley_population *population, volley_dataset *states) {
  volley_hdf5 *file = &checkpoint->file;
  const char *name = volley_arena_format(checkpoint->arena, "populations/%s", population->name);
  const hid_t group =
      volley_hdf5_check(file, H5Gopen2(checkpoint->handle, name, H5P_DEFAULT), "find the group of a population in");
  for (int k = 0; k < population->model->n_states; k++) {
    states[k] = volley_dataset_open(file, group, population->model->states[k].name, checkpoint->info.bytes);
    if (file->failed || states[k].count == population->size) continue;
    file->failed = true;
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is of another experiment: population %s has %s there and %u here",
                 checkpoint->info.path, population->name, volley_count(states[k].count, "neuron").text,
                 population->size);
  }
  volley_hdf5_release(file, group);
}

/* Reads the states of a population and hands them to the owners of its neurons. Collective. */
static void restore_population(volley_checkpoint *checkpoint, volley_redistribution *deal, int n_states,
                               const volley_dataset *states) {
  uint64_t first, count;
  while (volley_redistribution_next(deal, &first, &count)) {
    for (int k = 0; k < n_states; k++) {
      double *values = volley_redistribution_room(deal);
      volley_dataset_get(&checkpoint->file, &states[k], H5T_NATIVE_DOUBLE, first, count, values);
      volley_redistribution_scatter(deal, k);
    }
  }
}

volley_status volley_checkpoint_restore(volley_checkpoint *checkpoint, volley_network *network,
                                        volley_readouts *readouts) {
  const volley_experiment *experiment = network->experiment;
  volley_status status = VOLLEY_OK;
  volley_redistribution *deal = volley_redistribution_create(network);
  for (int p = 0; p < experiment->n_populations && status == VOLLEY_OK; p++) {
    const volley_population *population = &experiment->populations[p];
    volley_dataset states[VOLLEY_MAX_STATES];
    for (int k = 0; k < population->model->n_states; k++) states[k].handle = states[k].type = -1;
    open_states(checkpoint, population, states);
    status = volley_agree(network->comm);
    if (status == VOLLEY_OK) {
      volley_redistribution_begin(deal, p);
      restore_population(checkpoint, deal, population->model->n_states, states);
      status = volley_agree(network->comm);
    }
    for (int k = 0; k < population->model->n_states; k++) volley_dataset_release(&checkpoint->file, &states[k]);
  }
  volley_redistribution_destroy(deal);
  if (status != VOLLEY_OK) return status;
  for (int r = 0; r < experiment->n_readouts; r++)
    volley_readout_restore(&checkpoint->file, checkpoint->handle, checkpoint->info.bytes, experiment, readouts, r);
  volley_plastic_restore(&checkpoint->file, checkpoint->handle, checkpoint->info.bytes, network,
                         checkpoint->info.state.step);
  return volley_agree(network->comm);
}

volley_status volley_checkpoint_open_latest(const char *file, MPI_Comm comm, volley_checkpoint **out) {
  int rank = 0, missing = 0, there = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  *out = NULL;
  for (int k = 0; missing < 2; k++) { /* a kill between two renamings may leave one number out */
    char *name = volley_checkpoint_name(file, k);
    int exists = rank == 0 && access(name, F_OK) == 0;
    VOLLEY_MPI(MPI_Bcast(&exists, 1, MPI_INT, 0, comm));
    missing = exists ? 0 : missing + 1;
    there += exists;
    const volley_status status = exists ? volley_checkpoint_open(name, comm, out) : VOLLEY_USAGE;
    free(name);
    if (status == VOLLEY_OK) return status;
  }
  if (there && rank == 0)
    volley_fault(VOLLEY_USAGE, NULL,
                 "none of the checkpoints '%s', '%s.1', ... is whole; to start from the beginning "
                 "remove them",
                 file, file);
  return volley_agree(comm);
}
