#include "base/build_info.h"
#include "base/memory.h"
#include "io/checkpoint/checkpoint.h"
#include "io/checkpoint/dataset.h"
#include "io/checkpoint/header.h"
#include "io/checkpoint/readouts.h"
#include "io/checkpoint/redistribute.h"
#include "io/checkpoint/series.h"
#include "io/checkpoint/synapses.h"
#include "io/file/disk_space.h"
#include "io/file/hdf5.h"
#include "rule/rule.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { N_SMALL = 12 }; /* datasets beside those of states */

/* Bytes of metadata at most, generous. */
enum { BYTES_FIXED = 65536, BYTES_PER_POPULATION = 4096, BYTES_PER_DATASET = 2048, BYTES_PER_EXTENT = 64 };

typedef struct writer {
  const volley_network *network;
  const volley_experiment *experiment;
  volley_readouts *readouts; /* or NULL */
  const volley_run_state *state;
  volley_plastic_saving *plastic;
  const volley_recorded *past;
  const char *output, *path;
  char *temporary;
  int keep;
  volley_disk_space room; /* rank 0 */
  int descriptor;         /* the same file, to bring it to the disk */
  volley_hdf5 file;
  hid_t handle;
  volley_arena *arena;
  volley_dataset *
      datasets; /* [n_datasets]: the small ones, P of each readout, the states population by population, plastic synapses */
  volley_extent *extents; /* [n_datasets] */
  size_t n_small, n_datasets;
} writer;

static size_t count_states(const volley_experiment *experiment) {
  size_t n = 0;
  for (int p = 0; p < experiment->n_populations; p++) n += (size_t)experiment->populations[p].model->n_states;
  return n;
}

static uint64_t text_bytes(const char *text) { return text ? strlen(text) + 1 : 1; }

/* Bytes beside recent spikes and plastic synapses. */
static uint64_t fixed_bytes(const volley_experiment *experiment) {
  uint64_t bytes = BYTES_FIXED + text_bytes(experiment->resolved) + text_bytes(experiment->title) +
                   text_bytes(experiment->file) + text_bytes(experiment->folder);
  uint64_t name = 1;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const uint64_t states = (uint64_t)population->model->n_states;
    bytes += BYTES_PER_POPULATION + states * (population->size * sizeof(double) + BYTES_PER_DATASET + BYTES_PER_EXTENT);
    if (text_bytes(population->name) > name) name = text_bytes(population->name);
  }
  for (int r = 0; r < experiment->n_recorders; r++)
    if (text_bytes(experiment->recorders[r].name) > name) name = text_bytes(experiment->recorders[r].name);
  for (int r = 0; r < experiment->n_readouts; r++)
    bytes += BYTES_PER_POPULATION + VOLLEY_READOUT_DATASETS * (BYTES_PER_DATASET + BYTES_PER_EXTENT) +
             volley_readout_checkpoint_bytes(experiment, r);
  uint64_t input = 0;
  for (int i = 0; i < experiment->n_inputs; i++) {
    const uint64_t text = text_bytes(experiment->inputs[i].path) + text_bytes(experiment->inputs[i].place.path);
    if (text > input) input = text;
  }
  bytes += (uint64_t)experiment->n_inputs * (input + 2 * sizeof(uint64_t));
  return bytes + (uint64_t)(2 * experiment->n_populations + experiment->n_recorders) * (name + 2 * sizeof(uint64_t));
}

uint64_t volley_checkpoint_bytes(const volley_experiment *experiment) {
  uint64_t bytes = fixed_bytes(experiment);
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const double synapses = projection->plasticity.model ? projection->rule->expected(experiment, projection) : 0;
    if (synapses > 0) bytes += (uint64_t)synapses * volley_plastic_synapse_bytes(projection->plasticity.model);
  }
  return bytes;
}

/* Bytes that the file takes at most. */
static uint64_t bytes_needed(const writer *w) {
  uint64_t path = text_bytes(w->output);
  for (int f = 0; f < w->past->n_files; f++)
    if (text_bytes(w->past->files[f]) > path) path = text_bytes(w->past->files[f]);
  return fixed_bytes(w->experiment) + (uint64_t)(w->past->n_files + 1) * path +
         (uint64_t)w->state->n_recent * sizeof(uint64_t) + w->state->n_gids * sizeof(uint32_t) +
         volley_plastic_saving_bytes(w->plastic);
}

/* Has rank 0 reserve what the file needs. A disk that fills up while HDF5 writes leaves ranks that do not agree on what
 * is left to be done, so this comes first (see io/file/disk_space.h). */
static void take_room(writer *w) {
  if (w->network->rank != 0) return;
  const int code = volley_disk_space_reserve(&w->room, bytes_needed(w));
  if (code) volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(code));
}

/* Creates the file on rank 0, sees that there is room, and opens it on all ranks. Collective, agreed status. */
static volley_status open_room(writer *w) {
  if (w->network->rank == 0 && volley_checkpoint_check_names(w->path, w->keep) == VOLLEY_OK) {
    const int code = volley_disk_space_open(&w->room, w->temporary);
    if (code) volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(code));
    if (code == 0) take_room(w);
    w->room.reserved = 0; /* HDF5 empties the file when it creates it */
  }
  VOLLEY_TRY(volley_agree(w->network->comm));
  w->descriptor = open(w->temporary, O_RDWR | O_CLOEXEC);
  if (w->descriptor < 0)
    volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(errno));
  return volley_agree(w->network->comm);
}

/* What the attributes say. texts: room for what is made here. */
static void describe(const writer *w, volley_checkpoint_info *info, char hash[17], char place[2][256]) {
  const volley_experiment *experiment = w->experiment;
  const char *text = experiment->resolved ? experiment->resolved : "";
  const time_t now = time(NULL);
  struct tm utc;
  int length = 0;
  char host[MPI_MAX_PROCESSOR_NAME] = "";
  gmtime_r(&now, &utc);
  strftime(place[0], 256, "%Y-%m-%dT%H:%M:%SZ", &utc);
  VOLLEY_MPI(MPI_Get_processor_name(host, &length));
  snprintf(place[1], 256, "%.255s", host);
  VOLLEY_MPI(MPI_Bcast(place, 512, MPI_CHAR, 0, w->network->comm)); /* attributes must be equal on every rank */
  snprintf(hash, 17, "%016" PRIx64, volley_checksum(text, 0, strlen(text)));
  *info = (volley_checkpoint_info){.title = experiment->title,
                                   .experiment_file = experiment->file,
                                   .experiment_folder = experiment->folder,
                                   .experiment_hash = hash,
                                   .output = w->output,
                                   .version = VOLLEY_VERSION,
                                   .git_commit = VOLLEY_GIT_COMMIT,
                                   .host = place[1],
                                   .written = place[0],
                                   .ranks = (uint64_t)w->network->ranks,
                                   .threads = (uint64_t)w->network->threads,
                                   .neurons = experiment->neurons,
                                   .seed = experiment->simulation.seed,
                                   .dt_ms = experiment->simulation.dt,
                                   .duration_ms = (double)experiment->simulation.steps * experiment->simulation.dt,
                                   .time_ms = (double)w->state->step * experiment->simulation.dt,
                                   .state = *w->state};
}

/* Adds a dataset of texts, which are copied. */
static void add_texts(writer *w, hid_t group, const char *name, size_t n, const char *const *texts) {
  size_t width = 1;
  for (size_t i = 0; i < n; i++)
    if (strlen(texts[i]) >= width) width = strlen(texts[i]) + 1;
  char *rows = volley_arena_alloc(w->arena, n, width);
  for (size_t i = 0; i < n; i++) memcpy(rows + i * width, texts[i], strlen(texts[i]));
  const hid_t type = volley_text_type(&w->file, width);
  w->datasets[w->n_datasets++] = volley_dataset_create(&w->file, group, name, type, n, NULL, rows);
  volley_hdf5_release(&w->file, type);
}

static void add_counts(writer *w, hid_t group, const char *name, size_t n, const uint64_t *counts) {
  w->datasets[w->n_datasets++] = volley_dataset_create(&w->file, group, name, H5T_NATIVE_UINT64, n, NULL, counts);
}

/* What the run has read. */
static void create_inputs(writer *w, hid_t group) {
  const size_t n = (size_t)w->experiment->n_inputs;
  const char **texts = volley_arena_alloc(w->arena, 2 * n, sizeof *texts);
  uint64_t *numbers = volley_arena_alloc(w->arena, 2 * n, sizeof *numbers);
  for (size_t i = 0; i < n; i++) {
    const volley_input_file *input = &w->experiment->inputs[i];
    texts[i] = input->place.path;
    texts[n + i] = input->path;
    numbers[i] = input->bytes;
    numbers[n + i] = input->checksum;
  }
  add_texts(w, group, "input_keys", n, texts);
  add_texts(w, group, "input_files", n, texts + n);
  add_counts(w, group, "input_bytes", n, numbers);
  add_counts(w, group, "input_checksums", n, numbers + n);
}

static void create_description(writer *w, hid_t group) {
  const volley_experiment *experiment = w->experiment;
  const size_t n_populations = (size_t)experiment->n_populations, n_recorders = (size_t)experiment->n_recorders;
  volley_checkpoint_info info;
  char hash[17], place[2][256];
  describe(w, &info, hash, place);
  volley_checkpoint_put_header(&w->file, group, &info);
  const char **names = volley_alloc(n_populations + n_recorders, sizeof *names, "names");
  for (size_t p = 0; p < n_populations; p++) names[p] = experiment->populations[p].name;
  for (size_t r = 0; r < n_recorders; r++) names[n_populations + r] = experiment->recorders[r].name;
  w->datasets[w->n_datasets++] =
      volley_dataset_create_text(&w->file, group, "experiment", experiment->resolved ? experiment->resolved : "");
  add_texts(w, group, "population_names", n_populations, names);
  add_counts(w, group, "population_spikes", n_populations, w->state->counts);
  add_texts(w, group, "recorder_names", n_recorders, names + n_populations);
  add_counts(w, group, "recorder_positions", n_recorders, w->past->positions);
  add_texts(w, group, "recorded_files", (size_t)w->past->n_files, (const char *const *)w->past->files);
  free(names);
  create_inputs(w, group);
}

static void create_states(writer *w, hid_t populations) {
  for (int p = 0; p < w->experiment->n_populations; p++) {
    const volley_population *population = &w->experiment->populations[p];
    const hid_t group = volley_hdf5_put_group(&w->file, populations, population->name);
    for (int k = 0; k < population->model->n_states; k++) {
      const volley_state_info *state = &population->model->states[k];
      w->datasets[w->n_datasets++] =
          volley_dataset_create(&w->file, group, state->name, H5T_NATIVE_DOUBLE, population->size, state->unit, NULL);
    }
    volley_hdf5_release(&w->file, group);
  }
}

/* The small datasets of the readouts, then those of P. */
static void create_readouts(writer *w, hid_t group) {
  const int n = w->experiment->n_readouts;
  volley_dataset *all = volley_arena_alloc(w->arena, (size_t)n * VOLLEY_READOUT_DATASETS, sizeof *all);
  for (int r = 0; r < n; r++)
    volley_readout_create_datasets(&w->file, group, w->experiment, w->readouts, r, w->arena,
                                   all + r * VOLLEY_READOUT_DATASETS);
  for (int i = 0; i < n * VOLLEY_READOUT_DATASETS; i++)
    if (i % VOLLEY_READOUT_DATASETS != VOLLEY_READOUT_P) w->datasets[w->n_datasets++] = all[i];
  w->n_small = w->n_datasets;
  for (int r = 0; r < n; r++) w->datasets[w->n_datasets++] = all[r * VOLLEY_READOUT_DATASETS + VOLLEY_READOUT_P];
}

/* Creates all groups, attributes and datasets, and writes these tables. The groups come first, so that their names lie
 * at the start of the file, where volley_is_checkpoint() looks for them. */
static void create_tables(writer *w) {
  enum { HEADER, RECENT_SPIKES, READOUTS, POPULATIONS, PLASTIC, N_GROUPS };
  static const char *const names[N_GROUPS] = {"volley_checkpoint", "recent_spikes", "readouts", "populations",
                                              "plastic"};
  volley_hdf5 *file = &w->file;
  hid_t groups[N_GROUPS];
  for (int g = 0; g < N_GROUPS; g++) groups[g] = volley_hdf5_put_group(file, w->handle, names[g]);
  create_description(w, groups[HEADER]);
  const hid_t recent = groups[RECENT_SPIKES];
  add_counts(w, recent, "counts", (size_t)w->state->n_recent, w->state->recent_counts);
  w->datasets[w->n_datasets++] =
      volley_dataset_create(file, recent, "gids", H5T_NATIVE_UINT32, w->state->n_gids, NULL, w->state->gids);
  create_readouts(w, groups[READOUTS]);
  create_states(w, groups[POPULATIONS]);
  volley_plastic_create_datasets(file, groups[PLASTIC], w->plastic, w->datasets + w->n_datasets);
  w->n_datasets += volley_plastic_saving_datasets(w->plastic);
  for (int g = 0; g < N_GROUPS; g++) volley_hdf5_release(file, groups[g]);
  volley_hdf5_check(file, H5Fflush(w->handle, H5F_SCOPE_GLOBAL), "write");
}

/* Writes the values of all datasets. Collective. */
static void put_values(writer *w) {
  for (size_t i = 0; i < w->n_datasets; i++) w->datasets[i].descriptor = w->descriptor;
  for (size_t i = 0; i < w->n_small && w->network->rank == 0; i++) volley_dataset_put_whole(&w->file, &w->datasets[i]);
  volley_dataset *states = w->datasets + w->n_small;
  for (int r = 0; r < w->experiment->n_readouts; r++)
    volley_readout_put_rows(&w->file, states++, w->experiment, w->readouts, r);
  volley_redistribution *deal = volley_redistribution_create(w->network);
  for (int p = 0; p < w->experiment->n_populations; p++) {
    const int n_states = w->experiment->populations[p].model->n_states;
    uint64_t first, count;
    if (n_states == 0) continue;
    volley_redistribution_begin(deal, p);
    while (volley_redistribution_next(deal, &first, &count)) {
      for (int k = 0; k < n_states; k++) {
        const double *values = volley_redistribution_gather(deal, k);
        volley_dataset_put(&w->file, &states[k], first, count, values);
      }
    }
    states += n_states;
  }
  volley_redistribution_destroy(deal);
  volley_plastic_put(&w->file, w->plastic, states);
}

static void release_datasets(writer *w) {
  for (size_t i = 0; i < w->n_datasets; i++) volley_dataset_release(&w->file, &w->datasets[i]);
}

/* Writes the HDF5 file: metadata by all ranks together and values by each for itself, since they are contiguous pieces, which
 * gathering on fewer ranks would only delay, and a rank that fails holds nobody up. Where tables could not be written, the ranks may not agree on what is left to be done, and to
 * close the file may wait for ever: it is left open then, a leak that the run survives. Values leave nothing to be
 * done: a file whose tables are written can be closed whatever became of them. Collective, agreed status. */
static volley_status write_file(writer *w) {
  MPI_Comm comm = w->network->comm;
  w->handle = volley_hdf5_create_shared(&w->file, comm);
  VOLLEY_TRY(volley_agree(comm));
  take_room(w);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK) {
    create_tables(w);
    VOLLEY_TRY(volley_agree(comm));
    put_values(w);
    status = volley_agree(comm);
  }
  if (status == VOLLEY_OK) {
    volley_datasets_finish(&w->file, w->datasets, w->n_datasets, comm, w->extents);
    VOLLEY_TRY(volley_agree(comm));
  } else {
    w->file.failed = false;
    release_datasets(w);
  }
  volley_hdf5_check(&w->file, H5Fclose(w->handle), "close");
  const volley_status closed = volley_agree(comm);
  return status == VOLLEY_OK ? closed : status;
}

/* Brings to the disk what this rank has written; on a cluster no other computer can. Collective, agreed status. */
static volley_status bring_to_disk(const writer *w) {
  if (fsync(w->descriptor))
    volley_fault(VOLLEY_FAILURE, NULL, "cannot write checkpoint '%s': %s", w->temporary, strerror(errno));
  return volley_agree(w->network->comm);
}

/* Seals the file and gives it its name, or removes it after a failure. */
static void finish(writer *w, volley_status status) {
  int code = 0;
  if (w->descriptor >= 0) close(w->descriptor);
  if (w->network->rank != 0 || w->room.descriptor < 0) return;
  if (status == VOLLEY_OK)
    code = volley_seal_append(w->temporary, VOLLEY_CHECKPOINT_FORMAT, w->extents, (int)w->n_datasets);
  const int closing = volley_disk_space_close(&w->room);
  if (code == 0) code = closing;
  if (status == VOLLEY_OK && code == 0) code = volley_checkpoint_rotate(w->temporary, w->path, w->keep);
  if (status == VOLLEY_OK && code)
    volley_fault(VOLLEY_FAILURE, NULL, "cannot finish checkpoint '%s': %s", w->path, strerror(code));
  if (status != VOLLEY_OK || code) (void)unlink(w->temporary);
}

volley_status volley_checkpoint_write(const volley_network *network, volley_readouts *readouts,
                                      const volley_run_state *state, const volley_recorded *past, const char *output,
                                      const char *path, int keep) {
  writer w = {.network = network,
              .experiment = network->experiment,
              .readouts = readouts,
              .state = state,
              .past = past,
              .output = output,
              .path = path,
              .keep = keep,
              .room = {.descriptor = -1},
              .descriptor = -1,
              .handle = -1};
  w.arena = volley_arena_create();
  w.temporary = volley_arena_format(w.arena, "%s.part", path);
  w.file = (volley_hdf5){.path = w.temporary, .blame = VOLLEY_FAILURE, .transfer = H5P_DEFAULT};
  w.plastic = volley_plastic_saving_create(network, state);
  const size_t n = N_SMALL + count_states(w.experiment) + (size_t)w.experiment->n_readouts * VOLLEY_READOUT_DATASETS +
                   volley_plastic_saving_datasets(w.plastic);
  w.datasets = volley_arena_alloc(w.arena, n, sizeof *w.datasets);
  w.extents = volley_arena_alloc(w.arena, n, sizeof *w.extents);
  volley_status status = open_room(&w);
  if (status == VOLLEY_OK) status = write_file(&w);
  if (status == VOLLEY_OK) status = bring_to_disk(&w);
  finish(&w, status);
  const volley_status finished = volley_agree(network->comm);
  volley_plastic_saving_destroy(w.plastic);
  volley_arena_destroy(w.arena);
  return status == VOLLEY_OK ? finished : status;
}
