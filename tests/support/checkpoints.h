/* Checkpoints of small networks whose states are any bits, for tests on all ranks. Values are made of a number, the
 * salt, so that files can be told apart. */
#ifndef VOLLEY_TESTS_CHECKPOINTS_H
#define VOLLEY_TESTS_CHECKPOINTS_H

#include "io/checkpoint/checkpoint.h"

/* A new folder for the files of the tests, shared by all ranks; removed when it is empty. For cmocka. */
int checkpoint_set_up(void **state);
int checkpoint_clean_up(void **state);

/* Path of a file in this folder, "" for the folder; valid until the next call. */
const char *checkpoint_path(const char *name);

/* Scrambles a number. */
uint64_t checkpoint_mix(uint64_t n);

/* Populations of all kinds; some have fewer neurons than there are ranks, "I" has `size`. */
volley_experiment *checkpoint_experiment(const char *partitioner, uint32_t size);

/* The state of a run; n_recent steps with a few spikes each. To be released by the caller. */
volley_run_state checkpoint_run_state(const volley_experiment *experiment, int64_t n_recent, uint64_t salt);

/* What was recorded, with two recorders. */
extern const volley_recorded checkpoint_past;

volley_network *checkpoint_build(const volley_experiment *experiment, int threads, MPI_Comm comm);

/* Sets the states of all neurons, or checks them first. */
void checkpoint_go_over_states(const volley_network *network, uint64_t salt, bool check);

/* Writes a checkpoint. Collective over MPI_COMM_WORLD, as what follows. */
volley_status checkpoint_write(const char *path, const char *partitioner, uint32_t size, uint64_t salt, int keep);

/* The salt that a file was written with; -1 if it is not there. */
int64_t checkpoint_salt(const char *path);

/* The salt of an open checkpoint. Not collective. */
int64_t checkpoint_salt_of(const volley_checkpoint *checkpoint);

/* Changes one byte of a file. */
void checkpoint_damage(const char *path, uint64_t at);

/* Removes NAME, NAME.1, ... */
void checkpoint_remove(const char *name);

/* What rank 0 writes to stderr between the two calls; "" on the others. */
void checkpoint_begin_capture(void);
const char *checkpoint_end_capture(void);

/* Fails unless rank 0's text holds these words. */
void checkpoint_expect_words(const char *text, const char *words);

#endif
