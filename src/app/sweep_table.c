#include "app/sweep_table.h"

#include "app/activity.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *volley_sweep_output(const char *folder, int64_t run, volley_arena *arena) {
  return volley_arena_format(arena, "%s/%" PRId64 ".h5", folder, run + 1);
}

static void put_text(const char *text, FILE *out) {
  if (!strpbrk(text, ",\"\n")) {
    fputs(text, out);
    return;
  }
  fputc('"', out);
  for (; *text; text++) fprintf(out, *text == '"' ? "\"%c" : "%c", *text);
  fputc('"', out);
}

/* Nothing where there is no number. */
static void put_number(double value, FILE *out) {
  fputc(',', out);
  if (isfinite(value)) fprintf(out, "%.12g", value);
}

/* An output while the table is written; n 0: there is none. */
typedef struct measured {
  volley_output_file *file;
  volley_activity *activities;
  int n;
} measured;

static volley_status measure(const char *path, measured *out) {
  *out = (measured){0};
  if (access(path, F_OK) != 0) return VOLLEY_OK;
  VOLLEY_TRY(volley_output_file_open(path, &out->file));
  const volley_output_info *info = volley_output_file_info(out->file);
  out->activities = volley_alloc((size_t)(info->n_populations + info->n_recorders), sizeof *out->activities, "a table");
  return volley_activity_measure(out->file, 0, info->duration_ms, out->activities, &out->n);
}

static void release(measured *it) {
  free(it->activities);
  volley_output_file_close(it->file);
}

/* Whether two are of the same population and recorder. */
static bool are_alike(const volley_activity *a, const volley_activity *b) {
  const char *one = a->recorder ? a->recorder->name : "", *other = b->recorder ? b->recorder->name : "";
  return strcmp(a->population->name, b->population->name) == 0 && strcmp(one, other) == 0;
}

static void put_header(const volley_axes *axes, const measured *first, FILE *out) {
  static const char *const figures[] = {"rate_hz", "cv", "synchrony"};
  fputs("run", out);
  for (int a = 0; a < axes->n; a++) {
    fputc(',', out);
    put_text(axes->axes[a].key, out);
  }
  fputs(",code,spikes,digest", out);
  for (int k = 0; k < first->n; k++) {
    bool twice = false; /* more than one recorder of the population */
    for (int other = 0; other < first->n; other++)
      twice |= other != k && first->activities[other].population == first->activities[k].population;
    for (int f = 0; f < 3; f++) {
      char name[1024];
      snprintf(name, sizeof name, "%s.%s%s%s", figures[f], first->activities[k].population->name, twice ? "." : "",
               twice ? first->activities[k].recorder->name : "");
      fputc(',', out);
      put_text(name, out);
    }
  }
  fputc('\n', out);
}

static void put_figures(const measured *first, const measured *it, FILE *out) {
  const volley_output_info *info = it->file ? volley_output_file_info(it->file) : NULL;
  if (info)
    fprintf(out, ",%" PRIu64 ",%s", info->spikes, info->digest);
  else
    fputs(",,", out);
  for (int k = 0; k < first->n; k++) {
    const volley_activity *found = NULL;
    for (int m = 0; m < it->n && !found; m++)
      if (are_alike(&first->activities[k], &it->activities[m])) found = &it->activities[m];
    put_number(found ? found->rate_hz : NAN, out);
    put_number(found ? found->cv : NAN, out);
    put_number(found ? found->synchrony : NAN, out);
  }
}

/* The first run that was done, or none. */
static volley_status find_first(const char *folder, const volley_axes *axes, const int *codes, volley_arena *arena,
                                measured *first) {
  *first = (measured){0};
  for (int64_t run = 0; run < axes->runs && !first->file; run++)
    if (codes[run] == VOLLEY_OK) VOLLEY_TRY(measure(volley_sweep_output(folder, run, arena), first));
  return VOLLEY_OK;
}

static volley_status write_rows(const char *folder, const volley_axes *axes, const int *codes, volley_arena *arena,
                                FILE *out) {
  measured first;
  volley_status status = find_first(folder, axes, codes, arena, &first);
  if (status == VOLLEY_OK) put_header(axes, &first, out);
  for (int64_t run = 0; run < axes->runs && status == VOLLEY_OK; run++) {
    measured it = {0};
    if (codes[run] == VOLLEY_OK) status = measure(volley_sweep_output(folder, run, arena), &it);
    fprintf(out, "%" PRId64, run + 1);
    for (int a = 0; a < axes->n; a++) {
      fputc(',', out);
      put_text(axes->axes[a].values[volley_axes_value(axes, a, run)], out);
    }
    fprintf(out, ",%d", codes[run]);
    put_figures(&first, &it, out);
    fputc('\n', out);
    release(&it);
  }
  release(&first);
  return status;
}

volley_status volley_sweep_write_table(const char *folder, const volley_axes *axes, const int *codes) {
  volley_arena *arena = volley_arena_create();
  const char *path = volley_arena_format(arena, "%s/table.csv", folder);
  const char *part = volley_arena_format(arena, "%s.part", path); /* nothing half-written has the name */
  FILE *out = fopen(part, "w");
  volley_status status = out ? write_rows(folder, axes, codes, arena, out) : VOLLEY_FAILURE;
  const bool written = out && !ferror(out);
  if ((out && fclose(out) != 0) || !written || (status == VOLLEY_OK && rename(part, path) != 0))
    status = volley_fault(VOLLEY_FAILURE, NULL, "the table '%s' cannot be written: %s", path, strerror(errno));
  volley_arena_destroy(arena);
  return status;
}
