#include "io/output/summary.h"

#include "io/file/disk_space.h"
#include "io/file/path.h"
#include "solver/solver.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void volley_digest_text(const uint64_t digest[2], char text[VOLLEY_DIGEST_SIZE]) {
  snprintf(text, VOLLEY_DIGEST_SIZE, "%016" PRIx64 "%016" PRIx64, digest[0], digest[1]);
}

void volley_json_text(FILE *out, const char *text) {
  putc('"', out);
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c == '"' || *c == '\\')
      fprintf(out, "\\%c", *c);
    else if (*c < 0x20 || *c == 0x7f)
      fprintf(out, "\\u%04x", *c);
    else
      putc(*c, out);
  }
  putc('"', out);
}

void volley_json_number(FILE *out, double value) {
  if (isfinite(value))
    fprintf(out, "%.17g", value);
  else
    fputs("null", out);
}

static void write_number(FILE *out, const char *key, double value) {
  fprintf(out, "  \"%s\": ", key);
  volley_json_number(out, value);
  fputs(",\n", out);
}

static void write_count(FILE *out, const char *key, uint64_t value) {
  fprintf(out, "  \"%s\": %" PRIu64 ",\n", key, value);
}

static void write_phases(FILE *out, const volley_summary *summary) {
  fputs("  \"seconds_by_phase\": {", out);
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) {
    fprintf(out, "%s\"%s\": ", phase ? ", " : "", volley_phase_names[phase]);
    volley_json_number(out, summary->phase_s[phase]);
  }
  fputs("},\n", out);
}

static double rank_value(const volley_summary *summary, int rank, size_t offset, bool is_count) {
  const char *at = (const char *)&summary->of_rank[rank] + offset;
  return is_count ? (double)*(const uint64_t *)at : *(const double *)at;
}

/* A list by rank. */
static void write_column(FILE *out, const volley_summary *summary, const char *name, size_t offset, bool is_count,
                         const char *before) {
  fprintf(out, "%s\"%s\": [", before, name);
  for (int rank = 0; rank < summary->ranks; rank++) {
    if (rank) fputs(", ", out);
    volley_json_number(out, rank_value(summary, rank, offset, is_count));
  }
  fputs("]", out);
}

/* How a phase differs from rank to rank. */
static void write_spread(FILE *out, const volley_summary *summary, int phase) {
  double least = INFINITY, most = 0, sum = 0, squares = 0;
  for (int rank = 0; rank < summary->ranks; rank++) {
    const double seconds = summary->of_rank[rank].phase_s[phase];
    least = fmin(least, seconds);
    most = fmax(most, seconds);
    sum += seconds / summary->ranks;
    squares += seconds * seconds / summary->ranks;
  }
  fprintf(out, "%s\"%s\": {\"min\": %.9g, \"mean\": %.9g, \"max\": %.9g, \"sd\": %.9g}", phase ? ",\n    " : "    ",
          volley_phase_names[phase], least, sum, most, sqrt(fmax(0, squares - sum * sum)));
}

/* What each rank did, and what a partition can make of it (volley run --partition-from). */
static void write_ranks(FILE *out, const volley_summary *summary) {
  if (!summary->of_rank) return;
  fputs("  \"spread_of_phases\": {\n", out);
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) write_spread(out, summary, phase);
  fputs("},\n  \"of_rank\": {\n", out);
  for (int phase = 0; phase < VOLLEY_PHASES; phase++)
    write_column(out, summary, volley_phase_names[phase],
                 offsetof(volley_rank_figures, phase_s) + (size_t)phase * sizeof(double), false,
                 phase ? ",\n    " : "    ");
  for (const volley_rank_column *c = volley_rank_columns; c->name; c++)
    write_column(out, summary, c->name, c->offset, c->is_count, ",\n    ");
  fputs("},\n  \"partition\": {\"type\": \"weighted\"", out);
  for (int list = 0; list < 2; list++) {
    fputs(list ? ", \"rates\": [" : ", \"update\": [", out);
    for (int p = 0; p < summary->n_populations; p++)
      fprintf(out, "%s%.6g", p ? ", " : "", list ? summary->rate_hz[p] : fmax(1e-6, summary->update_ns[p]));
    fputs("]", out);
  }
  if (summary->event_ns > 0) fprintf(out, ", \"event\": %.6g", summary->event_ns);
  write_column(out, summary, "speeds", offsetof(volley_rank_figures, speed), false, ", ");
  fputs("},\n", out);
}

static void write_rates(FILE *out, const volley_summary *summary) {
  fputs("  \"rate_hz\": {", out);
  for (int p = 0; p < summary->n_populations; p++) {
    if (p) fputs(", ", out);
    volley_json_text(out, summary->population_names[p]);
    fputs(": ", out);
    volley_json_number(out, summary->rate_hz[p]);
  }
  fputs("},\n", out);
}

/* Host and cores of each rank, and what its threads are bound to. */
static void write_places(FILE *out, const volley_summary *summary) {
  static const char *const names[] = {"hosts", "cores", "binding"};
  for (int column = 0; summary->places && column < 3; column++) {
    fprintf(out, "  \"%s\": [", names[column]);
    for (int rank = 0; rank < summary->ranks; rank++) {
      if (rank) fputs(", ", out);
      const volley_rank_place *place = &summary->places[rank];
      volley_json_text(out, column == 0 ? place->host : column == 1 ? place->cores : place->binding);
    }
    fputs("],\n", out);
  }
}

/* The ways of delivery that occur, and which of them each rank takes. */
static void write_ways(FILE *out, const volley_summary *summary) {
  const char *between = "";
  if (!summary->ways_of_rank) return;
  fputs("  \"delivery\": {", out);
  for (int w = 0; w < VOLLEY_WAYS; w++) {
    const volley_way_figures *way = &summary->ways[w];
    if (way->blocks == 0) continue;
    fprintf(out, "%s\"%s\": {\"blocks\": %" PRIu64 ", \"events\": %" PRIu64 ", \"ns_an_event\": ", between,
            volley_way_names[w], way->blocks, way->events);
    volley_json_number(out, way->events > 0 ? 1e9 * way->seconds / (double)way->events : 0);
    fputs("}", out);
    between = ", ";
  }
  fputs("},\n  \"delivery_of_rank\": [", out);
  for (int rank = 0; rank < summary->ranks; rank++) {
    static const char *const names[] = {"", "listed", "direct", "both"};
    fprintf(out, "%s\"%s\"", rank ? ", " : "", names[summary->ways_of_rank[rank]]);
  }
  fputs("],\n", out);
}

/* What went between ranks. */
static void write_exchange(FILE *out, const volley_summary *summary) {
  const volley_exchange_figures *f = &summary->exchanged;
  if (!summary->exchange) return;
  fprintf(out,
          "  \"exchange\": {\"kind\": \"%s\", \"calls\": %" PRIu64 ", \"group_calls\": %" PRIu64
          ", \"messages\": %" PRIu64,
          summary->exchange, f->calls, f->group_calls, f->messages);
  const volley_exchange_choice *choice = &summary->exchange_chosen;
  if (choice->name) fprintf(out, ", \"chosen\": \"%s\", \"us_a_step\": {", choice->name);
  for (int k = 0; k < choice->n; k++) {
    fprintf(out, "%s\"%s\": ", k ? ", " : "", choice->names[k]);
    volley_json_number(out, 1e6 * choice->seconds[k]);
  }
  if (choice->name) fputs("}", out);
  fprintf(out, ", \"bytes_received\": %" PRIu64 ", \"ranks_told\": ", f->bytes);
  volley_json_number(out, f->spikes > 0 ? (double)f->told / (double)f->spikes : 0);
  fputs("},\n", out);
}

static void write_summary(FILE *out, const volley_summary *summary) {
  char digest[VOLLEY_DIGEST_SIZE];
  volley_digest_text(summary->digest, digest);
  fputs("{\n", out);
  write_count(out, "neurons", summary->neurons);
  write_count(out, "synapses", summary->synapses);
  write_count(out, "ranks", (uint64_t)summary->ranks);
  write_count(out, "threads", (uint64_t)summary->threads);
  write_number(out, "build_s", summary->build_s);
  write_number(out, "simulate_s", summary->simulate_s);
  write_number(out, "model_ms", summary->model_ms);
  write_number(out, "from_ms", summary->from_ms);
  if (summary->ended_early) {
    fputs("  \"ended_early\": ", out);
    volley_json_text(out, summary->ended_early);
    fputs(",\n", out);
  }
  write_number(out, "real_time_factor", summary->real_time_factor);
  write_count(out, "spikes", summary->spikes);
  write_count(out, "synaptic_events", summary->synaptic_events);
  write_number(out, "synaptic_events_per_s", summary->synaptic_events_per_s);
  write_count(out, "delivered_bytes", summary->delivered_bytes);
  write_count(out, "table_bytes", summary->table_bytes);
  fputs("  \"peak_rss_bytes\": [", out);
  for (int rank = 0; rank < summary->ranks; rank++)
    fprintf(out, "%s%" PRIu64, rank ? ", " : "", summary->peak_rss_bytes[rank]);
  fputs("],\n", out);
  write_places(out, summary);
  write_ways(out, summary);
  write_exchange(out, summary);
  write_phases(out, summary);
  write_ranks(out, summary);
  write_rates(out, summary);
  if (*volley_petsc_options()) {
    fputs("  \"petsc_options\": ", out);
    volley_json_text(out, volley_petsc_options());
    fputs(",\n", out);
  }
  fprintf(out, "  \"spike_digest\": \"%s\"\n}\n", digest);
}

/* Writes to path and brings it to the disk. Returns 0 or errno. */
static int write_file(const volley_summary *summary, const char *path) {
  FILE *out = fopen(path, "w");
  if (!out) return errno;
  errno = 0;
  write_summary(out, summary);
  int code = fflush(out) || ferror(out) || (fsync(fileno(out)) && errno != EINVAL) ? errno : 0; /* EINVAL: no disk */
  if (fclose(out) && code == 0) code = errno;
  return code;
}

/* Writes under a temporary name and renames. Returns 0 or errno. */
static int replace_file(const volley_summary *summary, const char *path) {
  char *temporary = volley_path_format("%s.part", path);
  int code = write_file(summary, temporary);
  if (code == 0)
    code = volley_file_rename(temporary, path);
  else
    unlink(temporary);
  free(temporary);
  return code;
}

volley_status volley_summary_write(const volley_summary *summary, const char *path) {
  struct stat found;
  const bool special = stat(path, &found) == 0 && !S_ISREG(found.st_mode); /* a terminal or pipe cannot be replaced */
  const int code = special ? write_file(summary, path) : replace_file(summary, path);
  return code ? volley_fault(VOLLEY_FAILURE, NULL, "cannot write summary '%s': %s", path, strerror(code)) : VOLLEY_OK;
}
