#include "io/output/summary.h"

#include "base/petsc.h"
#include "io/file/disk_space.h"
#include "io/file/path.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
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

/* Host and cores of each rank. */
static void write_places(FILE *out, const volley_summary *summary) {
  for (int column = 0; summary->places && column < 2; column++) {
    fputs(column ? "  \"cores\": [" : "  \"hosts\": [", out);
    for (int rank = 0; rank < summary->ranks; rank++) {
      if (rank) fputs(", ", out);
      volley_json_text(out, column ? summary->places[rank].cores : summary->places[rank].host);
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
  write_phases(out, summary);
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
