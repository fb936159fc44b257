/* A checkpoint written on any number of ranks reads back, bit for bit, on any other number, with any partitioner and
 * number of threads; what cannot be written leaves what was there before. */
#include "base/memory.h"
#include "io/checkpoint.h"
#include "io/seal.h"
#include "neuron/neuron.h"
#include "support/experiments.h"

#include <fcntl.h>
#include <hdf5.h>
#include <setjmp.h>
#include <signal.h>
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
static char folder[64];

static const char *path_of(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static uint64_t mix(uint64_t n) {
  n = (n ^ (n >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  n = (n ^ (n >> 27)) * UINT64_C(0x94D049BB133111EB);
  return n ^ (n >> 31);
}

/* The bits of a state: any pattern, and often one that arithmetic would not keep. */
static uint64_t bits_of(uint32_t gid, int state, uint64_t salt) {
  static const uint64_t special[] = {UINT64_C(0x8000000000000000),
                                     UINT64_C(1),
                                     UINT64_C(0x800fffffffffffff),
                                     UINT64_C(0x7ff0000000000000),
                                     UINT64_C(0xfff0000000000000),
                                     UINT64_C(0x7ff0000000000001),
                                     UINT64_C(0xfff8000000abcdef),
                                     UINT64_C(0x7ff4dead00beef00),
                                     0};
  const uint64_t bits = mix(((uint64_t)gid << 8 | (uint64_t)state) + salt * 1000003);
  return bits % 4 == 0 ? special[bits / 4 % 9] : bits;
}

/* Sets the states of all neurons, or checks them. */
static void go_over_states(const volley_network *network, uint64_t salt, bool check) {
  for (int b = 0; b < network->n_blocks; b++) {
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      const volley_slice *slice = &network->blocks[b].slices[s];
      const int n_states = network->experiment->populations[slice->population].model->n_states;
      for (int k = 0; k < n_states; k++) {
        for (uint32_t i = 0; i < slice->count; i++) {
          const uint64_t expected = bits_of(slice->gids[i], k, salt);
          if (check) assert_memory_equal(&slice->states[k][i], &expected, 8);
          memcpy(&slice->states[k][i], &expected, 8);
        }
      }
    }
  }
}

/* Populations of all models; some have fewer neurons than there are ranks. */
static volley_experiment *make_experiment(const char *partitioner, uint32_t size) {
  volley_experiment *e = experiment_make(7);
  experiment_add_population(e, "one", "iaf_psc_exp", 1);
  experiment_add_population(e, "E", "iaf_psc_exp", 1001);
  experiment_add_population(e, "repeaters", "parrot", 5);
  experiment_add_population(e, "I", "iaf_psc_delta", size);
  experiment_add_population(e, "two", "iaf_psc_delta", 2);
  experiment_add_population(e, "three", "iaf_psc_exp", 3);
  e->title = "a \"test\"";
  e->file = "test.yaml";
  e->folder = "/somewhere";
  e->resolved = "simulation: {dt: 0.1}\n";
  e->simulation.partitioner = volley_partitioner_find(partitioner);
  e->recorders = volley_arena_alloc(e->arena, 2, sizeof *e->recorders);
  e->recorders[0] = (volley_recorder){.name = "E_spikes"};
  e->recorders[1] = (volley_recorder){.name = "E_V_m", .kind = VOLLEY_RECORD_TRACES};
  e->n_recorders = 2;
  return e;
}

/* The state of a run; n_recent steps with a few spikes each. */
static volley_run_state make_state(const volley_experiment *experiment, int64_t n_recent, uint64_t salt) {
  volley_run_state state = {.step = 1234 + (int64_t)salt,
                            .spikes = 99,
                            .digest = {mix(salt), mix(salt + 1)},
                            .synaptic_events = UINT64_C(5000000000),
                            .synapses = 17,
                            .n_populations = experiment->n_populations,
                            .n_recent = n_recent};
  for (int64_t i = 0; i < n_recent; i++) state.n_gids += mix((uint64_t)i) % 5;
  volley_run_state_allocate(&state);
  for (int p = 0; p < state.n_populations; p++) state.counts[p] = mix((uint64_t)p + salt);
  for (int64_t i = 0; i < n_recent; i++) state.recent_counts[i] = mix((uint64_t)i) % 5;
  for (uint64_t i = 0; i < state.n_gids; i++) state.gids[i] = (uint32_t)mix(i) % experiment->neurons;
  return state;
}

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

static char *files[] = {"/somewhere/a.h5", "/somewhere/else/b with spaces.h5"};
static uint64_t positions[] = {5, UINT64_C(6000000000)};
static const volley_past past = {files, 2, positions}, no_past = {NULL, 0, (uint64_t[]){0, 0}};

static volley_network *build(const volley_experiment *experiment, int threads, MPI_Comm comm) {
  volley_network *network = NULL;
  assert_int_equal(volley_network_build(experiment, NULL, threads, comm, &network), VOLLEY_OK);
  return network;
}

/* Writes a checkpoint of values made of salt. */
static volley_status write_one(const char *path, const char *partitioner, uint32_t size, uint64_t salt, int keep) {
  volley_experiment *experiment = make_experiment(partitioner, size);
  volley_run_state state = make_state(experiment, 15, salt);
  volley_network *network = build(experiment, 1, MPI_COMM_WORLD);
  go_over_states(network, salt, false);
  const volley_status status = volley_checkpoint_write(network, NULL, &state, &past, "/somewhere/out.h5", path, keep);
  volley_network_destroy(network);
  volley_run_state_release(&state);
  volley_experiment_destroy(experiment);
  return status;
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
  for (int i = 0; i < 2; i++) assert_string_equal(info->past.files[i], files[i]);
  assert_memory_equal(info->past.positions, positions, sizeof positions);
  struct stat found;
  assert_int_equal(stat(path, &found), 0);
  assert_int_equal(info->bytes, found.st_size);
}

/* Reads the checkpoint with some ranks and compares everything. */
static void read_one(const char *path, const char *partitioner, uint32_t size, uint64_t salt, int threads,
                     MPI_Comm comm) {
  volley_experiment *experiment = make_experiment(partitioner, size);
  volley_run_state expected = make_state(experiment, 15, salt);
  volley_network *network = build(experiment, threads, comm);
  volley_checkpoint *checkpoint = NULL;
  assert_int_equal(volley_checkpoint_open(path, comm, &checkpoint), VOLLEY_OK);
  check_info(checkpoint, path);
  check_state(&volley_checkpoint_get_info(checkpoint)->state, &expected);
  assert_int_equal(volley_checkpoint_restore(checkpoint, network, NULL), VOLLEY_OK);
  go_over_states(network, salt, true);
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
  strcpy(path, path_of("any.h5"));
  assert_int_equal(write_one(path, "block", 7, 1, 1), VOLLEY_OK);
  read_everywhere(path, 7, 1);
  assert_int_equal(write_one(path, "round_robin", 7, 2, 1), VOLLEY_OK);
  read_everywhere(path, 7, 2);
}

static void test_reads_back_many(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("many.h5"));
  assert_int_equal(write_one(path, "block", MANY, 3, 1), VOLLEY_OK);
  read_everywhere(path, MANY, 3);
  assert_int_equal(write_one(path, "round_robin", MANY, 4, 1), VOLLEY_OK);
  read_everywhere(path, MANY, 4);
}

/* What rank 0 writes to stderr between the two calls. */
static int saved_stderr;
static void begin_capture(void) {
  fflush(stderr);
  saved_stderr = dup(2);
  const int descriptor = open(rank == 0 ? path_of("stderr") : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(descriptor, 2);
  close(descriptor);
}
static const char *end_capture(void) {
  static char text[65536];
  fflush(stderr);
  dup2(saved_stderr, 2);
  close(saved_stderr);
  text[0] = '\0';
  if (rank != 0) return text;
  FILE *file = fopen(path_of("stderr"), "r");
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

/* Fails unless rank 0's text holds these words. */
static void expect_words(const char *text, const char *words) {
  if (rank != 0 || strstr(text, words)) return;
  fail_msg("'%s' is missing in: %s", words, text);
}

/* The checkpoint cannot be opened, and the message holds these words. */
static void expect_refusal(const char *path, const char *words) {
  char copy[128];
  strcpy(copy, path);
  volley_checkpoint *checkpoint = NULL;
  MPI_Barrier(MPI_COMM_WORLD);
  begin_capture();
  const volley_status status = volley_checkpoint_open(copy, MPI_COMM_WORLD, &checkpoint);
  const char *text = end_capture();
  assert_int_equal(status, VOLLEY_USAGE);
  assert_null(checkpoint);
  expect_words(text, words);
  MPI_Barrier(MPI_COMM_WORLD);
}

static int64_t step_of(const volley_checkpoint *checkpoint) {
  return volley_checkpoint_get_info(checkpoint)->state.step;
}

/* The salt that a file was written with; -1 if it is not there. */
static int64_t salt_in(const char *path) {
  char copy[128];
  strcpy(copy, path);
  volley_checkpoint *checkpoint = NULL;
  MPI_Barrier(MPI_COMM_WORLD);
  if (access(copy, F_OK)) return -1;
  assert_int_equal(volley_checkpoint_open(copy, MPI_COMM_WORLD, &checkpoint), VOLLEY_OK);
  const int64_t salt = step_of(checkpoint) - 1234;
  volley_checkpoint_close(checkpoint);
  return salt;
}

static void remove_all(const char *name) {
  MPI_Barrier(MPI_COMM_WORLD);
  for (int k = 0; k < 6 && rank == 0; k++) {
    char numbered[64];
    snprintf(numbered, sizeof numbered, k ? "%s.%d" : "%s", name, k);
    unlink(path_of(numbered));
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

static void test_rotation(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("r.h5"));
  for (int keep = 1; keep <= 3; keep++) {
    remove_all("r.h5");
    for (uint64_t salt = 1; salt <= 5; salt++) {
      assert_int_equal(write_one(path, "block", 7, salt, keep), VOLLEY_OK);
      for (int k = 0; k < 5; k++) {
        char name[64];
        snprintf(name, sizeof name, k ? "r.h5.%d" : "r.h5", k);
        assert_int_equal(salt_in(path_of(name)), k < keep && k < (int)salt ? (int64_t)salt - k : -1);
      }
      assert_int_equal(access(path_of("r.h5.part"), F_OK), -1);
    }
  }
  assert_int_equal(write_one(path, "block", 7, 6, 1), VOLLEY_OK); /* keeping fewer than before leaves the older ones */
  assert_int_equal(salt_in(path), 6);
  assert_int_equal(salt_in(path_of("r.h5.1")), 4);
  remove_all("r.h5");
}

/* A file that may not grow so far: every rank learns it, and what was there stays. A full disk takes the same way. */
static void test_full(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("full.h5"));
  for (uint64_t salt = 1; salt <= 2; salt++) assert_int_equal(write_one(path, "block", 7, salt, 3), VOLLEY_OK);
  static const rlim_t limits[] = {0, 100, 10000, 100000, 2 << 20};
  for (int i = 0; i < 5; i++) {
    struct rlimit old, least;
    getrlimit(RLIMIT_FSIZE, &old);
    least = old;
    least.rlim_cur = limits[i];
    begin_capture(); /* its file, too, may not grow: the message is read on a pipe in tests of the program */
    setrlimit(RLIMIT_FSIZE, &least);
    const volley_status status = write_one(path, "block", MANY, 3, 3);
    setrlimit(RLIMIT_FSIZE, &old);
    end_capture();
    assert_int_equal(status, VOLLEY_FAILURE);
    assert_int_equal(salt_in(path), 2);
    assert_int_equal(salt_in(path_of("full.h5.1")), 1);
    assert_int_equal(access(path_of("full.h5.2"), F_OK), -1);
    assert_int_equal(access(path_of("full.h5.part"), F_OK), -1);
  }
  assert_int_equal(write_one(path, "block", 7, 3, 3), VOLLEY_OK); /* and when there is room again, it goes on */
  assert_int_equal(salt_in(path), 3);
  remove_all("full.h5");
}

/* A folder that is not there, and names that are taken by something else. */
static void test_no_place(void **state) {
  (void)state;
  char path[128];
  begin_capture();
  strcpy(path, path_of("missing/file.h5"));
  assert_int_equal(write_one(path, "block", 7, 1, 2), VOLLEY_FAILURE);
  expect_words(end_capture(), "missing/file.h5.part': No such file or directory");
  strcpy(path, path_of("taken.h5"));
  assert_int_equal(write_one(path, "block", 7, 1, 2), VOLLEY_OK);
  if (rank == 0) assert_int_equal(mkdir(path_of("taken.h5.1"), 0700), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  begin_capture();
  assert_int_equal(write_one(path, "block", 7, 2, 2), VOLLEY_FAILURE);
  expect_words(end_capture(), "taken.h5.1' is not a regular file");
  assert_int_equal(salt_in(path), 1);
  if (rank == 0) rmdir(path_of("taken.h5.1"));
  remove_all("taken.h5");
}

/* Changes one byte. */
static void damage(const char *path, uint64_t at) {
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    unsigned char byte = 0;
    const int descriptor = open(path, O_RDWR);
    assert_int_equal(pread(descriptor, &byte, 1, (off_t)at), 1);
    byte ^= 0x40;
    assert_int_equal(pwrite(descriptor, &byte, 1, (off_t)at), 1);
    close(descriptor);
  }
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
  strcpy(path, path_of("d.h5"));
  assert_int_equal(write_one(path, "block", 7, 1, 1), VOLLEY_OK);
  for (int i = 0; i < 5; i++) {
    const uint64_t at = offset_of(path, datasets[i]) + 5;
    snprintf(words, sizeof words, "d.h5' is damaged: dataset %s has changed since it was written", datasets[i]);
    damage(path, at);
    expect_refusal(path, words);
    damage(path, at);
  }
  const uint64_t size = size_of(path);
  for (uint64_t i = 0; i < 150; i++) { /* anywhere, the head and the end more often */
    const uint64_t at = i < 10 ? i : i < 100 ? mix(i) % size : size - 1 - mix(i) % 2000;
    damage(path, at);
    assert_true(volley_is_checkpoint(path));
    expect_refusal(path, "d.h5' is damaged: ");
    damage(path, at);
  }
  assert_int_equal(salt_in(path), 1);
  for (uint64_t i = 0; i < 50; i++) {
    const uint64_t length = i == 0 ? 0 : i == 1 ? size - 1 : i == 2 ? 8 : mix(i) % size;
    char cut[128];
    strcpy(cut, path_of("cut.h5"));
    if (rank == 0) {
      unlink(cut);
      assert_int_equal(link(path, cut), 0);
      assert_int_equal(truncate(cut, (off_t)length), 0);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    const bool known = length > 4096;
    if (known) assert_true(volley_is_checkpoint(cut));
    expect_refusal(cut, known ? "cut.h5' was cut off: it ends after " : "cut.h5' ");
    assert_int_equal(write_one(path, "block", 7, 1, 1), VOLLEY_OK);
  }
  remove_all("d.h5");
  remove_all("cut.h5");
}

static void test_no_checkpoints(void **state) {
  (void)state;
  char path[128];
  expect_refusal(path_of("none.h5"), "none.h5': No such file or directory");
  expect_refusal(folder, "': Is a directory");
  assert_false(volley_is_checkpoint(path_of("none.h5")));
  assert_false(volley_is_checkpoint(folder));
  strcpy(path, path_of("other.h5"));
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
  if (rank == 0) assert_int_equal(volley_seal_append(path, 2, NULL, 0), 0);
  expect_refusal(path, "other.h5' has checkpoint format 2; this version of Volley reads format 1");
  if (rank == 0) assert_int_equal(truncate(path, 0), 0);
  expect_refusal(path, "other.h5' is no checkpoint of Volley: ");
  remove_all("other.h5");
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
  static const uint32_t two = 2;
  static const char *const text = "text";
  const hid_t header = H5Gopen2(file, "volley_checkpoint", H5P_DEFAULT), variable = H5Tcopy(H5T_C_S1);
  H5Tset_size(variable, H5T_VARIABLE);
  switch (number) {
    case 0: H5Adelete(header, "step"); break;
    case 1: replace_attribute(header, "dt_ms", H5T_NATIVE_DOUBLE, 1000, many); break;
    case 2: replace_attribute(header, "title", variable, 1, &text); break;
    case 3: replace_attribute(header, "seed", H5T_C_S1, 1, "x"); break;
    case 4: replace_attribute(header, "spike_digest", H5T_C_S1, 1, "x"); break;
    case 5: replace_attribute(header, "format_version", H5T_NATIVE_UINT32, 1, &two); break;
    case 6: replace_dataset(file, "recent_spikes/counts", H5T_NATIVE_UINT64, (hsize_t)1 << 50, 0, false); break;
    case 7: replace_dataset(file, "recent_spikes/gids", H5T_NATIVE_UINT32, (hsize_t)1 << 30, 0, true); break;
    case 8: replace_dataset(file, "recent_spikes/counts", H5T_NATIVE_UINT64, 5, 3, false); break;
    case 9: replace_dataset(file, "volley_checkpoint/experiment", H5T_NATIVE_UINT64, 2, 0, false); break;
    case 10: replace_dataset(file, "volley_checkpoint/recorded_files", variable, 2, 0, true); break;
    case 11: replace_dataset(file, "volley_checkpoint/recorder_positions", H5T_C_S1, 2, 0, true); break;
    case 12: H5Ldelete(file, "volley_checkpoint/population_spikes", H5P_DEFAULT); break;
    case 13: replace_attribute(header, "neurons", H5T_NATIVE_UINT32, 1, &two); break;
    default: H5Ldelete(file, "recent_spikes", H5P_DEFAULT); break;
  }
  H5Tclose(variable);
  H5Gclose(header);
}

static void test_impossible(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("i.h5"));
  for (int number = 0; number < IMPOSSIBLE; number++) {
    assert_int_equal(write_one(path, "block", 7, 1, 1), VOLLEY_OK);
    if (rank == 0) {
      const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT); /* which cuts the seal off */
      make_impossible(file, number);
      assert_true(H5Fclose(file) >= 0);
      assert_int_equal(volley_seal_append(path, VOLLEY_CHECKPOINT_FORMAT, NULL, 0), 0);
    }
    expect_refusal(path, "i.h5'");
  }
  remove_all("i.h5");
}

/* The checkpoint of another network is refused, even if nobody has compared the experiments. */
static void test_other_network(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("o.h5"));
  assert_int_equal(write_one(path, "block", 7, 1, 1), VOLLEY_OK);
  volley_experiment *experiment = make_experiment("block", 8);
  volley_network *network = build(experiment, 1, MPI_COMM_WORLD);
  volley_checkpoint *checkpoint = NULL;
  assert_int_equal(volley_checkpoint_open(path, MPI_COMM_WORLD, &checkpoint), VOLLEY_OK);
  begin_capture();
  assert_int_equal(volley_checkpoint_restore(checkpoint, network, NULL), VOLLEY_USAGE);
  expect_words(end_capture(), "o.h5' is of another experiment: population I has 7 neurons there and 8 here");
  volley_checkpoint_close(checkpoint);
  volley_network_destroy(network);
  volley_experiment_destroy(experiment);
  remove_all("o.h5");
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
  const int64_t salt = checkpoint ? step_of(checkpoint) - 1234 : 0;
  volley_checkpoint_close(checkpoint);
  return salt;
}

static void test_latest(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("l.h5"));
  assert_int_equal(latest(path), 0);
  for (uint64_t salt = 1; salt <= 4; salt++) assert_int_equal(write_one(path, "block", 7, salt, 4), VOLLEY_OK);
  assert_int_equal(latest(path), 4);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(path);
  assert_int_equal(latest(path), 3);
  damage(path_of("l.h5.1"), 3000);
  begin_capture();
  assert_int_equal(latest(path), 2);
  expect_words(end_capture(), "l.h5.1' is damaged: ");
  if (rank == 0) unlink(path_of("l.h5.2")); /* one number is left out */
  begin_capture();
  assert_int_equal(latest(path), 1);
  end_capture();
  damage(path_of("l.h5.3"), 3000);
  begin_capture();
  assert_int_equal(latest(path), -1);
  expect_words(end_capture(), "is whole");
  remove_all("l.h5");
}

/* Nothing recorded, no spikes on their way, texts that are not given. */
static void test_bare(void **state) {
  (void)state;
  char path[128];
  strcpy(path, path_of("bare.h5"));
  volley_experiment *experiment = experiment_make(1);
  experiment_add_population(experiment, "P", "parrot", 3);
  volley_run_state expected = make_state(experiment, 0, 1);
  volley_network *network = build(experiment, 1, MPI_COMM_WORLD);
  assert_int_equal(volley_checkpoint_write(network, NULL, &expected, &no_past, "", path, 1), VOLLEY_OK);
  volley_checkpoint *checkpoint = NULL;
  assert_int_equal(volley_checkpoint_open(path, MPI_COMM_WORLD, &checkpoint), VOLLEY_OK);
  check_state(&volley_checkpoint_get_info(checkpoint)->state, &expected);
  assert_string_equal(volley_checkpoint_get_info(checkpoint)->experiment, "");
  assert_string_equal(volley_checkpoint_get_info(checkpoint)->experiment_folder, "");
  assert_int_equal(volley_checkpoint_get_info(checkpoint)->past.n_files, 0);
  assert_int_equal(volley_checkpoint_get_info(checkpoint)->n_recorders, 0);
  assert_int_equal(volley_checkpoint_restore(checkpoint, network, NULL), VOLLEY_OK);
  volley_checkpoint_close(checkpoint);
  volley_network_destroy(network);
  volley_run_state_release(&expected);
  volley_experiment_destroy(experiment);
  remove_all("bare.h5");
}

static int set_up(void **state) {
  (void)state;
  if (rank == 0) {
    strcpy(folder, "/tmp/volley_checkpoint_XXXXXX");
    if (!mkdtemp(folder)) return -1;
  }
  return MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
}

static int clean_up(void **state) {
  (void)state;
  remove_all("any.h5");
  remove_all("many.h5");
  if (rank != 0) return 0;
  unlink(path_of("stderr"));
  return rmdir(folder);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_back),   cmocka_unit_test(test_reads_back_many),
                                     cmocka_unit_test(test_bare),         cmocka_unit_test(test_rotation),
                                     cmocka_unit_test(test_full),         cmocka_unit_test(test_no_place),
                                     cmocka_unit_test(test_damage),       cmocka_unit_test(test_no_checkpoints),
                                     cmocka_unit_test(test_impossible),   cmocka_unit_test(test_latest),
                                     cmocka_unit_test(test_other_network)};
  signal(SIGXFSZ, SIG_IGN); /* as the program does */
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, set_up, clean_up);
  MPI_Finalize();
  return failed;
}
