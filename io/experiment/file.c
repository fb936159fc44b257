/* From the bytes of an experiment file to a checked experiment. */
#include "io/experiment/file.h"

#include "base/alike.h"
#include "io/experiment/reading.h"
#include "io/file/hdf5_check.h"
#include "network/scale.h"
#include "neuron/plugin.h"
#include "rule/rule.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 256 << 20, CHUNK = 1 << 16, MAX_TITLE = 60000 };

/* The bytes of a file, which the caller frees; NULL after reporting a fault. */
static char *read_bytes(const char *file, size_t *length) {
  const volley_place place = {.file = file};
  FILE *stream = fopen(file, "rb");
  if (stream == NULL) {
    volley_fault(VOLLEY_USAGE, &place, "the experiment file cannot be opened: %s", strerror(errno));
    return NULL;
  }
  char *bytes = NULL;
  size_t capacity = 0, n = 0, got;
  do {
    if (n + CHUNK > capacity) {
      capacity = 2 * capacity + CHUNK;
      bytes = volley_grow(bytes, capacity, 1, "experiment file");
    }
    errno = 0;
    got = fread(bytes + n, 1, CHUNK, stream);
    n += got;
  } while (got > 0 && n <= MAX_BYTES);
  const bool failed = ferror(stream) != 0;
  if (failed) volley_fault(VOLLEY_USAGE, &place, "the experiment file cannot be read: %s", strerror(errno));
  if (n > MAX_BYTES)
    volley_fault(VOLLEY_USAGE, &place, "larger than %d MB, this is no experiment file", MAX_BYTES >> 20);
  fclose(stream);
  if (failed || n > MAX_BYTES) {
    free(bytes);
    return NULL;
  }
  *length = n;
  return bytes;
}

/* Rank 0 reads, everybody gets the bytes. Collective; the caller frees *bytes. */
static volley_status share_bytes(const char *file, MPI_Comm comm, char **bytes, size_t *length) {
  int rank;
  unsigned long long size = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  *bytes = rank == 0 ? read_bytes(file, length) : NULL;
  VOLLEY_TRY(volley_agree(comm)); /* *bytes is NULL where this fails */
  if (rank == 0) size = *length;
  VOLLEY_MPI(MPI_Bcast(&size, 1, MPI_UNSIGNED_LONG_LONG, 0, comm));
  *length = (size_t)size;
  if (rank != 0) *bytes = volley_alloc(*length, 1, "experiment file");
  VOLLEY_MPI(MPI_Bcast(*bytes, (int)*length, MPI_CHAR, 0, comm));
  return VOLLEY_OK;
}

/* Folder of a file: "." if its name has none. */
static const char *folder_of(volley_arena *arena, const char *file) {
  char *folder = volley_arena_copy(arena, file), *slash = strrchr(folder, '/');
  if (slash == NULL) return ".";
  slash[slash == folder] = '\0'; /* "/" stays */
  return folder;
}

/* Absolute path of a folder as rank 0 sees it, in the arena. Collective, agreed status. */
static volley_status share_folder(volley_arena *arena, const char *folder, MPI_Comm comm, const char **absolute) {
  char path[PATH_MAX] = "";
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && realpath(folder, path) == NULL)
    volley_fault(VOLLEY_USAGE, NULL, "the folder of the experiment file, '%s', has no path: %s", folder,
                 strerror(errno));
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_MPI(MPI_Bcast(path, PATH_MAX, MPI_CHAR, 0, comm));
  *absolute = volley_arena_copy(arena, path);
  return VOLLEY_OK;
}

/* Adds a plugin to the list of those of this rank, with a number that stands for its bytes. */
static void list_plugin(volley_reading *reading, const char *path) {
  unsigned char bytes[4096];
  uint64_t hash = 0, n = 0;
  FILE *file = fopen(path, "rb");
  for (size_t got = 1; file && got > 0; n += got) {
    got = fread(bytes, 1, sizeof bytes, file);
    hash = volley_bytes_hash(hash, bytes, got);
  }
  if (file) fclose(file);
  const char *before = reading->experiment->plugins;
  reading->experiment->plugins =
      volley_arena_format(reading->arena, "%s%s'%s' (%" PRIu64 " bytes, hash %016" PRIx64 ")", before ? before : "",
                          before ? ", " : "", path, n, hash);
}

/* Loads the models that the experiment brings along; without them nothing else makes sense. */
static bool read_plugins(volley_reading *reading, volley_yaml *section) {
  volley_yaml **names;
  char why[1024];
  const int n = volley_read_names(reading, section, &names), before = reading->faults;
  for (int i = 0; i < n; i++) {
    const char *path = volley_path(reading, names[i]), *wrong = volley_plugin_load(path, why, sizeof why);
    if (wrong != NULL) volley_value_fault(reading, names[i], "%s", wrong);
    list_plugin(reading, path);
  }
  return reading->faults == before;
}

static void read_network(volley_reading *reading, volley_yaml *section) {
  volley_experiment *experiment = reading->experiment;
  volley_yaml *scale = volley_yaml_get(section, "scale");
  if (section != NULL) volley_check_section(reading, section, VOLLEY_SECTION_NETWORK);
  if (scale != NULL && scale->kind == VOLLEY_YAML_SCALAR)
    volley_value_fault(reading, scale, "this has two keys: write {neurons: %s, indegree: %s}, or one of them",
                       scale->text, scale->text);
  else if (scale != NULL)
    volley_check_section(reading, scale, VOLLEY_SECTION_SCALE);
  volley_read_number(reading, scale, volley_key_find(VOLLEY_SECTION_SCALE, "neurons"), (volley_pick){0},
                     &experiment->scale_neurons);
  volley_read_number(reading, scale, volley_key_find(VOLLEY_SECTION_SCALE, "indegree"), (volley_pick){0},
                     &experiment->scale_indegree);
}

static const volley_key_info *output_key(const char *name) { return volley_key_find(VOLLEY_SECTION_OUTPUT, name); }

/* Compression and precision of recorded data. */
static void read_form(volley_reading *reading, const volley_yaml *section) {
  volley_experiment *experiment = reading->experiment;
  double level = 0.0;
  if (volley_read_number(reading, section, output_key("compression"), (volley_pick){0}, &level))
    experiment->compression = (int)level;
  experiment->is_double = volley_read_choice(reading, section, output_key("precision")) == 1;
  if (experiment->compression > 0 && !volley_hdf5_can_compress())
    volley_value_fault(reading, volley_yaml_get(section, "compression"),
                       "this HDF5 library cannot compress what several ranks write; set it to 0");
}

/* The output's path; by default the experiment file's name with .h5, in the working folder. */
static void read_output(volley_reading *reading, volley_yaml *section) {
  if (section != NULL && !volley_check_section(reading, section, VOLLEY_SECTION_OUTPUT)) section = NULL;
  volley_yaml *node = NULL;
  const char *path = volley_read_text(reading, section, output_key("file"), (volley_pick){0}, &node);
  if (path != NULL && *path == '\0') volley_value_fault(reading, node, "a file name is expected");
  read_form(reading, section);
  reading->experiment->output = path;
  if (path != NULL) return;
  const char *file = reading->experiment->file, *slash = strrchr(file, '/');
  char *name = volley_arena_copy(reading->arena, slash != NULL ? slash + 1 : file);
  char *dot = strrchr(name, '.');
  if (dot != NULL && dot != name) *dot = '\0';
  reading->experiment->output = volley_arena_format(reading->arena, "%s.h5", name);
}

/* Whether each rule can be met; of pairs that have no fault so far. */
static void check_rules(volley_reading *reading) {
  const volley_experiment *experiment = reading->experiment;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    char buffer[512];
    if (reading->faults > 0 && !reading->projection_valid[p]) continue;
    if (projection->rule->check == NULL) continue;
    const char *wrong = projection->rule->check(experiment, projection, buffer, sizeof buffer);
    if (wrong != NULL) volley_entry_fault(reading, &projection->place, "%s: %s", projection->name, wrong);
  }
}

/* The title becomes an attribute of the output, for which HDF5 has a limit of 64 kB. */
static void read_title(volley_reading *reading, volley_yaml *root) {
  volley_yaml *node = NULL;
  const char *title =
      volley_read_text(reading, root, volley_key_find(VOLLEY_SECTION_TOP, "title"), (volley_pick){0}, &node);
  reading->experiment->title = title != NULL ? title : ""; /* NULL: reported */
  if (title != NULL && strlen(title) > MAX_TITLE)
    volley_value_fault(reading, node, "a title of %zu bytes; at most %d are possible, comments (#) can be longer",
                       strlen(title), MAX_TITLE);
}

static void read_root(volley_reading *reading, volley_yaml *root) {
  if (!volley_check_section(reading, root, VOLLEY_SECTION_TOP)) return;
  read_title(reading, root);
  if (!read_plugins(reading, volley_yaml_get(root, "plugins"))) return;
  volley_read_simulation(reading, volley_yaml_get(root, "simulation"));
  read_network(reading, volley_yaml_get(root, "network"));
  volley_read_populations(reading, volley_yaml_get(root, "populations"));
  volley_read_projections(reading, volley_yaml_get(root, "projections"));
  volley_read_stimuli(reading, volley_yaml_get(root, "stimuli"));
  volley_read_readouts(reading, volley_yaml_get(root, "readouts"));
  volley_read_ablations(reading, volley_yaml_get(root, "ablations"));
  volley_read_recorders(reading, volley_yaml_get(root, "recorders"));
  read_output(reading, volley_yaml_get(root, "output"));
  volley_read_checkpoint(reading, volley_yaml_get(root, "checkpoint"));
}

/* A text to read and what goes with it. */
typedef struct source {
  const char *bytes;
  size_t length;
  const char *name;   /* what messages call it */
  const char *folder; /* where relative paths in it start */
  const char *const *sets;
  int n_sets;
} source;

/* Parses, applies the assignments, fills and checks the experiment. Faults are left on this process's list. */
static void parse_experiment(volley_experiment *experiment, const source *from, bool looks_at_files) {
  volley_reading reading = {
      .experiment = experiment, .arena = experiment->arena, .folder = from->folder, .looks_at_files = looks_at_files};
  volley_yaml *root = volley_yaml_parse(reading.arena, from->name, from->bytes, from->length, true);
  if (root == NULL) return;
  if (root->kind != VOLLEY_YAML_MAP) {
    const bool empty = volley_yaml_is_null(root);
    volley_value_fault(&reading, root, "%s; an experiment is a mapping with the sections simulation, populations, ...",
                       empty ? "the file is empty" : "the file holds a text or a list");
    return;
  }
  for (int i = 0; i < from->n_sets; i++) volley_yaml_set(reading.arena, root, from->sets[i]);
  read_root(&reading, root);
  experiment->tree = root;
  experiment->resolved = volley_yaml_write(reading.arena, root);
  const bool scaled = experiment->scale_neurons != 1.0 || experiment->scale_indegree != 1.0;
  if (scaled && (volley_local_status() != VOLLEY_OK || volley_experiment_scale(experiment) != VOLLEY_OK)) return;
  check_rules(&reading);
  if (volley_local_status() == VOLLEY_OK) volley_projections_drop_empty(experiment);
}

/* An experiment of a file of that name in that folder, made from a text that every rank has. The arena, in which all
 * but the text lies, becomes the experiment's, or is destroyed where that fails. Collective, agreed status. */
static volley_status make_experiment(volley_arena *arena, const char *file, const char *folder, const source *from,
                                     MPI_Comm comm, volley_experiment **out) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_experiment *experiment = volley_arena_alloc(arena, 1, sizeof *experiment);
  experiment->arena = arena;
  experiment->file = file;
  experiment->folder = folder;
  experiment->scale_neurons = experiment->scale_indegree = 1.0;
  parse_experiment(experiment, from, rank == 0);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK && experiment->plugins)
    status = volley_alike(comm, "find different files under `plugins`", experiment->plugins);
  if (status != VOLLEY_OK)
    volley_experiment_destroy(experiment);
  else
    *out = experiment;
  return status;
}

volley_status volley_experiment_read(const char *file, const char *const *sets, int n_sets, MPI_Comm comm,
                                     volley_experiment **out) {
  char *bytes = NULL;
  const char *absolute = NULL;
  size_t length = 0;
  VOLLEY_TRY(share_bytes(file, comm, &bytes, &length));
  volley_arena *arena = volley_arena_create();
  file = volley_arena_copy(arena, file);
  const source from = {bytes, length, file, folder_of(arena, file), sets, n_sets};
  volley_status status = share_folder(arena, from.folder, comm, &absolute);
  if (status == VOLLEY_OK)
    status = make_experiment(arena, file, absolute, &from, comm, out);
  else
    volley_arena_destroy(arena);
  free(bytes);
  return status;
}

volley_status volley_experiment_read_text(const char *text, const char *name, const char *file, const char *folder,
                                          const char *const *sets, int n_sets, MPI_Comm comm, volley_experiment **out) {
  volley_arena *arena = volley_arena_create();
  folder = volley_arena_copy(arena, folder);
  const source from = {text, strlen(text), volley_arena_copy(arena, name), folder, sets, n_sets};
  return make_experiment(arena, volley_arena_copy(arena, file), folder, &from, comm, out);
}
