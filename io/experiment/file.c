/* From the bytes of an experiment file to a checked experiment. */
#include "io/experiment/file.h"

#include "base/alike.h"
#include "experiment/check.h"
#include "io/file/hdf5_check.h"
#include "io/file/shared.h"
#include "io/sonata/sonata.h"
#include "io/yaml/parse.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
  volley_node *root;  /* the tree where it was made before; else NULL */
  const char **notes; /* [n_notes] of that */
  int n_notes;
  bool is_past; /* of a run that was: files that it names are not looked at */
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
  volley_node *root = from->root ? from->root : volley_yaml_parse(arena, from->name, from->bytes, from->length, true);
  if (!root) return NULL;
  for (int i = 0; i < from->n_sets && root->kind == VOLLEY_NODE_MAP; i++) volley_yaml_set(arena, root, from->sets[i]);
  volley_experiment *experiment = volley_experiment_check(arena, root, file, from->folder, looks_at_files);
  check_compression(experiment);
  for (int i = 0; i < from->n_notes; i++) volley_experiment_note(experiment, from->notes[i]);
  return experiment;
}

/* An experiment of a file of that name in that folder, made from a text that every rank has. The arena, in which all
 * but the text lies, becomes the experiment's, or is destroyed where that fails. Collective, agreed status. */
static volley_status make_experiment(volley_arena *arena, const char *file, const char *folder, const source *from,
                                     MPI_Comm comm, volley_experiment **out) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_experiment *experiment = parse_experiment(arena, file, from, rank == 0 && !from->is_past);
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

static const char nsyns_key[] = "sonata.nsyns=";

/* Parses the text; a SONATA configuration becomes a description, for which what is set of it is taken out of the assignments.
 * Collective, agreed status. */
static volley_status parse_text(volley_arena *arena, source *from, MPI_Comm comm) {
  const char *nsyns = "multiply", **rest = volley_arena_alloc(arena, (size_t)from->n_sets + 1, sizeof *rest);
  int n = 0;
  from->root = volley_yaml_parse(arena, from->name, from->bytes, from->length, true);
  if (!from->root) return volley_agree(comm);
  if (!volley_sonata_is(from->root)) return VOLLEY_OK;
  for (int i = 0; i < from->n_sets; i++) {
    if (strncmp(from->sets[i], nsyns_key, sizeof nsyns_key - 1) == 0)
      nsyns = from->sets[i] + sizeof nsyns_key - 1;
    else
      rest[n++] = from->sets[i];
  }
  from->sets = rest;
  from->n_sets = n;
  return volley_sonata_describe(arena, from->root, from->folder, nsyns, comm, &from->root, &from->notes,
                                &from->n_notes);
}

volley_status volley_experiment_read(const char *file, const char *const *sets, int n_sets, MPI_Comm comm,
                                     volley_experiment **out) {
  char *bytes = NULL;
  const char *absolute = NULL;
  size_t length = 0;
  VOLLEY_TRY(volley_share_file(file, NULL, comm, &bytes, &length));
  volley_arena *arena = volley_arena_create();
  file = volley_arena_copy(arena, file);
  source from = {bytes, length, file, folder_of(arena, file), sets, n_sets, NULL, NULL, 0, false};
  volley_status status = share_folder(arena, from.folder, comm, &absolute);
  if (status == VOLLEY_OK) status = parse_text(arena, &from, comm);
  if (status == VOLLEY_OK)
    status = make_experiment(arena, file, absolute, &from, comm, out);
  else
    volley_arena_destroy(arena);
  free(bytes);
  return status;
}

static volley_status read_text(const char *text, const char *name, const char *file, const char *folder,
                               const char *const *sets, int n_sets, bool is_past, MPI_Comm comm,
                               volley_experiment **out) {
  volley_arena *arena = volley_arena_create();
  folder = volley_arena_copy(arena, folder);
  name = volley_arena_copy(arena, name);
  const source from = {text, strlen(text), name, folder, sets, n_sets, NULL, NULL, 0, is_past};
  return make_experiment(arena, volley_arena_copy(arena, file), folder, &from, comm, out);
}

volley_status volley_experiment_read_text(const char *text, const char *name, const char *file, const char *folder,
                                          const char *const *sets, int n_sets, MPI_Comm comm, volley_experiment **out) {
  return read_text(text, name, file, folder, sets, n_sets, false, comm, out);
}

volley_status volley_experiment_read_past(const char *text, const char *name, const char *file, const char *folder,
                                          MPI_Comm comm, volley_experiment **out) {
  return read_text(text, name, file, folder, NULL, 0, true, comm, out);
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

void volley_experiment_tell_differences(const volley_experiment *now, const char *then, const char *name) {
  volley_arena *arena = volley_arena_create();
  volley_node *tree = parse_map(arena, then, name);
  if (tree) volley_experiment_tell(now, arena, tree, name);
  volley_arena_destroy(arena);
}

bool volley_experiment_is_same(const volley_experiment *now, const char *then) {
  if (!now->tree) return strcmp(now->resolved, then) == 0;
  volley_arena *arena = volley_arena_create();
  volley_node *tree = parse_map(arena, then, "");
  const bool same = tree && volley_experiment_differences(now, arena, tree, "", 0, true) == 0;
  volley_arena_destroy(arena);
  return same;
}
