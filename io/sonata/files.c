#include "io/sonata/client.h"

#include "io/data/reader.h"
#include "io/file/hdf5.h"
#include "io/file/shared.h"
#include "io/yaml/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *join(const volley_sonata *sonata, const char *folder, const char *path) {
  while (strncmp(path, "./", 2) == 0) path += 2;
  if (*path == '/' || strcmp(folder, ".") == 0 || *folder == '\0') return path;
  return volley_arena_format(sonata->arena, "%s/%s", folder, path);
}

const char *volley_sonata_path(const volley_sonata *sonata, const volley_node *node, const char *path) {
  const size_t n = strlen(sonata->folder);
  const char *file = node->file, *slash = strrchr(file, '/');
  if (*path == '/' || !slash) return join(sonata, ".", path);
  char *folder = volley_arena_format(sonata->arena, "%.*s", (int)(slash - file), file);
  if (strcmp(folder, sonata->folder) == 0) return join(sonata, ".", path);
  if (strncmp(folder, sonata->folder, n) == 0 && folder[n] == '/') return join(sonata, folder + n + 1, path);
  return join(sonata, folder, path);
}

const char *volley_sonata_open_path(const volley_sonata *sonata, const char *path) {
  return join(sonata, sonata->folder, path);
}

static const char *copy_bytes(const volley_sonata *sonata, char *bytes, size_t length) {
  char *text = volley_arena_alloc(sonata->arena, length + 1, 1);
  memcpy(text, bytes, length);
  free(bytes);
  return text;
}

/* A whole file as a text. */
static volley_status read_text(const volley_sonata *sonata, const volley_node *from, const char *path,
                               const char **text, size_t *length) {
  char *bytes;
  const volley_place place = volley_node_place(sonata->arena, from);
  VOLLEY_TRY(volley_share_file(volley_sonata_open_path(sonata, path), &place, sonata->comm, &bytes, length));
  *text = copy_bytes(sonata, bytes, *length);
  return VOLLEY_OK;
}

/* ---- Variables: "$NAME" and "${NAME}" in texts. */

enum { MAX_NAME = 200, MAX_DEPTH = 32 };

/* What a variable stands for; NULL if there is none of that name. */
static const char *look_up(const volley_node *manifest, const char *name) {
  for (int i = 0; manifest && manifest->kind == VOLLEY_NODE_MAP && i < manifest->n; i++) {
    const char *key = manifest->items[i]->key;
    key += *key == '$';
    if (strcmp(key, name) == 0 && manifest->items[i]->kind == VOLLEY_NODE_SCALAR) return manifest->items[i]->text;
  }
  return strcmp(name, "configdir") == 0 || strcmp(name, "workingdir") == 0 ? "." : NULL;
}

/* The variable at a `$`: its name, and what follows it. */
static const char *take_name(const char *at, char name[MAX_NAME + 1]) {
  const bool braced = at[1] == '{';
  at += braced ? 2 : 1;
  const size_t n = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
  snprintf(name, MAX_NAME + 1, "%.*s", (int)n, at);
  return at + n + (braced && at[n] == '}');
}

static const char *substitute(const volley_sonata *sonata, const volley_node *node, const volley_node *manifest,
                              const char *text, int depth) {
  const char *dollar = strchr(text, '$');
  char name[MAX_NAME + 1];
  if (!dollar) return text;
  const char *rest = take_name(dollar, name), *value = look_up(manifest, name);
  if (!value || depth > MAX_DEPTH) {
    volley_sonata_fault(sonata, node,
                        value ? "the variables of the manifest refer to each other in a circle: '%s'"
                              : "the manifest has no variable '$%s'",
                        value ? text : name);
    return text;
  }
  value = substitute(sonata, node, manifest, value, depth + 1);
  rest = substitute(sonata, node, manifest, rest, depth);
  if (depth <= MAX_DEPTH && volley_local_status() != VOLLEY_OK) return text;
  return volley_arena_format(sonata->arena, "%.*s%s%s", (int)(dollar - text), text, value, rest);
}

static void substitute_all(const volley_sonata *sonata, volley_node *node, const volley_node *manifest) {
  if (node == manifest) return;
  volley_node_expand(sonata->arena, node);
  if (node->kind == VOLLEY_NODE_SCALAR) node->text = substitute(sonata, node, manifest, node->text, 0);
  for (int i = 0; i < node->n; i++) substitute_all(sonata, node->items[i], manifest);
}

static volley_status without_variables(const volley_sonata *sonata, volley_node *root) {
  const volley_node *manifest = volley_node_get(root, "manifest");
  for (int i = 0; manifest && i < manifest->n; i++) /* also those that nobody refers to */
    (void)substitute(sonata, manifest->items[i], manifest, manifest->items[i]->text, 0);
  substitute_all(sonata, root, manifest);
  return volley_agree(sonata->comm);
}

volley_status volley_sonata_read_json(volley_sonata *sonata, const volley_node *from, const char *path,
                                      volley_node **out) {
  const char *text;
  size_t length;
  if (!from) return without_variables(sonata, *out);
  VOLLEY_TRY(read_text(sonata, from, path, &text, &length));
  *out = volley_yaml_parse(sonata->arena, volley_sonata_open_path(sonata, path), text, length, true);
  if (*out && (*out)->kind != VOLLEY_NODE_MAP && !volley_node_is_null(*out))
    volley_sonata_fault(sonata, *out, "an object is expected: {...}");
  VOLLEY_TRY(volley_agree(sonata->comm));
  return without_variables(sonata, *out);
}

/* ---- Tables: words separated by blanks, or by commas where the line of names has them; NULL and nothing stand for nothing. */

static const char *take_cell(const volley_sonata *sonata, const char **at, char separator) {
  const char *from = *at, *end;
  while (*from == ' ' || *from == '\t') from++;
  if (*from == '\0') return NULL;
  const bool quoted = *from == '"';
  from += quoted;
  for (end = from; *end && (quoted ? *end != '"' : *end != separator && (separator == ',' || *end != '\t'));) end++;
  const char *cell = volley_arena_format(sonata->arena, "%.*s", (int)(end - from), from);
  end += quoted && *end == '"';
  while (separator == ',' && (*end == ' ' || *end == '\t')) end++;
  *at = end + (*end == separator || *end == '\t');
  return cell;
}

static bool is_nothing(const char *cell) {
  return volley_sonata_is_among(cell, "NULL|null|None|NONE|NA|nan|NaN") || *cell == '\0';
}

static volley_node *read_row(const volley_sonata *sonata, const char *line, const char *file, int number,
                             const char *const *names, int n_names, char separator) {
  volley_node *row = volley_node_create(sonata->arena, VOLLEY_NODE_MAP, file);
  const char *cell;
  int c = 0;
  row->line = number;
  row->column = 1;
  for (; (cell = take_cell(sonata, &line, separator)); c++) {
    volley_node *node = volley_node_create(sonata->arena, VOLLEY_NODE_SCALAR, file);
    node->text = cell;
    node->line = number;
    node->column = 1;
    node->plain = is_nothing(cell);
    if (node->plain) node->text = "null";
    if (c < n_names) volley_node_append(sonata->arena, row, node, names[c]);
  }
  if (c != n_names) volley_sonata_fault(sonata, row, "%d cells; the line of names has %d", c, n_names);
  return row;
}

volley_status volley_sonata_read_table(volley_sonata *sonata, const volley_node *from, const char *path,
                                       volley_node **out) {
  const char *text, *names[256], *cell;
  size_t length;
  int n = 0, number = 0;
  char separator = ' ';
  VOLLEY_TRY(read_text(sonata, from, path, &text, &length));
  const char *file = volley_sonata_open_path(sonata, path);
  *out = volley_node_create(sonata->arena, VOLLEY_NODE_LIST, file);
  (*out)->line = 1;
  for (char *line = volley_arena_copy(sonata->arena, text), *next; line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = '\0';
    line[strcspn(line, "\r")] = '\0';
    number++;
    if (line[strspn(line, " \t")] == '\0') continue;
    if (n == 0) {
      const char *at = line;
      separator = strchr(line, ',') ? ',' : ' ';
      while (n < 256 && (cell = take_cell(sonata, &at, separator))) names[n++] = cell;
      continue;
    }
    volley_node_append(sonata->arena, *out, read_row(sonata, line, file, number, names, n, separator), NULL);
  }
  return volley_agree(sonata->comm);
}

/* ---- HDF5. */

/* A text that rank 0 has made, on every rank; it is freed. */
static const char *share_text(const volley_sonata *sonata, char *text) {
  uint64_t length = text ? strlen(text) : 0;
  VOLLEY_MPI(MPI_Bcast(&length, 1, MPI_UINT64_T, 0, sonata->comm));
  char *shared = volley_arena_alloc(sonata->arena, (size_t)length + 1, 1);
  if (text) memcpy(shared, text, (size_t)length);
  VOLLEY_MPI(MPI_Bcast(shared, (int)length, MPI_CHAR, 0, sonata->comm));
  free(text);
  return shared;
}

/* The lines of a text that rank 0 has made, on every rank; it is freed. */
static void share_names(const volley_sonata *sonata, char *lines, const char ***names, int *n) {
  const char *text = share_text(sonata, lines);
  *n = 0;
  for (const char *at = text; *at; at++) *n += *at == '\n';
  *names = volley_arena_alloc(sonata->arena, (size_t)*n + 1, sizeof **names);
  for (int i = 0; i < *n; i++) {
    const size_t length = strcspn(text, "\n");
    (*names)[i] = volley_arena_format(sonata->arena, "%.*s", (int)length, text);
    text += length + 1;
  }
}

typedef struct listing {
  char *text;
  size_t length;
} listing;

static herr_t list_item(hid_t parent, const char *name, const H5L_info_t *info, void *context) {
  listing *l = context;
  H5O_info_t object;
  (void)info;
  const bool is_group = H5Oget_info_by_name(parent, name, &object, H5P_DEFAULT) >= 0 && object.type == H5O_TYPE_GROUP;
  const size_t n = strlen(name);
  l->text = volley_grow(l->text, l->length + n + 3, 1, "names in a file");
  l->length += (size_t)snprintf(l->text + l->length, n + 3, "%s%s\n", name, is_group ? "/" : "");
  return 0;
}

static hid_t open_file(const volley_sonata *sonata, volley_hdf5 *file) {
  return sonata->rank == 0 ? volley_data_open(file) : -1;
}

static void close_file(volley_hdf5 *file, hid_t handle) {
  if (handle >= 0) volley_hdf5_check(file, H5Fclose(handle), "close");
}

#define HDF5_FILE(sonata, from, path)                                                                                  \
  const volley_place place_ = volley_node_place((sonata)->arena, from);                                                \
  volley_hdf5 file = {.path = volley_sonata_open_path(sonata, path), .place = &place_, .blame = VOLLEY_USAGE};         \
  const hid_t handle = open_file(sonata, &file)

volley_status volley_sonata_list_group(volley_sonata *sonata, const volley_node *from, const char *path,
                                       const char *group, const char ***names, int *n) {
  HDF5_FILE(sonata, from, path);
  listing l = {0};
  const hid_t opened = handle >= 0 ? H5Gopen2(handle, group, H5P_DEFAULT) : -1;
  if (opened >= 0) (void)H5Literate(opened, H5_INDEX_NAME, H5_ITER_INC, NULL, list_item, &l);
  volley_hdf5_release(&file, opened);
  close_file(&file, handle);
  share_names(sonata, l.text, names, n);
  return volley_agree(sonata->comm);
}

volley_status volley_sonata_list_spikes(volley_sonata *sonata, const volley_node *from, const char *path,
                                        const char *wanted, const char ***names, int *n) {
  const char *opened = volley_sonata_open_path(sonata, path);
  const volley_place place = volley_node_place(sonata->arena, from);
  volley_hdf5_quiet();
  int is_text = sonata->rank == 0 && H5Fis_hdf5(opened) == 0;
  VOLLEY_MPI(MPI_Bcast(&is_text, 1, MPI_INT, 0, sonata->comm));
  if (!is_text) return volley_sonata_list_group(sonata, from, path, "/spikes", names, n);
  share_names(sonata, sonata->rank == 0 ? volley_spike_text_populations(&place, opened, wanted) : NULL, names, n);
  return volley_agree(sonata->comm);
}

volley_status volley_sonata_read_numbers(volley_sonata *sonata, const volley_node *from, const char *path,
                                         const char *dataset, bool required, double **numbers, size_t *n) {
  HDF5_FILE(sonata, from, path);
  uint64_t count = 0;
  double *values = NULL;
  bool is_there = handle >= 0 && H5Oexists_by_name(handle, dataset, H5P_DEFAULT) > 0;
  if (is_there) values = volley_hdf5_get_array(&file, handle, dataset, H5T_NATIVE_DOUBLE, sonata->arena, &count);
  if (handle >= 0 && !is_there && required) volley_hdf5_fault(&file, "'%s' has no dataset '%s'", file.path, dataset);
  close_file(&file, handle);
  VOLLEY_TRY(volley_agree(sonata->comm));
  int there = is_there;
  VOLLEY_MPI(MPI_Bcast(&there, 1, MPI_INT, 0, sonata->comm));
  VOLLEY_MPI(MPI_Bcast(&count, 1, MPI_UINT64_T, 0, sonata->comm));
  *n = (size_t)count;
  *numbers = NULL;
  if (!there) return VOLLEY_OK;
  *numbers = values ? values : volley_arena_alloc(sonata->arena, *n + 1, sizeof **numbers);
  for (size_t at = 0; at < *n; at += 1 << 20)
    VOLLEY_MPI(MPI_Bcast(*numbers + at, (int)(*n - at < 1 << 20 ? *n - at : 1 << 20), MPI_DOUBLE, 0, sonata->comm));
  return VOLLEY_OK;
}

volley_status volley_sonata_read_attribute(volley_sonata *sonata, const volley_node *from, const char *path,
                                           const char *object, const char *name, const char **text) {
  HDF5_FILE(sonata, from, path);
  char *found = volley_alloc(MAX_NAME + 1, 1, "a text of a file");
  const hid_t opened = handle >= 0 ? H5Oopen(handle, object, H5P_DEFAULT) : -1;
  if (opened >= 0) (void)volley_hdf5_find_text(opened, name, found, MAX_NAME + 1);
  if (opened >= 0) (void)H5Oclose(opened);
  close_file(&file, handle);
  *text = share_text(sonata, found);
  return volley_agree(sonata->comm);
}
