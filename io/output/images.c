#include "io/output/images.h"

#include "base/memory.h"
#include "stimulus/showing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  METADATA = 16384, /* bytes of a group with its datasets, generous */
  LESSON = sizeof(volley_lesson) / sizeof(double)
};

static bool is_of(const volley_stimulus *stimulus, const char *kind) {
  return stimulus->kind == volley_stimulus_kind_find(kind);
}

/* Group `name` of stimulus s, which shows n > 0 images. */
static void put_images(volley_hdf5 *file, hid_t parent, const char *name, const volley_experiment *experiment, int s,
                       uint64_t n) {
  const volley_stimulus *stimulus = &experiment->stimuli[s];
  const volley_images *images = stimulus->parameters;
  const volley_showing showing = volley_showing_of(experiment, s);
  const double dt = experiment->simulation.dt;
  double *times = volley_alloc(2 * n, sizeof *times, "times of images");
  uint64_t *rows = volley_alloc(2 * n, sizeof *rows, "images shown");
  for (uint64_t k = 0; k < n; k++) {
    const int64_t start = showing.window.first + (int64_t)k * showing.period;
    times[k] = (double)start * dt;
    times[n + k] = (double)(start + showing.slot) * dt;
    rows[k] = (uint64_t)volley_showing_nth(&showing, k);
    if (images->labels) rows[n + k] = (uint64_t)images->labels[rows[k]];
  }
  const hid_t group = volley_hdf5_put_group(file, parent, name);
  volley_hdf5_put_text(file, group, "stimulus", stimulus->name);
  volley_hdf5_put_text(file, group, "file", images->series.file);
  volley_hdf5_put_array(file, group, "start_ms", H5T_NATIVE_DOUBLE, n, times);
  volley_hdf5_put_array(file, group, "stop_ms", H5T_NATIVE_DOUBLE, n, times + n);
  volley_hdf5_put_array(file, group, "rows", H5T_NATIVE_UINT64, n, rows);
  if (images->labels) volley_hdf5_put_array(file, group, "labels", H5T_NATIVE_UINT64, n, rows + n);
  volley_hdf5_release(file, group);
  free(times);
  free(rows);
}

static uint64_t count_images(const volley_experiment *experiment, int s) {
  if (!is_of(&experiment->stimuli[s], "images")) return 0;
  const volley_showing showing = volley_showing_of(experiment, s);
  return volley_showing_count(&showing, experiment->simulation.steps);
}

/* Neurons of population p that teachers reach, one after the other; into ids and labels unless NULL. */
static uint64_t list_taught(const volley_experiment *experiment, int p, uint64_t *ids, uint64_t *labels) {
  uint64_t n = 0;
  for (int s = 0; s < experiment->n_stimuli; s++) {
    const volley_stimulus *teacher = &experiment->stimuli[s];
    if (!is_of(teacher, "teacher") || teacher->target != p) continue;
    for (int r = 0; r < teacher->neurons.n_ranges; r++) {
      const volley_range *range = &teacher->neurons.ranges[r];
      for (uint32_t i = 0; i < range->count; i++, n++) {
        if (ids) ids[n] = range->first + i;
        if (labels) labels[n] = range->before + i;
      }
    }
  }
  return n;
}

/* Number K of the group /images/K of stimulus s. */
static int number_of_images(const volley_experiment *experiment, int s) {
  int number = 0;
  for (int earlier = 0; earlier < s; earlier++) number += count_images(experiment, earlier) > 0;
  return number;
}

/* When the teachers of population p teach, one after the other; into lessons unless NULL. */
static uint64_t list_lessons(const volley_experiment *experiment, int p, volley_lesson *lessons) {
  const double dt = experiment->simulation.dt, end = (double)experiment->simulation.steps * dt;
  uint64_t n = 0;
  for (int s = 0; s < experiment->n_stimuli; s++) {
    const volley_stimulus *teacher = &experiment->stimuli[s];
    if (!is_of(teacher, "teacher") || teacher->target != p) continue;
    const volley_teacher *lesson = teacher->parameters;
    if (lesson->amplitude == 0 || count_images(experiment, lesson->images) == 0) continue;
    const volley_window window = volley_stimulus_window(experiment, teacher, 0);
    if (lessons)
      lessons[n] = (volley_lesson){number_of_images(experiment, lesson->images), (double)window.first * dt,
                                   fmin((double)window.end * dt, end)};
    n++;
  }
  return n;
}

static void put_taught(volley_hdf5 *file, hid_t parent, const volley_experiment *experiment, int p, uint64_t n) {
  uint64_t *ids = volley_alloc(2 * n, sizeof *ids, "labels of outputs");
  list_taught(experiment, p, ids, ids + n);
  const hid_t group = volley_hdf5_put_group(file, parent, experiment->populations[p].name);
  volley_hdf5_put_array(file, group, "node_ids", H5T_NATIVE_UINT64, n, ids);
  volley_hdf5_put_array(file, group, "labels", H5T_NATIVE_UINT64, n, ids + n);
  const uint64_t n_lessons = list_lessons(experiment, p, NULL);
  volley_lesson *lessons = volley_alloc(n_lessons, sizeof *lessons, "lessons");
  list_lessons(experiment, p, lessons);
  volley_hdf5_put_rows(file, group, "lessons", H5T_NATIVE_DOUBLE, n_lessons, LESSON, lessons);
  volley_hdf5_release(file, group);
  free(lessons);
  free(ids);
}

void volley_images_shown_put(volley_hdf5 *file, hid_t root, const volley_experiment *experiment) {
  char name[32];
  int written = 0;
  hid_t all = -1;
  for (int s = 0; s < experiment->n_stimuli; s++) {
    const uint64_t n = count_images(experiment, s);
    if (n == 0) continue;
    if (written == 0) all = volley_hdf5_put_group(file, root, "images");
    snprintf(name, sizeof name, "%d", written++);
    put_images(file, all, name, experiment, s, n);
  }
  volley_hdf5_release(file, all);
  all = -1;
  for (int p = 0; p < experiment->n_populations; p++) {
    const uint64_t n = list_taught(experiment, p, NULL, NULL);
    if (n == 0) continue;
    if (all < 0) all = volley_hdf5_put_group(file, root, "taught");
    put_taught(file, all, experiment, p, n);
  }
  volley_hdf5_release(file, all);
}

uint64_t volley_images_shown_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  for (int s = 0; s < experiment->n_stimuli; s++) {
    const uint64_t n = count_images(experiment, s);
    if (n == 0) continue;
    const volley_images *images = experiment->stimuli[s].parameters;
    bytes += METADATA + n * 4 * sizeof(uint64_t) + strlen(images->series.file);
  }
  for (int p = 0; p < experiment->n_populations; p++) {
    const uint64_t n = list_taught(experiment, p, NULL, NULL);
    if (n > 0) bytes += METADATA + n * 2 * sizeof(uint64_t) + list_lessons(experiment, p, NULL) * sizeof(volley_lesson);
  }
  return bytes;
}

typedef struct reading {
  volley_hdf5 file;
  hid_t root;
  volley_arena *arena;
} reading;

/* Columns of one group must be equally long. */
static void check_length(reading *r, const char *group, uint64_t n, uint64_t other) {
  if (n != other)
    volley_hdf5_fault(&r->file, "'%s' is damaged: the datasets of %s hold %" PRIu64 " and %" PRIu64 " values",
                      r->file.path, group, n, other);
}

static void read_images(reading *r, int number, const char *path, volley_images_shown *out) {
  const hid_t group = volley_hdf5_open_group(&r->file, r->root, path);
  if (group >= 0 && H5Lexists(group, "labels", H5P_DEFAULT) > 0) {
    volley_shown_images *shown = &out->images[out->n_images++];
    uint64_t n[3];
    shown->number = number;
    shown->stimulus = volley_hdf5_get_text(&r->file, group, "stimulus", r->arena);
    shown->start_ms = volley_hdf5_get_array(&r->file, group, "start_ms", H5T_NATIVE_DOUBLE, r->arena, &shown->n);
    shown->stop_ms = volley_hdf5_get_array(&r->file, group, "stop_ms", H5T_NATIVE_DOUBLE, r->arena, &n[0]);
    shown->rows = volley_hdf5_get_array(&r->file, group, "rows", H5T_NATIVE_UINT64, r->arena, &n[1]);
    shown->labels = volley_hdf5_get_array(&r->file, group, "labels", H5T_NATIVE_UINT64, r->arena, &n[2]);
    for (int k = 0; k < 3; k++) check_length(r, path, shown->n, n[k]);
  }
  volley_hdf5_release(&r->file, group);
}

static void read_all_images(reading *r, volley_images_shown *out) {
  H5G_info_t links = {0};
  char path[64];
  const hid_t group = volley_hdf5_open_group(&r->file, r->root, "images");
  volley_hdf5_check(&r->file, H5Gget_info(group, &links), "look up data of");
  volley_hdf5_release(&r->file, group);
  out->images = volley_arena_alloc(r->arena, (size_t)links.nlinks, sizeof *out->images);
  for (hsize_t k = 0; k < links.nlinks && !r->file.failed; k++) {
    snprintf(path, sizeof path, "images/%llu", (unsigned long long)k);
    read_images(r, (int)k, path, out);
  }
}

static void read_all_taught(reading *r, const volley_output_info *info, volley_images_shown *out) {
  out->taught = volley_arena_alloc(r->arena, (size_t)info->n_populations, sizeof *out->taught);
  for (int p = 0; p < info->n_populations && !r->file.failed; p++) {
    const char *path = volley_arena_format(r->arena, "taught/%s", info->populations[p].name);
    if (H5Lexists(r->root, path, H5P_DEFAULT) <= 0) continue;
    volley_taught *taught = &out->taught[out->n_taught++];
    uint64_t n;
    const hid_t group = volley_hdf5_open_group(&r->file, r->root, path);
    taught->population = info->populations[p].name;
    taught->ids = volley_hdf5_get_array(&r->file, group, "node_ids", H5T_NATIVE_UINT64, r->arena, &taught->n);
    taught->labels = volley_hdf5_get_array(&r->file, group, "labels", H5T_NATIVE_UINT64, r->arena, &n);
    check_length(r, path, taught->n, n);
    if (!r->file.failed && H5Lexists(group, "lessons", H5P_DEFAULT) > 0) {
      taught->lessons =
          volley_hdf5_get_array(&r->file, group, "lessons", H5T_NATIVE_DOUBLE, r->arena, &taught->n_lessons);
      taught->n_lessons /= LESSON;
    }
    volley_hdf5_release(&r->file, group);
  }
}

volley_status volley_images_shown_read(const char *path, const volley_output_info *info, volley_arena *arena,
                                       volley_images_shown *out) {
  reading r = {.file = {.path = path, .blame = VOLLEY_USAGE}, .arena = arena};
  *out = (volley_images_shown){0};
  r.root = volley_hdf5_open(&r.file);
  if (r.root < 0) return VOLLEY_USAGE;
  if (H5Lexists(r.root, "images", H5P_DEFAULT) > 0) read_all_images(&r, out);
  if (H5Lexists(r.root, "taught", H5P_DEFAULT) > 0) read_all_taught(&r, info, out);
  (void)H5Fclose(r.root);
  return r.file.failed ? VOLLEY_USAGE : VOLLEY_OK;
}
