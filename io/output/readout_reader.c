#include "io/output/readout_reader.h"

#include "io/file/hdf5.h"

#include <string.h>

/* One recorder of a readout. */
typedef struct recorder {
  const char *group, *readout, *value;
  double start, interval, learning_start, learning_stop, comparable;
  bool is_chaotic;
} recorder;

typedef struct reading {
  volley_hdf5 file;
  hid_t groups; /* /readout */
  volley_arena *arena;
  recorder *recorders;
  int n;
} reading;

static herr_t add_recorder(hid_t groups, const char *name, const H5L_info_t *unused, void *context) {
  reading *r = context;
  volley_hdf5 *file = &r->file;
  (void)unused;
  const hid_t group = volley_hdf5_open_group(file, groups, name);
  r->recorders[r->n++] = (recorder){.group = volley_arena_copy(r->arena, name),
                                    .readout = volley_hdf5_get_text(file, group, "readout", r->arena),
                                    .value = volley_hdf5_get_text(file, group, "state", r->arena),
                                    .start = volley_hdf5_get_number(file, group, "start_ms"),
                                    .interval = volley_hdf5_get_number(file, group, "interval_ms"),
                                    .learning_start = volley_hdf5_get_number(file, group, "learning_start_ms"),
                                    .learning_stop = volley_hdf5_get_number(file, group, "learning_stop_ms")};
  r->recorders[r->n - 1].comparable =
      H5Aexists(group, "comparable") > 0 ? volley_hdf5_get_number(file, group, "comparable") : 1;
  r->recorders[r->n - 1].is_chaotic =
      H5Aexists(group, "chaotic") > 0 && volley_hdf5_get_number(file, group, "chaotic") != 0;
  volley_hdf5_release(file, group);
  return file->failed ? -1 : 0;
}

/* All rows of a recorder. */
static double *read_rows(reading *r, const recorder *from, uint64_t *rows, int *columns) {
  hsize_t size[2] = {0, 0};
  uint64_t n, values;
  const char *path = volley_arena_format(r->arena, "%s/data", from->group);
  double *data = volley_hdf5_get_array(&r->file, r->groups, path, H5T_NATIVE_DOUBLE, r->arena, &n);
  const hid_t set = volley_hdf5_open_set(&r->file, r->groups, path);
  const hid_t space = volley_hdf5_check(&r->file, H5Dget_space(set), "look up data of");
  if (space >= 0 && H5Sget_simple_extent_ndims(space) == 2) H5Sget_simple_extent_dims(space, size, NULL);
  if (__builtin_mul_overflow(size[0], size[1], &values) || values != n) size[0] = 0;
  volley_hdf5_release(&r->file, space);
  volley_hdf5_release(&r->file, set);
  *rows = size[0];
  *columns = (int)size[1];
  return data;
}

/* The supervisor that was recorded beside an output. */
static const recorder *find_partner(const reading *r, const recorder *output) {
  for (int k = 0; k < r->n; k++) {
    const recorder *other = &r->recorders[k];
    if (strcmp(other->value, "supervisor") == 0 && strcmp(other->readout, output->readout) == 0 &&
        other->interval == output->interval && other->start == output->start)
      return other;
  }
  return NULL;
}

static void read_records(reading *r, volley_readout_record *records, int *n) {
  for (int k = 0; k < r->n && !r->file.failed; k++) {
    const recorder *output = &r->recorders[k], *supervisor = find_partner(r, output);
    if (strcmp(output->value, "output") != 0 || !supervisor) continue;
    uint64_t rows = 0;
    int columns = 0;
    volley_readout_record *record = &records[(*n)++];
    *record = (volley_readout_record){.name = output->readout,
                                      .start_ms = output->start,
                                      .interval_ms = output->interval,
                                      .learning_start_ms = output->learning_start,
                                      .learning_stop_ms = output->learning_stop,
                                      .is_comparable = output->comparable != 0,
                                      .is_chaotic = output->is_chaotic};
    record->output = read_rows(r, output, &record->rows, &record->dimension);
    record->supervisor = read_rows(r, supervisor, &rows, &columns);
    if (columns != record->dimension) --*n;
    if (rows < record->rows) record->rows = rows; /* a run that was broken off */
  }
}

volley_status volley_readout_records_read(const char *path, volley_arena *arena, volley_readout_record **records,
                                          int *n) {
  reading r = {.file = {.path = path, .blame = VOLLEY_USAGE}, .arena = arena};
  H5G_info_t links = {0};
  *n = 0;
  const hid_t file = volley_hdf5_open(&r.file);
  if (file < 0) return VOLLEY_USAGE;
  if (H5Lexists(file, "readout", H5P_DEFAULT) > 0) {
    r.groups = volley_hdf5_open_group(&r.file, file, "readout");
    volley_hdf5_check(&r.file, H5Gget_info(r.groups, &links), "look up data of");
    r.recorders = volley_arena_alloc(arena, (size_t)links.nlinks, sizeof *r.recorders);
    *records = volley_arena_alloc(arena, (size_t)links.nlinks, sizeof **records);
    if (!r.file.failed)
      volley_hdf5_check(&r.file, H5Literate(r.groups, H5_INDEX_NAME, H5_ITER_INC, NULL, add_recorder, &r), "read");
    read_records(&r, *records, n);
    volley_hdf5_release(&r.file, r.groups);
  }
  (void)H5Fclose(file);
  return r.file.failed ? VOLLEY_USAGE : VOLLEY_OK;
}
