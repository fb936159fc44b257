#include "app/check_report.h"

#include "app/json.h"
#include "base/alike.h"
#include "base/text.h"
#include "experiment/check.h"
#include "record/kind.h"
#include "run/step_cost.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST_LINES = 8 /* recorders that are listed one by one */ };

/* Bytes with the unit that suits them, in a buffer that the next but three calls reuse. */
static const char *in_bytes(double bytes) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  static char texts[4][32];
  static int next;
  int u = 0;
  for (; bytes >= 999.5 && u < 5; u++) bytes /= 1000;
  char *text = texts[next++ % 4];
  snprintf(text, sizeof texts[0], u == 0 ? "%.0f %s" : "%.3g %s", bytes, units[u]);
  return text;
}

static void print_network(const volley_experiment *experiment, const volley_estimate *e) {
  printf("%s\n", volley_show(experiment->title[0] ? experiment->title : experiment->file).text);
  printf("  neurons         %" PRIu64 " in %s\n", (uint64_t)experiment->neurons,
         volley_count((uint64_t)experiment->n_populations, "population").text);
  printf("  synapses        %.0f in %s\n", e->synapses,
         volley_count((uint64_t)experiment->n_projections, "projection").text);
  if (e->synapses > 0) printf("  delays          about %g to %g ms\n", e->min_delay, e->max_delay);
  if (experiment->n_changes > 0)
    printf("  changes         %d, at %.10g to %.10g ms\n", experiment->n_changes,
           volley_time_of(experiment, experiment->changes[0].step),
           volley_time_of(experiment, experiment->changes[experiment->n_changes - 1].step));
  printf("  model time      %g ms", 1000 * volley_model_seconds(experiment));
  if (!experiment->simulation.continuous) printf(" in steps of %g ms", experiment->simulation.dt);
  printf("\n");
  if (experiment->trials.n > 0)
    printf("  trials          %d, one after the other; what follows is for one of them\n", experiment->trials.n);
  if (experiment->n_stops > 0)
    printf("  may end earlier by %s of stop_when; what follows is for all of it\n",
           volley_count((uint64_t)experiment->n_stops, "condition").text);
}

static void print_balance(const volley_experiment *experiment, const volley_estimate *e) {
  printf("%s partition over %s\n", experiment->simulation.partitioner->name,
         volley_count((uint64_t)e->ranks, "rank").text);
  printf("  neurons         %.0f to %.0f a rank\n", e->neuron_balance.least, e->neuron_balance.most);
  printf("  synapses        %.0f to %.0f a rank", e->synapse_balance.least, e->synapse_balance.most);
  if (e->synapses > 0)
    printf(", the fullest %.1f %% above the mean", 100 * (e->synapse_balance.most / e->synapse_balance.mean - 1));
  printf("\n");
}

static void print_memory(const volley_experiment *experiment, const volley_estimate *e) {
  printf("memory of each of %s\n", volley_count((uint64_t)e->ranks, "rank").text);
  printf("  program         %10.1f MB\n", 1e-6 * e->base_bytes);
  printf("  neurons         %10.1f MB\n", 1e-6 * e->neuron_bytes);
  const double synapses = experiment->simulation.partitioner->even ? e->synapses / e->ranks : e->synapse_balance.most;
  printf("  synapse tables  %10.1f MB, %.2f bytes a synapse\n", 1e-6 * e->table_bytes,
         synapses > 0 ? e->table_bytes / synapses : 0);
  if (experiment->n_readouts > 0) printf("  readouts        %10.1f MB\n", 1e-6 * e->readout_bytes);
  printf("  recording       %10.1f MB\n", 1e-6 * e->record_bytes);
  printf("  while building  %10.1f MB more\n", 1e-6 * e->build_bytes);
  printf("  peak            %10.1f MB\n", 1e-6 * e->peak_bytes);
}

static const char *records_of(const volley_recorder *recorder) {
  return recorder->kind->holds_spikes ? "spikes" : "rows";
}

static void print_output(const volley_check_figures *figures) {
  const volley_experiment *experiment = figures->experiment;
  const volley_output_estimate *output = figures->output;
  const int listed = experiment->n_recorders > MOST_LINES ? MOST_LINES - 1 : experiment->n_recorders;
  printf("output %s\n", volley_show(experiment->output).text);
  for (int r = 0; r < listed; r++) {
    const volley_records records = volley_estimate_records(experiment, figures->estimate, r);
    printf("  %-15s %10s: %.3g %s", experiment->recorders[r].name, in_bytes(output->recorders[r]), records.count,
           records_of(&experiment->recorders[r]));
    if (records.width > 0) printf(" of %s", volley_count((uint64_t)records.width, "value").text);
    printf("\n");
  }
  if (listed < experiment->n_recorders)
    printf("  and %s more\n", volley_count((uint64_t)(experiment->n_recorders - listed), "recorder").text);
  printf("  whole file      %10s%s", in_bytes(output->file_bytes),
         experiment->compression > 0 ? " before compression," : "");
  if (output->free_bytes > 0) printf(" of %s that are free there", in_bytes(output->free_bytes));
  printf("\n  a checkpoint    %10s", in_bytes(output->checkpoint_bytes));
  if (output->kept_checkpoints > 0)
    printf(", %.0f kept; with the parts of the output up to %s", output->kept_checkpoints,
           in_bytes(output->needed_bytes));
  printf("\n");
}

/* The kind of engine that is the faster, as far as can be told. */
static void print_other_engine(const volley_experiment *experiment, const volley_estimate *e, double simulate_s) {
  const double otherwise = volley_time_otherwise(experiment, e);
  const char *own = experiment->simulation.continuous ? "event" : "clock";
  const char *other = experiment->simulation.continuous ? "clock with dt 0.1 ms" : "event";
  if (isnan(otherwise) || volley_local_status() != VOLLEY_OK) return;
  printf("  engine %s, about %.2g s instead of %.2g s with engine %s%s\n", other, otherwise, simulate_s, own,
         otherwise < simulate_s ? ": the faster of the two" : "");
}

static void print_times(const volley_check_figures *figures) {
  const volley_experiment *experiment = figures->experiment;
  const volley_estimate *e = figures->estimate;
  const volley_times *t = figures->times;
  const double model_ms = 1000 * volley_model_seconds(experiment);
  printf("time on %s x %s%s, if they run like this machine\n", volley_count((uint64_t)e->ranks, "rank").text,
         volley_count((uint64_t)e->threads, "thread").text, volley_why_one_thread(experiment, e->ranks, e->threads));
  printf("  spikes          %10.3g%s\n", e->spikes, e->assumed_rates ? ", see below" : "");
  printf("  synaptic events %10.3g\n", e->events);
  printf("  start           %10.1f s\n", t->start_s);
  printf("  build           %10.1f s\n", t->build_s);
  printf("  simulate        %10.1f s (%s): neurons %.1f s, stimuli %.1f s, delivery %.1f s, exchange %.1f s, recording "
         "%.1f s",
         t->simulate_s, volley_speed(t->simulate_s, model_ms).text, t->update_s, t->stimuli_s, t->deliver_s,
         t->exchange_s, t->record_s);
  if (experiment->n_readouts > 0) printf(", learning %.1f s", t->learn_s);
  if (t->save_s > 0) printf(", checkpoints %.1f s", t->save_s);
  if (t->spectra_s > 0) printf("\n  eigenvalues     %10.1f s", t->spectra_s);
  printf("\n  whole run       %10.1f s\n", t->total_s);
  print_other_engine(experiment, e, t->simulate_s);
}

/* What the user should see last. */
static void print_warnings(const volley_check_figures *figures) {
  const volley_output_estimate *output = figures->output;
  if (figures->estimate->assumed_rates)
    printf("Populations without mean_rate are taken to fire at %g Hz; give mean_rate for a better estimate.\n",
           volley_assumed_rate);
  if (output->free_bytes > 0 && output->needed_bytes > output->free_bytes)
    printf("%s needs about %s, but %s are free there: record less, or write to another place by -o.\n",
           figures->experiment->output, in_bytes(output->needed_bytes), in_bytes(output->free_bytes));
  if (access(figures->experiment->output, F_OK) == 0)
    printf("%s is there already: run needs --overwrite, or another name by -o.\n", figures->experiment->output);
}

void volley_check_print(const volley_check_figures *figures) {
  print_network(figures->experiment, figures->estimate);
  print_balance(figures->experiment, figures->estimate);
  print_memory(figures->experiment, figures->estimate);
  print_output(figures);
  print_times(figures);
  print_warnings(figures);
}

/* A figure of a section. */
typedef struct figure {
  const char *key;
  double value;
} figure;

static void print_section(const char *name, const figure *section, size_t n) {
  volley_json_member(name, ",\n  ");
  for (size_t i = 0; i < n; i++) volley_json_member_number(section[i].key, section[i].value, i ? ", " : "{");
  printf("}");
}

#define SECTION(name, section) print_section(name, section, sizeof(section) / sizeof *(section))

static void print_json_network(const volley_experiment *experiment, const volley_estimate *e) {
  const figure network[] = {{"neurons", (double)experiment->neurons},
                            {"populations", experiment->n_populations},
                            {"synapses", e->synapses},
                            {"projections", experiment->n_projections},
                            {"min_delay_ms", e->min_delay},
                            {"max_delay_ms", e->max_delay},
                            {"dt_ms", experiment->simulation.dt},
                            {"model_ms", 1000 * volley_model_seconds(experiment)},
                            {"conditions_to_stop", experiment->n_stops}};
  const figure balance[] = {{"neurons_least", e->neuron_balance.least}, {"neurons_mean", e->neuron_balance.mean},
                            {"neurons_most", e->neuron_balance.most},   {"synapses_least", e->synapse_balance.least},
                            {"synapses_mean", e->synapse_balance.mean}, {"synapses_most", e->synapse_balance.most}};
  const figure memory[] = {{"program", e->base_bytes},     {"neurons", e->neuron_bytes},   {"tables", e->table_bytes},
                           {"readouts", e->readout_bytes}, {"recording", e->record_bytes}, {"building", e->build_bytes},
                           {"peak", e->peak_bytes}};
  const figure visits[] = {
      {"spikes", e->spikes * e->blocks}, {"rows", e->visits.rows}, {"synapses", e->visits.synapses}};
  SECTION("network", network);
  SECTION("balance", balance);
  SECTION("memory_bytes", memory);
  SECTION("visits", visits);
}

static void print_json_output(const volley_check_figures *figures) {
  const volley_output_estimate *output = figures->output;
  const figure bytes[] = {{"file", output->file_bytes},
                          {"checkpoint", output->checkpoint_bytes},
                          {"checkpoints_kept", output->kept_checkpoints},
                          {"needed", output->needed_bytes},
                          {"free", output->free_bytes > 0 ? output->free_bytes : NAN}};
  SECTION("output_bytes", bytes);
  volley_json_member("recorders", ",\n  ");
  printf("[");
  for (int r = 0; r < figures->experiment->n_recorders; r++) {
    const volley_records records = volley_estimate_records(figures->experiment, figures->estimate, r);
    volley_json_member_text("name", figures->experiment->recorders[r].name, r ? ",\n    {" : "\n    {");
    volley_json_member_number(records_of(&figures->experiment->recorders[r]), records.count, ", ");
    volley_json_member_number("values", records.width, ", ");
    volley_json_member_number("bytes", output->recorders[r], ", ");
    printf("}");
  }
  printf("]");
}

void volley_check_print_json(const volley_check_figures *figures) {
  const volley_estimate *e = figures->estimate;
  const volley_times *t = figures->times;
  const figure seconds[] = {{"start", t->start_s},       {"build", t->build_s},         {"simulate", t->simulate_s},
                            {"update", t->update_s},     {"stimuli", t->stimuli_s},     {"deliver", t->deliver_s},
                            {"exchange", t->exchange_s}, {"record", t->record_s},       {"learn", t->learn_s},
                            {"checkpoints", t->save_s},  {"eigenvalues", t->spectra_s}, {"close", t->close_s},
                            {"total", t->total_s}};
  volley_json_member_text("experiment", figures->experiment->file, "{\n  ");
  volley_json_member_text("title", figures->experiment->title, ",\n  ");
  const char *resolved = volley_experiment_resolve(figures->experiment);
  char hash[17];
  snprintf(hash, sizeof hash, "%016" PRIx64, volley_bytes_hash(0, resolved, strlen(resolved)));
  volley_json_member_text("resolved_hash", hash, ",\n  ");
  volley_json_member_text("output", figures->experiment->output, ",\n  ");
  volley_json_member_text("partition", figures->experiment->simulation.partitioner->name, ",\n  ");
  volley_json_member_count("ranks", (uint64_t)e->ranks, ",\n  ");
  volley_json_member_count("threads", (uint64_t)e->threads, ",\n  ");
  print_json_network(figures->experiment, e);
  print_json_output(figures);
  volley_json_member_number("spikes", e->spikes, ",\n  ");
  volley_json_member_number("synaptic_events", e->events, ",\n  ");
  volley_json_member("rates_assumed", ",\n  ");
  printf(e->assumed_rates ? "true" : "false");
  SECTION("seconds", seconds);
  printf("\n}\n");
}
