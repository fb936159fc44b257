#include "io/output/row_reader.h"

#include "io/file/hdf5.h"
#include "record/kind.h"

#include <math.h>
#include <stdlib.h>

enum { AT_ONCE = 1 << 20 /* values */ };

typedef struct reading {
  volley_hdf5 file;
  hid_t groups; /* of the recorders of a kind */
  volley_arena *arena;
  const volley_recorder_kind *kind;
  double start, stop; /* ms */
  volley_row_record *records;
  int n;
} reading;

static const char *subject_of(reading *r, hid_t group) {
  static const char *const keys[] = {"stimulus", "projection", "population"};
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
    if (H5Aexists(group, keys[k]) > 0) return volley_hdf5_get_text(&r->file, group, keys[k], r->arena);
  return "";
}

static void take_values(volley_row_record *record, const double *values, hsize_t n, double *sum) {
  for (hsize_t i = 0; i < n; i++) {
    *sum += values[i];
    record->least = fmin(record->least, values[i]);
    record->greatest = fmax(record->greatest, values[i]);
  }
}

/* Goes through the rows first .. end - 1. */
static void read_rows(reading *r, hid_t set, hsize_t first, hsize_t end, volley_row_record *record) {
  const hsize_t columns = record->columns, some = AT_ONCE / columns + 1;
  double *values = volley_alloc(some * columns, sizeof *values, "recorded rows"), sum = 0;
  record->least = record->greatest = NAN;
  for (hsize_t row = first; row < end && !r->file.failed; row += some) {
    const hsize_t start[2] = {row, 0}, count[2] = {end - row < some ? end - row : some, columns};
    volley_hdf5_read_part(&r->file, set, "data", H5T_NATIVE_DOUBLE, 2, start, NULL, count, values);
    if (!r->file.failed) take_values(record, values, count[0] * count[1], &sum);
  }
  record->mean = sum / ((double)(end - first) * (double)columns);
  free(values);
}

/* Rows up to a time: row k, from 0, is at start + (k + 1) interval. */
static hsize_t rows_up_to(double time, double start, double interval, hsize_t rows) {
  const double n = floor((time - start) / interval + 1e-6);
  return n <= 0 ? 0 : n < (double)rows ? (hsize_t)n : rows;
}

static herr_t add_recorder(hid_t groups, const char *name, const H5L_info_t *unused, void *context) {
  reading *r = context;
  volley_hdf5 *file = &r->file;
  hsize_t size[2] = {0, 0};
  (void)unused;
  const hid_t group = volley_hdf5_open_group(file, groups, name), set = volley_hdf5_open_set(file, group, "data");
  const hid_t space = volley_hdf5_check(file, H5Dget_space(set), "look up data of");
  if (space >= 0 && H5Sget_simple_extent_ndims(space) == 2) H5Sget_simple_extent_dims(space, size, NULL);
  const double start = volley_hdf5_get_number(file, group, "start_ms");
  volley_row_record *record = &r->records[r->n++];
  *record = (volley_row_record){.kind = r->kind->name,
                                .name = volley_arena_copy(r->arena, name),
                                .of = subject_of(r, group),
                                .value = volley_hdf5_get_text(file, group, "state", r->arena),
                                .unit = volley_hdf5_get_text(file, set, "units", r->arena),
                                .columns = size[1],
                                .interval_ms = volley_hdf5_get_number(file, group, "interval_ms"),
                                .mean = NAN,
                                .least = NAN,
                                .greatest = NAN};
  const hsize_t first = rows_up_to(r->start, start, record->interval_ms, size[0]);
  const hsize_t end = rows_up_to(r->stop, start, record->interval_ms, size[0]);
  record->rows = end > first ? end - first : 0;
  if (record->rows > 0 && size[1] > 0 && !file->failed) read_rows(r, set, first, end, record);
  volley_hdf5_release(file, space);
  volley_hdf5_release(file, set);
  volley_hdf5_release(file, group);
  return file->failed ? -1 : 0;
}

/* Reads all recorders of a kind. */
static void read_kind(reading *r, hid_t file) {
  H5G_info_t links = {0};
  if (H5Lexists(file, r->kind->group, H5P_DEFAULT) <= 0) return;
  r->groups = volley_hdf5_open_group(&r->file, file, r->kind->group);
  volley_hdf5_check(&r->file, H5Gget_info(r->groups, &links), "look up data of");
  volley_row_record *records = volley_arena_alloc(r->arena, (size_t)r->n + (size_t)links.nlinks, sizeof *records);
  for (int k = 0; k < r->n; k++) records[k] = r->records[k];
  r->records = records;
  if (!r->file.failed)
    volley_hdf5_check(&r->file, H5Literate(r->groups, H5_INDEX_NAME, H5_ITER_INC, NULL, add_recorder, r), "read");
  volley_hdf5_release(&r->file, r->groups);
}

volley_status volley_row_records_read(const char *path, double start, double stop, volley_arena *arena,
                                      volley_row_record **records, int *n) {
  reading r = {.file = {.path = path, .blame = VOLLEY_USAGE}, .arena = arena, .start = start, .stop = stop};
  const hid_t file = volley_hdf5_open(&r.file);
  *n = 0;
  if (file < 0) return VOLLEY_USAGE;
  for (const volley_recorder_kind *const *kind = volley_recorder_kinds(); *kind && !r.file.failed; kind++) {
    r.kind = *kind;
    if (r.kind->is_optional) read_kind(&r, file);
  }
  (void)H5Fclose(file);
  *records = r.records;
  *n = r.n;
  return r.file.failed ? VOLLEY_USAGE : VOLLEY_OK;
}
