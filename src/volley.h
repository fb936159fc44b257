/* Volley for programs: describe an experiment or read one, build it, take it through time, look at it, change it, go on.
 *
 *   volley_faults_keep();
 *   volley_description *d = volley_description_create("two", ".");
 *   volley_description_set(d, "simulation.duration", "1 s");
 *   volley_description_add(d, "populations", "E");
 *   volley_description_set(d, "populations.E.model", "iaf_psc_exp");
 *   ...
 *   volley_run *run = NULL;
 *   if (volley_description_check(d, true, comm, &experiment) == VOLLEY_OK &&
 *       volley_run_create(experiment, comm, 2, NULL, &run) == VOLLEY_OK)
 *     status = volley_run_advance(run, 100.0);
 *
 * jobs/embed/host.c is such a program. The keys are those of experiment files (docs/experiment.md). Errors are values;
 * after volley_faults_keep() nothing is printed. MPI must be initialised, with MPI_THREAD_FUNNELED at least, by the thread
 * that calls; any communicator may be given, and is duplicated; ranks may hold other runs on other communicators. "Collective"
 * means: by all its ranks, with the same values. */
#ifndef VOLLEY_VOLLEY_H
#define VOLLEY_VOLLEY_H

#include "base/codes.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOLLEY_API __attribute__((visibility("default")))

typedef struct volley_description volley_description;
typedef struct volley_experiment volley_experiment;
typedef struct volley_run volley_run;

/* From the first call on, the faults that ranks agree on are kept on every rank instead of printed by rank 0. Not
 * collective, but for all ranks or none. */
VOLLEY_API void volley_faults_keep(void);

/* The faults kept so far, in order, the same on every rank: how many, and the text of one from 0 on (NULL beyond the last),
 * valid until they are forgotten. Not collective. */
VOLLEY_API int volley_faults_count(void);
VOLLEY_API const char *volley_faults_text(int fault);
VOLLEY_API void volley_faults_forget(void);

/* The version of the library, "0.1.0". Not collective. */
VOLLEY_API const char *volley_version(void);

/* ---- An experiment that a program describes by calls instead of a file, with the same keys and the same checks. A fault
 * names the call that it comes from: "call 7: populations.E.size: ...", where calls are counted from 1 through those that add
 * and set. All ranks must make the same calls. Nothing here is collective but the check. */

/* An empty description. name: stands for the name of an experiment file, which names the output by default; folder: where
 * relative paths in it start, "." is the working folder. Copied. Owned by the caller until it is checked or destroyed. */
VOLLEY_API volley_description *volley_description_create(const char *name, const char *folder);
VOLLEY_API void volley_description_destroy(volley_description *description); /* NULL is allowed */

/* Adds an entry to a section that is a list: populations, projections, stimuli, readouts, ablations, recorders. name: by
 * which paths reach it; NULL for none: they reach it by its number, which is returned, from 0. -1 after adding a fault:
 * what is there is no list. */
VOLLEY_API int volley_description_add(volley_description *description, const char *section, const char *name);

/* Set the value of a key, once or again. path: as --set has it, "simulation.duration", "populations.E.parameters.tau_m",
 * "stimuli.0.signal.type"; mappings on the way are made. A text is a word, a name, or a number with its unit, "20 ms";
 * numbers are in the unit that is documented. Arrays are copied as they are, "populations.E.parameters.V_th.values" is one
 * value a neuron; rows are the lines of a matrix [n_rows]
 * [n_columns]. Return VOLLEY_USAGE after adding a fault: there is no such entry. */
VOLLEY_API volley_status volley_description_set(volley_description *description, const char *path, const char *text);
VOLLEY_API volley_status volley_description_set_number(volley_description *description, const char *path,
                                                       double number);
VOLLEY_API volley_status volley_description_set_texts(volley_description *description, const char *path,
                                                      const char *const *texts, int n);
VOLLEY_API volley_status volley_description_set_numbers(volley_description *description, const char *path,
                                                        const double *numbers, size_t n);
VOLLEY_API volley_status volley_description_set_rows(volley_description *description, const char *path,
                                                     const double *numbers, int n_rows, size_t n_columns);

/* Checks what was described, as an experiment file is, and makes the experiment of it: *out, owned by the caller, only if
 * all is right. looks_at_files: a file that is named and not there is a fault; false where it will be there later. Destroys the
 * description. Collective over comm; every fault is reported in one go, agreed status. */
VOLLEY_API volley_status volley_description_check(volley_description *description, bool looks_at_files, MPI_Comm comm,
                                                  volley_experiment **out);

/* Reads and checks an experiment file, with n_sets assignments "a.b.c=value" as of --set. Collective over comm; agreed status,
 * every fault of the file in one go; *out is owned by the caller, and set only if all is right. */
VOLLEY_API volley_status volley_experiment_read(const char *file, const char *const *sets, int n_sets, MPI_Comm comm,
                                                volley_experiment **out);

/* All keys of an experiment with their values, as YAML. Owned by the experiment. Not collective. */
VOLLEY_API const char *volley_experiment_resolve(const volley_experiment *experiment);

/* Not collective; NULL is allowed. Whatever was made of the experiment must be gone. */
VOLLEY_API void volley_experiment_destroy(volley_experiment *experiment);

/* ---- A run: the network that an experiment describes, and where it stands in time. */

/* Builds the network at time 0 with `threads` threads on each rank (0: as many as `volley run` would take). output: the file
 * that recorders write to, which must not exist yet; NULL: nothing is recorded. Collective over comm, agreed status; *out is
 * owned by the caller and set only if all went well. The experiment must outlive the run. One with
 * `repeat` needs repeat.trial: a run is one trial, and none that goes on where another has ended. */
VOLLEY_API volley_status volley_run_create(volley_experiment *experiment, MPI_Comm comm, int threads,
                                           const char *output, volley_run **out);

/* The same from where a checkpoint is, which volley_run_save() or `volley run` wrote on any number of ranks, with assignments as
 * of --set; those that would change results are refused. output: NULL for that of the run which was saved. *experiment: of the
 * checkpoint, owned by the caller. Collective over comm, agreed status. */
VOLLEY_API volley_status volley_run_resume(const char *checkpoint, const char *const *sets, int n_sets, MPI_Comm comm,
                                           int threads, const char *output, volley_experiment **experiment,
                                           volley_run **out);

/* Writes a checkpoint of the run as it is (of the clock engine) to a file, whole or not at all; one that is there becomes FILE.1. With all but what
 * volley_run_inject() has set. Collective, agreed status; where it is not VOLLEY_OK, the run can go on. */
VOLLEY_API volley_status volley_run_save(volley_run *run, const char *file);

/* Takes the run to a time in ms, a whole number of steps and no later than the experiment's duration. In how many calls it
 * is taken there changes no bit. Collective, agreed status; after any other than VOLLEY_OK only destroy() does anything. */
VOLLEY_API volley_status volley_run_advance(volley_run *run, double until_ms);

/* Why the run has ended before its duration, by `stop_when` of the experiment; volley_run_advance() then leaves it where it is.
 * NULL: it has not. Owned by the run. Not collective, the same on every rank. */
VOLLEY_API const char *volley_run_ended_early(const volley_run *run);

/* The step of time in ms; of engines without steps that which times are whole multiples of. Not collective, the same on every
 * rank. */
VOLLEY_API double volley_run_step(const volley_run *run);

/* The time that it has come to, in ms; neurons, synapses and spikes so far, of all ranks. Not collective, the same on every
 * rank. */
VOLLEY_API double volley_run_time(const volley_run *run);
VOLLEY_API uint64_t volley_run_neurons(const volley_run *run);
VOLLEY_API uint64_t volley_run_synapses(const volley_run *run);
VOLLEY_API uint64_t volley_run_spikes(const volley_run *run);

/* Neurons of a population; 0 where there is none of that name. Not collective, the same on every rank. */
VOLLEY_API uint32_t volley_run_size(const volley_run *run, const char *population);

/* The spikes of a population since the last call for it, sorted by time and index: *times [*n] in ms, *indices [*n] within
 * the population; on every rank all of them. Valid until the next call for any population. Collective, agreed status:
 * VOLLEY_USAGE with a fault where there is no such population. */
VOLLEY_API volley_status volley_run_take_spikes(volley_run *run, const char *population, const double **times,
                                                const uint32_t **indices, size_t *n);

/* States of all neurons of a population, by their index, in the unit of docs/models.md: values [size of the population], on
 * every rank all of them. Collective, agreed status: VOLLEY_USAGE with a fault where there is no such state. */
VOLLEY_API volley_status volley_run_get_state(volley_run *run, const char *population, const char *state,
                                              double *values);
VOLLEY_API volley_status volley_run_set_state(volley_run *run, const char *population, const char *state,
                                              const double *values);

/* A state of all synapses of a projection, "weight" first of all, as a spike would find them that arrives now, or "source" and "target",
 * their indices within the populations, or "delay" in ms: *values [*n], on every rank all of them. In order of the targets; of one target those
 * that learn by source, delay and number of the edge, static ones, which have no state but the weight, as their rule lists or draws them. Valid
 * until the next call. Static ones are drawn again, and their files read. Collective, agreed status: VOLLEY_USAGE with a fault where there is no such
 * projection or state. */
VOLLEY_API volley_status volley_run_get_synapses(volley_run *run, const char *projection, const char *state,
                                                 const double **values, uint64_t *n);

/* Sets a state of all synapses of a projection from the present time on, in the same order: values [n], the same on every rank. What is on
 * its way has the new weight when it arrives. Weights of synapses that learn must be in the range of their model; static ones are rounded to floats, as
 * when they are built, and all tables are made again before the next step, once however many are set before. A later change of the experiment
 * multiplies or replaces them. In checkpoints of the run, and taken by other experiments that begin there with the same synapses; the experiment
 * stays as it is. Of the clock engine. Collective, agreed status:
 * VOLLEY_USAGE with a fault, and nothing is changed, where there is no such projection or state, or not so many synapses, or a value cannot be. */
VOLLEY_API volley_status volley_run_set_synapses(volley_run *run, const char *projection, const char *state,
                                                 const double *values, uint64_t n);

/* A current into each neuron of a population, from the present time on until it is set again, beside all that the experiment
 * injects: values [size of the population] in the unit of the model's current (pA, for most). Collective, agreed status. */
VOLLEY_API volley_status volley_run_inject(volley_run *run, const char *population, const double *values);

/* Sets keys of stimuli, parameters of populations and given spikes of sources from the present time on, with assignments as of --set:
 * "stimuli.NAME.rate=20 Hz", "populations.E.parameters.tau_m=15 ms", "populations.S.spikes.times=[30, 40]" (files are read anew). Type, target,
 * neurons, receptor, start, stop and files must stay, and files but those of spikes that are set hold what they held. What is set belongs to
 * the run and its checkpoints; the experiment has it until the run is destroyed. Collective, agreed status: VOLLEY_USAGE with faults, and nothing is changed, where it is wrong. */
VOLLEY_API volley_status volley_run_set(volley_run *run, const char *const *sets, int n_sets);

/* The digest of all spikes so far, 32 hexadecimal digits, as `volley run` prints it: the same for any number of ranks and
 * threads. Collective; the same on every rank. */
enum { VOLLEY_DIGEST_TEXT = 33 };
VOLLEY_API void volley_run_digest(const volley_run *run, char text[VOLLEY_DIGEST_TEXT]);

/* Ends a run; its output is completed where it came to the experiment's duration, and keeps its temporary name otherwise.
 * Collective, agreed status; NULL is allowed. */
VOLLEY_API volley_status volley_run_destroy(volley_run *run);

#endif
