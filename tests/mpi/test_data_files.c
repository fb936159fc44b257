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
  volley_gid indices[SIZE];
  uint32_t n = 0;
  double out[SIZE];
  for (uint32_t i = 0; i < SIZE; i++)
    if ((int)(i % (uint32_t)ranks) == rank && i % 3 == 0) indices[n++] = i;
  assert_int_equal(reader.values(reader.context, &place, &(volley_distribution){.file = path, .dataset = "values"},
                                 SIZE, indices, n, out),
                   VOLLEY_OK);
  for (uint32_t i = 0; i < n; i++) assert_true(out[i] == (double)indices[i] + 0.5);
}

static void test_wrong_values(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  const volley_gid index = 0;
  double out;
  const char *const names[] = {"missing", "broken", "good", "good/source"};
  for (int i = 0; i < 4; i++)
    assert_int_equal(reader.values(reader.context, &place, &(volley_distribution){.file = path, .dataset = names[i]},
                                   SIZE, &index, 1, &out),
                     VOLLEY_USAGE);
  assert_int_equal(reader.values(reader.context, &place, &(volley_distribution){.file = path, .dataset = "values"},
                                 SIZE + 1, &index, 1, &out),
                   VOLLEY_USAGE);
  assert_int_equal(reader.values(reader.context, &place,
                                 &(volley_distribution){.file = "/nowhere.h5", .dataset = "values"}, SIZE, &index, 1,
                                 &out),
                   VOLLEY_USAGE);
}

typedef struct seen {
  uint64_t edges, next; /* of this rank */
  int slabs;
  uint64_t refused; /* edge that is refused by the rank that reads it */
} seen;

static uint64_t check(void *context, const volley_edge_slab *slab) {
  seen *so_far = context;
  for (uint64_t e = slab->first; e < slab->first + slab->count; e++)
    if (e >= so_far->refused) {
      volley_fault(VOLLEY_USAGE, &place, "refused");
      return e;
    }
  return UINT64_MAX;
}

static void take(void *context, const volley_edge_slab *slab) {
  seen *so_far = context;
  int slabs = ++so_far->slabs, most;
  MPI_Allreduce(&slabs, &most, 1, MPI_INT, MPI_MAX, comm); /* all ranks are here */
  assert_int_equal(slabs, most);
  assert_null(slab->delay);
  if (so_far->edges > 0 && slab->count > 0) assert_int_equal(slab->first, so_far->next);
  for (size_t i = 0; i < slab->count; i++) {
    assert_int_equal(slab->source[i], (slab->first + i) % 30000);
    assert_int_equal(slab->target[i], (slab->first + i) % 30000);
    assert_true(slab->weight[i] == 0.25 * (double)(slab->first + i));
  }
  so_far->edges += slab->count;
  so_far->next = slab->first + slab->count;
}

/* Each rank gets its share, all of them together every edge; none behind a wrong one is told. */
static void test_edges(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  const volley_edge_file good = {.place = &place, .path = path, .group = "good"};
  seen so_far = {.refused = UINT64_MAX};
  const volley_edge_taker taker = {&so_far, check, take};
  assert_int_equal(reader.edges(reader.context, &good, &taker), VOLLEY_OK);
  assert_in_range(so_far.edges, EDGES / ranks - ranks, EDGES / ranks + 1);
  MPI_Allreduce(MPI_IN_PLACE, &so_far.edges, 1, MPI_UINT64_T, MPI_SUM, comm);
  assert_int_equal(so_far.edges, EDGES);
  so_far = (seen){.refused = EDGES / 2};
  assert_int_equal(reader.edges(reader.context, &good, &taker), VOLLEY_USAGE);
  MPI_Allreduce(MPI_IN_PLACE, &so_far.edges, 1, MPI_UINT64_T, MPI_SUM, comm);
  assert_int_equal(so_far.edges, EDGES / 2);
}

static void test_sample(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  const volley_edge_file good = {.place = &place, .path = path, .group = "good"};
  volley_edge_sample sample;
  assert_int_equal(reader.edge_sample(reader.context, &good, 1 << 10, &sample), VOLLEY_OK);
  assert_int_equal(sample.edges, EDGES);
  assert_int_equal(sample.n, EDGES / 2048 + 1);
  assert_null(sample.delays);
  for (size_t k = 0; k < sample.n; k++) assert_true(sample.weights[k] == 0.25 * 2048 * (double)k);
  free(sample.weights);
}

static uint64_t check_any(void *context, const volley_edge_slab *slab) {
  (void)context, (void)slab;
  return UINT64_MAX;
}

static void test_wrong_edges(void **state) {
  (void)state;
  const volley_reader reader = volley_data_reader(&comm);
  const volley_edge_taker taker = {.check = check_any};
  const char *const names[] = {"missing", "short", "negative", "nan", "real", "values"};
  const volley_edge_file no_file = {.place = &place, .path = "/dev/null", .group = "good"};
  for (int i = 0; i < 6; i++) {
    const volley_edge_file wrong = {.place = &place, .path = path, .group = names[i]};
    assert_int_equal(reader.edges(reader.context, &wrong, &taker), VOLLEY_USAGE);
  }
  assert_int_equal(reader.edges(reader.context, &no_file, &taker), VOLLEY_USAGE);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_values), cmocka_unit_test(test_wrong_values),
                                     cmocka_unit_test(test_edges), cmocka_unit_test(test_sample),
                                     cmocka_unit_test(test_wrong_edges)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, set_up, clean_up);
  MPI_Finalize();
  return failed;
}
