/* A recording written by several ranks in random pieces reads back as exactly what one process would have written. */
#include "app/written_files.h"
#include "base/memory.h"
#include "io/output/file.h"
#include "io/output/reader.h"
#include "io/output/tiling.h"
#include "neuron/neuron.h"

#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIZE = 40, STEPS = 1000, SPIKES = 50000, INTERVAL = 7, START = 100 };

static int rank, ranks;
static char folder[64];

static uint32_t mix(uint32_t n) {
  n = (n ^ (n >> 16)) * 0x7feb352du;
  n = (n ^ (n >> 15)) * 0x846ca68bu;
  return n ^ (n >> 16);
}

static volley_range every[] = {{0, SIZE, 0}}, some[] = {{3, 4, 0}, {20, 10, 4}};
static volley_recorder recorders[] = {
    {.name = "E_spikes", .kind = &volley_record_spikes, .neurons = {every, 1, SIZE}, .interval = 1, .stop = STEPS},
    {.name = "silent", .kind = &volley_record_spikes, .neurons = {some, 2, 14}, .interval = 1, .stop = STEPS},
    {.name = "E_traces",
     .kind = &volley_record_traces,
     .neurons = {some, 2, 14},
     .interval = INTERVAL,
     .start = START,
     .stop = STEPS},
};
static volley_population population = {.name = "E", .size = SIZE};
static volley_experiment experiment = {.file = "test.yaml",
                                       .title = "a \"test\"",
                                       .resolved = "simulation: {dt: 0.1}\n",
                                       .simulation = {.dt = 0.1, .steps = STEPS, .seed = 7},
                                       .populations = &population,
                                       .n_populations = 1,
                                       .recorders = recorders,
                                       .n_recorders = 3,
                                       .neurons = SIZE};

static double spike_time(uint64_t k) { return 0.1 * (double)(k / 50 + 1); }
static uint64_t spike_id(uint64_t k) { return mix((uint32_t)k) % SIZE; }
static double sample(uint64_t row, uint64_t column) { return (double)row + 1e-3 * (double)column; }

static const char *path_of(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

/* Writes all spikes in windows of random sizes, cut among the ranks at random; empty shares are frequent. */
static void write_spikes(volley_sink sink) {
  uint64_t done = 0;
  for (uint32_t window = 0; done < SPIKES; window++) {
    uint64_t size = mix(window) % 9000, cuts[9] = {0};
    if (done + size > SPIKES) size = SPIKES - done;
    for (int r = 0; r < ranks; r++) {
      const uint64_t share = mix(100 * window + (uint32_t)r) % 3 ? size / (uint64_t)ranks : 0;
      cuts[r + 1] = r == ranks - 1 ? size : cuts[r] + share;
    }
    const uint64_t first = done + cuts[rank], count = cuts[rank + 1] - cuts[rank];
    double *times = volley_alloc(count, sizeof *times, "test");
    uint64_t *ids = volley_alloc(count, sizeof *ids, "test");
    for (uint64_t i = 0; i < count; i++) times[i] = spike_time(first + i);
    for (uint64_t i = 0; i < count; i++) ids[i] = spike_id(first + i);
    done += size;
    assert_int_equal(sink.spikes(sink.context, 0, first, count, times, ids, done), VOLLEY_OK);
    free(times);
    free(ids);
  }
}

/* Deals the columns to the ranks at random; a rank may get none. */
static volley_trace_columns deal_columns(void) {
  volley_trace_columns mine = {.columns = volley_alloc(14, sizeof(uint64_t), "test")};
  for (uint32_t column = 0; column < 14; column++)
    if ((int)(mix(column) % (uint32_t)ranks) == rank) mine.columns[mine.count++] = column;
  return mine;
}

static void write_traces(volley_sink sink, const volley_trace_columns *mine) {
  const uint64_t total = (STEPS - START) / INTERVAL;
  for (uint64_t first = 0, rows; first < total; first += rows) {
    rows = 1 + mix((uint32_t)first) % 50;
    if (first + rows > total) rows = total - first;
    double *data = volley_alloc(rows * mine->count, sizeof *data, "test");
    for (uint64_t row = 0; row < rows; row++)
      for (uint64_t c = 0; c < mine->count; c++) data[row * mine->count + c] = sample(first + row, mine->columns[c]);
    assert_int_equal(sink.traces(sink.context, 2, first, rows, data), VOLLEY_OK);
    free(data);
  }
}

static void write_file(const char *path, bool complete) {
  uint64_t memory[64];
  for (int r = 0; r < ranks; r++) memory[r] = (uint64_t)r;
  const char *name = "E";
  double rate = 12.5;
  const volley_summary summary = {.neurons = SIZE,
                                  .ranks = ranks,
                                  .threads = 3,
                                  .spikes = SPIKES,
                                  .peak_rss_bytes = memory,
                                  .n_populations = 1,
                                  .population_names = &name,
                                  .rate_hz = &rate,
                                  .digest = {1, 2},
                                  .build_s = rank /* rank 0's figures count */};
  volley_trace_columns columns[3] = {{0}};
  columns[2] = deal_columns();
  volley_output *output = NULL;
  assert_int_equal(volley_output_open(&experiment, path, columns, 0, MPI_COMM_WORLD, &output), VOLLEY_OK);
  const volley_sink sink = volley_output_sink(output);
  write_spikes(sink);
  write_traces(sink, &columns[2]);
  assert_int_equal(volley_output_close(output, complete ? &summary : NULL), VOLLEY_OK);
  free(columns[2].columns);
}

static void *read_dataset(hid_t file, const char *name, hid_t type, hsize_t size[2]) {
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set);
  assert_true(set >= 0);
  size[0] = size[1] = 1;
  H5Sget_simple_extent_dims(space, size, NULL);
  void *values = volley_alloc(size[0] * size[1], 8, "test");
  assert_true(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0);
  H5Sclose(space);
  H5Dclose(set);
  return values;
}

static void check_spikes(hid_t file) {
  hsize_t size[2];
  double *times = read_dataset(file, "/spikes/E/timestamps", H5T_NATIVE_DOUBLE, size);
  assert_int_equal(size[0], SPIKES);
  for (uint64_t k = 0; k < SPIKES; k++) assert_true(times[k] == spike_time(k));
  uint64_t *ids = read_dataset(file, "/spikes/E/node_ids", H5T_NATIVE_UINT64, size);
  assert_int_equal(size[0], SPIKES);
  for (uint64_t k = 0; k < SPIKES; k++) assert_int_equal(ids[k], spike_id(k));
  free(times);
  free(ids);
  free(read_dataset(file, "/recorders/silent/spikes/E/node_ids", H5T_NATIVE_UINT64, size));
  assert_int_equal(size[0], 0);
}

/* A value as the file has it. */
static double kept(double value) { return experiment.is_double ? value : (double)(float)value; }

static void check_traces(hid_t file) {
  hsize_t size[2];
  double *data = read_dataset(file, "/recorders/E_traces/report/E/data", H5T_NATIVE_DOUBLE, size);
  assert_int_equal(size[0], (STEPS - START) / INTERVAL);
  assert_int_equal(size[1], 14);
  for (uint64_t row = 0; row < size[0]; row++)
    for (uint64_t column = 0; column < 14; column++) assert_true(data[row * 14 + column] == kept(sample(row, column)));
  free(data);
  uint64_t *pointers =
      read_dataset(file, "/recorders/E_traces/report/E/mapping/index_pointer", H5T_NATIVE_UINT64, size);
  assert_int_equal(size[0], 15);
  assert_int_equal(pointers[14], 14);
  free(pointers);
  uint64_t *nodes = read_dataset(file, "/recorders/E_traces/report/E/mapping/node_ids", H5T_NATIVE_UINT64, size);
  assert_int_equal(size[0], 14);
  assert_int_equal(nodes[3], 6);
  assert_int_equal(nodes[4], 20);
  free(nodes);
  double *time = read_dataset(file, "/recorders/E_traces/report/E/mapping/time", H5T_NATIVE_DOUBLE, size);
  assert_true(time[0] == (START + INTERVAL) * 0.1 && time[2] == INTERVAL * 0.1);
  free(time);
}

static void check_reads_back(void) {
  char path[128];
  struct stat found;
  strcpy(path, path_of("whole.h5"));
  write_file(path, true);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank != 0) return;
  assert_int_not_equal(stat(path_of("whole.h5.part"), &found), 0);
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  check_spikes(file);
  check_traces(file);
  H5Fclose(file);
  volley_output_file *opened = NULL;
  assert_int_equal(volley_output_file_open(path, &opened), VOLLEY_OK);
  const volley_output_info *info = volley_output_file_info(opened);
  assert_true(info->complete);
  assert_string_equal(info->title, "a \"test\"");
  assert_string_equal(info->digest, "00000000000000010000000000000002");
  assert_int_equal(info->ranks, ranks);
  assert_true(info->build_s == 0);
  assert_int_equal(info->n_recorders, 2);
  assert_string_equal(info->populations[0].name, "E");
  assert_true(info->populations[0].rate_hz == 12.5);
  volley_output_file_close(opened);
}

/* Spikes and rows in windows of any size, in each form that the file can have. */
static void test_reads_back(void **state) {
  (void)state;
  check_reads_back();
  experiment.compression = 2;
  experiment.is_double = true;
  check_reads_back();
  experiment.compression = 0;
  experiment.is_double = false;
}

/* Deals windows of rows of so many columns, held by the ranks at random; each value must come to one tile, of whole
 * chunks but for the ends of the window. */
static void check_deal(uint64_t width, uint64_t chunk_rows, uint64_t chunk_columns, size_t size) {
  volley_trace_columns mine = {.columns = volley_alloc(width, sizeof(uint64_t), "test")};
  for (uint32_t column = 0; column < width; column++)
    if ((int)(mix(column) % (uint32_t)ranks) == rank) mine.columns[mine.count++] = column;
  volley_tiling *deal = volley_tiling_create(&mine, width, chunk_rows, chunk_columns, MPI_COMM_WORLD);
  for (uint64_t first = 0, rows, window = 0; window < 12; first += rows, window++) {
    rows = mix((uint32_t)window) % (3 * chunk_rows) + 1;
    uint64_t *wide = volley_alloc(rows * mine.count, sizeof *wide, "test"), found = 0;
    uint32_t *narrow = volley_alloc(rows * mine.count, sizeof *narrow, "test");
    for (uint64_t row = 0; row < rows; row++)
      for (uint64_t c = 0; c < mine.count; c++)
        narrow[row * mine.count + c] = (uint32_t)(wide[row * mine.count + c] = (first + row) * width + mine.columns[c]);
    volley_tile tile;
    const void *dealt = volley_tiling_rows(deal, first, rows, size == 8 ? (void *)wide : narrow, size, &tile);
    for (uint64_t row = 0; row < tile.rows; row++)
      for (uint64_t c = 0; c < tile.columns; c++, found++)
        assert_int_equal(size == 8 ? ((const uint64_t *)dealt)[found] : ((const uint32_t *)dealt)[found],
                         (tile.first_row + row) * width + tile.first_column + c);
    const uint64_t end_row = tile.first_row + tile.rows, end_column = tile.first_column + tile.columns;
    assert_true(found == 0 || tile.first_row == first || tile.first_row % chunk_rows == 0);
    assert_true(found == 0 || end_row == first + rows || end_row % chunk_rows == 0);
    assert_true(found == 0 ||
                (tile.first_column % chunk_columns == 0 && (end_column == width || end_column % chunk_columns == 0)));
    MPI_Allreduce(MPI_IN_PLACE, &found, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
    assert_int_equal(found, rows * width);
    free(wide);
    free(narrow);
  }
  volley_tiling_destroy(deal);
  free(mine.columns);
}

static void test_deal(void **state) {
  (void)state;
  static const struct {
    uint64_t width, chunk_rows, chunk_columns;
  } shapes[] = {{1, 4, 1}, {2, 1, 1}, {7, 16, 7}, {300, 8, 150}, {301, 5, 43}, {5000, 2, 256}, {3, 64, 3}};
  for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
    check_deal(shapes[s].width, shapes[s].chunk_rows, shapes[s].chunk_columns, s % 2 ? 4 : 8);
}

/* A run that failed leaves what it recorded under the temporary name, and the old output in its place. */
static void test_keeps_part(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("kept.h5"));
  write_file(path, false);
  if (rank != 0) return;
  struct stat found;
  assert_int_not_equal(stat(path, &found), 0);
  volley_output_file *opened = NULL;
  assert_int_equal(volley_output_file_open(path_of("kept.h5.part"), &opened), VOLLEY_OK);
  assert_false(volley_output_file_info(opened)->complete);
  volley_output_file_close(opened);
  const hid_t file = H5Fopen(path_of("kept.h5.part"), H5F_ACC_RDONLY, H5P_DEFAULT);
  check_spikes(file);
  H5Fclose(file);
}

/* Writes spikes window by window until the sink refuses one; returns how many it took. */
static uint64_t write_until_full(volley_sink sink) {
  enum { SHARE = 5000 };
  static double times[SHARE];
  static uint64_t ids[SHARE];
  uint64_t done = 0;
  for (;;) {
    const uint64_t first = done + (uint64_t)rank * SHARE, total = done + (uint64_t)ranks * SHARE;
    for (uint64_t i = 0; i < SHARE; i++) {
      times[i] = spike_time(first + i);
      ids[i] = spike_id(first + i);
    }
    const volley_status status = sink.spikes(sink.context, 0, first, SHARE, times, ids, total);
    if (status == VOLLEY_FAILURE) return done;
    assert_int_equal(status, VOLLEY_OK);
    done = total;
  }
}

/* A file that may not grow further fails on every rank at once and keeps what it holds. A full disk takes the same way. */
static void test_full(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("full.h5"));
  volley_trace_columns columns[3] = {{0}};
  columns[2] = deal_columns();
  struct rlimit old, least;
  getrlimit(RLIMIT_FSIZE, &old);
  least = old;
  least.rlim_cur = (rlim_t)3 << 20;
  setrlimit(RLIMIT_FSIZE, &least);
  volley_output *output = NULL;
  assert_int_equal(volley_output_open(&experiment, path, columns, 0, MPI_COMM_WORLD, &output), VOLLEY_OK);
  volley_sink sink = volley_output_sink(output);
  const uint64_t done = write_until_full(sink);
  assert_int_equal(volley_output_close(output, NULL), VOLLEY_OK);
  setrlimit(RLIMIT_FSIZE, &old);
  free(columns[2].columns);
  assert_true(done > 100000);
  if (rank != 0) return;
  hsize_t size[2];
  const hid_t file = H5Fopen(path_of("full.h5.part"), H5F_ACC_RDONLY, H5P_DEFAULT);
  uint64_t *ids = read_dataset(file, "/spikes/E/node_ids", H5T_NATIVE_UINT64, size);
  assert_int_equal(size[0], done);
  for (uint64_t k = 0; k < done; k++) assert_int_equal(ids[k], spike_id(k));
  free(ids);
  H5Fclose(file);
}

static void check_gives(const char *path, bool overwrite, volley_status expected) {
  char given[128], checkpoint[128];
  strcpy(given, path);
  strcpy(checkpoint, path_of("checkpoint.h5"));
  const volley_experiment none = {.file = ""};
  const volley_written written = {
      .output = given, .checkpoint = checkpoint, .keep = 1, .overwrite = overwrite, .locked = true};
  assert_int_equal(volley_written_check(&none, &written, MPI_COMM_WORLD), expected);
}

static void test_check(void **state) {
  (void)state;
  char path[128];
  check_gives(path_of("new.h5"), false, VOLLEY_OK);
  check_gives(path_of("missing/new.h5"), false, VOLLEY_USAGE);
  check_gives(folder, true, VOLLEY_USAGE);
  check_gives("", false, VOLLEY_USAGE);
  check_gives("/proc/new.h5", false, VOLLEY_USAGE); /* not even root may */
  strcpy(path, path_of("old.h5"));
  if (rank == 0) fclose(fopen(path, "w"));
  check_gives(path, false, VOLLEY_USAGE);
  check_gives(path, true, VOLLEY_OK);
  struct stat found;
  assert_int_not_equal(stat(path_of("new.h5.part"), &found), 0);
}

static int set_up(void **state) {
  (void)state;
  if (rank == 0) {
    strcpy(folder, "/tmp/volley_output_XXXXXX");
    if (!mkdtemp(folder)) return -1;
  }
  return MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
}

static int clean_up(void **state) {
  (void)state;
  static const char *const names[] = {"whole.h5", "kept.h5.part", "old.h5", "full.h5.part"};
  for (int i = 0; i < 4 && rank == 0; i++) unlink(path_of(names[i]));
  if (rank == 0) rmdir(folder);
  return 0;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_deal), cmocka_unit_test(test_reads_back),
                                     cmocka_unit_test(test_keeps_part), cmocka_unit_test(test_full),
                                     cmocka_unit_test(test_check)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  population.model = volley_neuron_model_find("iaf_psc_exp");
  const int failed = cmocka_run_group_tests(tests, set_up, clean_up);
  MPI_Finalize();
  return failed;
}
