#include "support/checkpoints.h"

#include "base/memory.h"
#include "base/random.h"
#include "neuron/neuron.h"
#include "support/experiments.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { STEP = 1234 /* of salt 0 */ };

static int rank;
static char folder[64];

const char *checkpoint_path(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

uint64_t checkpoint_mix(uint64_t n) { return volley_scramble(n); }

/* The bits of a state: any pattern, and often one that arithmetic would not keep. */
static uint64_t bits_of(volley_gid gid, int state, uint64_t salt) {
  static const uint64_t special[] = {UINT64_C(0x8000000000000000),
                                     UINT64_C(1),
                                     UINT64_C(0x800fffffffffffff),
                                     UINT64_C(0x7ff0000000000000),
                                     UINT64_C(0xfff0000000000000),
                                     UINT64_C(0x7ff0000000000001),
                                     UINT64_C(0xfff8000000abcdef),
                                     UINT64_C(0x7ff4dead00beef00),
                                     0};
  const uint64_t bits = checkpoint_mix(((uint64_t)gid << 8 | (uint64_t)state) + salt * 1000003);
  return bits % 4 == 0 ? special[bits / 4 % 9] : bits;
}

/* Sets the states of all neurons, or checks them. */
void checkpoint_go_over_states(const volley_network *network, uint64_t salt, bool check) {
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
volley_experiment *checkpoint_experiment(const char *partitioner, uint32_t size) {
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
  e->recorders[0] = (volley_recorder){.name = "E_spikes", .kind = &volley_record_spikes};
  e->recorders[1] = (volley_recorder){.name = "E_V_m", .kind = &volley_record_traces};
  e->n_recorders = 2;
  return e;
}

/* The state of a run; n_recent steps with a few spikes each. */
volley_run_state checkpoint_run_state(const volley_experiment *experiment, int64_t n_recent, uint64_t salt) {
  volley_run_state state = {.step = STEP + (int64_t)salt,
                            .spikes = 99,
                            .digest = {checkpoint_mix(salt), checkpoint_mix(salt + 1)},
                            .synaptic_events = UINT64_C(5000000000),
                            .synapses = 17,
                            .n_populations = experiment->n_populations,
                            .n_recent = n_recent};
  for (int64_t i = 0; i < n_recent; i++) state.n_gids += checkpoint_mix((uint64_t)i) % 5;
  volley_run_state_allocate(&state);
  for (int p = 0; p < state.n_populations; p++) state.counts[p] = checkpoint_mix((uint64_t)p + salt);
  for (int64_t i = 0; i < n_recent; i++) state.recent_counts[i] = checkpoint_mix((uint64_t)i) % 5;
  for (uint64_t i = 0; i < state.n_gids; i++) state.gids[i] = (uint32_t)checkpoint_mix(i) % experiment->neurons;
  return state;
}

static char *files[] = {"/somewhere/a.h5", "/somewhere/else/b with spaces.h5"};
static uint64_t positions[] = {5, UINT64_C(6000000000)};
const volley_recorded checkpoint_past = {files, 2, positions};

volley_network *checkpoint_build(const volley_experiment *experiment, int threads, MPI_Comm comm) {
  volley_network *network = NULL;
  assert_int_equal(volley_network_build(experiment, NULL, threads, comm, &network), VOLLEY_OK);
  return network;
}

/* Writes a checkpoint of values made of salt. */
volley_status checkpoint_write(const char *path, const char *partitioner, uint32_t size, uint64_t salt, int keep) {
  volley_experiment *experiment = checkpoint_experiment(partitioner, size);
  volley_run_state state = checkpoint_run_state(experiment, 15, salt);
  volley_network *network = checkpoint_build(experiment, 1, MPI_COMM_WORLD);
  checkpoint_go_over_states(network, salt, false);
  const volley_status status = volley_checkpoint_write(&(volley_run_parts){.network = network}, &state,
                                                       &checkpoint_past, "/somewhere/out.h5", path, keep);
  volley_network_destroy(network);
  volley_run_state_release(&state);
  volley_experiment_destroy(experiment);
  return status;
}

/* What rank 0 writes to stderr between the two calls. */
static int saved_stderr;
void checkpoint_begin_capture(void) {
  fflush(stderr);
  saved_stderr = dup(2);
  const int descriptor = open(rank == 0 ? checkpoint_path("stderr") : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
  dup2(descriptor, 2);
  close(descriptor);
}
const char *checkpoint_end_capture(void) {
  static char text[65536];
  fflush(stderr);
  dup2(saved_stderr, 2);
  close(saved_stderr);
  text[0] = '\0';
  if (rank != 0) return text;
  FILE *file = fopen(checkpoint_path("stderr"), "r");
  text[fread(text, 1, sizeof text - 1, file)] = '\0';
  fclose(file);
  return text;
}

/* Fails unless rank 0's text holds these words. */
void checkpoint_expect_words(const char *text, const char *words) {
  if (rank != 0 || strstr(text, words)) return;
  fail_msg("'%s' is missing in: %s", words, text);
}

int64_t checkpoint_salt_of(const volley_checkpoint *checkpoint) {
  return volley_checkpoint_get_info(checkpoint)->state.step - STEP;
}

/* The salt that a file was written with; -1 if it is not there. */
int64_t checkpoint_salt(const char *path) {
  char copy[128];
  strcpy(copy, path);
  volley_checkpoint *checkpoint = NULL;
  MPI_Barrier(MPI_COMM_WORLD);
  if (access(copy, F_OK)) return -1;
  assert_int_equal(volley_checkpoint_open(copy, MPI_COMM_WORLD, &checkpoint), VOLLEY_OK);
  const int64_t salt = checkpoint_salt_of(checkpoint);
  volley_checkpoint_close(checkpoint);
  return salt;
}

void checkpoint_remove(const char *name) {
  MPI_Barrier(MPI_COMM_WORLD);
  for (int k = 0; k < 6 && rank == 0; k++) {
    char numbered[64];
    snprintf(numbered, sizeof numbered, k ? "%s.%d" : "%s", name, k);
    unlink(checkpoint_path(numbered));
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

/* Changes one byte. */
void checkpoint_damage(const char *path, uint64_t at) {
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

int checkpoint_set_up(void **state) {
  (void)state;
  signal(SIGXFSZ, SIG_IGN); /* as the program does */
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0) {
    strcpy(folder, "/tmp/volley_checkpoint_XXXXXX");
    if (!mkdtemp(folder)) return -1;
  }
  return MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
}

int checkpoint_clean_up(void **state) {
  (void)state;
  if (rank != 0) return 0;
  unlink(checkpoint_path("stderr"));
  return rmdir(folder);
}
