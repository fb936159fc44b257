/* Time series from HDF5 and text files reach every rank, as signals, gains, images and rates too; what is wrong in a file is an agreed
 * fault. */
#include "base/memory.h"
#include "io/data/reader.h"
#include "signal/signal.h"
#include "solver/solver.h"
#include "stimulus/showing.h"
#include "stimulus/stimulus.h"
#include "support/experiments.h"
#include "support/keys.h"
#include "support/signals.h"

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

enum { LARGE_ROWS = 300001, LARGE_COLUMNS = 7 }; /* more than is read at a time */

static int rank;
static char folder[64], path[80], text_path[80];
static MPI_Comm comm = MPI_COMM_WORLD;
static const volley_place place = {.file = "test.yaml", .line = 3, .column = 5, .path = "readouts[0].supervisor"};

static void put(hid_t parent, const char *name, hid_t stored, int n_dimensions, const hsize_t *size,
                const double *values) {
  const hid_t space = H5Screate_simple(n_dimensions, size, NULL);
  const hid_t set = H5Dcreate2(parent, name, stored, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Sclose(space);
}

static double large_value(uint64_t k) { return 0.5 * (double)k - 1; }

static void put_all(void) {
  const hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  double *values = volley_alloc(LARGE_ROWS * LARGE_COLUMNS, sizeof *values, "test");
  for (uint64_t k = 0; k < LARGE_ROWS * LARGE_COLUMNS; k++) values[k] = large_value(k);
  put(file, "large", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){LARGE_ROWS, LARGE_COLUMNS}, values);
  put(file, "frames", H5T_NATIVE_DOUBLE, 3, (hsize_t[]){5, 3, 2}, values);
  put(file, "one", H5T_NATIVE_FLOAT, 1, (hsize_t[]){12}, values);
  put(file, "whole", H5T_STD_I16BE, 2, (hsize_t[]){2, 3}, (double[]){1, -2, 3, 4, 5, 6});
  put(file, "rates", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){3, 2}, (double[]){0, 10, 5, 20, 7, 0});
  put(file, "labels", H5T_STD_I32LE, 1, (hsize_t[]){5}, (double[]){1, 0, 1, 2, 0});
  put(file, "empty", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){0, 3}, values);
  values[7] = NAN;
  put(file, "nan", H5T_NATIVE_DOUBLE, 2, (hsize_t[]){3, 3}, values);
  H5Gclose(H5Gcreate2(file, "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
  H5Fclose(file);
  free(values);
}

static int set_up(void **state) {
  (void)state;
  if (rank == 0) {
    strcpy(folder, "/tmp/volley_series_XXXXXX");
    if (!mkdtemp(folder)) return -1;
  }
  MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, comm);
  snprintf(path, sizeof path, "%s/s.h5", folder);
  snprintf(text_path, sizeof text_path, "%s/s.csv", folder);
  if (rank == 0) put_all();
  return MPI_Barrier(comm);
}

static int clean_up(void **state) {
  (void)state;
  if (rank != 0) return 0;
  unlink(path);
  unlink(text_path);
  return rmdir(folder);
}

/* What a reader made of a file. */
typedef struct outcome {
  volley_status status;
  volley_arena *arena;
  double *values;
  uint64_t rows, columns;
} outcome;

static outcome read_series(const char *file, const char *dataset) {
  const volley_reader reader = volley_data_reader(&comm);
  outcome o = {.arena = volley_arena_create()};
  o.status = reader.series(reader.context, &place, file, dataset, o.arena, &o.values, &o.rows, &o.columns);
  return o;
}

static void put_text(const char *text, size_t length) {
  MPI_Barrier(comm);
  if (rank == 0) {
    FILE *file = fopen(text_path, "w");
    if (!file || fwrite(text, 1, length, file) != length || fclose(file)) volley_die("the test cannot write a file");
  }
  MPI_Barrier(comm);
}

static outcome read_text(const char *text) {
  put_text(text, strlen(text));
  return read_series(text_path, NULL);
}

static void expect(outcome o, uint64_t rows, uint64_t columns, const double *values) {
  assert_int_equal(o.status, VOLLEY_OK);
  assert_int_equal(o.rows, rows);
  assert_int_equal(o.columns, columns);
  assert_memory_equal(o.values, values, rows * columns * sizeof(double));
  volley_arena_destroy(o.arena);
}

static void refuse(outcome o) {
  assert_int_equal(o.status, VOLLEY_USAGE);
  volley_arena_destroy(o.arena);
}

static void test_hdf5(void **state) {
  (void)state;
  double values[30];
  for (uint64_t k = 0; k < 30; k++) values[k] = large_value(k);
  expect(read_series(path, "one"), 12, 1, values);
  expect(read_series(path, "/frames"), 5, 6, values); /* an image is a row */
  expect(read_series(path, "whole"), 2, 3, (double[]){1, -2, 3, 4, 5, 6});
  const outcome large = read_series(path, "large");
  assert_int_equal(large.rows, LARGE_ROWS);
  assert_int_equal(large.columns, LARGE_COLUMNS);
  for (uint64_t k = 0; k < LARGE_ROWS * LARGE_COLUMNS; k++) assert_true(large.values[k] == large_value(k));
  volley_arena_destroy(large.arena);
}

static void test_wrong_hdf5(void **state) {
  (void)state;
  static const char *const names[] = {"missing", "group", "empty", "nan"};
  for (int k = 0; k < 4; k++) refuse(read_series(path, names[k]));
  refuse(read_series(path, NULL)); /* no dataset named */
  refuse(read_series("/nowhere.h5", "one"));
  put_text("1,2\n", 4);
  refuse(read_series(text_path, "one"));
}

static void test_text(void **state) {
  (void)state;
  static const double six[] = {1, -2.5, 3e-3, 4, 5, 6};
  expect(read_text("1,-2.5\n3e-3,4\n5,6\n"), 3, 2, six);
  expect(read_text("1;-2.5\n3e-3;4\n5;6"), 3, 2, six);
  expect(read_text("  1 -2.5\t3e-3\n4    5 6  \n"), 2, 3, six);
  expect(read_text("# a comment, 1\n\nx, y\n1 , -2.5\r\n# another\r\n\r\n3e-3 ,4\r\n5,  6\r\n"), 3, 2, six);
  expect(read_text("\xEF\xBB\xBF\"time\",\"v\"\n1,-2.5\n3e-3,4\n5,6\n"), 3, 2, six);
  expect(read_text("1\n-2.5\n+3e-3\n4\n5.0\n6."), 6, 1, six);
  const int n = 700000; /* more than is handed on at a time */
  char *text = volley_alloc((size_t)n * 2 + 1, 1, "test");
  for (int k = 0; k < n; k++) text[2 * k] = k % 2 ? '7' : '3';
  for (int k = 0; k < n; k++) text[2 * k + 1] = k % 10 == 9 ? '\n' : ' ';
  const outcome o = read_text(text);
  assert_int_equal(o.rows, n / 10);
  assert_int_equal(o.columns, 10);
  for (int k = 0; k < n; k++) assert_true(o.values[k] == (k % 2 ? 7 : 3));
  volley_arena_destroy(o.arena);
  free(text);
}

static void test_wrong_text(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "# nothing\n",
                                      "x,y\n",
                                      "1,2\n3\n",
                                      "1,2\n3,4,5\n",
                                      "1,2\n3,x\n",
                                      "1,2\n3,,4\n",
                                      "1,2\n3,4,\n",
                                      ",1\n",
                                      "1,2\nnan,4\n",
                                      "1,2\n3,inf\n",
                                      "1,2\n3,1e999\n",
                                      "x,y\na,b\n",
                                      "1.5.2,3\n",
                                      "1,5;2,5\n",
                                      "1;2\n3,4\n",
                                      "1,2 3.5abc\n"};
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) refuse(read_text(texts[k]));
  put_text("1,2\n\0003,4\n", 9);
  refuse(read_series(text_path, NULL));
  refuse(read_series("/nowhere.csv", NULL));
  refuse(read_series(folder, NULL));
}

/* A run of `duration` ms with a supervisor and an input from files. */
static volley_experiment *make(double duration, const char *dataset, double interval) {
  volley_experiment *e = experiment_make(3);
  e->simulation.dt = 0.5;
  e->simulation.steps = (int64_t)(duration / 0.5);
  e->readouts = volley_arena_alloc(e->arena, 1, sizeof *e->readouts);
  e->n_readouts = 1;
  volley_signal *signal = e->readouts[0].supervisor = signals_make(e, "series");
  signal->place = place;
  TEXT(signal, file) = path;
  TEXT(signal, dataset) = dataset;
  NUMBER(signal, interval) = interval;
  return e;
}

static volley_status load(volley_experiment *e) {
  const volley_reader reader = volley_data_reader(&comm);
  return volley_signals_load(e, &reader, comm);
}

static void test_signals(void **state) {
  (void)state;
  volley_experiment *e = make(12, "one", 1);
  experiment_add_population(e, "P", "parrot", 2);
  volley_stimulus *stimulus = experiment_add_stimulus(e, 0, "signal");
  stimulus->signal = signals_make(e, "lorenz");
  stimulus->gain = (volley_distribution){.kind = VOLLEY_DATASET, .file = path, .dataset = "whole"};
  assert_int_equal(load(e), VOLLEY_OK);
  assert_int_equal(e->readouts[0].supervisor->dimension, 1);
  assert_true(stimulus->gains[1] == -2 && stimulus->gains[5] == 6);
  volley_player *player = volley_player_create(e, e->readouts[0].supervisor, VOLLEY_STREAM_READOUTS);
  double value, lorenz[3], of_rank_0[3];
  volley_player_at(player, 7, &value); /* 3.5 ms */
  assert_true(value == 0.75);
  volley_player_at(player, 24, &value); /* the last row holds for its interval */
  assert_true(value == 4.5);
  volley_player_destroy(player);
  player = volley_player_create(e, stimulus->signal, VOLLEY_STREAM_STIMULI);
  volley_player_at(player, 24, lorenz);
  memcpy(of_rank_0, lorenz, sizeof lorenz);
  MPI_Bcast(of_rank_0, 3, MPI_DOUBLE, 0, comm);
  assert_memory_equal(lorenz, of_rank_0, sizeof lorenz);
  volley_player_destroy(player);
  stimulus->gains = NULL;
  stimulus->gain.dataset = "frames"; /* not 2 x 3 */
  assert_int_equal(load(e), VOLLEY_USAGE);
  volley_experiment_destroy(e);
}

static void test_wrong_signals(void **state) {
  (void)state;
  static const char *const datasets[] = {"one", "missing", "nan"};
  for (int k = 0; k < 3; k++) {
    volley_experiment *e = make(12.5, datasets[k], 1);
    assert_int_equal(load(e), VOLLEY_USAGE);
    volley_experiment_destroy(e);
  }
  volley_experiment *e = make(1000, "one", 1);
  KEY_OF(e->readouts[0].supervisor, bool, repeat) = true;
  assert_int_equal(load(e), VOLLEY_OK);
  volley_experiment_destroy(e);
}

/* Stimulus 0 shows the frames to six neurons; stimulus 2 shows them, too. */
static volley_experiment *make_images(const char *label_dataset) {
  volley_experiment *e = experiment_make(3);
  experiment_add_population(e, "P", "parrot", 6);
  for (int s = 0; s < 3; s++) {
    volley_stimulus *stimulus = experiment_add_stimulus(e, 0, s == 1 ? "inhomogeneous_poisson" : "images");
    stimulus->place = place;
    TEXT(stimulus, file) = path;
    TEXT(stimulus, dataset) = s == 1 ? "large" : "frames";
    if (s == 1) continue;
    NUMBER(stimulus, factor) = 1;
    NUMBER(stimulus, slot) = 1;
    if (s == 0) TEXT(stimulus, label_dataset) = label_dataset;
  }
  return e;
}

static volley_status load_stimuli(volley_experiment *e) {
  const volley_reader reader = volley_data_reader(&comm);
  return volley_stimuli_load(e, &reader, comm);
}

static void test_stimuli(void **state) {
  (void)state;
  static const double labels[] = {1, 0, 1, 2, 0};
  volley_experiment *e = make_images("labels");
  LIST(&e->stimuli[0], images) =
      (volley_list){signals_list(e, 2, (double[]){4, 1}), 2}; /* image 0 has a pixel below 0 */
  LIST(&e->stimuli[2], images) = LIST(&e->stimuli[0], images);
  TEXT(&e->stimuli[1], dataset) = "rates"; /* of one for all */
  assert_int_equal(load_stimuli(e), VOLLEY_OK);
  for (uint64_t k = 0; k < 30; k++) assert_true(SERIES(&e->stimuli[0]).values[k] == large_value(k));
  assert_memory_equal(((volley_images *)e->stimuli[0].parameters)->labels, labels, sizeof labels);
  assert_ptr_equal(SERIES(&e->stimuli[0]).values, SERIES(&e->stimuli[2]).values);
  const volley_series *rates = &KEY_OF(&e->stimuli[1], volley_series, file);
  assert_true(rates->n_rows == 3 && rates->n_columns == 2 && rates->values[5] == 0);
  volley_experiment_destroy(e);
}

static void test_wrong_stimuli(void **state) {
  (void)state;
  static const char *const label_datasets[] = {"one", "whole", "missing", "nan", NULL};
  for (int k = 0; k < 5; k++) { /* the last: a pixel below 0 */
    volley_experiment *e = make_images(label_datasets[k]);
    assert_int_equal(load_stimuli(e), VOLLEY_USAGE);
    volley_experiment_destroy(e);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_hdf5),    cmocka_unit_test(test_wrong_hdf5),
                                     cmocka_unit_test(test_text),    cmocka_unit_test(test_wrong_text),
                                     cmocka_unit_test(test_signals), cmocka_unit_test(test_wrong_signals),
                                     cmocka_unit_test(test_stimuli), cmocka_unit_test(test_wrong_stimuli)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (volley_petsc_start(0, NULL, MPI_COMM_WORLD) != VOLLEY_OK) return 1;
  const int failed = cmocka_run_group_tests(tests, set_up, clean_up);
  volley_petsc_stop();
  MPI_Finalize();
  return failed;
}
