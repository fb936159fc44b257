#include "io/data/columns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
  FEW = 1 << 20,        /* values of which it does not matter whether they were ever written */
  CHUNK_CACHE = 8 << 20 /* bytes: what is compressed in larger chunks than are read at a time is unpacked once */
};

void volley_column_fault(const volley_column *data, const char *what) {
  volley_hdf5_fault(data->file, "dataset '%s' of '%s' %s", data->name, data->file->path, what);
}

void volley_column_check_stored(const volley_column *data, uint64_t size) {
  char what[160];
  uint64_t stored;
  if (data->file->failed || size <= FEW || volley_hdf5_is_stored(data->set, &stored)) return;
  snprintf(what, sizeof what, "announces %" PRIu64 " values, but the file holds %" PRIu64 " bytes of them", size,
           stored);
  volley_column_fault(data, what);
}

volley_column volley_data_open_set(volley_hdf5 *file, hid_t parent, const char *name, bool is_integer) {
  volley_column data = {.file = file, .name = name, .set = -1, .is_integer = is_integer};
  if (file->failed) return data;
  const hid_t access = volley_hdf5_check(file, H5Pcreate(H5P_DATASET_ACCESS), "set up");
  volley_hdf5_check(file, H5Pset_chunk_cache(access, H5D_CHUNK_CACHE_NSLOTS_DEFAULT, CHUNK_CACHE, 1), "set up");
  data.set = H5Dopen2(parent, name, access);
  volley_hdf5_release(file, access);
  if (data.set < 0) {
    volley_column_fault(&data, "does not exist");
    return data;
  }
  const hid_t space = volley_hdf5_check(file, H5Dget_space(data.set), "look up data of");
  const hid_t type = volley_hdf5_check(file, H5Dget_type(data.set), "look up data of");
  const H5T_class_t class = H5Tget_class(type);
  const bool is_empty = H5Sget_simple_extent_npoints(space) == 0; /* h5py writes an empty list as floats */
  if (is_integer && class != H5T_INTEGER && !is_empty)
    volley_column_fault(&data, "must hold integers: indices within a population");
  if (class != H5T_INTEGER && class != H5T_FLOAT) volley_column_fault(&data, "must hold numbers");
  data.n_dimensions = H5Sget_simple_extent_dims(space, data.dimensions, NULL);
  volley_hdf5_release(file, type);
  volley_hdf5_release(file, space);
  return data;
}

volley_column volley_column_open(volley_hdf5 *file, hid_t parent, const char *name, bool is_integer) {
  volley_column data = volley_data_open_set(file, parent, name, is_integer);
  if (file->failed) return data;
  if (data.n_dimensions != 1) volley_column_fault(&data, "must have one dimension");
  data.size = data.dimensions[0];
  volley_column_check_stored(&data, data.size);
  return data;
}

volley_column volley_matrix_open(volley_hdf5 *file, hid_t parent, const char *name, bool is_integer) {
  volley_column data = volley_data_open_set(file, parent, name, is_integer);
  if (file->failed) return data;
  if (data.n_dimensions != 2 || __builtin_mul_overflow(data.dimensions[0], data.dimensions[1], &data.size))
    volley_column_fault(&data, "must have two dimensions");
  volley_column_check_stored(&data, data.size);
  return data;
}

/* Selects values first .. end - 1 of a row of a matrix, beside what is selected. */
static void select_part(const volley_column *data, hid_t space, uint64_t row, uint64_t rows, uint64_t first,
                        uint64_t n) {
  const hsize_t start[2] = {row, first}, count[2] = {rows, n};
  if (rows > 0 && n > 0)
    volley_hdf5_check(data->file, H5Sselect_hyperslab(space, H5S_SELECT_OR, start, NULL, count, NULL),
                      "select data of");
}

/* Reads n values of a matrix, counted row by row, from number first on: the end of a row, whole rows, the beginning of one. */
static void read_matrix(const volley_column *data, uint64_t first, uint64_t stride, size_t n, hid_t type, void *out) {
  const uint64_t width = data->dimensions[1], row = first / width, at = first % width;
  const hsize_t count = n;
  const hid_t space = volley_hdf5_check(data->file, H5Dget_space(data->set), "look up data of");
  const hid_t memory = volley_hdf5_check(data->file, H5Screate_simple(1, &count, NULL), "describe data of");
  volley_hdf5_check(data->file, H5Sselect_none(space), "select data of");
  if (stride == 1) {
    const uint64_t head = width - at < n ? width - at : n, whole = (n - head) / width;
    select_part(data, space, row, 1, at, head);
    select_part(data, space, row + 1, whole, 0, width);
    select_part(data, space, row + 1 + whole, 1, 0, n - head - whole * width);
  } else {
    hsize_t *points = volley_alloc(2 * n, sizeof *points, "edges from a file");
    for (size_t i = 0; i < n; i++) {
      points[2 * i] = (first + i * stride) / width;
      points[2 * i + 1] = (first + i * stride) % width;
    }
    volley_hdf5_check(data->file, H5Sselect_elements(space, H5S_SELECT_SET, n, points), "select data of");
    free(points);
  }
  volley_hdf5_read(data->file, data->set, data->name, type, memory, space, out);
  volley_hdf5_release(data->file, memory);
  volley_hdf5_release(data->file, space);
}

/* Whether a dataset of signed integers was asked for: negative ones are to be found, not wrapped. */
static bool is_signed(const volley_column *data) {
  const hid_t type = volley_hdf5_check(data->file, H5Dget_type(data->set), "look up data of");
  const bool is = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
  volley_hdf5_release(data->file, type);
  return is;
}

void volley_column_blame(const volley_column *data, uint64_t position, const void *value) {
  char what[128];
  if (data->is_integer)
    snprintf(what, sizeof what, "holds %" PRId64 " at position %" PRIu64 "; an index must be 0 or greater",
             *(const int64_t *)value, position);
  else
    snprintf(what, sizeof what, "holds %g at position %" PRIu64 "; it must be a finite number", *(const double *)value,
             position);
  volley_column_fault(data, what);
}

size_t volley_column_read(const volley_column *data, uint64_t first, uint64_t stride, size_t n, void *out) {
  volley_hdf5 *file = data->file;
  if (file->failed || n == 0) return 0;
  const hsize_t start = first, step = stride, count = n;
  const bool with_sign = data->is_integer && is_signed(data);
  const hid_t type = !data->is_integer ? H5T_NATIVE_DOUBLE : with_sign ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
  if (data->n_dimensions == 2)
    read_matrix(data, first, stride, n, type, out);
  else
    volley_hdf5_read_part(file, data->set, data->name, type, 1, &start, &step, &count, out);
  if (file->failed) return 0;
  size_t good = 0;
  if (with_sign)
    while (good < n && ((const int64_t *)out)[good] >= 0) good++;
  else if (!data->is_integer)
    while (good < n && isfinite(((const double *)out)[good])) good++;
  else
    good = n;
  return good;
}

void volley_column_close(volley_column *data) {
  if (data->set >= 0) volley_hdf5_release(data->file, data->set);
  data->set = -1;
}
