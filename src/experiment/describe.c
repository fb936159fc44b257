#include "volley.h"

#include "base/alike.h"
#include "experiment/check.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct volley_description {
  volley_arena *arena; /* in which this lies, too */
  volley_node *root;
  const char *name, *folder;
  int calls;
};

volley_description *volley_description_create(const char *name, const char *folder) {
  volley_arena *arena = volley_arena_create();
  volley_description *description = volley_arena_alloc(arena, 1, sizeof *description);
  *description = (volley_description){
      .arena = arena, .name = volley_arena_copy(arena, name), .folder = volley_arena_copy(arena, folder)};
  description->root = volley_node_create(arena, VOLLEY_NODE_MAP, description->name);
  return description;
}

void volley_description_destroy(volley_description *description) {
  if (description) volley_arena_destroy(description->arena);
}

/* What messages call the next call. */
static const char *next_call(volley_description *d) { return volley_arena_format(d->arena, "call %d", ++d->calls); }

static volley_node *scalar(volley_description *d, const char *call, const char *text) {
  volley_node *node = volley_node_create(d->arena, VOLLEY_NODE_SCALAR, call);
  node->text = volley_arena_copy(d->arena, text);
  node->plain = *text != '\0';
  return node;
}

static volley_node *array(volley_description *d, const char *call, const double *numbers, size_t n) {
  volley_node *node = volley_node_create(d->arena, VOLLEY_NODE_NUMBERS, call);
  double *copy = volley_arena_alloc(d->arena, n + 1, sizeof *copy);
  if (n > 0) memcpy(copy, numbers, n * sizeof *copy);
  node->numbers = copy;
  node->n_numbers = n;
  return node;
}

int volley_description_add(volley_description *d, const char *section, const char *name) {
  const char *call = next_call(d);
  volley_node *list = volley_node_get(d->root, section), *entry = volley_node_create(d->arena, VOLLEY_NODE_MAP, call);
  if (!list) {
    list = volley_node_create(d->arena, VOLLEY_NODE_LIST, call);
    volley_node_append(d->arena, d->root, list, volley_arena_copy(d->arena, section));
  }
  if (list->kind != VOLLEY_NODE_LIST) {
    const volley_place place = {.file = call, .path = section};
    volley_fault(VOLLEY_USAGE, &place, "an entry is added to what is no list");
    return -1;
  }
  if (name) volley_node_append(d->arena, entry, scalar(d, call, name), "name");
  volley_node_append(d->arena, list, entry, NULL);
  return list->n - 1;
}

static volley_status assign(volley_description *d, const char *call, const char *path, volley_node *value) {
  return volley_node_assign(d->arena, d->root, call, path, value);
}

volley_status volley_description_set(volley_description *d, const char *path, const char *text) {
  const char *call = next_call(d);
  return assign(d, call, path, scalar(d, call, text));
}

volley_status volley_description_set_number(volley_description *d, const char *path, double number) {
  char text[VOLLEY_NUMBER_TEXT];
  return volley_description_set(d, path, volley_number_text(number, text));
}

volley_status volley_description_set_texts(volley_description *d, const char *path, const char *const *texts, int n) {
  const char *call = next_call(d);
  volley_node *list = volley_node_create(d->arena, VOLLEY_NODE_LIST, call);
  for (int i = 0; i < n; i++) volley_node_append(d->arena, list, scalar(d, call, texts[i]), NULL);
  return assign(d, call, path, list);
}

volley_status volley_description_set_numbers(volley_description *d, const char *path, const double *numbers, size_t n) {
  const char *call = next_call(d);
  return assign(d, call, path, array(d, call, numbers, n));
}

volley_status volley_description_set_rows(volley_description *d, const char *path, const double *numbers, int n_rows,
                                          size_t n_columns) {
  const char *call = next_call(d);
  volley_node *list = volley_node_create(d->arena, VOLLEY_NODE_LIST, call);
  for (int r = 0; r < n_rows; r++)
    volley_node_append(d->arena, list, array(d, call, numbers + (size_t)r * n_columns, n_columns), NULL);
  return assign(d, call, path, list);
}

volley_status volley_description_check(volley_description *d, bool looks_at_files, MPI_Comm comm,
                                       volley_experiment **out) {
  char path[PATH_MAX];
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_experiment *experiment =
      volley_experiment_check(d->arena, d->root, d->name, d->folder, looks_at_files && rank == 0);
  if (realpath(d->folder, path))
    experiment->folder = volley_arena_copy(d->arena, path);
  else
    volley_fault(VOLLEY_USAGE, NULL, "the folder of the description, '%s', has no path: %s", d->folder,
                 strerror(errno));
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK && experiment->plugins)
    status = volley_alike(comm, "find different files under `plugins`", experiment->plugins);
  if (status == VOLLEY_OK) status = volley_alike(comm, "describe different experiments", experiment->resolved);
  if (status == VOLLEY_OK)
    *out = experiment;
  else
    volley_description_destroy(d);
  return status;
}
