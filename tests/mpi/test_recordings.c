/* Recordings cut into stretches, broken off and gone on with are joined into what one undisturbed run writes. */
#include "base/memory.h"
#include "io/output/recordings.h"
#include "support/stretches.h"

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

enum { PATH = 512 };

static int rank, ranks;
static char folder[64];

static const char *path_of(const char *name) {
  static char paths[4][PATH];
  static int next;
  char *path = paths[next++ % 4];
  snprintf(path, PATH, "%s/%s", folder, name);
  return path;
}

static bool exists(const char *name) {
  struct stat found;
  return stat(path_of(name), &found) == 0;
}

static volley_status finish(volley_recordings *recordings) {
  uint64_t memory[64] = {0};
  const char *name = "E";
  double rate = 12.5;
  const volley_summary summary = {.neurons = STRETCHES_SIZE,
                                  .ranks = ranks,
                                  .threads = 3,
                                  .peak_rss_bytes = memory,
                                  .n_populations = 1,
                                  .population_names = &name,
                                  .rate_hz = &rate,
                                  .digest = {1, 2}};
  return volley_recordings_close(recordings, &summary);
}

static volley_recordings *begin(const char *name, const volley_recorded *past, int64_t step) {
  volley_recordings *recordings = NULL;
  assert_int_equal(volley_recordings_open(&stretches_experiment, path_of(name), stretches_columns, past, step,
                                          MPI_COMM_WORLD, &recordings),
                   VOLLEY_OK);
  return recordings;
}

/* Records from one step to another and cuts there. */
static void record_and_cut(volley_recordings *recordings, int64_t from, int64_t to) {
  stretches_record(volley_recordings_sink(recordings), from, to);
  assert_int_equal(volley_recordings_cut(recordings, to), VOLLEY_OK);
  const volley_recorded *past = volley_recordings_recorded(recordings);
  for (int r = 0; r < STRETCHES_RECORDERS; r++) assert_int_equal(past->positions[r], stretches_records(r, to));
}

/* Records to the end without a cut and closes. */
static void record_rest(volley_recordings *recordings, int64_t from) {
  stretches_record(volley_recordings_sink(recordings), from, STRETCHES_STEPS);
  assert_int_equal(finish(recordings), VOLLEY_OK);
}

static volley_recorded copy_past(const volley_recorded *past) {
  volley_recorded copy = {.files = volley_alloc((size_t)past->n_files, sizeof(char *), "test"),
                          .n_files = past->n_files,
                          .positions = volley_alloc(STRETCHES_RECORDERS, sizeof(uint64_t), "test")};
  for (int f = 0; f < past->n_files; f++) {
    assert_int_equal(past->files[f][0], '/');
    copy.files[f] = strcpy(volley_alloc(strlen(past->files[f]) + 1, 1, "test"), past->files[f]);
  }
  memcpy(copy.positions, past->positions, STRETCHES_RECORDERS * sizeof(uint64_t));
  return copy;
}

/* Records 0 .. 450 with cuts at 200 and 450, goes on to 650 and breaks off; gives what was past at 450. */
static volley_recorded break_off(const char *name) {
  if (rank == 0) (void)unlink(path_of(name)); /* of an earlier test */
  volley_recordings *recordings = begin(name, NULL, 0);
  record_and_cut(recordings, 0, 200);
  record_and_cut(recordings, 200, 450);
  const volley_recorded past = copy_past(volley_recordings_recorded(recordings));
  stretches_record(volley_recordings_sink(recordings), 450, 650);
  assert_int_equal(volley_recordings_close(recordings, NULL), VOLLEY_OK);
  assert_int_equal(past.n_files, 2);
  return past;
}

/* Raw bytes of an attribute or dataset, and its type and extent: compared. */
typedef struct content {
  hid_t type, space;
  size_t bytes;
  void *data;
} content;

static content describe(hid_t type, hid_t space) {
  assert_true(type >= 0 && space >= 0);
  content c = {.type = type, .space = space};
  c.bytes = (size_t)H5Sget_simple_extent_npoints(space) * H5Tget_size(type);
  c.data = volley_alloc(c.bytes, 1, "test");
  return c;
}

static void assert_same(content a, content b, const char *name) {
  if (H5Tequal(a.type, b.type) <= 0 || H5Sextent_equal(a.space, b.space) <= 0 || memcmp(a.data, b.data, a.bytes) != 0)
    fail_msg("%s differs", name);
  H5Tclose(a.type);
  H5Tclose(b.type);
  H5Sclose(a.space);
  H5Sclose(b.space);
  free(a.data);
  free(b.data);
}

static content read_attribute(hid_t object, const char *name) {
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  if (attribute < 0) fail_msg("no attribute %s", name);
  content c = describe(H5Aget_type(attribute), H5Aget_space(attribute));
  assert_true(H5Aread(attribute, c.type, c.data) >= 0);
  H5Aclose(attribute);
  return c;
}

static herr_t compare_attribute(hid_t object, const char *name, const H5A_info_t *unused, void *other) {
  (void)unused;
  if (strcmp(name, "started") == 0) return 0;
  assert_same(read_attribute(object, name), read_attribute(*(const hid_t *)other, name), name);
  return 0;
}

static content read_dataset(hid_t set) {
  content c = describe(H5Dget_type(set), H5Dget_space(set));
  assert_true(H5Dread(set, c.type, H5S_ALL, H5S_ALL, H5P_DEFAULT, c.data) >= 0);
  return c;
}

static herr_t compare_object(hid_t file, const char *name, const H5O_info_t *info, void *other) {
  const hid_t a = H5Oopen(file, name, H5P_DEFAULT);
  hid_t b = H5Oopen(*(const hid_t *)other, name, H5P_DEFAULT);
  H5O_info_t found;
  if (b < 0) fail_msg("%s is missing", name);
  H5Oget_info2(b, &found, H5O_INFO_BASIC | H5O_INFO_NUM_ATTRS);
  assert_true(found.type == info->type && found.num_attrs == info->num_attrs);
  assert_true(H5Aiterate2(a, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, compare_attribute, &b) >= 0);
  if (info->type == H5O_TYPE_DATASET) assert_same(read_dataset(a), read_dataset(b), name);
  H5Oclose(a);
  H5Oclose(b);
  return 0;
}

/* Whether a file is what one undisturbed run writes, and nothing but the file is left. */
static void assert_whole(const char *name) {
  if (rank == 0) {
    char other[64];
    hid_t a = H5Fopen(path_of("whole.h5"), H5F_ACC_RDONLY, H5P_DEFAULT);
    hid_t b = H5Fopen(path_of(name), H5F_ACC_RDONLY, H5P_DEFAULT);
    assert_true(a >= 0 && b >= 0);
    assert_true(H5Ovisit2(a, H5_INDEX_NAME, H5_ITER_NATIVE, compare_object, &b, H5O_INFO_ALL) >= 0);
    assert_true(H5Ovisit2(b, H5_INDEX_NAME, H5_ITER_NATIVE, compare_object, &a, H5O_INFO_ALL) >= 0);
    H5Fclose(a);
    H5Fclose(b);
    snprintf(other, sizeof other, "%s.parts", name);
    assert_false(exists(other));
    snprintf(other, sizeof other, "%s.part", name);
    assert_false(exists(other));
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

/* Cuts at random steps, several of them where nothing is recorded. */
static void test_joins(void **state) {
  (void)state;
  for (uint32_t seed = 0; seed < 3; seed++) {
    volley_recordings *recordings = begin("cut.h5", NULL, 0);
    int64_t step = 0;
    for (uint32_t k = 0; k < 9 && step < STRETCHES_STEPS; k++) {
      int64_t next = step + stretches_random(100 * seed + k) % (k % 3 ? 12 : 400);
      if (next > STRETCHES_STEPS) next = STRETCHES_STEPS;
      record_and_cut(recordings, step, next);
      step = next;
    }
    record_rest(recordings, step);
    assert_whole("cut.h5");
  }
}

static void test_cut_of_nothing(void **state) {
  (void)state;
  volley_recordings *recordings = begin("cut.h5", NULL, 0);
  assert_int_equal(volley_recordings_cut(recordings, 0), VOLLEY_OK);
  assert_int_equal(volley_recordings_recorded(recordings)->n_files, 0);
  record_rest(recordings, 0);
  assert_whole("cut.h5");
  recordings = begin("cut.h5", NULL, 0);
  record_and_cut(recordings, 0, 700);
  record_and_cut(recordings, 700, 800);
  assert_int_equal(volley_recordings_recorded(recordings)->n_files, 1);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_true(exists("cut.h5.parts/000000000-000000700.h5"));
  assert_false(exists("cut.h5.part"));
  record_rest(recordings, 800);
  assert_whole("cut.h5");
}

/* Goes on with another attempt's past under a name, maybe the same, with a cut on the way. */
static void go_on(const char *name, const volley_recorded *past, int64_t from) {
  volley_recordings *recordings = begin(name, past, from);
  assert_int_equal(volley_recordings_recorded(recordings)->n_files, past->n_files);
  record_and_cut(recordings, from, 820);
  record_rest(recordings, 820);
  assert_whole(name);
}

static void test_goes_on(void **state) {
  (void)state;
  volley_recorded past = break_off("broken.h5");
  MPI_Barrier(MPI_COMM_WORLD);
  assert_true(exists("broken.h5.part"));
  go_on("other.h5", &past, 450);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_true(exists("broken.h5.parts/000000200-000000450.h5"));
  for (int r = 0; r < STRETCHES_RECORDERS; r++) past.positions[r] = stretches_records(r, 333); /* the files hold more */
  go_on("other.h5", &past, 333);
  go_on("broken.h5", &past, 333);
  volley_recorded_release(&past);
}

/* A run that is resumed and stopped before it has recorded anything leaves no empty file. */
static void test_stopped_at_once(void **state) {
  (void)state;
  volley_recorded past = break_off("broken.h5");
  assert_int_equal(volley_recordings_close(begin("broken.h5", &past, 450), NULL), VOLLEY_OK);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_false(exists("broken.h5.part"));
  go_on("broken.h5", &past, 450);
  volley_recorded_release(&past);
}

/* Stretches of a killed attempt that no checkpoint names go with the others; what is not this run's stays. */
static void test_leftovers(void **state) {
  (void)state;
  volley_recorded past = break_off("broken.h5");
  volley_recordings *recordings = begin("broken.h5", &past, 450);
  record_and_cut(recordings, 450, 500);
  assert_int_equal(volley_recordings_close(recordings, NULL), VOLLEY_OK);
  go_on("broken.h5", &past, 450);
  volley_recorded_release(&past);
  const char *resolved = stretches_experiment.resolved;
  stretches_experiment.resolved = "simulation: {dt: 0.2}\n";
  past = break_off("broken.h5");
  stretches_experiment.resolved = resolved;
  record_rest(begin("broken.h5", NULL, 0), 0);
  for (int f = 0; f < 2; f++) assert_int_equal(access(past.files[f], R_OK), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  for (int f = 0; f < 2 && rank == 0; f++) assert_int_equal(unlink(past.files[f]), 0);
  if (rank == 0) assert_int_equal(rmdir(path_of("broken.h5.parts")), 0);
  volley_recorded_release(&past);
}

/* The stretches of a completed run are in its output, also when some of them are still there: a run that was killed while
 * it removed them. */
static void test_output_stands_in(void **state) {
  (void)state;
  volley_recorded past = break_off("broken.h5");
  if (rank == 0) assert_int_equal(link(past.files[0], path_of("0")) | link(past.files[1], path_of("1")), 0);
  go_on("broken.h5", &past, 450);
  for (int f = -1; f < 2; f++) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (rank == 0 && f >= 0) {
      assert_int_equal(mkdir(path_of("broken.h5.parts"), 0777), 0);
      assert_int_equal(rename(path_of(f ? "1" : "0"), past.files[f]), 0);
    }
    volley_recordings *recordings = begin("broken.h5", &past, 450);
    const volley_recorded *found = volley_recordings_recorded(recordings);
    assert_int_equal(found->n_files, 1);
    assert_string_equal(strrchr(found->files[0], '/'), "/broken.h5");
    record_and_cut(recordings, 450, 500);
    record_rest(recordings, 500);
    assert_whole("broken.h5");
  }
  volley_recorded_release(&past);
}

/* Sends what rank 0 prints on stderr to a file while a call runs that must fail, and looks for a text in it. */
static int capture_begin(void) {
  fflush(stderr);
  const int old = dup(STDERR_FILENO);
  if (rank == 0) assert_non_null(freopen(path_of("faults"), "w", stderr));
  return old;
}

static void capture_end(int old, const char *text) {
  static char printed[8192];
  fflush(stderr);
  dup2(old, STDERR_FILENO);
  close(old);
  if (rank != 0) return;
  FILE *file = fopen(path_of("faults"), "r");
  printed[fread(printed, 1, sizeof printed - 1, file)] = '\0';
  fclose(file);
  if (!strstr(printed, text)) fail_msg("'%s' does not say '%s'", printed, text);
}

/* The past must be refused, on every rank alike, with a text. */
static void assert_refused(const volley_recorded *past, const char *text) {
  volley_recordings *recordings = NULL;
  const int old = capture_begin();
  const volley_status status = volley_recordings_open(&stretches_experiment, path_of("new.h5"), stretches_columns, past,
                                                      450, MPI_COMM_WORLD, &recordings);
  capture_end(old, text);
  assert_int_equal(status, VOLLEY_USAGE);
  assert_null(recordings);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_false(exists("new.h5.part"));
}

static void write_bytes(const char *path, const void *bytes, size_t n) {
  FILE *file = fopen(path, "w");
  assert_int_equal(fwrite(bytes, 1, n, file), n);
  fclose(file);
}

/* The second file of the past in states in which it is of no use. */
static void test_damaged(void **state) {
  (void)state;
  volley_recorded past = break_off("broken.h5");
  char *file = past.files[1], kept[PATH];
  struct stat found;
  strcpy(kept, path_of("kept"));
  assert_int_equal(stat(file, &found), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) rename(file, kept);
  assert_refused(&past, "000000200-000000450.h5' is missing");
  if (rank == 0) write_bytes(path_of("broken.h5"), "x", 1); /* something that cannot stand in */
  assert_refused(&past, "broken.h5' is not the complete output of this run");
  if (rank == 0) unlink(path_of("broken.h5"));
  if (rank == 0) write_bytes(file, "not HDF5 at all", 15);
  assert_refused(&past, "is not an HDF5 file");
  if (rank == 0) rename(kept, file);
  for (uint64_t k = 0; k < 12; k++) {
    if (rank == 0) assert_int_equal(truncate(file, found.st_size - 1 - (found.st_size - 1) / 12 * (off_t)k), 0);
    assert_refused(&past, "put the file back as it was, or start from the beginning");
  }
  if (rank == 0) assert_int_equal(truncate(file, 0), 0);
  assert_refused(&past, "000000200-000000450.h5'");
  volley_recorded_release(&past);
}

static void test_too_short(void **state) {
  (void)state;
  volley_recorded past = break_off("broken.h5");
  past.positions[0]++;
  assert_refused(&past, "hold 45000 spikes of recorder 'E_spikes', but 45001 were recorded");
  past.positions[0]--;
  past.positions[4]++;
  assert_refused(&past, "hold 50 rows of recorder 'all', but 51");
  past.positions[4]--;
  volley_recordings *recordings = begin("broken.h5", &past, 450);
  record_rest(recordings, 450);
  past.positions[0] = 80000;
  assert_refused(&past, "broken.h5' is not the complete output of this run");
  volley_recorded_release(&past);
}

static void test_other_runs(void **state) {
  (void)state;
  volley_recorded past = break_off("broken.h5");
  const volley_recorder first = stretches_recorders[0], fifth = stretches_recorders[4];
  stretches_recorders[0].name = "I_spikes";
  assert_refused(&past, "has no recorder 'I_spikes' of spikes");
  stretches_recorders[0] = first;
  stretches_recorders[4].neurons.count--;
  assert_refused(&past, "has no recorder 'all' of traces of 2999 neurons");
  stretches_recorders[4] = fifth;
  stretches_recorders[4].kind = &volley_record_spikes;
  assert_refused(&past, "has no recorder 'all' of spikes");
  stretches_recorders[4] = fifth;
  stretches_experiment.simulation.seed++;
  assert_refused(&past, "is of another run");
  stretches_experiment.simulation.seed--;
  volley_recorded_release(&past);
}

/* A disk that is full at the end: all stretches stay, and the run can be ended from them later. */
static void test_full(void **state) {
  (void)state;
  volley_recordings *recordings = begin("full.h5", NULL, 0);
  record_and_cut(recordings, 0, 550);
  record_and_cut(recordings, 550, STRETCHES_STEPS);
  volley_recorded past = copy_past(volley_recordings_recorded(recordings));
  struct rlimit old, least;
  getrlimit(RLIMIT_FSIZE, &old);
  least = old;
  least.rlim_cur = (rlim_t)9 << 20;
  setrlimit(RLIMIT_FSIZE, &least);
  const int stderr_before = capture_begin();
  const volley_status status = finish(recordings);
  capture_end(stderr_before, "cannot join the files in");
  setrlimit(RLIMIT_FSIZE, &old);
  assert_int_equal(status, VOLLEY_FAILURE);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_false(exists("full.h5") || exists("full.h5.part"));
  for (int f = 0; f < 2; f++) assert_int_equal(access(past.files[f], R_OK), 0);
  assert_int_equal(finish(begin("full.h5", &past, STRETCHES_STEPS)), VOLLEY_OK);
  assert_whole("full.h5");
  volley_recorded_release(&past);
}

static void test_cut_fails(void **state) {
  (void)state;
  if (rank == 0) write_bytes(path_of("cut.h5.parts"), "in the way", 10);
  volley_recordings *recordings = begin("cut.h5", NULL, 0);
  stretches_record(volley_recordings_sink(recordings), 0, 100);
  const int old = capture_begin();
  const volley_status status = volley_recordings_cut(recordings, 100);
  capture_end(old, "cannot move '");
  assert_int_equal(status, VOLLEY_FAILURE);
  assert_int_equal(volley_recordings_close(recordings, NULL), VOLLEY_OK);
  assert_true(exists("cut.h5.part"));
}

static int set_up(void **state) {
  (void)state;
  stretches_begin();
  if (rank == 0) {
    strcpy(folder, "/tmp/volley_recordings_XXXXXX");
    if (!mkdtemp(folder)) return -1;
  }
  if (MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD)) return -1;
  record_rest(begin("whole.h5", NULL, 0), 0);
  return 0;
}

static int clean_up(void **state) {
  (void)state;
  char command[128];
  stretches_end();
  snprintf(command, sizeof command, "rm -r '%s'", folder);
  return rank == 0 ? system(command) : 0;
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_joins),     cmocka_unit_test(test_cut_of_nothing),  cmocka_unit_test(test_goes_on),
      cmocka_unit_test(test_leftovers), cmocka_unit_test(test_stopped_at_once), cmocka_unit_test(test_output_stands_in),
      cmocka_unit_test(test_damaged),   cmocka_unit_test(test_too_short),       cmocka_unit_test(test_other_runs),
      cmocka_unit_test(test_full),      cmocka_unit_test(test_cut_fails)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, set_up, clean_up);
  MPI_Finalize();
  return failed;
}
