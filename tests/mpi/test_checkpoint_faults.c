/* Checkpoints that are damaged, cut off, of something else or made up: each is refused with a clear message. */
#include "base/memory.h"
#include "io/file/seal.h"
#include "neuron/neuron.h"
#include "support/checkpoints.h"
#include "support/experiments.h"

#include <fcntl.h>
#include <hdf5.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int rank, ranks;

/* The checkpoint cannot be opened, and the message holds these words. */
static void expect_refusal(const char *path, const char *words) {
  char copy[128];
  strcpy(copy, path);
  volley_checkpoint *checkpoint = NULL;
  MPI_Barrier(MPI_COMM_WORLD);
  checkpoint_begin_capture();
  const volley_status status = volley_checkpoint_open(copy, MPI_COMM_WORLD, &checkpoint);
  const char *text = checkpoint_end_capture();
  assert_int_equal(status, VOLLEY_USAGE);
  assert_null(checkpoint);
  checkpoint_expect_words(text, words);
  MPI_Barrier(MPI_COMM_WORLD);
}

static uint64_t size_of(const char *path) {
  struct stat found;
  assert_int_equal(stat(path, &found), 0);
  return (uint64_t)found.st_size;
}

/* Where a dataset lies in the file. */
static uint64_t offset_of(const char *path, const char *dataset) {
  uint64_t offset = 0;
  if (rank == 0) {
    const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT), set = H5Dopen2(file, dataset, H5P_DEFAULT);
    assert_true(set >= 0);
    offset = H5Dget_offset(set);
    H5Dclose(set);
    H5Fclose(file);
  }
  MPI_Bcast(&offset, 1, MPI_UINT64_T, 0, MPI_COMM_WORLD);
  return offset;
}

static void test_damage(void **state) {
  (void)state;
  static const char *const datasets[] = {"/populations/E/V_m", "/populations/two/kept", "/recent_spikes/gids",
                                         "/volley_checkpoint/experiment", "/volley_checkpoint/recorder_positions"};
  char path[128], words[128];
  strcpy(path, checkpoint_path("d.h5"));
  assert_int_equal(checkpoint_write(path, "block", 7, 1, 1), VOLLEY_OK);
  for (int i = 0; i < 5; i++) {
    const uint64_t at = offset_of(path, datasets[i]) + 5;
    snprintf(words, sizeof words, "d.h5' is damaged: dataset %s has changed since it was written", datasets[i]);
    checkpoint_damage(path, at);
    expect_refusal(path, words);
    checkpoint_damage(path, at);
  }
  const uint64_t size = size_of(path);
  for (uint64_t i = 0; i < 150; i++) { /* anywhere, the head and the end more often */
    const uint64_t at = i < 10 ? i : i < 100 ? checkpoint_mix(i) % size : size - 1 - checkpoint_mix(i) % 2000;
    checkpoint_damage(path, at);
    assert_true(volley_is_checkpoint(path));
    expect_refusal(path, "d.h5' is damaged: ");
    checkpoint_damage(path, at);
  }
  assert_int_equal(checkpoint_salt(path), 1);
  for (uint64_t i = 0; i < 50; i++) {
    const uint64_t length = i == 0 ? 0 : i == 1 ? size - 1 : i == 2 ? 8 : checkpoint_mix(i) % size;
    char cut[128];
    strcpy(cut, checkpoint_path("cut.h5"));
    if (rank == 0) {
      unlink(cut);
      assert_int_equal(link(path, cut), 0);
      assert_int_equal(truncate(cut, (off_t)length), 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    const bool known = length > 4096;
    if (known) assert_true(volley_is_checkpoint(cut));
    expect_refusal(cut, known ? "cut.h5' was cut off: it ends after " : "cut.h5' ");
    assert_int_equal(checkpoint_write(path, "block", 7, 1, 1), VOLLEY_OK);
  }
  checkpoint_remove("d.h5");
  checkpoint_remove("cut.h5");
}

static void test_no_checkpoints(void **state) {
  (void)state;
  char path[128];
  expect_refusal(checkpoint_path("none.h5"), "none.h5': No such file or directory");
  expect_refusal(checkpoint_path(""), "': Is a directory");
  assert_false(volley_is_checkpoint(checkpoint_path("none.h5")));
  assert_false(volley_is_checkpoint(checkpoint_path("")));
  strcpy(path, checkpoint_path("other.h5"));
  if (rank == 0) {
    H5Fclose(H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  }
  expect_refusal(path, "other.h5' is no checkpoint of Volley: ");
  assert_false(volley_is_checkpoint(path));
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) assert_int_equal(volley_seal_append(path, VOLLEY_CHECKPOINT_FORMAT, NULL, 0), 0);
  expect_refusal(path, "other.h5' is no checkpoint of Volley: it has no group /volley_checkpoint");
  if (rank == 0) assert_int_equal(truncate(path, 800), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) assert_int_equal(volley_seal_append(path, 1, NULL, 0), 0);
  expect_refusal(path, "other.h5' has checkpoint format 1; this version of Volley reads format 2");
  if (rank == 0) assert_int_equal(truncate(path, 0), 0);
  expect_refusal(path, "other.h5' is no checkpoint of Volley: ");
  checkpoint_remove("other.h5");
}

static void replace_attribute(hid_t object, const char *name, hid_t type, hsize_t n, const void *values) {
  const hid_t space = H5Screate_simple(1, &n, NULL);
  H5Adelete(object, name);
  const hid_t attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
  assert_true(H5Awrite(attribute, type, values) >= 0);
  H5Aclose(attribute);
  H5Sclose(space);
}

/* Replaces a dataset by one of other sizes that nothing is written to; chunked ones need no room. */
static void replace_dataset(hid_t file, const char *name, hid_t type, hsize_t n, hsize_t m, bool chunked) {
  const hsize_t size[2] = {n, m}, chunk[2] = {1, 1};
  const hid_t space = H5Screate_simple(m ? 2 : 1, size, NULL), creation = H5Pcreate(H5P_DATASET_CREATE);
  if (chunked) H5Pset_chunk(creation, m ? 2 : 1, chunk);
  H5Ldelete(file, name, H5P_DEFAULT);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  assert_true(set >= 0);
  H5Dclose(set);
  H5Pclose(creation);
  H5Sclose(space);
}

/* Whole files with contents that no writer would write. */
enum { IMPOSSIBLE = 15 };
static void make_impossible(hid_t file, int number) {
  static const double many[1000];
  static const uint32_t other = VOLLEY_CHECKPOINT_FORMAT - 1;
  static const char *const text = "text";
  const hid_t header = H5Gopen2(file, "volley_checkpoint", H5P_DEFAULT), variable = H5Tcopy(H5T_C_S1);
  H5Tset_size(variable, H5T_VARIABLE);
  switch (number) {
    case 0: H5Adelete(header, "step"); break;
    case 1: replace_attribute(header, "dt_ms", H5T_NATIVE_DOUBLE, 1000, many); break;
    case 2: replace_attribute(header, "title", variable, 1, &text); break;
    case 3: replace_attribute(header, "seed", H5T_C_S1, 1, "x"); break;
    case 4: replace_attribute(header, "spike_digest", H5T_C_S1, 1, "x"); break;
    case 5: replace_attribute(header, "format_version", H5T_NATIVE_UINT32, 1, &other); break;
    case 6: replace_dataset(file, "recent_spikes/counts", H5T_NATIVE_UINT64, (hsize_t)1 << 50, 0, false); break;
    case 7: replace_dataset(file, "recent_spikes/gids", H5T_NATIVE_UINT32, (hsize_t)1 << 30, 0, true); break;
    case 8: replace_dataset(file, "recent_spikes/counts", H5T_NATIVE_UINT64, 5, 3, false); break;
    case 9: replace_dataset(file, "volley_checkpoint/experiment", H5T_NATIVE_UINT64, 2, 0, false); break;
    case 10: replace_dataset(file, "volley_checkpoint/recorded_files", variable, 2, 0, true); break;
    case 11: replace_dataset(file, "volley_checkpoint/recorder_positions", H5T_C_S1, 2, 0, true); break;
    case 12: H5Ldelete(file, "volley_checkpoint/population_spikes", H5P_DEFAULT); break;
    case 13: replace_attribute(header, "neurons", H5T_NATIVE_UINT32, 1, &other); break;
    default: H5Ldelete(file, "recent_spikes", H5P_DEFAULT); break;
  }
  H5Tclose(variable);
  H5Gclose(header);
}

static void test_impossible(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("i.h5"));
  for (int number = 0; number < IMPOSSIBLE; number++) {
    assert_int_equal(checkpoint_write(path, "block", 7, 1, 1), VOLLEY_OK);
    if (rank == 0) {
      const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT); /* which cuts the seal off */
      make_impossible(file, number);
      assert_true(H5Fclose(file) >= 0);
      assert_int_equal(volley_seal_append(path, VOLLEY_CHECKPOINT_FORMAT, NULL, 0), 0);
    }
    expect_refusal(path, "i.h5'");
  }
  checkpoint_remove("i.h5");
}

/* The checkpoint of another network is refused, even if nobody has compared the experiments. */
static void test_other_network(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("o.h5"));
  assert_int_equal(checkpoint_write(path, "block", 7, 1, 1), VOLLEY_OK);
  volley_experiment *experiment = checkpoint_experiment("block", 8);
  volley_network *network = checkpoint_build(experiment, 1, MPI_COMM_WORLD);
  volley_checkpoint *checkpoint = NULL;
  assert_int_equal(volley_checkpoint_open(path, MPI_COMM_WORLD, &checkpoint), VOLLEY_OK);
  checkpoint_begin_capture();
  assert_int_equal(volley_checkpoint_restore(checkpoint, &(volley_run_parts){.network = network}), VOLLEY_USAGE);
  checkpoint_expect_words(checkpoint_end_capture(),
                          "o.h5' is of another experiment: population I has 7 neurons there and 8 here");
  volley_checkpoint_close(checkpoint);
  volley_network_destroy(network);
  volley_experiment_destroy(experiment);
  checkpoint_remove("o.h5");
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_damage), cmocka_unit_test(test_no_checkpoints),
                                     cmocka_unit_test(test_impossible), cmocka_unit_test(test_other_network)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, checkpoint_set_up, checkpoint_clean_up);
  MPI_Finalize();
  return failed;
}
