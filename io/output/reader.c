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
  uint32_t format; /* VOLLEY_FORMAT_VERSION of the program that wrote it */
};

static hid_t open_attribute(volley_output_file *file, hid_t object, const char *name) {
  return volley_hdf5_check(&file->hdf5, H5Aopen(object, name, H5P_DEFAULT), "find an attribute in");
}

static const char *get_text(volley_output_file *file, hid_t object, const char *name) {
  const hid_t attribute = open_attribute(file, object, name);
  const hid_t type = volley_hdf5_check(&file->hdf5, H5Aget_type(attribute), "look up data of");
  const size_t size = type >= 0 ? H5Tget_size(type) : 0;
  char *text = volley_arena_alloc(file->arena, volley_hdf5_fits(&file->hdf5, name, 1, size) ? size + 1 : 1, 1);
  if (!file->hdf5.failed) volley_hdf5_check(&file->hdf5, H5Aread(attribute, type, text), "read");
  volley_hdf5_release(&file->hdf5, type);
  volley_hdf5_release(&file->hdf5, attribute);
  return text;
}

static void get_value(volley_output_file *file, hid_t object, const char *name, hid_t type, void *value) {
  const hid_t attribute = open_attribute(file, object, name);
  if (!file->hdf5.failed) volley_hdf5_check(&file->hdf5, H5Aread(attribute, type, value), "read");
  volley_hdf5_release(&file->hdf5, attribute);
}

static uint64_t get_count(volley_output_file *file, hid_t object, const char *name) {
  uint64_t value = 0;
  get_value(file, object, name, H5T_NATIVE_UINT64, &value);
  return value;
}

static double get_number(volley_output_file *file, hid_t object, const char *name) {
  double value = NAN;
  get_value(file, object, name, H5T_NATIVE_DOUBLE, &value);
  return value;
}

static hid_t open_dataset(volley_output_file *file, hid_t group, const char *name) {
  return volley_hdf5_check(&file->hdf5, H5Dopen2(group, name, H5P_DEFAULT), "find a dataset in");
}

/* Number of values of a one-dimensional dataset. */
static hsize_t count_values(volley_output_file *file, hid_t set) {
  const hid_t space = volley_hdf5_check(&file->hdf5, H5Dget_space(set), "look up data of");
  const hssize_t n = volley_hdf5_check(&file->hdf5, H5Sget_simple_extent_npoints(space), "look up data of");
  volley_hdf5_release(&file->hdf5, space);
  return n > 0 ? (hsize_t)n : 0;
}

/* Reads a dataset that must hold n values. */
static void get_array(volley_output_file *file, hid_t group, const char *name, hid_t type, hsize_t n, void *out) {
  const hid_t set = open_dataset(file, group, name);
  if (!file->hdf5.failed && count_values(file, set) != n) {
    file->hdf5.failed = true;
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is damaged: dataset '%s' should hold %s", file->hdf5.path, name,
                 volley_count(n, "value").text);
  }
  if (!file->hdf5.failed)
    volley_hdf5_check(&file->hdf5, H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, out), "read");
  volley_hdf5_release(&file->hdf5, set);
}

/* Reads n texts of fixed length into members `offset` of the populations. */
static void get_texts(volley_output_file *file, hid_t group, const char *name, size_t offset) {
  const hid_t set = open_dataset(file, group, name);
  const hid_t type = volley_hdf5_check(&file->hdf5, H5Dget_type(set), "look up data of");
  const size_t width = type >= 0 ? H5Tget_size(type) : 0;
  const bool fits = volley_hdf5_fits(&file->hdf5, name, (uint64_t)file->info.n_populations, 2 * (width + 1));
  const size_t n = fits ? (size_t)file->info.n_populations : 0;
  char *rows = volley_arena_alloc(file->arena, n, width + 1);
  get_array(file, group, name, type, n, rows);
  for (size_t i = 0; i < n; i++) {
    char *text = volley_arena_alloc(file->arena, width + 1, 1);
    *(const char **)((char *)(file->info.populations + i) + offset) = memcpy(text, rows + i * width, width);
  }
  volley_hdf5_release(&file->hdf5, type);
  volley_hdf5_release(&file->hdf5, set);
}

static hid_t open_group(volley_output_file *file, hid_t parent, const char *name) {
  return volley_hdf5_check(&file->hdf5, H5Gopen2(parent, name, H5P_DEFAULT), "find a group in");
}

static void read_populations(volley_output_file *file, hid_t volley) {
  volley_output_info *info = &file->info;
  const hid_t group = open_group(file, volley, "populations");
  const hid_t set = open_dataset(file, group, "size");
  size_t n = file->hdf5.failed ? 0 : count_values(file, set);
  if (!volley_hdf5_fits(&file->hdf5, "size", n, sizeof *info->populations)) n = 0;
  info->n_populations = (int)n;
  info->populations = volley_arena_alloc(file->arena, n, sizeof *info->populations);
  uint64_t *sizes = volley_arena_alloc(file->arena, n, sizeof *sizes);
  get_texts(file, group, "name", offsetof(volley_population_info, name));
  get_texts(file, group, "model", offsetof(volley_population_info, model));
  get_array(file, group, "size", H5T_NATIVE_UINT64, n, sizes);
  for (size_t i = 0; i < n; i++) {
    const bool fits = volley_hdf5_fits(&file->hdf5, "a population", sizes[i], NEURON);
    info->populations[i].size = fits ? sizes[i] : 0;
  }
  for (size_t i = 0; i < n; i++) info->populations[i].rate_hz = NAN;
  volley_hdf5_release(&file->hdf5, set);
  volley_hdf5_release(&file->hdf5, group);
}

static herr_t add_phase(hid_t group, const char *name, const H5A_info_t *unused, void *context) {
  (void)unused;
  volley_output_file *file = context;
  volley_phase_info *phase = &file->info.phases[file->info.n_phases++];
  phase->name = volley_arena_copy(file->arena, name);
  phase->seconds = get_number(file, group, name);
  return file->hdf5.failed ? -1 : 0;
}

static void read_phases(volley_output_file *file, hid_t summary) {
  const hid_t group = open_group(file, summary, "seconds_by_phase");
  H5O_info_t object = {0};
  volley_hdf5_check(&file->hdf5, H5Oget_info2(group, &object, H5O_INFO_NUM_ATTRS), "look up data of");
  file->info.phases = volley_arena_alloc(file->arena, (size_t)object.num_attrs, sizeof *file->info.phases);
  volley_hdf5_check(&file->hdf5, H5Aiterate2(group, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, add_phase, file), "read");
  volley_hdf5_release(&file->hdf5, group);
}

static void read_summary(volley_output_file *file, hid_t volley) {
  volley_output_info *info = &file->info;
  const size_t n = (size_t)info->n_populations;
  const hid_t group = open_group(file, volley, "summary");
  info->digest = get_text(file, group, "spike_digest");
  info->threads = get_count(file, group, "threads");
  info->synapses = get_count(file, group, "synapses");
  info->spikes = get_count(file, group, "spikes");
  info->build_s = get_number(file, group, "build_s");
  info->simulate_s = get_number(file, group, "simulate_s");
  info->real_time_factor = get_number(file, group, "real_time_factor");
  double *rates = volley_arena_alloc(file->arena, n, sizeof *rates);
  get_array(file, group, "rate_hz", H5T_NATIVE_DOUBLE, n, rates);
  for (size_t i = 0; i < n; i++) info->populations[i].rate_hz = rates[i];
  read_phases(file, group);
  volley_hdf5_release(&file->hdf5, group);
}

static void read_run(volley_output_file *file, hid_t volley) {
  volley_output_info *info = &file->info;
  info->title = get_text(file, volley, "title");
  info->experiment_file = get_text(file, volley, "experiment_file");
  info->version = get_text(file, volley, "version");
  info->git_commit = get_text(file, volley, "git_commit");
  info->compiler = get_text(file, volley, "compiler");
  info->mpi_version = get_text(file, volley, "mpi_version");
  info->hdf5_version = get_text(file, volley, "hdf5_version");
  info->started = get_text(file, volley, "started");
  info->host = get_text(file, volley, "host");
  info->hosts = get_count(file, volley, "hosts");
  info->ranks = get_count(file, volley, "ranks");
  info->neurons = get_count(file, volley, "neurons");
  info->seed = get_count(file, volley, "seed");
  info->dt_ms = get_number(file, volley, "dt_ms");
  info->duration_ms = get_number(file, volley, "duration_ms");
  info->complete = get_count(file, volley, "complete") == 1;
  info->recorded_ms = info->complete ? info->duration_ms : NAN;
  if (H5Aexists(volley, "recorded_ms") > 0) info->recorded_ms = get_number(file, volley, "recorded_ms");
  read_populations(file, volley);
  info->digest = "";
  if (info->complete) read_summary(file, volley);
}

static int find_population(const volley_output_info *info, const char *name) {
  for (int p = 0; p < info->n_populations; p++)
    if (strcmp(info->populations[p].name, name) == 0) return p;
  return -1;
}

/* Path of the spikes of a recorder in a file of format 2, from the root; NULL: it records none. */
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
  const char *path =
      file->format > 1 ? find_spikes(file, recorders, name) : volley_arena_format(file->arena, "spikes/%s", name);
  if (!path || file->hdf5.failed) return file->hdf5.failed ? -1 : 0;
  volley_recorder_info *recorder = &file->info.recorders[file->info.n_recorders++];
  const hid_t group = open_group(file, file->handle, path);
  recorder->path = path;
  recorder->name = volley_arena_copy(file->arena, name);
  recorder->population = get_text(file, group, "population");
  recorder->population_number = find_population(&file->info, recorder->population);
  recorder->neurons = get_count(file, group, "recorded_neurons");
  recorder->start_ms = get_number(file, group, "start_ms");
  recorder->stop_ms = get_number(file, group, "stop_ms");
  volley_hdf5_release(&file->hdf5, group);
  return file->hdf5.failed ? -1 : 0;
}

static void read_recorders(volley_output_file *file) {
  const hid_t group = open_group(file, file->handle, file->format > 1 ? "recorders" : "spikes");
  H5G_info_t links = {0};
  volley_hdf5_check(&file->hdf5, H5Gget_info(group, &links), "look up data of");
  file->info.recorders = volley_arena_alloc(file->arena, (size_t)links.nlinks, sizeof *file->info.recorders);
  if (!file->hdf5.failed)
    volley_hdf5_check(&file->hdf5, H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, add_recorder, file), "read");
  volley_hdf5_release(&file->hdf5, group);
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
  return volley_fault(VOLLEY_USAGE, NULL, "'%s' is not an HDF5 file; give the output of volley run", path);
}

static void read_all(volley_output_file *file, const char *path) {
  file->handle = volley_hdf5_open(&file->hdf5);
  if (file->hdf5.failed) return;
  const hid_t volley = H5Gopen2(file->handle, "volley", H5P_DEFAULT);
  if (volley < 0) {
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is no output of Volley: it has no group /volley", path);
    file->hdf5.failed = true;
    return;
  }
  get_value(file, volley, "format_version", H5T_NATIVE_UINT32, &file->format);
  if (!file->hdf5.failed && (file->format < 1 || file->format > VOLLEY_FORMAT_VERSION)) {
    volley_fault(VOLLEY_USAGE, NULL, "'%s' has format %u; this version of Volley reads formats 1 to %d", path,
                 file->format, VOLLEY_FORMAT_VERSION);
    file->hdf5.failed = true;
  }
  if (!file->hdf5.failed) read_run(file, volley);
  if (!file->hdf5.failed) read_recorders(file);
  volley_hdf5_release(&file->hdf5, volley);
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

static void read_slab(volley_output_file *file, hid_t set, hid_t type, hsize_t first, hsize_t n, void *out) {
  volley_hdf5 *hdf5 = &file->hdf5;
  const hid_t space = volley_hdf5_check(hdf5, H5Dget_space(set), "look up data of");
  const hid_t memory = volley_hdf5_check(hdf5, H5Screate_simple(1, &n, NULL), "describe data of");
  volley_hdf5_check(hdf5, H5Sselect_hyperslab(space, H5S_SELECT_SET, &first, NULL, &n, NULL), "select data of");
  volley_hdf5_check(hdf5, H5Dread(set, type, memory, space, H5P_DEFAULT, out), "read");
  volley_hdf5_release(hdf5, memory);
  volley_hdf5_release(hdf5, space);
}

volley_status volley_output_file_spikes(volley_output_file *file, int recorder,
                                        void (*take)(void *taker, size_t n, const double *times, const uint64_t *ids),
                                        void *taker) {
  const hid_t group = open_group(file, file->handle, file->info.recorders[recorder].path);
  const hid_t time_set = open_dataset(file, group, "timestamps"), id_set = open_dataset(file, group, "node_ids");
  double *times = volley_alloc(SLAB, sizeof *times, "spikes");
  uint64_t *ids = volley_alloc(SLAB, sizeof *ids, "spikes");
  /* A run that was broken off may have grown one of the two only. */
  const hsize_t n_times = count_values(file, time_set), n_ids = count_values(file, id_set);
  const hsize_t total = n_times < n_ids ? n_times : n_ids;
  for (hsize_t first = 0; first < total && !file->hdf5.failed; first += SLAB) {
    const hsize_t n = total - first < SLAB ? total - first : SLAB;
    read_slab(file, time_set, H5T_NATIVE_DOUBLE, first, n, times);
    read_slab(file, id_set, H5T_NATIVE_UINT64, first, n, ids);
    if (!file->hdf5.failed) take(taker, n, times, ids);
  }
  free(times);
  free(ids);
  volley_hdf5_release(&file->hdf5, time_set);
  volley_hdf5_release(&file->hdf5, id_set);
  volley_hdf5_release(&file->hdf5, group);
  return file->hdf5.failed ? VOLLEY_USAGE : VOLLEY_OK;
}
