#include "app/partition_from.h"

#include "io/yaml/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 28 };

/* A file as one text in the arena; NULL after adding a fault. */
static char *read_text(volley_arena *arena, const char *path, size_t *length) {
  FILE *file = fopen(path, "r");
  char *text = NULL;
  *length = 0;
  if (file && fseek(file, 0, SEEK_END) == 0) {
    const long end = ftell(file);
    if (end >= 0 && end < MOST_BYTES) text = volley_arena_alloc(arena, (size_t)end + 1, 1);
    rewind(file);
    if (text) *length = fread(text, 1, (size_t)end, file);
  }
  if (!text)
    volley_fault(VOLLEY_USAGE, NULL, "--partition-from: the file '%s' cannot be read: %s", path, strerror(errno));
  if (file) fclose(file);
  return text;
}

/* The figures of a partition, on one line; speeds only where the ranks are as many as there were. */
static const char *write_partition(volley_arena *arena, volley_node *partition, int ranks) {
  char *text = NULL;
  size_t length;
  FILE *out = open_memstream(&text, &length);
  if (!out) volley_die("no memory for a partition");
  fputs("simulation.partition={type: weighted", out);
  for (int i = 0; i < partition->n; i++) {
    const volley_node *item = volley_node_expand(arena, partition->items[i]);
    if (item->kind == VOLLEY_NODE_SCALAR && strcmp(item->key, "type") != 0)
      fprintf(out, ", %s: %s", item->key, item->text);
    if (item->kind != VOLLEY_NODE_LIST || (strcmp(item->key, "speeds") == 0 && item->n != ranks)) continue;
    for (int k = 0; k < item->n; k++)
      fprintf(out, ", %s%s%s", k ? "" : item->key, k ? "" : ": [", item->items[k]->text);
    fputs("]", out);
  }
  fputs("}", out);
  fclose(out);
  const char *copy = volley_arena_copy(arena, text);
  free(text);
  return copy;
}

const char *volley_partition_from(volley_arena *arena, const char *path, int ranks) {
  size_t length;
  const char *text = read_text(arena, path, &length);
  if (!text) return NULL;
  const volley_node *root = volley_yaml_parse(arena, path, text, length, true);
  if (!root) return NULL;
  volley_node *partition = volley_node_get(root, "partition");
  if (partition && partition->kind == VOLLEY_NODE_MAP) return write_partition(arena, partition, ranks);
  volley_fault(VOLLEY_USAGE, NULL,
               "--partition-from: '%s' is no summary of a run, as --summary writes it: there is no 'partition' in it",
               path);
  return NULL;
}
