/* Values and edges from HDF5 files reach every rank; what is wrong in a file is an agreed fault. */
#include "base/memory.h"
#include "io/data/reader.h"

#include <hdf5.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 1000, EDGES = (1 << 20) + 77 };

static int rank, ranks;
static char path[64];
static MPI_Comm comm = MPI_COMM_WORLD;
static const volley_place place = {.file = "test.yaml", .line = 3, .column = 5, .path = "populations.E"};

static void put(hid_t parent, const char *name, hid_t type, hid_t stored, hsize_t n, const void *values) {
  const hid_t space = H5Screate_simple(1, &n, NULL);
  const hid_t set = H5Dcreate2(parent, name, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Sclose(space);
}

static void put_edges(hid_t file) {
  int64_t *index = volley_alloc(EDGES, sizeof *index, "test");
  double *weight = volley_alloc(EDGES, sizeof *weight, "test");
  for (int64_t i = 0; i < EDGES; i++) index[i] = i % 30000;
  for (int64_t i = 0; i < EDGES; i++) weight[i] = 0.25 * (double)i;
  const char *const names[] = {"good", "short", "negative", "nan", "real"};
  for (int g = 0; g < 5; g++) {
    const hid_t group = H5Gcreate2(file, names[g], H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (g == 2) index[EDGES - 1] = -4;
    if (g == 3) weight[5] = NAN;
    put(group, "source", H5T_NATIVE_INT64, g == 4 ? H5T_NATIVE_FLOAT : H5T_STD_I16BE, EDGES, index);
    if (g == 2) index[EDGES - 1] = 1;
    put(group, "target", H5T_NATIVE_INT64, H5T_STD_U32LE, g == 1 ? 10 : EDGES, index);
    put(group, "weight", H5T_NATIVE_DOUBLE, H5T_NATIVE_DOUBLE, EDGES, weight);
    H5Gclose(group);
  }
  free(index);
  free(weight);
}

static int set_up(void **state) {
  (void)state;
  if (rank == 0) {
    strcpy(path, "/tmp/volley_data_XXXXXX");
    const int descriptor = mkstemp(path);
    if (descriptor < 0) return -1;
    close(descriptor);
    const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    double values[SIZE];
    for (int i = 0; i < SIZE; i++) values[i] = i + 0.5;
    put(file, "values", H5T_NATIVE_DOUBLE, H5T_NATIVE_DOUBLE, SIZE, values);
    values[SIZE - 1] = NAN;
    put(file, "broken", H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT, SIZE, values);
    put_edges(file);
    H5Fclose(file);
  }
  return MPI_Bcast(path, sizeof path, MPI_CHAR, 0, comm);
}

static int clean_up(void **state) {
  (void)state;
  if (rank == 0) unlink(path);
  return 0;
}

static void test_values(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  uint32_t indices[SIZE], n = 0;
  double out[SIZE];
  for (uint32_t i = 0; i < SIZE; i++)
    if ((int)(i % (uint32_t)ranks) == rank && i % 3 == 0) indices[n++] = i;
  assert_int_equal(reader.values(reader.context, &place, path, "values", SIZE, indices, n, out), VOLLEY_OK);
  for (uint32_t i = 0; i < n; i++) assert_true(out[i] == indices[i] + 0.5);
}

static void test_wrong_values(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  const uint32_t index = 0;
  double out;
  const char *const names[] = {"missing", "broken", "good", "good/source"};
  for (int i = 0; i < 4; i++)
    assert_int_equal(reader.values(reader.context, &place, path, names[i], SIZE, &index, 1, &out), VOLLEY_USAGE);
  assert_int_equal(reader.values(reader.context, &place, path, "values", SIZE + 1, &index, 1, &out), VOLLEY_USAGE);
  assert_int_equal(reader.values(reader.context, &place, "/nowhere.h5", "values", SIZE, &index, 1, &out), VOLLEY_USAGE);
}

typedef struct seen {
  uint64_t edges;
  int slabs, refuse_on; /* rank that refuses the second slab, or -1 */
} seen;

static volley_status take(void *taker, const volley_edge_slab *slab) {
  seen *so_far = taker;
  assert_int_equal(slab->first, so_far->edges);
  assert_null(slab->delay);
  for (size_t i = 0; i < slab->count; i++) {
    assert_int_equal(slab->source[i], (slab->first + i) % 30000);
    assert_int_equal(slab->target[i], (slab->first + i) % 30000);
    assert_true(slab->weight[i] == 0.25 * (double)(slab->first + i));
  }
  so_far->edges += slab->count;
  if (so_far->slabs++ == 1 && so_far->refuse_on == rank) return volley_fault(VOLLEY_USAGE, &place, "refused");
  return VOLLEY_OK;
}

static void test_edges(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  seen so_far = {.refuse_on = -1};
  assert_int_equal(reader.edges(reader.context, &place, path, "good", take, &so_far), VOLLEY_OK);
  assert_int_equal(so_far.edges, EDGES);
  assert_int_equal(so_far.slabs, 2);
  so_far = (seen){.refuse_on = ranks - 1};
  assert_int_equal(reader.edges(reader.context, &place, path, "good", take, &so_far), VOLLEY_USAGE);
}

static volley_status take_any(void *taker, const volley_edge_slab *slab) {
  (void)taker;
  (void)slab;
  return VOLLEY_OK;
}

static void test_wrong_edges(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  const char *const names[] = {"missing", "short", "negative", "nan", "real", "values"};
  for (int i = 0; i < 6; i++)
    assert_int_equal(reader.edges(reader.context, &place, path, names[i], take_any, NULL), VOLLEY_USAGE);
  assert_int_equal(reader.edges(reader.context, &place, "/dev/null", "good", take_any, NULL), VOLLEY_USAGE);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_wrong_values),
                                     cmocka_unit_test(test_edges), cmocka_unit_test(test_wrong_edges)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, set_up, clean_up);
  MPI_Finalize();
  return failed;
}
