/* A checkpoint written on any number of ranks reads back, bit for bit, on any other number, with any partitioner and number of
 * threads; what cannot be written leaves what was there before. */
#include "base/memory.h"
#include "io/checkpoint.h"
#include "neuron/neuron.h"
#include "support/experiments.h"

#include <fcntl.h>
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
  const volley_status status = volley_checkpoint_write(network, &state, &past, "/somewhere/out.h5", path, keep);
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
  assert_int_equal(volley_checkpoint_restore(checkpoint, network), VOLLEY_OK);
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

static int set_up(void **state) {
  (void)state;
  if (rank == 0) {
    strcpy(folder, "/tmp/volley_checkpoint_XXXXXX");
    if (!mkdtemp(folder)) return -1;
  }
  return MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reads_back), cmocka_unit_test(test_reads_back_many)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  (void)no_past;
  const int failed = cmocka_run_group_tests(tests, set_up, NULL);
  MPI_Finalize();
  return failed;
}
