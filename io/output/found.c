/* The temporary file has the groups and attributes of the newest part, and datasets that are mapped to those of all parts
 * (HDF5's virtual datasets): nothing is copied, and readers need not know. */
#define _GNU_SOURCE /* mkostemp, realpath */

#include "io/output/found.h"

#include "base/memory.h"
#include "io/file/hdf5.h"
#include "io/file/path.h"
#include "io/output/reader.h"
#include "record/kind.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PARTS = 1 << 20, MAX_ATTRIBUTE = 1 << 26 /* bytes */ };
static const double max_step = 9e15;

/* A file with recordings of the steps first .. end - 1. What earlier parts hold, up to `from`, does not count: attempts that
 * were killed may overlap. */
typedef struct part {
  char *path;
  hid_t file;
  int64_t first, end, from; /* end: INT64_MAX where it is not known */
  bool counts;
} part;

typedef struct view {
  volley_hdf5 hdf5;
  hid_t file;
  part *parts;
  int n;
  const part *model; /* whose groups and attributes are copied: the last */
  double dt;
  int64_t end; /* step up to which something is recorded */
} view;

static double number_of(hid_t object, const char *path, const char *name) {
  double value = NAN;
  const hid_t attribute = H5Aopen_by_name(object, path, name, H5P_DEFAULT, H5P_DEFAULT);
  if (attribute >= 0) (void)H5Aread(attribute, H5T_NATIVE_DOUBLE, &value);
  if (attribute >= 0) (void)H5Aclose(attribute);
  return value;
}

/* Adds a part if it can be read and is a recording of Volley. first: -1 where it is not known. */
static void add_part(view *v, const char *path, int64_t first, int64_t end) {
  const hid_t file = volley_hdf5_try_open(path);
  const bool is_there = file >= 0 && v->n < MAX_PARTS && H5Lexists(file, "volley", H5P_DEFAULT) > 0;
  const double step = is_there ? number_of(file, "volley", "first_step") : NAN;
  const bool is_whole = step >= 0 && step < max_step && number_of(file, "volley", "dt_ms") > 0;
  if (!is_whole) { /* as what is being written may be */
    if (file >= 0) (void)H5Fclose(file);
    return;
  }
  if (first < 0) first = (int64_t)step;
  v->parts = volley_grow(v->parts, (size_t)v->n + 1, sizeof *v->parts, "parts of an output");
  v->parts[v->n++] = (part){.path = realpath(path, NULL), .file = file, .first = first, .end = end};
}

static void find_parts(view *v, const char *folder) {
  DIR *entries = opendir(folder);
  if (!entries) return;
  for (const struct dirent *entry; (entry = readdir(entries));) {
    int length = 0;
    long long first = 0, end = 0;
    char *path = volley_path_format("%s/%s", folder, entry->d_name);
    if (sscanf(entry->d_name, "%lld-%lld.h5%n", &first, &end, &length) == 2 && length > 0 && !entry->d_name[length] &&
        first >= 0 && first < end)
      add_part(v, path, first, end);
    free(path);
  }
  (void)closedir(entries);
}

/* By first step; of those that begin together the longest comes first. */
static int by_time(const void *a, const void *b) {
  const part *x = a, *y = b;
  if (x->first != y->first) return x->first < y->first ? -1 : 1;
  return x->end == y->end ? 0 : x->end > y->end ? -1 : 1;
}

static bool is_of_run(const part *p, const part *other) {
  static const char *const same[] = {"dt_ms", "seed", "neurons"};
  for (size_t i = 0; i < sizeof same / sizeof *same; i++)
    if (number_of(p->file, "volley", same[i]) != number_of(other->file, "volley", same[i])) return false;
  return true;
}

/* Says of each part whether it counts and from which step on: a chain that goes as far as the parts do. */
static void chain_parts(view *v) {
  const part *newest = NULL;
  struct timespec latest = {0};
  for (int p = 0; p < v->n; p++) {
    struct stat found;
    const bool is_newer = stat(v->parts[p].path, &found) == 0 &&
                          (found.st_mtim.tv_sec > latest.tv_sec ||
                           (found.st_mtim.tv_sec == latest.tv_sec && found.st_mtim.tv_nsec >= latest.tv_nsec));
    if (!is_newer && newest) continue;
    newest = &v->parts[p];
    latest = found.st_mtim;
  }
  v->model = newest;
  v->dt = number_of(newest->file, "volley", "dt_ms");
  for (int p = 0; p < v->n; p++) {
    part *at = &v->parts[p];
    if (at->end <= v->end || !is_of_run(at, newest)) continue;
    at->counts = true;
    at->from = at->first > v->end ? at->first : v->end;
    if (at->end < INT64_MAX) v->end = at->end;
  }
}

static hid_t open_set(hid_t file, const char *path, hsize_t size[2], int *dimensions) {
  size[0] = size[1] = 0;
  *dimensions = 0;
  const hid_t set = H5Lexists(file, path, H5P_DEFAULT) > 0 ? H5Dopen2(file, path, H5P_DEFAULT) : -1;
  const hid_t space = set < 0 ? -1 : H5Dget_space(set);
  if (space >= 0 && H5Sget_simple_extent_ndims(space) <= 2) *dimensions = H5Sget_simple_extent_dims(space, size, NULL);
  if (space >= 0) (void)H5Sclose(space);
  return set;
}

static double time_at(hid_t set, hsize_t place) {
  double time = NAN;
  const hsize_t one = 1;
  const hid_t space = H5Dget_space(set), memory = H5Screate_simple(1, &one, NULL);
  (void)H5Sselect_elements(space, H5S_SELECT_SET, 1, &place);
  (void)H5Dread(set, H5T_NATIVE_DOUBLE, memory, space, H5P_DEFAULT, &time);
  (void)H5Sclose(memory);
  (void)H5Sclose(space);
  return time;
}

/* Number of spikes of a part up to a step. */
static hsize_t spikes_up_to(const view *v, hid_t times, hsize_t n, int64_t step) {
  hsize_t low = 0;
  for (hsize_t high = n; low < high;) {
    const hsize_t middle = low + (high - low) / 2;
    if (time_at(times, middle) <= ((double)step + 0.5) * v->dt)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* A recorder while its datasets are mapped. */
typedef struct track {
  const char *group; /* its path */
  bool is_spikes;
  int64_t start, interval; /* of rows, in steps */
} track;

/* Rows of samples before a step: that of the step itself is taken once its input is in. */
static int64_t rows_before(const track *t, int64_t step) {
  return step - 1 > t->start && t->interval > 0 ? (step - 1 - t->start) / t->interval : 0;
}

/* What of a part goes where in the view: rows skip .. n - 1 to place .. */
typedef struct piece {
  hsize_t skip, n, place;
} piece;

/* Finds the piece of a part that counts, behind `total` records of earlier ones. */
static piece piece_of(view *v, const track *t, const part *p, hsize_t n, hsize_t total, volley_arena *arena) {
  piece found = {.n = n, .place = total};
  if (t->is_spikes) {
    hsize_t size[2];
    int dimensions;
    const hid_t times = open_set(p->file, volley_arena_format(arena, "%s/timestamps", t->group), size, &dimensions);
    if (size[0] < n) found.n = size[0];
    const hid_t ids = open_set(p->file, volley_arena_format(arena, "%s/node_ids", t->group), size, &dimensions);
    if (size[0] < found.n) found.n = size[0]; /* a run that was killed may have grown one of the two only */
    found.skip = times < 0 ? found.n : spikes_up_to(v, times, found.n, p->from);
    if (found.n > found.skip) v->end = llround(fmax((double)v->end, time_at(times, found.n - 1) / v->dt));
    if (ids >= 0) (void)H5Dclose(ids);
    if (times >= 0) (void)H5Dclose(times);
    return found;
  }
  found.skip = (hsize_t)(rows_before(t, p->from) - rows_before(t, p->first));
  if (found.skip > n) found.skip = n;
  found.place = (hsize_t)rows_before(t, p->from);
  const int64_t last = t->start + (int64_t)(found.place + n - found.skip) * t->interval;
  if (n > found.skip && last > v->end) v->end = last;
  return found;
}

static void select_rows(view *v, hid_t space, hsize_t first, hsize_t rows, hsize_t columns) {
  const hsize_t start[2] = {first, 0}, count[2] = {rows, columns};
  volley_hdf5_check(&v->hdf5, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL), "select data of");
}

/* Maps a dataset that grows along its first dimension. Returns whether the model has it. */
static bool map_set(view *v, const track *t, hid_t group, const char *name, volley_arena *arena) {
  const char *path = volley_arena_format(arena, "%s/%s", t->group, name);
  piece *pieces = volley_arena_alloc(arena, (size_t)v->n, sizeof *pieces);
  hsize_t size[2], total[2] = {0, 0};
  int dimensions = 0;
  const hid_t model = open_set(v->model->file, path, size, &dimensions);
  if (model < 0) return false;
  const hsize_t columns = size[1];
  hsize_t *rows = volley_arena_alloc(arena, (size_t)v->n, sizeof *rows);
  for (int p = 0; p < v->n; p++) {
    if (!v->parts[p].counts) continue;
    const hid_t set = open_set(v->parts[p].file, path, size, &dimensions);
    if (set >= 0) (void)H5Dclose(set);
    if (set < 0 || size[1] != columns) continue;
    rows[p] = size[0];
    pieces[p] = piece_of(v, t, &v->parts[p], size[0], total[0], arena);
    const hsize_t end = pieces[p].place + pieces[p].n - pieces[p].skip;
    if (end > total[0]) total[0] = end;
  }
  total[1] = columns;
  const hid_t type = volley_hdf5_check(&v->hdf5, H5Dget_type(model), "look up data of");
  const hid_t creation = volley_hdf5_check(&v->hdf5, H5Pcreate(H5P_DATASET_CREATE), "set up");
  const double nothing = NAN; /* of rows that are in no part */
  if (!t->is_spikes) volley_hdf5_check(&v->hdf5, H5Pset_fill_value(creation, H5T_NATIVE_DOUBLE, &nothing), "set up");
  const hid_t space = volley_hdf5_check(&v->hdf5, H5Screate_simple(dimensions, total, NULL), "describe data of");
  for (int p = 0; p < v->n; p++) {
    if (pieces[p].n <= pieces[p].skip) continue;
    const hsize_t extent[2] = {rows[p], columns}, count = pieces[p].n - pieces[p].skip;
    const hid_t source = volley_hdf5_check(&v->hdf5, H5Screate_simple(dimensions, extent, NULL), "describe data of");
    select_rows(v, source, pieces[p].skip, count, columns);
    select_rows(v, space, pieces[p].place, count, columns);
    volley_hdf5_check(&v->hdf5, H5Pset_virtual(creation, space, v->parts[p].path, path, source), "map data of");
    volley_hdf5_release(&v->hdf5, source);
  }
  const hid_t set = volley_hdf5_check(
      &v->hdf5, H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT), "create a dataset in");
  volley_hdf5_release(&v->hdf5, set);
  volley_hdf5_release(&v->hdf5, space);
  volley_hdf5_release(&v->hdf5, creation);
  volley_hdf5_release(&v->hdf5, type);
  (void)H5Dclose(model);
  return true;
}

static herr_t copy_attribute(hid_t from, const char *name, const H5A_info_t *unused, void *context) {
  (void)unused;
  const hid_t to = *(hid_t *)context, attribute = H5Aopen(from, name, H5P_DEFAULT);
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const hssize_t n = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
  const size_t size = type >= 0 ? H5Tget_size(type) : 0;
  const bool is_sound = n >= 0 && size > 0 && (size_t)n <= MAX_ATTRIBUTE / size; /* not so in half a file */
  char *value = volley_alloc(is_sound ? size * (size_t)n : 0, 1, "an attribute");
  const hid_t copy = is_sound ? H5Acreate2(to, name, type, space, H5P_DEFAULT, H5P_DEFAULT) : -1;
  const herr_t outcome = copy < 0 || H5Aread(attribute, type, value) < 0 || H5Awrite(copy, type, value) < 0 ? -1 : 0;
  free(value);
  if (copy >= 0) (void)H5Aclose(copy);
  if (space >= 0) (void)H5Sclose(space);
  if (type >= 0) (void)H5Tclose(type);
  if (attribute >= 0) (void)H5Aclose(attribute);
  return outcome;
}

/* Gives an object of the view the attributes of that of the model. */
static void copy_attributes(view *v, const char *path) {
  hid_t from = H5Oopen(v->model->file, path, H5P_DEFAULT), to = H5Oopen(v->file, path, H5P_DEFAULT);
  if (from >= 0 && to >= 0)
    volley_hdf5_check(&v->hdf5, H5Aiterate2(from, H5_INDEX_CRT_ORDER, H5_ITER_INC, NULL, copy_attribute, &to), "read");
  if (to >= 0) (void)H5Oclose(to);
  if (from >= 0) (void)H5Oclose(from);
}

/* Maps the group of a recorder. */
static void map_recorder(view *v, const char *path, volley_arena *arena) {
  static const char *const growing[] = {"timestamps", "node_ids", "data"};
  track t = {.group = path};
  t.is_spikes = H5Lexists(v->model->file, volley_arena_format(arena, "%s/%s", path, growing[0]), H5P_DEFAULT) > 0;
  if (!t.is_spikes) {
    t.start = llround(number_of(v->model->file, path, "start_ms") / v->dt);
    t.interval = llround(number_of(v->model->file, path, "interval_ms") / v->dt);
  }
  const hid_t group = volley_hdf5_put_group(&v->hdf5, v->file, path);
  copy_attributes(v, path);
  int sets = 0;
  for (size_t s = 0; s < sizeof growing / sizeof *growing; s++) {
    if (!map_set(v, &t, group, growing[s], arena)) continue;
    copy_attributes(v, volley_arena_format(arena, "%s/%s", path, growing[s]));
    sets++;
  }
  if (sets != (t.is_spikes ? 2 : 1)) volley_hdf5_fault(&v->hdf5, "'%s' has no recordings in %s", v->hdf5.path, path);
  const char *mapping = volley_arena_format(arena, "%s/mapping", path);
  if (H5Lexists(v->model->file, mapping, H5P_DEFAULT) > 0)
    volley_hdf5_check(&v->hdf5, H5Ocopy(v->model->file, mapping, group, "mapping", H5P_DEFAULT, H5P_DEFAULT), "read");
  volley_hdf5_release(&v->hdf5, group);
}

typedef struct mapping {
  view *v;
  const char *parent;
  int depth; /* how far below it the groups of recorders are */
} mapping;

static void map_below(view *v, const char *parent, int depth);

static herr_t map_next(hid_t unused, const char *name, const H5L_info_t *link, void *context) {
  const mapping *m = context;
  volley_arena *arena = volley_arena_create();
  const char *path = volley_arena_format(arena, "%s/%s", m->parent, name);
  (void)unused;
  (void)link;
  if (m->depth > 1)
    map_below(m->v, path, m->depth - 1);
  else
    map_recorder(m->v, path, arena);
  volley_arena_destroy(arena);
  return m->v->hdf5.failed ? -1 : 0;
}

/* Maps the recorders in a group of the model, if it has that. */
static void map_below(view *v, const char *parent, int depth) {
  if (H5Lexists(v->model->file, parent, H5P_DEFAULT) <= 0) return;
  mapping m = {v, parent, depth};
  const hid_t from = H5Gopen2(v->model->file, parent, H5P_DEFAULT);
  volley_hdf5_check(&v->hdf5, H5Literate(from, H5_INDEX_NAME, H5_ITER_INC, NULL, map_next, &m), "read");
  (void)H5Gclose(from);
}

/* Fills the temporary file. */
static void write_view(view *v) {
  v->file = volley_hdf5_check(&v->hdf5, H5Fcreate(v->hdf5.path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT), "create");
  if (v->file < 0) return;
  copy_attributes(v, "/");
  volley_hdf5_check(&v->hdf5, H5Ocopy(v->model->file, "volley", v->file, "volley", H5P_DEFAULT, H5P_DEFAULT), "read");
  volley_arena *arena = volley_arena_create();
  map_below(v, "/recorders", 3); /* /recorders/NAME/spikes/POPULATION */
  for (const volley_recorder_kind *const *kind = volley_recorder_kinds(); *kind; kind++)
    if (!(*kind)->is_sonata) map_below(v, volley_arena_format(arena, "/%s", (*kind)->group), 1);
  volley_arena_destroy(arena);
  const hid_t volley = volley_hdf5_check(&v->hdf5, H5Gopen2(v->file, "volley", H5P_DEFAULT), "find a group in");
  volley_hdf5_put_number(&v->hdf5, volley, "recorded_ms", (double)v->end * v->dt);
  volley_hdf5_release(&v->hdf5, volley);
  volley_hdf5_check(&v->hdf5, H5Fclose(v->file), "close");
}

static volley_status open_temporary(volley_found_output *out) {
  const char *room = getenv("TMPDIR");
  if (!room || !*room) room = "/tmp";
  out->path = volley_path_format("%s/volley-XXXXXX.h5", room);
  const int descriptor = mkostemps(out->path, 3, O_CLOEXEC);
  if (descriptor < 0)
    return volley_fault(VOLLEY_FAILURE, NULL, "cannot create '%s', which lists the parts: %s", out->path,
                        strerror(errno));
  close(descriptor);
  out->is_view = true;
  return VOLLEY_OK;
}

/* The parts of an output in the order of time; with_last: and the one that the run was writing, of which the end is not known. */
static void list_parts(view *v, bool with_last) {
  char *folder = volley_path_format("%s.parts", v->hdf5.path), *last = volley_path_format("%s.part", v->hdf5.path);
  find_parts(v, folder);
  qsort(v->parts, (size_t)v->n, sizeof *v->parts, by_time);
  if (with_last) add_part(v, last, -1, INT64_MAX);
  free(last);
  free(folder);
}

static volley_status tell_of_nothing(const char *output) {
  char *trial = volley_path_numbered(output, 1);
  const bool has_trials = access(trial, F_OK) == 0;
  if (has_trials)
    (void)volley_fault(VOLLEY_USAGE, NULL, "'%s' has trials: give one of them, '%s' or another", output, trial);
  free(trial);
  if (has_trials) return VOLLEY_USAGE;
  return volley_fault(VOLLEY_USAGE, NULL, "cannot open '%s': there is no such file, and nothing in '%s.parts'", output,
                      output);
}

/* Makes one file, at path, of the parts of an output. Returns false if they cannot be read. */
static bool join_parts(const char *output, const char *path, bool with_last) {
  view v = {.hdf5 = {.path = output, .blame = VOLLEY_USAGE, .writes = true, .is_silent = with_last}};
  list_parts(&v, with_last);
  if (v.n == 0) {
    v.hdf5.failed = true;
    if (!with_last) (void)tell_of_nothing(output);
  } else {
    chain_parts(&v);
    v.hdf5.path = path;
    write_view(&v);
  }
  for (int p = 0; p < v.n; p++) {
    (void)H5Fclose(v.parts[p].file);
    free(v.parts[p].path);
  }
  free(v.parts);
  return !v.hdf5.failed;
}

static bool is_readable(const char *path) {
  volley_output_file *file = NULL;
  const bool opens = volley_output_file_open(path, &file) == VOLLEY_OK;
  volley_output_file_close(file);
  if (!opens) volley_faults_clear();
  return opens;
}

/* Makes one file of what is left of an output: at a path that is given, or else a temporary one. What a run was writing when it
 * was looked at, or killed, may be half a file: then the others are all there is. */
static volley_status make_view(const char *output, const char *path, volley_found_output *out) {
  if (!path) VOLLEY_TRY(open_temporary(out));
  const char *to = path ? path : out->path;
  if ((join_parts(output, to, true) && is_readable(to)) || join_parts(output, to, false)) return VOLLEY_OK;
  if (path) (void)unlink(path);
  return VOLLEY_USAGE;
}

volley_status volley_output_find(const char *name, volley_found_output *out) {
  *out = (volley_found_output){0};
  char *target = volley_link_target(name);
  volley_status status = VOLLEY_OK;
  if (access(target, F_OK) == 0 || errno != ENOENT) {
    out->path = target;
    return VOLLEY_OK;
  }
  status = make_view(target, NULL, out);
  free(target);
  return status;
}

volley_status volley_output_view(const char *name, const char *path) {
  char *target = volley_link_target(name);
  volley_status status = access(path, F_OK) == 0
                             ? volley_fault(VOLLEY_USAGE, NULL, "'%s' exists; choose another name or remove it", path)
                             : VOLLEY_OK;
  if (access(target, F_OK) == 0)
    status = volley_fault(VOLLEY_USAGE, NULL, "'%s' is whole: programs read it as it is", name);
  if (status == VOLLEY_OK) status = make_view(target, path, NULL);
  free(target);
  return status;
}

void volley_output_found_release(volley_found_output *found) {
  if (found->is_view) (void)unlink(found->path);
  free(found->path);
}
