#include "io/data/numbers.h"

#include "io/file/csv.h"
#include "io/file/hdf5.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fault(volley_numbers *n, const char *what) { volley_hdf5_fault(&n->file, "%s %s", n->what, what); }

/* Rows and columns of an array of several dimensions. */
static void set_shape(volley_numbers *n, const uint64_t *dimensions) {
  uint64_t all = n->rows = n->columns = 1;
  bool too_large = false;
  if (n->n_dimensions < 1) fault(n, "must have at least one dimension: the rows of the series");
  for (int k = 0; k < n->n_dimensions; k++) {
    *(k == 0 ? &n->rows : &n->columns) *= dimensions[k];
    too_large |= __builtin_mul_overflow(all, dimensions[k], &all) || all > SIZE_MAX / 16;
  }
  if (too_large)
    fault(n, "is too large");
  else if (all == 0)
    fault(n, "holds no values");
}

/* The coordinates x, y, z of a group, as SONATA has those of nodes: a column each. */
static bool open_coordinates(volley_numbers *n) {
  static const char *const axes[] = {"x", "y", "z"};
  H5O_info_t object;
  const bool is_group =
      H5Oget_info_by_name(n->handle, n->dataset, &object, H5P_DEFAULT) >= 0 && object.type == H5O_TYPE_GROUP;
  const hid_t group = is_group ? volley_hdf5_open_group(&n->file, n->handle, n->dataset) : -1;
  if (group < 0) return false;
  while (n->columns < 3 && H5Lexists(group, axes[n->columns], H5P_DEFAULT) > 0) n->columns++;
  if (n->columns == 0) volley_hdf5_fault(&n->file, "group '%s' of '%s' has no x", n->dataset, n->file.path);
  for (uint64_t c = 0; c < n->columns && !n->file.failed; c++) {
    volley_column column = volley_column_open(&n->file, group, axes[c], false);
    if (c == 0) n->rows = column.size;
    double *values = volley_alloc(column.size, sizeof *values, "values from a file");
    if (c == 0) n->text = volley_alloc(n->rows * n->columns, sizeof *n->text, "values from a file");
    if (column.size != n->rows) volley_column_fault(&column, "has another length than x");
    if (!n->file.failed)
      volley_hdf5_read_part(&n->file, column.set, axes[c], H5T_NATIVE_DOUBLE, 1, &(hsize_t){0}, NULL,
                            &(hsize_t){n->rows}, values);
    for (uint64_t r = 0; r < n->rows && !n->file.failed; r++) n->text[r * n->columns + c] = values[r];
    free(values);
    volley_column_close(&column);
  }
  volley_hdf5_release(&n->file, group);
  n->n_dimensions = n->columns == 1 ? 1 : 2;
  return true;
}

static void open_hdf5(volley_numbers *n) {
  uint64_t dimensions[H5S_MAX_RANK];
  n->handle = volley_data_open(&n->file);
  snprintf(n->what, sizeof n->what, "dataset '%.140s' of '%.140s'", n->dataset, n->file.path);
  if (n->handle >= 0 && open_coordinates(n)) return;
  n->data = volley_data_open_set(&n->file, n->handle, n->dataset, false);
  if (n->file.failed) return;
  n->n_dimensions = n->data.n_dimensions;
  for (int d = 0; d < n->n_dimensions; d++) dimensions[d] = n->data.dimensions[d];
  set_shape(n, dimensions);
}

static void open_npy(volley_numbers *n) {
  n->file.failed = volley_npy_open(&n->npy, n->file.place, n->file.path, n->dataset) != VOLLEY_OK;
  n->n_dimensions = n->npy.n_dimensions;
  if (!n->file.failed) set_shape(n, n->npy.dimensions);
}

/* The length of the first name of a line of names, up to the separator: a comma, a semicolon, or else blanks. */
static size_t name_length(const char *at, const char *separators) {
  const bool is_quoted = *at == '"' && strchr(at + 1, '"');
  const size_t quoted = is_quoted ? (size_t)(strchr(at + 1, '"') - at) + 1 : 0;
  return quoted + strcspn(at + quoted, separators);
}

/* Whether a piece of a line, without blanks and quotation marks around it, is a name. */
static bool is_name(const char *at, size_t length, const char *name) {
  while (length > 0 && strchr(" \t\"\r", at[length - 1])) length--;
  while (length > 0 && strchr(" \t\"", *at)) at++, length--;
  return length == strlen(name) && strncmp(at, name, length) == 0;
}

/* The place of a name in the line of names, columns of which are separated as those of numbers are; -1 if it has none, -2 if
 * the line has another number of names than there are columns. */
static int64_t place_of_name(const volley_numbers *n, const char *names) {
  const size_t line = strcspn(names, "\n");
  const bool commas = memchr(names, ',', line), semicolons = !commas && memchr(names, ';', line);
  const char *separators = commas ? ",\n" : semicolons ? ";\n" : " \t\r\n", *at = names, *end = names + line;
  int64_t found = -1;
  uint64_t c = 0;
  if (!commas && !semicolons) at += strspn(at, " \t");
  for (;; c++) {
    const size_t length = name_length(at, separators);
    if (is_name(at, length, n->column)) found = (int64_t)c;
    at += length;
    if (at >= end) break;
    at += commas || semicolons ? 1 : strspn(at, " \t\r");
    if (at >= end && !commas && !semicolons) break;
  }
  return c + 1 == n->columns ? found : -2;
}

/* The number of the column that is meant: by its place in the line of names, or a number from 0. */
static uint64_t find_column(volley_numbers *n, const char *names) {
  char *end;
  const int64_t place = names ? place_of_name(n, names) : -1;
  if (place >= 0) return (uint64_t)place;
  const unsigned long number = strtoul(n->column, &end, 10);
  if (*n->column && !*end && number < n->columns) return number;
  volley_hdf5_fault(&n->file, "'%s' has no column '%s'; %s%.*s%s%" PRIu64, n->file.path, n->column,
                    names ? "its line of names is '" : "", names ? (int)strcspn(names, "\r\n") : 0, names ? names : "",
                    names ? "', its columns are 0 to " : "it has no line of names, its columns are 0 to ",
                    n->columns - 1);
  return 0;
}

static void open_text(volley_numbers *n) {
  char *names = NULL;
  n->file.failed = volley_csv_read(n->file.place, n->file.path, &n->text, &n->rows, &n->columns, &names) != VOLLEY_OK;
  if (n->column && !n->file.failed) {
    const uint64_t column = find_column(n, names), columns = n->columns;
    for (uint64_t r = 0; r < n->rows; r++) n->text[r] = n->text[r * columns + column];
    n->columns = 1;
  }
  n->n_dimensions = n->columns == 1 ? 1 : 2;
  free(names);
}

void volley_numbers_open(volley_numbers *n, const volley_place *place, const char *path, const char *dataset,
                         const char *column) {
  *n = (volley_numbers){.file = {.path = path, .place = place, .blame = VOLLEY_USAGE},
                        .dataset = dataset,
                        .column = column,
                        .handle = -1,
                        .data = {.set = -1}};
  snprintf(n->what, sizeof n->what, "'%.280s'", path);
  volley_hdf5_quiet();
  const bool is_npz = volley_npz_is(path), is_npy = is_npz || volley_npy_is(path);
  if (is_npy && ((dataset && !is_npz) || column))
    volley_hdf5_fault(&n->file, "'%s' is a NumPy array, which has no %s", path,
                      dataset ? "datasets" : "columns with names");
  else if (is_npy)
    open_npy(n);
  else if (dataset)
    open_hdf5(n);
  else if (H5Fis_hdf5(path) > 0)
    volley_hdf5_fault(&n->file, "'%s' is an HDF5 file; `dataset` must say where its values are", path);
  else
    open_text(n);
}

void volley_numbers_close(volley_numbers *n) {
  free(n->text);
  volley_npy_close(&n->npy);
  volley_column_close(&n->data);
  if (n->handle >= 0) volley_hdf5_check(&n->file, H5Fclose(n->handle), "close");
  n->handle = -1;
}

void volley_numbers_check_stored(const volley_numbers *n) {
  if (n->data.set >= 0) volley_column_check_stored(&n->data, n->rows * n->columns);
}

static void read_hdf5(volley_numbers *n, uint64_t first, uint64_t rows, double *out) {
  hsize_t start[H5S_MAX_RANK] = {first}, count[H5S_MAX_RANK];
  memcpy(count, n->data.dimensions, sizeof count);
  count[0] = rows;
  volley_hdf5_read_part(&n->file, n->data.set, n->dataset, H5T_NATIVE_DOUBLE, n->n_dimensions, start, NULL, count, out);
}

void volley_numbers_read(volley_numbers *n, uint64_t first, uint64_t rows, double *out) {
  char what[160];
  const uint64_t count = rows * n->columns;
  if (n->file.failed) return;
  if (n->text)
    memcpy(out, n->text + first * n->columns, count * sizeof *out);
  else if (n->npy.file)
    n->file.failed = volley_npy_read(&n->npy, first * n->columns, count, out) != VOLLEY_OK;
  else
    read_hdf5(n, first, rows, out);
  for (uint64_t i = 0; i < count && !n->file.failed; i++) {
    if (isfinite(out[i])) continue;
    const uint64_t at = first * n->columns + i;
    if (n->n_dimensions == 1)
      snprintf(what, sizeof what, "holds %g at position %" PRIu64 "; it must be a finite number", out[i], at);
    else
      snprintf(what, sizeof what,
               "holds %g in row %" PRIu64 ", column %" PRIu64 " (from 0); it must be a finite number", out[i],
               at / n->columns, at % n->columns);
    fault(n, what);
  }
}
