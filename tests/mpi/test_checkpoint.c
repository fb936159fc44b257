/* A checkpoint written on any number of ranks reads back, bit for bit, on any other number, with any partitioner and
 * number of threads; what cannot be written leaves what was there before. */
#include "base/memory.h"
#include "neuron/neuron.h"
#include "support/checkpoints.h"
#include "support/experiments.h"

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

enum { MANY = 700000 /* neurons: several rounds of dealing on one rank */ };

static int rank, ranks;

static void check_state(const volley_run_state *found, const volley_run_state *expected) {
  assert_int_equal(found->step, expected->step);
  assert_int_equal(found->spikes, expected->spikes);
  assert_memory_equal(found->digest, expected->digest, sizeof found->digest);
  assert_int_equal(found->synaptic_events, expected->synaptic_events);
  assert_int_equal(found->synapses, expected->synapses);
  assert_int_equal(found->n_populations, expected->n_populations);
  assert_memory_equal(found->counts, expected->counts, (size_t)found->n_populations * sizeof *found->counts);
  assert_int_equal(found->n_recent, expected->n_recent);
  assert_int_equal(found->n_gids, expected->n_gids);
  if (found->n_recent == 0) return;
  assert_memory_equal(found->recent_counts, expected->recent_counts,
                      (size_t)found->n_recent * sizeof *found->recent_counts);
  assert_memory_equal(found->gids, expected->gids, found->n_gids * sizeof *found->gids);
}

static void check_info(const volley_checkpoint *checkpoint, const char *path) {
  const volley_checkpoint_info *info = volley_checkpoint_get_info(checkpoint);
  assert_string_equal(info->path, path);
  assert_string_equal(info->title, "a \"test\"");
  assert_string_equal(info->experiment_file, "test.yaml");
  assert_string_equal(info->experiment_folder, "/somewhere");
  assert_string_equal(info->experiment, "simulation: {dt: 0.1}\n");
  assert_int_equal(strlen(info->experiment_hash), 16);
  assert_string_equal(info->output, "/somewhere/out.h5");
  assert_int_equal(strlen(info->written), strlen("2000-01-01T00:00:00Z"));
  assert_true(info->version[0] && info->git_commit[0] && info->host[0]);
  assert_int_equal(info->ranks, ranks);
  assert_int_equal(info->threads, 1);
  assert_int_equal(info->seed, 7);
  assert_true(info->dt_ms == 0.1 && info->duration_ms == 0.1 * 1000);
  assert_true(info->time_ms == 0.1 * (double)info->state.step);
  assert_int_equal(info->n_recorders, 2);
  assert_int_equal(info->past.n_files, 2);
  for (int i = 0; i < 2; i++) assert_string_equal(info->past.files[i], checkpoint_past.files[i]);
  assert_memory_equal(info->past.positions, checkpoint_past.positions, 2 * sizeof(uint64_t));
  struct stat found;
  assert_int_equal(stat(path, &found), 0);
  assert_int_equal(info->bytes, found.st_size);
}

/* Reads the checkpoint with some ranks and compares everything. */
static void read_one(const char *path, const char *partitioner, uint32_t size, uint64_t salt, int threads,
                     MPI_Comm comm) {
  volley_experiment *experiment = checkpoint_experiment(partitioner, size);
  volley_run_state expected = checkpoint_run_state(experiment, 15, salt);
  volley_network *network = checkpoint_build(experiment, threads, comm);
  volley_checkpoint *checkpoint = NULL;
  assert_int_equal(volley_checkpoint_open(path, comm, &checkpoint), VOLLEY_OK);
  check_info(checkpoint, path);
  check_state(&volley_checkpoint_get_info(checkpoint)->state, &expected);
  assert_int_equal(volley_checkpoint_restore(checkpoint, &(volley_run_parts){.network = network}), VOLLEY_OK);
  checkpoint_go_over_states(network, salt, true);
  assert_true(volley_checkpoint_get_info(checkpoint)->bytes <= volley_checkpoint_bytes(experiment) + 4096);
  volley_checkpoint_close(checkpoint);
  volley_network_destroy(network);
  volley_run_state_release(&expected);
  volley_experiment_destroy(experiment);
}

/* Reads with the first 1, 2, ... ranks. */
static void read_everywhere(const char *path, uint32_t size, uint64_t salt) {
  static const char *const partitioners[] = {"block", "round_robin"};
  for (int readers = 1; readers <= ranks; readers++) {
    MPI_Comm comm;
    MPI_Comm_split(MPI_COMM_WORLD, rank < readers, 0, &comm);
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    for (int i = 0; i < 2 && rank < readers; i++) read_one(path, partitioners[i], size, salt, 1 + 2 * i, comm);
    MPI_Comm_free(&comm);
    MPI_Barrier(MPI_COMM_WORLD);
  }
}

static void test_reads_back(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("any.h5"));
  assert_int_equal(checkpoint_write(path, "block", 7, 1, 1), VOLLEY_OK);
  read_everywhere(path, 7, 1);
  assert_int_equal(checkpoint_write(path, "round_robin", 7, 2, 1), VOLLEY_OK);
  read_everywhere(path, 7, 2);
  checkpoint_remove("any.h5");
}

static void test_reads_back_many(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("many.h5"));
  assert_int_equal(checkpoint_write(path, "block", MANY, 3, 1), VOLLEY_OK);
  read_everywhere(path, MANY, 3);
  assert_int_equal(checkpoint_write(path, "round_robin", MANY, 4, 1), VOLLEY_OK);
  read_everywhere(path, MANY, 4);
  checkpoint_remove("many.h5");
}

static void test_rotation(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("r.h5"));
  for (int keep = 1; keep <= 3; keep++) {
    checkpoint_remove("r.h5");
    for (uint64_t salt = 1; salt <= 5; salt++) {
      assert_int_equal(checkpoint_write(path, "block", 7, salt, keep), VOLLEY_OK);
      for (int k = 0; k < 5; k++) {
        char name[64];
        snprintf(name, sizeof name, k ? "r.h5.%d" : "r.h5", k);
        assert_int_equal(checkpoint_salt(checkpoint_path(name)), k < keep && k < (int)salt ? (int64_t)salt - k : -1);
      }
      assert_int_equal(access(checkpoint_path("r.h5.part"), F_OK), -1);
    }
  }
  assert_int_equal(checkpoint_write(path, "block", 7, 6, 1),
                   VOLLEY_OK); /* keeping fewer than before leaves the older ones */
  assert_int_equal(checkpoint_salt(path), 6);
  assert_int_equal(checkpoint_salt(checkpoint_path("r.h5.1")), 4);
  checkpoint_remove("r.h5");
}

/* A file that may not grow so far: every rank learns it, and what was there stays. A full disk takes the same way. */
static void test_full(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("full.h5"));
  for (uint64_t salt = 1; salt <= 2; salt++) assert_int_equal(checkpoint_write(path, "block", 7, salt, 3), VOLLEY_OK);
  static const rlim_t limits[] = {0, 100, 10000, 100000, 2 << 20};
  for (int i = 0; i < 5; i++) {
    struct rlimit old, least;
    getrlimit(RLIMIT_FSIZE, &old);
    least = old;
    least.rlim_cur = limits[i];
    checkpoint_begin_capture(); /* its file, too, may not grow: the message is read on a pipe in tests of the program */
    setrlimit(RLIMIT_FSIZE, &least);
    const volley_status status = checkpoint_write(path, "block", MANY, 3, 3);
    setrlimit(RLIMIT_FSIZE, &old);
    checkpoint_end_capture();
    assert_int_equal(status, VOLLEY_FAILURE);
    assert_int_equal(checkpoint_salt(path), 2);
    assert_int_equal(checkpoint_salt(checkpoint_path("full.h5.1")), 1);
    assert_int_equal(access(checkpoint_path("full.h5.2"), F_OK), -1);
    assert_int_equal(access(checkpoint_path("full.h5.part"), F_OK), -1);
  }
  assert_int_equal(checkpoint_write(path, "block", 7, 3, 3), VOLLEY_OK); /* and when there is room again, it goes on */
  assert_int_equal(checkpoint_salt(path), 3);
  checkpoint_remove("full.h5");
}

/* A folder that is not there, and names that are taken by something else. */
static void test_no_place(void **state) {
  (void)state;
  char path[128];
  checkpoint_begin_capture();
  strcpy(path, checkpoint_path("missing/file.h5"));
  assert_int_equal(checkpoint_write(path, "block", 7, 1, 2), VOLLEY_FAILURE);
  checkpoint_expect_words(checkpoint_end_capture(), "missing/file.h5.part': No such file or directory");
  strcpy(path, checkpoint_path("taken.h5"));
  assert_int_equal(checkpoint_write(path, "block", 7, 1, 2), VOLLEY_OK);
  if (rank == 0) assert_int_equal(mkdir(checkpoint_path("taken.h5.1"), 0700), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  checkpoint_begin_capture();
  assert_int_equal(checkpoint_write(path, "block", 7, 2, 2), VOLLEY_FAILURE);
  checkpoint_expect_words(checkpoint_end_capture(), "taken.h5.1' is not a regular file");
  assert_int_equal(checkpoint_salt(path), 1);
  if (rank == 0) rmdir(checkpoint_path("taken.h5.1"));
  checkpoint_remove("taken.h5");
}

/* The salt of the newest whole file; 0 if there is none at all, -1 if none is whole. */
static int64_t latest(const char *path) {
  volley_checkpoint *checkpoint = NULL;
  MPI_Barrier(MPI_COMM_WORLD);
  const volley_status status = volley_checkpoint_open_latest(path, MPI_COMM_WORLD, &checkpoint);
  if (status != VOLLEY_OK) {
    assert_int_equal(status, VOLLEY_USAGE);
    assert_null(checkpoint);
    return -1;
  }
  const int64_t salt = checkpoint ? checkpoint_salt_of(checkpoint) : 0;
  volley_checkpoint_close(checkpoint);
  return salt;
}

static void test_latest(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("l.h5"));
  assert_int_equal(latest(path), 0);
  for (uint64_t salt = 1; salt <= 4; salt++) assert_int_equal(checkpoint_write(path, "block", 7, salt, 4), VOLLEY_OK);
  assert_int_equal(latest(path), 4);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(path);
  assert_int_equal(latest(path), 3);
  checkpoint_damage(checkpoint_path("l.h5.1"), 3000);
  checkpoint_begin_capture();
  assert_int_equal(latest(path), 2);
  checkpoint_expect_words(checkpoint_end_capture(), "l.h5.1' is damaged: ");
  if (rank == 0) unlink(checkpoint_path("l.h5.2")); /* one number is left out */
  checkpoint_begin_capture();
  assert_int_equal(latest(path), 1);
  checkpoint_end_capture();
  checkpoint_damage(checkpoint_path("l.h5.3"), 3000);
  checkpoint_begin_capture();
  assert_int_equal(latest(path), -1);
  checkpoint_expect_words(checkpoint_end_capture(), "is whole");
  checkpoint_remove("l.h5");
}

/* Nothing recorded, no spikes on their way, texts that are not given. */
static void test_bare(void **state) {
  (void)state;
  char path[128];
  strcpy(path, checkpoint_path("bare.h5"));
  const volley_recorded no_past = {0};
  volley_experiment *experiment = experiment_make(1);
  experiment_add_population(experiment, "P", "parrot", 3);
  volley_run_state expected = checkpoint_run_state(experiment, 0, 1);
  volley_network *network = checkpoint_build(experiment, 1, MPI_COMM_WORLD);
  assert_int_equal(volley_checkpoint_write(&(volley_run_parts){.network = network}, &expected, &no_past, "", path, 1),
                   VOLLEY_OK);
  volley_checkpoint *checkpoint = NULL;
  assert_int_equal(volley_checkpoint_open(path, MPI_COMM_WORLD, &checkpoint), VOLLEY_OK);
  check_state(&volley_checkpoint_get_info(checkpoint)->state, &expected);
  assert_string_equal(volley_checkpoint_get_info(checkpoint)->experiment, "");
  assert_string_equal(volley_checkpoint_get_info(checkpoint)->experiment_folder, "");
  assert_int_equal(volley_checkpoint_get_info(checkpoint)->past.n_files, 0);
  assert_int_equal(volley_checkpoint_get_info(checkpoint)->n_recorders, 0);
  assert_int_equal(volley_checkpoint_restore(checkpoint, &(volley_run_parts){.network = network}), VOLLEY_OK);
  volley_checkpoint_close(checkpoint);
  volley_network_destroy(network);
  volley_run_state_release(&expected);
  volley_experiment_destroy(experiment);
  checkpoint_remove("bare.h5");
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_back), cmocka_unit_test(test_reads_back_many),
                                     cmocka_unit_test(test_bare),       cmocka_unit_test(test_rotation),
                                     cmocka_unit_test(test_full),       cmocka_unit_test(test_no_place),
                                     cmocka_unit_test(test_latest)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, checkpoint_set_up, checkpoint_clean_up);
  MPI_Finalize();
  return failed;
}
