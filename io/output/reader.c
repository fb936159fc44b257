#include "io/output/reader.h"

#include "base/text.h"
#include "io/file/hdf5.h"
#include "io/output/provenance.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  SLAB = 1 << 18, /* spikes read at a time */
  NEURON = 32     /* bytes that statistics of a neuron take */
};

struct volley_output_file {
  volley_hdf5 hdf5;
  hid_t handle;
  volley_arena *arena;
  volley_output_info info;
};

/* The values of a dataset that must hold n of them; zeros after a fault. */
static void *get_array(volley_output_file *file, hid_t group, const char *name, hid_t type, size_t n) {
  volley_hdf5 *hdf5 = &file->hdf5;
  uint64_t found;
  void *values = volley_hdf5_get_array(hdf5, group, name, type, file->arena, &found);
  if (found != n)
    volley_hdf5_fault(hdf5, "'%s' is damaged: dataset '%s' should hold %s", hdf5->path, name,
                      volley_count(n, "value").text);
  return found == n ? values : volley_arena_alloc(file->arena, n, type >= 0 ? H5Tget_size(type) : 1);
}

/* Texts of fixed length: n of them, or none after a fault. */
static const char **get_texts(volley_output_file *file, hid_t group, const char *name, uint64_t n) {
  volley_hdf5 *hdf5 = &file->hdf5;
  const hid_t set = volley_hdf5_open_set(hdf5, group, name);
  const hid_t type = volley_hdf5_check(hdf5, H5Dget_type(set), "look up data of");
  const size_t width = type >= 0 ? H5Tget_size(type) : 0;
  const bool fits = volley_hdf5_fits(hdf5, name, n, 2 * (width + 1) + sizeof(char *));
  const char *rows = fits && n > 0 ? get_array(file, group, name, type, (size_t)n) : NULL;
  const char **out = rows ? volley_arena_alloc(file->arena, (size_t)n, sizeof *out) : NULL;
  for (size_t i = 0; rows && i < n; i++)
    out[i] = memcpy(volley_arena_alloc(file->arena, width + 1, 1), rows + i * width, width);
  volley_hdf5_release(hdf5, type);
  volley_hdf5_release(hdf5, set);
  return out;
}

static int find_population(const volley_output_info *info, const char *name) {
  for (int p = 0; p < info->n_populations; p++)
    if (strcmp(info->populations[p].name, name) == 0) return p;
  return -1;
}

/* Adds a population to those that are one in SONATA, which come behind all others. */
static void add_nodes(volley_output_file *file, const char *name, const volley_population_info *part) {
  volley_output_info *info = &file->info;
  int p = find_population(info, name);
  if (p < 0) {
    p = info->n_populations++;
    info->n_nodes++;
    info->populations[p] = (volley_population_info){.name = name, .model = part->model, .rate_hz = NAN};
  } else {
    info->populations[p].model = volley_arena_format(file->arena, "%s, %s", info->populations[p].model, part->model);
  }
  info->populations[p].size += part->size;
}

static void read_populations(volley_output_file *file, hid_t volley) {
  volley_hdf5 *hdf5 = &file->hdf5;
  volley_output_info *info = &file->info;
  uint64_t n;
  const hid_t group = volley_hdf5_open_group(hdf5, volley, "populations");
  const uint64_t *sizes = volley_hdf5_get_array(hdf5, group, "size", H5T_NATIVE_UINT64, file->arena, &n);
  if (!volley_hdf5_fits(hdf5, "size", n, sizeof *info->populations)) n = 0;
  info->n_populations = (int)n;
  info->populations = volley_arena_alloc(file->arena, 2 * n, sizeof *info->populations);
  const char **names = get_texts(file, group, "name", n), **models = get_texts(file, group, "model", n);
  const char **nodes = H5Lexists(group, "nodes", H5P_DEFAULT) > 0 ? get_texts(file, group, "nodes", n) : NULL;
  for (size_t i = 0; i < n; i++) {
    const bool fits = volley_hdf5_fits(hdf5, "a population", sizes[i], NEURON);
    info->populations[i].size = fits ? sizes[i] : 0;
    info->populations[i].rate_hz = NAN;
    info->populations[i].name = names ? names[i] : "";
    info->populations[i].model = models ? models[i] : "";
  }
  for (size_t i = 0; nodes && i < n; i++)
    if (*nodes[i]) add_nodes(file, nodes[i], &info->populations[i]);
  volley_hdf5_release(hdf5, group);
}

static herr_t add_phase(hid_t group, const char *name, const H5A_info_t *unused, void *context) {
  (void)unused;
  volley_output_file *file = context;
  volley_hdf5 *hdf5 = &file->hdf5;
  volley_phase_info *phase = &file->info.phases[file->info.n_phases++];
  phase->name = volley_arena_copy(file->arena, name);
  phase->seconds = volley_hdf5_get_number(hdf5, group, name);
  return hdf5->failed ? -1 : 0;
}

static void read_phases(volley_output_file *file, hid_t summary) {
  volley_hdf5 *hdf5 = &file->hdf5;
  const hid_t group = volley_hdf5_open_group(hdf5, summary, "seconds_by_phase");
  H5O_info_t object = {0};
  volley_hdf5_check(hdf5, H5Oget_info2(group, &object, H5O_INFO_NUM_ATTRS), "look up data of");
  file->info.phases = volley_arena_alloc(file->arena, (size_t)object.num_attrs, sizeof *file->info.phases);
  volley_hdf5_check(hdf5, H5Aiterate2(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, add_phase, file), "read");
  volley_hdf5_release(hdf5, group);
}

/* What each rank did. */
static void read_ranks(volley_output_file *file, hid_t summary) {
  volley_output_info *info = &file->info;
  const size_t n = (size_t)info->ranks;
  if (H5Lexists(summary, "of_rank", H5P_DEFAULT) <= 0 || H5Lexists(summary, "hosts", H5P_DEFAULT) <= 0) return;
  const hid_t group = volley_hdf5_open_group(&file->hdf5, summary, "of_rank");
  for (int i = 0; i < info->n_phases; i++)
    info->phases[i].of_rank = get_array(file, group, info->phases[i].name, H5T_NATIVE_DOUBLE, n);
  info->longest_s = get_array(file, group, "longest_step_s", H5T_NATIVE_DOUBLE, n);
  info->longest_ms = get_array(file, group, "longest_step_ms", H5T_NATIVE_DOUBLE, n);
  volley_hdf5_release(&file->hdf5, group);
  info->rank_hosts = get_texts(file, summary, "hosts", n);
  info->rank_cores = get_texts(file, summary, "cores", n);
}

static void read_summary(volley_output_file *file, hid_t volley) {
  volley_hdf5 *hdf5 = &file->hdf5;
  volley_output_info *info = &file->info;
  const hid_t group = volley_hdf5_open_group(hdf5, volley, "summary");
  info->digest = volley_hdf5_get_text(hdf5, group, "spike_digest", file->arena);
  info->threads = volley_hdf5_get_count(hdf5, group, "threads");
  info->synapses = volley_hdf5_get_count(hdf5, group, "synapses");
  info->spikes = volley_hdf5_get_count(hdf5, group, "spikes");
  info->build_s = volley_hdf5_get_number(hdf5, group, "build_s");
  info->simulate_s = volley_hdf5_get_number(hdf5, group, "simulate_s");
  info->real_time_factor = volley_hdf5_get_number(hdf5, group, "real_time_factor");
  const size_t n = (size_t)(info->n_populations - info->n_nodes);
  const double *rates = get_array(file, group, "rate_hz", H5T_NATIVE_DOUBLE, n);
  for (size_t i = 0; i < n; i++) info->populations[i].rate_hz = rates[i];
  read_phases(file, group);
  read_ranks(file, group);
  volley_hdf5_release(hdf5, group);
}

static void read_run(volley_output_file *file, hid_t volley) {
  volley_hdf5 *hdf5 = &file->hdf5;
  volley_output_info *info = &file->info;
  info->title = volley_hdf5_get_text(hdf5, volley, "title", file->arena);
  info->experiment_file = volley_hdf5_get_text(hdf5, volley, "experiment_file", file->arena);
  info->experiment = volley_hdf5_get_document(hdf5, volley, "experiment", file->arena);
  info->version = volley_hdf5_get_text(hdf5, volley, "version", file->arena);
  info->git_commit = volley_hdf5_get_text(hdf5, volley, "git_commit", file->arena);
  info->compiler = volley_hdf5_get_text(hdf5, volley, "compiler", file->arena);
  info->mpi_version = volley_hdf5_get_text(hdf5, volley, "mpi_version", file->arena);
  info->hdf5_version = volley_hdf5_get_text(hdf5, volley, "hdf5_version", file->arena);
  info->started = volley_hdf5_get_text(hdf5, volley, "started", file->arena);
  info->host = volley_hdf5_get_text(hdf5, volley, "host", file->arena);
  info->hosts = volley_hdf5_get_count(hdf5, volley, "hosts");
  info->ranks = volley_hdf5_get_count(hdf5, volley, "ranks");
  info->neurons = volley_hdf5_get_count(hdf5, volley, "neurons");
  info->seed = volley_hdf5_get_count(hdf5, volley, "seed");
  info->noise_seed =
      H5Aexists(volley, "noise_seed") > 0 ? volley_hdf5_get_count(hdf5, volley, "noise_seed") : info->seed;
  info->changes = H5Aexists(volley, "changes") > 0 ? volley_hdf5_get_count(hdf5, volley, "changes") : 0;
  if (H5Aexists(volley, "trial") > 0) {
    info->trial = volley_hdf5_get_count(hdf5, volley, "trial");
    info->trials = volley_hdf5_get_count(hdf5, volley, "trials");
  }
  info->begun_from = "";
  if (H5Aexists(volley, "begun_from") > 0) {
    info->begins_ms = volley_hdf5_get_number(hdf5, volley, "begins_ms");
    info->begun_from = volley_hdf5_get_text(hdf5, volley, "begun_from", file->arena);
  }
  info->dt_ms = volley_hdf5_get_number(hdf5, volley, "dt_ms");
  info->duration_ms = volley_hdf5_get_number(hdf5, volley, "duration_ms");
  info->ended_early = "";
  if (H5Aexists(volley, "ended_early") > 0)
    info->ended_early = volley_hdf5_get_text(hdf5, volley, "ended_early", file->arena);
  info->complete = volley_hdf5_get_count(hdf5, volley, "complete") == 1;
  info->recorded_ms = info->complete ? info->duration_ms : NAN;
  if (H5Aexists(volley, "recorded_ms") > 0) info->recorded_ms = volley_hdf5_get_number(hdf5, volley, "recorded_ms");
  read_populations(file, volley);
  info->digest = "";
  if (info->complete) read_summary(file, volley);
}

/* Path of the spikes of a recorder, from the root; NULL: it records none. */
static const char *find_spikes(volley_output_file *file, hid_t recorders, const char *name) {
  const char *parent = volley_arena_format(file->arena, "%s/spikes", name);
  if (H5Lexists(recorders, parent, H5P_DEFAULT) <= 0) return NULL;
  char population[4096] = ""; /* the one name in it */
  volley_hdf5_check(
      &file->hdf5,
      H5Lget_name_by_idx(recorders, parent, H5_INDEX_NAME, H5_ITER_INC, 0, population, sizeof population, H5P_DEFAULT),
      "read");
  return volley_arena_format(file->arena, "recorders/%s/%s", parent, population);
}

static herr_t add_recorder(hid_t recorders, const char *name, const H5L_info_t *unused, void *context) {
  (void)unused;
  volley_output_file *file = context;
  volley_hdf5 *hdf5 = &file->hdf5;
  const char *path = find_spikes(file, recorders, name);
  if (!path || hdf5->failed) return hdf5->failed ? -1 : 0;
  volley_recorder_info *recorder = &file->info.recorders[file->info.n_recorders++];
  const hid_t group = volley_hdf5_open_group(hdf5, file->handle, path);
  recorder->path = path;
  recorder->name = volley_arena_copy(file->arena, name);
  recorder->population = volley_hdf5_get_text(hdf5, group, "population", file->arena);
  recorder->population_number = find_population(&file->info, recorder->population);
  recorder->neurons = volley_hdf5_get_count(hdf5, group, "recorded_neurons");
  recorder->start_ms = volley_hdf5_get_number(hdf5, group, "start_ms");
  recorder->stop_ms = volley_hdf5_get_number(hdf5, group, "stop_ms");
  volley_hdf5_release(hdf5, group);
  return hdf5->failed ? -1 : 0;
}

static void read_recorders(volley_output_file *file) {
  volley_hdf5 *hdf5 = &file->hdf5;
  const hid_t group = volley_hdf5_open_group(hdf5, file->handle, "recorders");
  H5G_info_t links = {0};
  volley_hdf5_check(hdf5, H5Gget_info(group, &links), "look up data of");
  file->info.recorders = volley_arena_alloc(file->arena, (size_t)links.nlinks, sizeof *file->info.recorders);
  if (!hdf5->failed)
    volley_hdf5_check(hdf5, H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_recorder, file), "read");
  volley_hdf5_release(hdf5, group);
}

volley_status volley_output_file_check(const char *path) {
  const char *ending = strrchr(path, '.');
  volley_hdf5_quiet();
  if (access(path, R_OK)) return volley_fault(VOLLEY_USAGE, NULL, "cannot open '%s': %s", path, strerror(errno));
  if (H5Fis_hdf5(path) > 0) return VOLLEY_OK;
  if (ending && (strcmp(ending, ".yaml") == 0 || strcmp(ending, ".yml") == 0))
    return volley_fault(VOLLEY_USAGE, NULL,
                        "'%s' is an experiment, not the output of a run; first: volley run %s -o %.*s.h5, then give "
                        "that file",
                        path, path, (int)(ending - path), path);
  if (ending && strcmp(ending, ".json") == 0)
    return volley_fault(VOLLEY_USAGE, NULL,
                        "'%s' is a configuration, not the output of a run; volley check %s tells what is in it, and "
                        "volley run %s -o %.*s.h5 makes an output to give here",
                        path, path, path, (int)(ending - path), path);
  return volley_fault(VOLLEY_USAGE, NULL, "'%s' is not an HDF5 file; give the output of volley run", path);
}

static void read_all(volley_output_file *file, const char *path) {
  volley_hdf5 *hdf5 = &file->hdf5;
  file->handle = volley_hdf5_open(hdf5);
  if (hdf5->failed) return;
  const hid_t volley = H5Gopen2(file->handle, "volley", H5P_DEFAULT);
  if (volley < 0) {
    volley_hdf5_fault(hdf5, "'%s' is no output of Volley: it has no group /volley", path);
    return;
  }
  uint32_t format = 0;
  volley_hdf5_get_value(hdf5, volley, "format_version", H5T_NATIVE_UINT32, &format);
  if (format != VOLLEY_FORMAT_VERSION)
    volley_hdf5_fault(hdf5, "'%s' has format %u; this version of Volley reads format %d", path, format,
                      VOLLEY_FORMAT_VERSION);
  if (!hdf5->failed) read_run(file, volley);
  if (!hdf5->failed) read_recorders(file);
  volley_hdf5_release(hdf5, volley);
}

volley_status volley_output_file_open(const char *path, volley_output_file **out) {
  volley_hdf5_quiet();
  VOLLEY_TRY(volley_output_file_check(path));
  volley_output_file *file = volley_alloc(1, sizeof *file, "an output file");
  file->arena = volley_arena_create();
  file->hdf5 = (volley_hdf5){.path = volley_arena_copy(file->arena, path), .blame = VOLLEY_USAGE};
  read_all(file, path);
  if (file->hdf5.failed) {
    volley_output_file_close(file);
    return VOLLEY_USAGE;
  }
  *out = file;
  return VOLLEY_OK;
}

void volley_output_file_close(volley_output_file *file) {
  if (!file) return;
  if (file->handle >= 0) (void)H5Fclose(file->handle);
  volley_arena_destroy(file->arena);
  free(file);
}

const volley_output_info *volley_output_file_info(const volley_output_file *file) { return &file->info; }

/* Number of spikes up to a time among n in order of time. */
static hsize_t count_up_to(volley_hdf5 *hdf5, hid_t times, hsize_t n, double until_ms) {
  const hsize_t one = 1;
  hsize_t low = 0;
  for (hsize_t high = until_ms >= 0 ? n : 0; low < high && !hdf5->failed;) {
    const hsize_t middle = low + (high - low) / 2;
    double time = NAN;
    volley_hdf5_read_part(hdf5, times, "timestamps", H5T_NATIVE_DOUBLE, 1, &middle, NULL, &one, &time);
    if (time <= until_ms)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

volley_status volley_output_file_spikes(volley_output_file *file, int recorder, double after_ms,
                                        void (*take)(void *taker, size_t n, const double *times, const uint64_t *ids),
                                        void *taker) {
  volley_hdf5 *hdf5 = &file->hdf5;
  const hid_t group = volley_hdf5_open_group(hdf5, file->handle, file->info.recorders[recorder].path);
  const hid_t time_set = volley_hdf5_open_set(hdf5, group, "timestamps");
  const hid_t id_set = volley_hdf5_open_set(hdf5, group, "node_ids");
  double *times = volley_alloc(SLAB, sizeof *times, "spikes");
  uint64_t *ids = volley_alloc(SLAB, sizeof *ids, "spikes");
  /* A run that was broken off may have grown one of the two only. */
  const hsize_t n_times = volley_hdf5_count_values(hdf5, time_set), n_ids = volley_hdf5_count_values(hdf5, id_set);
  const hsize_t total = n_times < n_ids ? n_times : n_ids;
  for (hsize_t first = count_up_to(hdf5, time_set, total, after_ms); first < total && !hdf5->failed; first += SLAB) {
    const hsize_t n = total - first < SLAB ? total - first : SLAB;
    volley_hdf5_read_part(hdf5, time_set, "timestamps", H5T_NATIVE_DOUBLE, 1, &first, NULL, &n, times);
    volley_hdf5_read_part(hdf5, id_set, "node_ids", H5T_NATIVE_UINT64, 1, &first, NULL, &n, ids);
    if (!hdf5->failed) take(taker, n, times, ids);
  }
  free(times);
  free(ids);
  volley_hdf5_release(hdf5, time_set);
  volley_hdf5_release(hdf5, id_set);
  volley_hdf5_release(hdf5, group);
  return hdf5->failed ? VOLLEY_USAGE : VOLLEY_OK;
}
