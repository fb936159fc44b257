#include "io/checkpoint/section.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A group, an attribute of a group, or a dataset. */
typedef struct volley_item {
  struct volley_item *next;
  enum { GROUP, ATTRIBUTE, DATASET } kind;
  const char *path, *name; /* name: of the attribute */
  hid_t type;              /* of the attribute; H5T_STRING of a text */
  const void *value;       /* of the attribute */
  volley_dataset dataset;
} volley_item;

void volley_contents_create(volley_contents *contents) {
  *contents = (volley_contents){.arena = volley_arena_create(), .bytes = VOLLEY_BYTES_OF_FILE};
  contents->end = &contents->first;
}

void volley_contents_destroy(volley_contents *contents) { volley_arena_destroy(contents->arena); }

static volley_item *add(volley_contents *contents, volley_item new_item, uint64_t bytes) {
  volley_item *added = volley_arena_alloc(contents->arena, 1, sizeof *added);
  *added = new_item;
  *contents->end = added;
  contents->end = &added->next;
  contents->bytes += bytes;
  return added;
}

static const char *format(volley_contents *contents, const char *path, va_list words) {
  char text[2048];
  vsnprintf(text, sizeof text, path, words);
  return volley_arena_copy(contents->arena, text);
}

void volley_contents_add_group(volley_contents *contents, const char *path, ...) {
  va_list words;
  va_start(words, path);
  add(contents, (volley_item){.kind = GROUP, .path = format(contents, path, words)}, VOLLEY_BYTES_OF_GROUP);
  va_end(words);
}

void volley_contents_add_text(volley_contents *contents, const char *group, const char *name, const char *text) {
  volley_contents_add_value(contents, group, name, H5T_STRING, text);
  contents->bytes += strlen(text);
}

void volley_contents_add_value(volley_contents *contents, const char *group, const char *name, hid_t type,
                               const void *value) {
  add(contents, (volley_item){.kind = ATTRIBUTE, .path = group, .name = name, .type = type, .value = value}, 0);
}

static volley_dataset *add_dataset(volley_contents *contents, volley_dataset dataset) {
  dataset.handle = dataset.descriptor = -1;
  contents->n_datasets++;
  return &add(contents, (volley_item){.kind = DATASET, .dataset = dataset},
              VOLLEY_BYTES_OF_DATASET + dataset.count * dataset.bytes)
              ->dataset;
}

volley_dataset *volley_contents_add(volley_contents *contents, hid_t type, uint64_t count, const char *units,
                                    const void *values, const char *path, ...) {
  va_list words;
  va_start(words, path);
  const char *name = format(contents, path, words);
  va_end(words);
  return add_dataset(
      contents,
      (volley_dataset){
          .path = name, .units = units, .values = values, .count = count, .bytes = H5Tget_size(type), .type = type});
}

static const char *text_at(const void *texts, size_t stride, size_t i) {
  return *(const char *const *)((const char *)texts + i * stride);
}

size_t volley_texts_width(size_t n, const void *texts, size_t stride) {
  size_t width = 1;
  for (size_t i = 0; i < n; i++)
    if (strlen(text_at(texts, stride, i)) >= width) width = strlen(text_at(texts, stride, i)) + 1;
  return width;
}

void volley_contents_add_texts(volley_contents *contents, const char *path, size_t n, const void *texts,
                               size_t stride) {
  const size_t width = volley_texts_width(n, texts, stride);
  char *rows = volley_arena_alloc(contents->arena, n, width);
  for (size_t i = 0; i < n; i++) strcpy(rows + i * width, text_at(texts, stride, i));
  add_dataset(contents, (volley_dataset){.path = path, .values = rows, .count = n, .bytes = width, .type = H5T_STRING});
}

typedef struct numbers {
  volley_arena *arena;
  uint64_t n;
  double *values;
} numbers;

static void allocate(void *context) {
  numbers *made = context;
  made->values = volley_arena_alloc(made->arena, made->n, sizeof *made->values);
}

double *volley_contents_numbers(volley_contents *contents, uint64_t n, MPI_Comm comm) {
  numbers made = {.arena = contents->arena, .n = n};
  return volley_all(volley_memory_try(allocate, &made) == VOLLEY_OK, comm) ? made.values : NULL;
}

void volley_contents_add_scalar(volley_contents *contents, const char *path, const char *text) {
  add_dataset(
      contents,
      (volley_dataset){
          .path = path, .values = text, .count = 1, .bytes = strlen(text) + 1, .is_scalar = true, .type = H5T_STRING});
}

static void make_attribute(volley_hdf5 *file, hid_t root, const volley_item *i) {
  const hid_t group = volley_hdf5_open_group(file, root, i->path);
  if (i->type == H5T_STRING)
    volley_hdf5_put_text(file, group, i->name, i->value);
  else
    volley_hdf5_put_values(file, group, i->name, i->type, 0, i->value);
  volley_hdf5_release(file, group);
}

void volley_contents_make(const volley_contents *contents, volley_hdf5 *file, hid_t root) {
  for (volley_item *i = contents->first; i; i = i->next) {
    switch (i->kind) {
      case GROUP: volley_hdf5_release(file, volley_hdf5_put_group(file, root, i->path)); break;
      case ATTRIBUTE: make_attribute(file, root, i); break;
      case DATASET: volley_dataset_create(file, root, &i->dataset); break;
    }
  }
}

void volley_contents_put(const volley_contents *contents, volley_hdf5 *file, int descriptor, bool puts) {
  for (volley_item *i = contents->first; i; i = i->next) {
    volley_dataset *dataset = &i->dataset;
    dataset->descriptor = descriptor;
    if (dataset->values && puts) volley_dataset_put(file, dataset, 0, dataset->count, dataset->values);
  }
}

void volley_contents_finish(const volley_contents *contents, volley_hdf5 *file, MPI_Comm comm, volley_extent *extents) {
  uint64_t *sums = volley_alloc(contents->n_datasets, sizeof *sums, "checksums"), *sum = sums;
  for (const volley_item *i = contents->first; i; i = i->next)
    if (i->kind == DATASET) *sum++ = i->dataset.checksum;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, sums, (int)contents->n_datasets, MPI_UINT64_T, MPI_SUM, comm));
  sum = sums;
  for (volley_item *i = contents->first; i; i = i->next) {
    if (i->kind != DATASET) continue;
    volley_dataset_finish(file, &i->dataset, *sum++, extents++);
    volley_dataset_release(file, &i->dataset);
  }
  free(sums);
}

void volley_contents_release(const volley_contents *contents, volley_hdf5 *file) {
  for (volley_item *i = contents->first; i; i = i->next)
    if (i->kind == DATASET) volley_dataset_release(file, &i->dataset);
}
