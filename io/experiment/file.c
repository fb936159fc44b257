/* From the bytes of an experiment file to a checked experiment. */
#include "io/experiment/file.h"

#include "base/alike.h"
#include "experiment/check.h"
#include "io/file/hdf5_check.h"
#include "io/yaml/parse.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 256 << 20, CHUNK = 1 << 16 };

/* The bytes of a file, which the caller frees; NULL after reporting a fault. */
static char *read_bytes(const char *file, size_t *length) {
  const volley_place place = {.file = file};
  FILE *stream = fopen(file, "rb");
  if (!stream) {
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
  if (!slash) return ".";
  slash[slash == folder] = '\0'; /* "/" stays */
  return folder;
}

/* Absolute path of a folder as rank 0 sees it, in the arena. Collective, agreed status. */
static volley_status share_folder(volley_arena *arena, const char *folder, MPI_Comm comm, const char **absolute) {
  char path[PATH_MAX] = "";
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && !realpath(folder, path))
    volley_fault(VOLLEY_USAGE, NULL, "the folder of the experiment file, '%s', has no path: %s", folder,
                 strerror(errno));
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_MPI(MPI_Bcast(path, PATH_MAX, MPI_CHAR, 0, comm));
  *absolute = volley_arena_copy(arena, path);
  return VOLLEY_OK;
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

/* Reports compression that this HDF5 cannot do. */
static void check_compression(const volley_experiment *experiment) {
  const volley_node *node = volley_node_get(volley_node_get(experiment->tree, "output"), "compression");
  if (experiment->compression == 0 || volley_hdf5_can_compress()) return;
  const volley_place place = volley_node_place(experiment->arena, node);
  volley_fault(VOLLEY_USAGE, &place, "this HDF5 library cannot compress what several ranks write; set it to 0");
}

/* Parses, applies the assignments, fills and checks the experiment; NULL where there is nothing to fill it from. Faults are
 * left on this process's list. */
static volley_experiment *parse_experiment(volley_arena *arena, const char *file, const source *from,
                                           bool looks_at_files) {
  volley_node *root = volley_yaml_parse(arena, from->name, from->bytes, from->length, true);
  if (!root) return NULL;
  for (int i = 0; i < from->n_sets && root->kind == VOLLEY_NODE_MAP; i++) volley_yaml_set(arena, root, from->sets[i]);
  volley_experiment *experiment = volley_experiment_check(arena, root, file, from->folder, looks_at_files);
  check_compression(experiment);
  return experiment;
}

/* An experiment of a file of that name in that folder, made from a text that every rank has. The arena, in which all
 * but the text lies, becomes the experiment's, or is destroyed where that fails. Collective, agreed status. */
static volley_status make_experiment(volley_arena *arena, const char *file, const char *folder, const source *from,
                                     MPI_Comm comm, volley_experiment **out) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_experiment *experiment = parse_experiment(arena, file, from, rank == 0);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK && experiment->plugins)
    status = volley_alike(comm, "find different files under `plugins`", experiment->plugins);
  if (status != VOLLEY_OK) {
    volley_arena_destroy(arena);
    return status;
  }
  experiment->folder = folder;
  *out = experiment;
  return VOLLEY_OK;
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

/* The text of an experiment as a tree; NULL if it is none. */
static volley_node *parse_map(volley_arena *arena, const char *text, const char *name) {
  volley_node *tree = volley_yaml_parse(arena, name, text, strlen(text), true);
  return tree && tree->kind == VOLLEY_NODE_MAP ? tree : NULL;
}

volley_status volley_experiment_compare(const volley_experiment *now, const char *then, const char *name,
                                        double time_ms) {
  volley_arena *arena = volley_arena_create();
  volley_node *tree = parse_map(arena, then, name);
  if (tree)
    volley_experiment_differences(now, arena, tree, name, time_ms, false);
  else
    volley_fault(VOLLEY_USAGE, NULL, "%s is damaged: it holds no experiment that can be read", name);
  volley_arena_destroy(arena);
  return volley_local_status();
}

bool volley_experiment_is_same(const volley_experiment *now, const char *then) {
  if (!now->tree) return strcmp(now->resolved, then) == 0;
  volley_arena *arena = volley_arena_create();
  volley_node *tree = parse_map(arena, then, "");
  const bool same = tree && volley_experiment_differences(now, arena, tree, "", 0, true) == 0;
  volley_arena_destroy(arena);
  return same;
}
