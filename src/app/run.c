/* volley run: from an experiment file to its results. */
#include "app/run.h"
#include "app/alike.h"
#include "app/app.h"
#include "app/estimate.h"
#include "app/notes.h"
#include "app/petsc_options.h"
#include "app/saving.h"
#include "app/trials.h"
#include "app/written_files.h"
#include "base/signals.h"
#include "base/text.h"
#include "engine/engine.h"
#include "experiment/check.h"
#include "force/readout.h"
#include "io/checkpoint/checkpoint.h"
#include "io/data/inputs.h"
#include "io/data/reader.h"
#include "io/file/disk_space.h"
#include "io/file/run_lock.h"
#include "io/output/file.h"
#include "io/output/recordings.h"
#include "io/output/summary.h"
#include "network/network.h"
#include "record/record.h"
#include "run/advance.h"
#include "run/run.h"
#include "run/step_cost.h"
#include "run/threads.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const volley_option option_table[] = {
    {"FILE", 0, VOLLEY_OPTION_ARGUMENT, false, offsetof(volley_run_options, file), NULL,
     "experiment (YAML) or SONATA configuration (JSON); may be left out with --resume"},
    {"output", 'o', VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, output), "OUT.h5",
     "output file, instead of the experiment's output.file"},
    VOLLEY_OPTION_THREADS(volley_run_options),
    VOLLEY_OPTION_SETS(volley_run_options),
    VOLLEY_OPTION_NSYNS(volley_run_options),
    {"summary", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, summary), "FILE.json",
     "write times, rates and the digest of the spikes as JSON"},
    {"partition-from", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, partition_from), "FILE.json",
     "shares by what neurons, events and ranks took in another run, of which this is the summary"},
    {"overwrite", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_run_options, overwrite), NULL,
     "replace an output file that is there"},
    {"progress", 0, VOLLEY_OPTION_CHOICE, false, offsetof(volley_run_options, progress), "auto|bar|lines|off",
     "default auto: a bar on a terminal, else lines in a log, from 10 s on"},
    {"resume", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, resume), "CHECKPOINT",
     "go on from a checkpoint; latest: from the newest whole one, or begin if there is none"},
    {"from", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, from), "CHECKPOINT",
     "begin FILE where a run of another experiment was saved, with what both have; what differs is told"},
    {"checkpoint-every", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, checkpoint_every), "TIME",
     "write checkpoints: '10 min wall' by the clock, '500 ms model' by model time"},
    {"checkpoint", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, checkpoint), "FILE",
     "checkpoint file; default OUT.checkpoint.h5 beside the output"},
    {"checkpoint-keep", 0, VOLLEY_OPTION_COUNT, false, offsetof(volley_run_options, checkpoint_keep), "N",
     "checkpoints to keep: FILE, FILE.1, ...; default 2"},
    {"walltime-limit", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, walltime_limit), "TIME",
     "checkpoint and stop before: '90 min', '2 h', 1:30:00; default the end of the SLURM job"},
};

/* The progress display as an observer of the run. */
typedef struct display {
  const volley_experiment *experiment;
  const volley_engine *engine;
  int64_t interval, next; /* steps between two updates, that of the next */
} display;

static volley_status show(void *context, int64_t step) {
  display *d = context;
  if (step >= d->next) {
    d->next = step - step % d->interval + d->interval;
    volley_progress_update((double)step * d->experiment->simulation.dt, volley_engine_spikes(d->engine),
                           d->experiment->neurons);
  }
  return VOLLEY_OK;
}

/* A run while it is set up and carried out. */
typedef struct running {
  const volley_run_options *options;
  const volley_start *start;
  const char *const *passed_on; /* [n_passed_on] options of PETSc */
  int n_passed_on;
  volley_lock *lock;
  const volley_reader *reader;
  volley_run_parts parts;
  double deadline;
  volley_summary summary;
} running;

/* What the run goes on from; NULL at the beginning. */
static const volley_checkpoint_info *resumed(const running *run) {
  return run->start->checkpoint ? volley_checkpoint_get_info(run->start->checkpoint) : NULL;
}

/* The same where it is the same run that goes on. */
static const volley_checkpoint_info *continued(const running *run) {
  return run->start->branches ? NULL : resumed(run);
}

/* The step loop, with its observers and its saver. */
static volley_status simulate(running *run, volley_saver saver) {
  const volley_experiment *experiment = run->parts.network->experiment;
  const volley_run_state *from = resumed(run) ? &resumed(run)->state : NULL;
  const double dt = experiment->simulation.dt;
  const int64_t interval = volley_steps(experiment, 1.0);
  display d = {.experiment = experiment, .interval = interval > 1 ? interval : 1};
  const bool shows = run->parts.network->rank == 0;
  volley_observer observers[3];
  int n = 0;
  volley_note_ways(run->parts.network);
  observers[n++] = volley_recording_observer(run->parts.recording);
  if (run->parts.readouts) observers[n++] = volley_readouts_observer(run->parts.readouts);
  if (shows) observers[n++] = (volley_observer){.context = &d, .advance = show};
  if (shows)
    volley_progress_begin((volley_progress_mode)run->options->progress, from ? (double)from->step * dt : 0,
                          (double)experiment->simulation.steps * dt, stderr);
  const volley_engine_setup setup = {
      .network = run->parts.network, .from = from, .observers = observers, .n_observers = n, .saver = &saver};
  volley_engine *engine = volley_engine_create(NULL, &setup);
  d.engine = engine;
  const int64_t end = experiment->simulation.steps;
  volley_status status =
      engine ? volley_run_take(engine, run->parts.network, run->start->experiment, run->reader, end, true)
             : VOLLEY_FAILURE;
  if (status == VOLLEY_OK) volley_engine_summarize(engine, &run->summary);
  volley_engine_destroy(engine);
  if (shows) volley_progress_end();
  if (shows && status == VOLLEY_OK && experiment->ended_early && !run->options->quiet)
    volley_progress_note("ended early, at %.10g of %.10g ms: %s",
                         volley_time_of(experiment, experiment->simulation.steps), volley_time_of(experiment, end),
                         experiment->ended_early);
  if (status == VOLLEY_OK) volley_note_not_finite(run->parts.network);
  if (status == VOLLEY_OK) status = volley_recording_flush(run->parts.recording);
  return status;
}

/* Simulates into open recordings, saving when it is time. */
static volley_status simulate_and_save(running *run, volley_recordings *recordings) {
  const volley_saving_setup setup = {.network = run->parts.network,
                                     .readouts = run->parts.readouts,
                                     .recording = run->parts.recording,
                                     .recordings = recordings,
                                     .file = run->start->checkpoint_file,
                                     .output = run->start->output_absolute,
                                     .resumed_ms = continued(run) ? continued(run)->time_ms : NAN,
                                     .deadline = run->deadline,
                                     .quiet = run->options->progress == VOLLEY_PROGRESS_OFF};
  volley_saving *saving = volley_saving_create(&setup);
  volley_recording_set_sink(run->parts.recording, volley_recordings_sink(recordings));
  const volley_status status = simulate(run, volley_saving_saver(saving));
  volley_saving_destroy(saving);
  return status;
}

/* The eigenvalues that readouts ask for. They may last: what was recorded is brought to the disk before. */
static volley_status find_spectra(running *run, volley_sink sink) {
  volley_summary *summary = &run->summary;
  VOLLEY_TRY(sink.flush(sink.context));
  const volley_status status = volley_readouts_find_spectra(run->parts.readouts, summary);
  for (int s = 0; s < summary->n_spectra && run->parts.network->rank == 0; s++) {
    const volley_spectrum *spectrum = &summary->spectra[s];
    const bool all = spectrum->n_before == spectrum->wanted && spectrum->n_after == spectrum->wanted;
    if (all || status != VOLLEY_OK) continue;
    volley_progress_note("readout '%s': of %s %u were found for the beginning and %u for the end; "
                         "-- -eps_max_it and -eps_tol let the search go further",
                         spectrum->readout, volley_count(spectrum->wanted, "eigenvalue").text, spectrum->n_before,
                         spectrum->n_after);
  }
  return status;
}

/* The run proper: simulates into new recordings and closes them, whatever happens. A signal that asks to stop is kept from
 * here on: one that comes while files are opened leaves a checkpoint, too. */
static volley_status record_run(running *run) {
  const volley_checkpoint_info *from = continued(run);
  volley_signals_defer_end(true, run->parts.network->rank == 0);
  volley_recording *recording = run->parts.recording;
  if (from) volley_recording_go_on_from(recording, from->past.positions);
  volley_recordings *recordings = NULL;
  volley_status status = volley_recordings_open(
      run->parts.network->experiment, run->start->output, volley_recording_columns(recording),
      from ? &from->past : NULL, resumed(run) ? resumed(run)->state.step : 0, run->parts.network->comm, &recordings);
  if (status == VOLLEY_OK) {
    status = simulate_and_save(run, recordings);
    const bool ended = status == VOLLEY_OK; /* the recordings are whole, also without eigenvalues */
    if (ended && run->parts.readouts) status = find_spectra(run, volley_recordings_sink(recordings));
    if (volley_recordings_recorded(recordings)->n_files > 0) /* joining may last, and a checkpoint has all of it */
      volley_signals_defer_end(false, false);
    const volley_status closed = volley_recordings_close(recordings, ended ? &run->summary : NULL);
    if (status == VOLLEY_OK || closed != VOLLEY_OK) status = closed;
  }
  volley_signals_defer_end(false, false);
  return status;
}

/* What the exchange `auto` has chosen, and why. */
static void print_exchange(const volley_summary *summary) {
  const volley_exchange_choice *choice = &summary->exchange_chosen;
  if (!choice->name) return;
  printf("exchange %s", choice->name);
  for (int k = 0; k < choice->n; k++)
    printf("%s %s %.3g us", k ? "," : ": by the first steps", choice->names[k], 1e6 * choice->seconds[k]);
  printf("\n");
}

static void print_result(const volley_experiment *experiment, const volley_summary *summary, const char *path) {
  printf("%-20s %13s\n", "population", "mean rate");
  for (int p = 0; p < summary->n_populations; p++) {
    printf("%-20s %10.3f Hz\n", summary->population_names[p], summary->rate_hz[p]);
  }
  const double simulated_ms = summary->model_ms - summary->from_ms;
  printf("%s, %s, %s x %s%s: built in %.3g s, %g ms simulated in %.3g s", volley_count(summary->neurons, "neuron").text,
         volley_count(summary->synapses, "synapse").text, volley_count((uint64_t)summary->ranks, "rank").text,
         volley_count((uint64_t)summary->threads, "thread").text,
         volley_why_one_thread(experiment, summary->ranks, summary->threads), summary->build_s, simulated_ms,
         summary->simulate_s);
  if (simulated_ms > 0) printf(", %s", volley_speed(summary->simulate_s, simulated_ms).text);
  printf("\n");
  char digest[VOLLEY_DIGEST_SIZE];
  volley_digest_text(summary->digest, digest);
  print_exchange(summary);
  printf("spike digest %s\nresults in %s\n", digest, volley_show(path).text);
}

/* Rank 0 tells the user and writes the summary; all ranks agree on whether it could. */
static volley_status report(const running *run, MPI_Comm comm) {
  const volley_summary *summary = &run->summary;
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    if (!run->options->quiet) print_result(run->start->experiment, summary, run->start->output);
    volley_note_waiting(summary);
    if (run->start->summary) volley_summary_write(summary, run->start->summary);
  }
  return volley_agree(comm);
}

/* Builds the network; of a run that is resumed with its neurons as they were. */
static volley_status build(running *run, const volley_reader *reader, int threads, MPI_Comm comm) {
  const double begin = MPI_Wtime();
  VOLLEY_TRY(
      volley_run_build(run->start->experiment, reader, threads, true, run->start->checkpoint, comm, &run->parts));
  run->summary.build_s = MPI_Wtime() - begin;
  return VOLLEY_OK;
}

/* Finds out before anything is built whether all that the run writes can be written, and keeps other runs from it. */
static volley_status take_files(running *run, MPI_Comm comm) {
  const volley_start *start = run->start;
  const volley_checkpoint_plan *plan = &start->experiment->checkpoint;
  volley_written written = {.output = start->output,
                            .checkpoint = start->checkpoint_file,
                            .summary = start->summary,
                            .keep = plan->keep,
                            .overwrite = run->options->overwrite,
                            .saves = plan->file || plan->wall > 0 || plan->steps > 0,
                            .continues = start->continues_series,
                            .resumed = continued(run) ? continued(run)->path : NULL,
                            .from = start->branches ? resumed(run)->path : NULL,
                            .past = continued(run) ? &continued(run)->past : NULL};
  VOLLEY_TRY(volley_written_check(start->experiment, &written, comm));
  const char *const paths[] = {start->output, start->checkpoint_file, start->summary};
  VOLLEY_TRY(volley_lock_take(paths, start->summary ? 3 : 2, comm, &run->lock));
  written.locked = true;
  return volley_written_check(start->experiment, &written, comm); /* again: another run may just have ended */
}

static volley_status make_folder(const volley_start *start, MPI_Comm comm) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  const int code = rank == 0 && start->experiment->makes_folder ? volley_file_make_folder_of(start->output) : 0;
  if (code)
    volley_fault(VOLLEY_USAGE, NULL, "cannot make the folder of the output '%s': %s", start->output, strerror(code));
  return volley_agree(comm);
}

static volley_status run_experiment(running *run, MPI_Comm comm) {
  VOLLEY_TRY(make_folder(run->start, comm));
  VOLLEY_TRY(volley_folder_compare(run->start->output, comm));
  VOLLEY_TRY(volley_folder_compare(run->start->checkpoint_file, comm));
  VOLLEY_TRY(take_files(run, comm));
  const volley_reader reader = volley_data_reader(&comm);
  run->reader = &reader;
  VOLLEY_TRY(volley_petsc_prepare(run->start->experiment, run->n_passed_on, run->passed_on, comm));
  VOLLEY_TRY(volley_inputs_sum(run->start->experiment, comm));
  if (continued(run)) (void)volley_inputs_compare(run->start->experiment, continued(run));
  if (run->start->branches) VOLLEY_TRY(volley_start_take(run->start, comm));
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_TRY(volley_run_load(run->start->experiment, &reader, comm));
  int ranks, threads;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  VOLLEY_TRY(volley_choose_threads(run->options->threads, run->start->experiment, ranks, comm, &threads));
  run->summary.places = volley_places_find(threads, comm);
  VOLLEY_TRY(volley_memory_check(run->start->experiment, &reader, threads, run->options->node_ranks, comm));
  VOLLEY_TRY(build(run, &reader, threads, comm));
  VOLLEY_TRY(record_run(run));
  return report(run, comm);
}

volley_status volley_run_once(const volley_run_options *options, int n_passed_on, const char *const *passed_on,
                              MPI_Comm comm) {
  volley_start start = {0};
  running run = {.options = options, .start = &start, .passed_on = passed_on, .n_passed_on = n_passed_on};
  (void)volley_deadline(options->walltime_limit, &run.deadline);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK) status = volley_start_read(options, comm, &start);
  if (status == VOLLEY_OK && !options->quiet) volley_experiment_print_notes(start.experiment, comm);
  if (status == VOLLEY_OK)
    status =
        start.repeats ? volley_trials_run(options, n_passed_on, passed_on, &start, comm) : run_experiment(&run, comm);
  volley_summary_release(&run.summary);
  volley_run_parts_destroy(&run.parts);
  volley_lock_release(run.lock);
  volley_start_release(&start);
  return status;
}

static volley_status run_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  volley_run_options options = {0};
  const int own = volley_options_passed_on(command, n_arguments, arguments);
  (void)volley_options_parse(command, n_arguments, arguments, &options);
  volley_status status = volley_agree(MPI_COMM_WORLD);
  if (status == VOLLEY_OK)
    status =
        volley_run_once(&options, own < n_arguments ? n_arguments - own - 1 : 0, arguments + own + 1, MPI_COMM_WORLD);
  free(options.sets.texts);
  return status;
}

const volley_command volley_command_run = {
    .name = "run",
    .summary = "run an experiment",
    .description = "Runs an experiment and writes its recordings to one HDF5 file (SONATA layout). Start it with "
                   "mpirun or srun to\n"
                   "use several ranks: the spikes are the same on any number of ranks and threads.\n"
                   "\n"
                   "SIGUSR1 writes a checkpoint. SIGUSR2, SIGTERM, SIGINT, SIGXCPU and, but under nohup, SIGHUP write "
                   "one and stop;\n"
                   "so does the end of the wall-clock time. --resume goes on from it, on any number of ranks and "
                   "threads, with the\n"
                   "same spikes as if nothing had been.\n"
                   "Exit code: 0 done, 1 failed while running, 2 wrong usage or experiment,\n"
                   "3 stopped, checkpoint written.\n"
                   "\n"
                   "What stands behind -- goes to PETSc, which solves batch learning: -- -ksp_type cg -log_view;\n"
                   "these are tried before the network is built, and those that nothing looks at are named.",
    VOLLEY_OPTIONS(option_table),
    .passes_on = true,
    .run = run_command};
