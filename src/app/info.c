/* volley info: what an output file or a checkpoint holds, with rates and regularity of the populations. */
#include "app/app.h"

#include "app/activity.h"
#include "app/attractor.h"
#include "app/info.h"
#include "app/json.h"
#include "app/readout_measures.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/checkpoint/checkpoint.h"
#include "io/output/found.h"
#include "io/output/reader.h"
#include "io/output/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the words of the command say. */
typedef struct settings {
  const char *file;
  const char *start, *stop; /* times as written; NULL: whole run */
  bool json;
} settings;

static const volley_option option_table[] = {
    {"FILE.h5", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL, "output of a run, or a checkpoint"},
    VOLLEY_OPTIONS_WINDOW(settings),
    {"json", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, json), NULL, "print as JSON"},
};

static void print_run(const volley_output_info *info, const char *path) {
  printf("%s%s%s\n", volley_show(path).text, info->title[0] ? ": " : "", volley_show(info->title).text);
  printf("  experiment    %s, seed %" PRIu64, volley_show(info->experiment_file).text, info->seed);
  printf(info->noise_seed != info->seed ? ", noise seed %" PRIu64 "\n" : "\n", info->noise_seed);
  if (info->trial > 0) printf("  trial         %" PRIu64 " of %" PRIu64 "\n", info->trial, info->trials);
  if (info->complete)
    printf("  state         complete\n");
  else if (isnan(info->recorded_ms))
    printf("  state         INCOMPLETE: still running or broken off\n");
  else
    printf("  state         INTERRUPTED, or still running: recorded up to %.10g of %.10g ms\n", info->recorded_ms,
           info->duration_ms);
  printf("  started       %s on %s%s\n", info->started, info->host, info->hosts > 1 ? " and others" : "");
  printf("  program       Volley %s (%s), %s, HDF5 %s\n", info->version, info->git_commit, info->compiler,
         info->hdf5_version);
  printf("  MPI           %.*s\n", (int)strcspn(info->mpi_version, ",\n"), info->mpi_version);
  printf("  ranks         %" PRIu64, info->ranks);
  if (info->complete) printf(" x %s", volley_count(info->threads, "thread").text);
  printf(info->hosts > 1 ? ", %" PRIu64 " hosts\n" : "\n", info->hosts);
  printf("  model time    %g ms in steps of %g ms\n", info->duration_ms, info->dt_ms);
  if (*info->ended_early) printf("  ended early   %s\n", volley_show(info->ended_early).text);
  if (info->changes > 0) printf("  changes       %" PRIu64 " while it runs\n", info->changes);
  if (*info->begun_from)
    printf("  begins        at %.10g ms, from %s\n", info->begins_ms, volley_show(info->begun_from).text);
  printf("  network       %s", volley_count(info->neurons, "neuron").text);
  if (info->complete) printf(", %s", volley_count(info->synapses, "synapse").text);
  printf("\n");
}

static void print_number(const char *format, int width, double value) {
  if (!isfinite(value))
    printf("%*s", width, "-");
  else
    printf(format, width, value);
}

void volley_info_activities(const volley_activity *lines, int n) {
  int width = 10;
  for (int i = 0; i < n; i++)
    if ((int)strlen(lines[i].population->name) > width) width = (int)strlen(lines[i].population->name);
  printf("\n%-*s %10s %10s %11s %9s %7s %9s  %s\n", width, "population", "neurons", "recorded", "spikes", "rate/Hz",
         "CV", "synchrony", "window/ms");
  for (int i = 0; i < n; i++) {
    const volley_activity *l = &lines[i];
    printf("%-*s %10" PRIu64 " ", width, l->population->name, l->population->size);
    if (l->recorder)
      printf("%10" PRIu64 " %11" PRIu64 " ", l->recorder->neurons, l->spikes);
    else
      printf("%10s %11s ", "-", "-");
    print_number("%*.3f", 9, l->rate_hz);
    putchar(' ');
    print_number("%*.3f", 7, l->cv);
    putchar(' ');
    print_number("%*.3g", 9, l->synchrony);
    printf("  %g-%g\n", l->start_ms, l->stop_ms);
  }
  printf("CV: of intervals between spikes, mean over neurons with at least %d spikes; synchrony: variance over mean of "
         "the\n"
         "spikes in %d ms, 1 where neurons know nothing of each other\n",
         VOLLEY_CV_SPIKES, VOLLEY_SYNCHRONY_MS);
}

static void print_readout(const char *name, const volley_readout_measures *m, bool is_first) {
  if (is_first)
    printf("\n%-16s %8s %17s %19s %8s\n", "readout", "train", "win mean/max", "period (target)/s", "spread");
  printf("%-16s ", name);
  print_number("%*.4f", 8, m->train);
  putchar(' ');
  print_number("%*.4f", 8, m->win_mean);
  putchar('/');
  print_number("%*.4f", 8, m->win_most);
  putchar(' ');
  print_number("%*.4f", 8, m->period);
  printf(" (");
  print_number("%*.4f", 8, m->supervisor_period);
  printf(") ");
  print_number("%*.3f", 8, m->spread);
  putchar('\n');
}

static void json_likeness(const volley_likeness *l, const char *name, const char *before) {
  printf("%s\"%s\": {", before, name);
  volley_json_member_number("overlap", l->overlap, "");
  volley_json_member_number("map", l->map, ", ");
  volley_json_member_number("between_maxima_s", l->between, ", ");
  printf("}");
}

static void json_attractor(const volley_readout_record *record) {
  const volley_attractor a = volley_attractor_measure(record);
  json_likeness(&a.output, "attractor", ", ");
  json_likeness(&a.supervisor, "supervisor_attractor", ", ");
}

/* A figure of the output, and that of the supervisor. */
static void print_both(int digits, double output, double supervisor) {
  printf("  ");
  print_number(digits == 2 ? "%*.2f" : "%*.3f", 8, output);
  printf(" (");
  print_number(digits == 2 ? "%*.2f" : "%*.3f", 0, supervisor);
  printf(")");
}

/* Where the attractor of a chaotic supervisor is what was to be learned. */
static void print_attractors(const volley_readout_record *records, int n) {
  bool is_first = true;
  for (int i = 0; i < n; i++) {
    if (!records[i].is_chaotic) continue;
    const volley_attractor a = volley_attractor_measure(&records[i]);
    if (is_first) printf("\n%-16s %16s %16s %20s\n", "attractor", "overlap (own)", "map (own)", "maxima each s (own)");
    is_first = false;
    printf("%-16s", records[i].name);
    print_both(2, a.output.overlap, a.supervisor.overlap);
    print_both(3, a.output.map, a.supervisor.map);
    print_both(3, a.output.between, a.supervisor.between);
    putchar('\n');
  }
  if (!is_first)
    printf("after learning, against the supervisor before, and in brackets the supervisor itself; overlap: of time "
           "spent in the\n"
           "plane of the first and last dimension; map: of each maximum of the last dimension over the one before, "
           "median distance "
           "in\nstandard deviations of the maxima\n");
}

/* How well readouts have learned, where that was recorded. */
static volley_status show_readouts(const char *path, bool json) {
  volley_arena *arena = volley_arena_create();
  volley_readout_record *records = NULL;
  int n = 0;
  const volley_status status = volley_readout_records_read(path, arena, &records, &n);
  for (int i = 0; i < n && status == VOLLEY_OK; i++) {
    const volley_readout_measures m = volley_readout_measure(&records[i]);
    if (json) {
      volley_json_member_text("readout", records[i].name, i ? ",\n    {" : ",\n  \"readouts\": [\n    {");
      volley_json_member_number("train", m.train, ", ");
      volley_json_member_number("win_mean", m.win_mean, ", ");
      volley_json_member_number("win_max", m.win_most, ", ");
      volley_json_member_number("period_s", m.period, ", ");
      volley_json_member_number("supervisor_period_s", m.supervisor_period, ", ");
      volley_json_member_number("spread", m.spread, ", ");
      if (records[i].is_chaotic) json_attractor(&records[i]);
      printf("}%s", i + 1 == n ? "]" : "");
      continue;
    }
    print_readout(records[i].name, &m, i == 0);
  }
  if (n > 0 && !json)
    printf(
        "train: error in the last second of learning; win: in windows of 1 s afterwards, at the best shift in time;\n"
        "spread: standard deviation of the output over the supervisor's; -: too short, or nothing to compare with\n");
  if (!json) print_attractors(records, n);
  volley_arena_destroy(arena);
  return status;
}

static void print_timers(const volley_output_info *info) {
  printf("\nbuild %.3f s, simulate %.3f s", info->build_s, info->simulate_s);
  if (info->real_time_factor > 0) printf(": %s", volley_speed(info->real_time_factor, 1000).text);
  printf("\n");
  for (int i = 0; i < info->n_phases; i++) {
    const double share = info->simulate_s > 0 ? 100 * info->phases[i].seconds / info->simulate_s : 0;
    printf("  %-10s %9.3f s %5.1f %%\n", info->phases[i].name, info->phases[i].seconds, share);
  }
  printf("spikes %" PRIu64 ", digest %s\n", info->spikes, info->digest);
}

static void json_line(const volley_activity *l, const char *before) {
  volley_json_member_text("population", l->population->name, before);
  volley_json_member_text("model", l->population->model, ", ");
  volley_json_member_count("neurons", l->population->size, ", ");
  if (l->recorder) {
    volley_json_member_text("recorder", l->recorder->name, ", ");
    volley_json_member_count("recorded_neurons", l->recorder->neurons, ", ");
    volley_json_member_count("spikes", l->spikes, ", ");
  }
  volley_json_member_number("start_ms", l->start_ms, ", ");
  volley_json_member_number("stop_ms", l->stop_ms, ", ");
  volley_json_member_number("rate_hz", l->rate_hz, ", ");
  volley_json_member_number("cv", l->cv, ", ");
  volley_json_member_count("neurons_in_cv", l->regular, ", ");
  volley_json_member_number("synchrony", l->synchrony, ", ");
}

static void print_json(const volley_output_info *info, const char *path, const volley_activity *lines, int n) {
  const char *next = ",\n  ";
  volley_json_member_text("file", path, "{\n  ");
  printf("%s\"complete\": %s", next, info->complete ? "true" : "false");
  volley_json_member_text("title", info->title, next);
  volley_json_member_text("experiment", info->experiment_file, next);
  volley_json_member_text("version", info->version, next);
  volley_json_member_text("git_commit", info->git_commit, next);
  volley_json_member_text("started", info->started, next);
  volley_json_member_count("ranks", info->ranks, next);
  volley_json_member_count("threads", info->threads, next);
  volley_json_member_number("dt_ms", info->dt_ms, next);
  volley_json_member_number("duration_ms", info->duration_ms, next);
  volley_json_member_count("trial", info->trial, next);
  volley_json_member_number("recorded_ms", info->recorded_ms, next);
  volley_json_member_text("ended_early", info->ended_early, next);
  volley_json_member_count("neurons", info->neurons, next);
  volley_json_member_count("synapses", info->synapses, next);
  volley_json_member_count("spikes", info->spikes, next);
  volley_json_member_number("build_s", info->build_s, next);
  volley_json_member_number("simulate_s", info->simulate_s, next);
  volley_json_member_number("real_time_factor", info->real_time_factor, next);
  volley_json_member_text("spike_digest", info->digest, next);
  printf("%s\"seconds_by_phase\": {", next);
  for (int i = 0; i < info->n_phases; i++)
    volley_json_member_number(info->phases[i].name, info->phases[i].seconds, i ? ", " : "");
  printf("}%s\"populations\": [", next);
  for (int i = 0; i < n; i++) {
    json_line(&lines[i], i ? ",\n    {" : "\n    {");
    printf("}");
  }
  printf("\n  ]");
}

/* path: where the file is read, which has the name options->file. */
static volley_status show(volley_output_file *file, const char *path, const settings *options) {
  const volley_output_info *info = volley_output_file_info(file);
  double start = info->begins_ms, stop = info->duration_ms;
  VOLLEY_TRY(volley_time_option("start", options->start, &start));
  VOLLEY_TRY(volley_time_option("stop", options->stop, &stop));
  if (stop <= start) return volley_fault(VOLLEY_USAGE, NULL, "--stop %g ms must come after --start %g ms", stop, start);
  volley_activity *lines = volley_alloc((size_t)(info->n_populations + info->n_recorders), sizeof *lines, "lines");
  int n = 0;
  volley_status status = volley_activity_measure(file, start, stop, lines, &n);
  if (status == VOLLEY_OK && options->json) {
    print_json(info, options->file, lines, n);
    status = show_readouts(path, true);
    if (status == VOLLEY_OK) status = volley_info_rows(path, start, stop, true);
    if (status == VOLLEY_OK) status = volley_info_labels(file, path, start, stop, true);
    if (info->complete) volley_info_ranks(info, true);
    printf("\n}\n");
  } else if (status == VOLLEY_OK) {
    print_run(info, options->file);
    volley_info_activities(lines, n);
    status = show_readouts(path, false);
    if (status == VOLLEY_OK) status = volley_info_rows(path, start, stop, false);
    if (status == VOLLEY_OK) status = volley_info_labels(file, path, start, stop, false);
    if (info->complete) print_timers(info);
    if (info->complete) volley_info_ranks(info, false);
  }
  free(lines);
  return status;
}

/* A run that has not ended is told on stderr, too, where it is seen beside a table that goes to a file. */
static void note_interruption(const volley_output_info *info, const char *name) {
  if (info->complete) return;
  fflush(stdout);
  if (isnan(info->recorded_ms))
    volley_progress_note("'%s' is incomplete: the run still goes on or was broken off", name);
  else
    volley_progress_note(
        "'%s' is not there yet: the run still goes on or was interrupted; its recordings, up to %.10g of "
        "%.10g ms, are in '%s.parts' and '%s.part'",
        name, info->recorded_ms, info->duration_ms, name, name);
}

static volley_status info_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  volley_output_file *file = NULL;
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, &options));
  if (volley_is_checkpoint(options.file)) return volley_info_checkpoint(options.file, options.json);
  volley_found_output found;
  volley_status status = volley_output_find(options.file, &found);
  if (status == VOLLEY_OK) status = volley_output_file_open(found.path, &file);
  if (status == VOLLEY_OK) {
    status = show(file, found.path, &options);
    note_interruption(volley_output_file_info(file), options.file);
    volley_output_file_close(file);
  }
  volley_output_found_release(&found);
  return status;
}

const volley_command volley_command_info = {.name = "info",
                                            .summary = "describe the output of a run, or a checkpoint",
                                            .description =
                                                "Prints what an output file holds: the experiment, rates and "
                                                "regularity by population, what readouts have learned,\n"
                                                "how images were classified, timers, versions; or from which run and "
                                                "time a checkpoint is, and whether it is whole.",
                                            VOLLEY_OPTIONS(option_table),
                                            .serial = true,
                                            .run = info_command};
