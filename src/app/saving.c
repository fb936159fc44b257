#include "app/saving.h"

#include "base/progress.h"
#include "base/signals.h"
#include "base/text.h"
#include "base/units.h"
#include "io/checkpoint/checkpoint.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

/* Before the deadline: time to finish, and for a checkpoint that takes up to so many times the dearest one so far. */
static const double margin_s = 2, margin_checkpoints = 3;
static const double assumed_speed = 1e8; /* bytes/s, before the first checkpoint was timed */
/* What a job may get after its end: SLURM's KillWait is 30 s where nobody has changed it. */
static const double longest_grace_s = 60;

struct volley_saving {
  volley_saving_setup setup;
  double saved;         /* when the last checkpoint was, or the run began, s */
  double cost;          /* of the dearest checkpoint so far, s */
  unsigned asked;       /* requests of the clock that were made already */
  double checkpoint_ms; /* model time of the last checkpoint; NAN: there is none */
};

static const volley_checkpoint_plan *plan_of(const volley_saving *saving) {
  return &saving->setup.network->experiment->checkpoint;
}

/* What the clock asks for; rank 0 looks at it for all. */
static unsigned ask_clock(volley_saving *saving) {
  const double now = MPI_Wtime(), wall = plan_of(saving)->wall;
  unsigned wanted = 0;
  if (wall > 0 && now - saving->saved >= wall) wanted |= VOLLEY_REQUEST_SAVE;
  if (now > saving->setup.deadline - margin_s - margin_checkpoints * saving->cost) wanted |= VOLLEY_REQUEST_STOP;
  wanted &= ~saving->asked;
  saving->asked |= wanted;
  return wanted;
}

static unsigned ask(void *context) {
  volley_saving *saving = context;
  const unsigned requests = volley_signals_take();
  return saving->setup.network->rank == 0 ? requests | ask_clock(saving) : requests;
}

static bool is_due(void *context, int64_t step) {
  const volley_saving *saving = context;
  const volley_checkpoint_plan *plan = plan_of(saving);
  const bool is_last = step == saving->setup.network->experiment->simulation.steps;
  if (plan->steps > 0 && step % plan->steps == 0) return true;
  return is_last && (plan->steps > 0 || plan->wall > 0);
}

static int64_t next_due(void *context, int64_t step) {
  const volley_saving *saving = context;
  const volley_checkpoint_plan *plan = plan_of(saving);
  const int64_t last = saving->setup.network->experiment->simulation.steps;
  const int64_t next = plan->steps > 0 ? (step + plan->steps - 1) / plan->steps * plan->steps : INT64_MAX;
  if (next < last || step > last) return next;
  return is_due(context, last) ? last : next;
}

/* The reason for which the run stops, to be put behind "stopped". Collective. */
static const char *find_reason(const volley_saving *saving) {
  int number = volley_signals_last();
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &number, 1, MPI_INT, MPI_MAX, saving->setup.network->comm));
  if (saving->asked & VOLLEY_REQUEST_STOP) return "before the wall-clock limit"; /* on rank 0, which reports */
  return volley_signal_name(number);
}

static void report(const volley_saving *saving, double seconds, bool stops, const char *reason) {
  const double ms = saving->checkpoint_ms;
  const char *file = saving->setup.file;
  if (saving->setup.network->rank != 0) return;
  struct stat written = {0};
  (void)stat(file, &written);
  if (!saving->setup.quiet)
    volley_progress_note("checkpoint at %.10g ms: %s (%.3g MB, %.2g s)", ms, file, 1e-6 * (double)written.st_size,
                         seconds);
  if (!stops) return;
  const char *by = reason[0] == 'S' ? "by " : "";
  char *word = volley_shell_word(file);
  volley_progress_note("stopped %s%s at %.10g ms; go on with: volley run --resume %s", by, reason, ms, word);
  free(word);
}

/* The checkpoint could not be written, as was reported. A run that is not to stop goes on. */
static volley_status bear_failure(const volley_saving *saving, double ms, bool stops) {
  const char *goes_on = stops ? "the run stops without a checkpoint" : "the run goes on without a checkpoint";
  if (saving->setup.network->rank == 0) {
    if (isnan(saving->checkpoint_ms))
      volley_progress_note("%s at %.10g ms", goes_on, ms);
    else
      volley_progress_note("%s at %.10g ms; the one at %.10g ms stands", goes_on, ms, saving->checkpoint_ms);
  }
  return stops ? VOLLEY_FAILURE : VOLLEY_OK;
}

/* The recordings go to the disk first: what the checkpoint refers to is there before it is. */
static volley_status save(void *context, const volley_run_state *state, bool stops) {
  volley_saving *saving = context;
  const volley_saving_setup *setup = &saving->setup;
  const double begin = MPI_Wtime(), ms = (double)state->step * setup->network->experiment->simulation.dt;
  VOLLEY_TRY(volley_recording_flush(setup->recording));
  VOLLEY_TRY(volley_recordings_cut(setup->recordings, state->step));
  const volley_run_parts parts = {setup->network, setup->readouts, setup->recording};
  const volley_status status = volley_checkpoint_write(&parts, state, volley_recordings_recorded(setup->recordings),
                                                       setup->output, setup->file, plan_of(saving)->keep);
  const char *reason = stops ? find_reason(saving) : "";
  saving->saved = MPI_Wtime();
  saving->cost = fmax(saving->cost, saving->saved - begin);
  saving->asked &= (unsigned)VOLLEY_REQUEST_STOP;
  if (status != VOLLEY_OK) return bear_failure(saving, ms, stops);
  saving->checkpoint_ms = ms;
  report(saving, saving->saved - begin, stops, reason);
  return VOLLEY_OK;
}

volley_saving *volley_saving_create(const volley_saving_setup *setup) {
  volley_saving *saving = volley_alloc(1, sizeof *saving, "checkpoints");
  saving->setup = *setup;
  saving->saved = MPI_Wtime();
  saving->checkpoint_ms = setup->resumed_ms;
  saving->cost = (double)volley_checkpoint_bytes(setup->network->experiment) / assumed_speed;
  return saving;
}

void volley_saving_destroy(volley_saving *saving) { free(saving); }

volley_saver volley_saving_saver(volley_saving *saving) {
  return (volley_saver){.context = saving, .ask = ask, .is_due = is_due, .next = next_due, .save = save};
}

volley_status volley_deadline(const char *limit, double *deadline) {
  char why[256], *end;
  double seconds;
  *deadline = INFINITY;
  if (limit) {
    if (!volley_wall_time(limit, &seconds, why, sizeof why))
      return volley_fault(VOLLEY_USAGE, NULL, "--walltime-limit %s: %s", limit, why);
    *deadline = MPI_Wtime() + seconds;
  }
  const char *job_end = getenv("SLURM_JOB_END_TIME");
  if (!job_end || !*job_end) return VOLLEY_OK;
  seconds = strtod(job_end, &end) - (double)time(NULL);
  if (*end || !isfinite(seconds))
    return volley_fault(VOLLEY_USAGE, NULL,
                        "SLURM_JOB_END_TIME is '%s'; seconds since 1970 are expected, or leave it unset", job_end);
  if (seconds < -longest_grace_s) { /* a shell that outlived its job */
    int rank;
    VOLLEY_MPI(MPI_Comm_rank(MPI_COMM_WORLD, &rank));
    if (rank == 0)
      volley_progress_note("note: SLURM_JOB_END_TIME was %.0f s ago, of a job that has ended: it is taken for unset",
                           -seconds);
    return VOLLEY_OK;
  }
  *deadline = fmin(*deadline, MPI_Wtime() + seconds);
  return VOLLEY_OK;
}
