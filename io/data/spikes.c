/* Spikes of HDF5 files: SONATA's, of today (/spikes/POPULATION with timestamps and node_ids) and of old (/spikes with
 * timestamps and gids), and others of that kind. */
#include "base/memory.h"
#include "io/data/reader.h"
#include "io/data/rows.h"
#include "io/file/hdf5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { ID, TIME, COLUMNS, LEAST_BYTES = 8 /* of a line of text, about */, LISTED = 512 };

static const volley_row_layout layout = {
    {{"node_ids|gids|ids|node_id|senders", true, true}, {"timestamps|times|time", false, true}}, COLUMNS, false};

/* A file of a plan, and what its times are multiplied with. */
typedef struct source {
  const volley_spike_plan *plan;
  const char *group; /* NULL: is looked for */
  double scale;
} source;

/* The groups below one, for messages, and how many there are. */
typedef struct found {
  char first[128], all[LISTED];
  int n;
} found;

static herr_t note_group(hid_t group, const char *name, const H5L_info_t *info, void *context) {
  found *f = context;
  const size_t length = strlen(f->all);
  H5O_info_t object;
  (void)info;
  if (H5Oget_info_by_name(group, name, &object, H5P_DEFAULT) < 0 || object.type != H5O_TYPE_GROUP) return 0;
  if (f->n++ == 0) snprintf(f->first, sizeof f->first, "%s", name);
  snprintf(f->all + length, sizeof f->all - length, "%s%s", length ? ", " : "", name);
  return 0;
}

static bool holds_spikes(hid_t group) {
  return H5Lexists(group, "timestamps", H5P_DEFAULT) > 0 || H5Lexists(group, "times", H5P_DEFAULT) > 0;
}

/* The group below /spikes that holds those of the population, or of the only one; /spikes itself in files of old. */
static hid_t find_group(volley_rows *rows, const source *s) {
  const char *name = s->plan->population;
  found f = {.n = 0};
  const hid_t spikes = H5Gopen2(rows->handle, "/spikes", H5P_DEFAULT);
  if (spikes < 0) {
    volley_hdf5_fault(&rows->file, "'%s' has no group /spikes; 'group' can say where its spikes are", rows->file.path);
    return -1;
  }
  if (holds_spikes(spikes)) return spikes;
  (void)H5Literate(spikes, H5_INDEX_NAME, H5_ITER_INC, NULL, note_group, &f);
  if (!name && f.n == 1) name = f.first;
  const hid_t group = name && H5Lexists(spikes, name, H5P_DEFAULT) > 0 ? H5Gopen2(spikes, name, H5P_DEFAULT) : -1;
  volley_hdf5_release(&rows->file, spikes);
  if (group >= 0) return group;
  if (f.n == 0)
    volley_hdf5_fault(&rows->file, "/spikes of '%s' holds no populations", rows->file.path);
  else if (name)
    volley_hdf5_fault(&rows->file, "'%s' has no spikes of a population '%s'; there are %s", rows->file.path, name,
                      f.all);
  else
    volley_hdf5_fault(&rows->file, "'%s' has spikes of several populations: 'population' must say of which, %s",
                      rows->file.path, f.all);
  return -1;
}

/* Times in s become ms; other units are refused. */
static void look_up_unit(volley_rows *rows, source *s) {
  static const struct {
    const char *name;
    double ms;
  } units[] = {{"", 1},     {"ms", 1},         {"milliseconds", 1}, {"millisecond", 1},
               {"s", 1000}, {"seconds", 1000}, {"second", 1000}};
  char unit[32] = "";
  char name[VOLLEY_COLUMN_NAME];
  const hid_t set = volley_rows_find_name(rows, TIME, name) ? H5Dopen2(rows->group, name, H5P_DEFAULT) : -1;
  if (set >= 0) (void)volley_hdf5_find_text(set, "units", unit, sizeof unit);
  volley_hdf5_release(&rows->file, set);
  for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
    if (strcmp(unit, units[u].name) != 0) continue;
    s->scale = units[u].ms;
    return;
  }
  volley_hdf5_fault(&rows->file, "the times of '%s' are in '%s'; ms and s are understood", rows->file.path, unit);
}

static hid_t open_group(volley_rows *rows) {
  source *s = rows->context;
  rows->layout = &layout;
  rows->group = s->group ? H5Gopen2(rows->handle, s->group, H5P_DEFAULT) : find_group(rows, s);
  if (rows->group < 0)
    volley_hdf5_fault(&rows->file, "group '%s' does not exist in '%s'", s->group, rows->file.path);
  else
    look_up_unit(rows, s);
  return rows->group;
}

static void make(volley_rows *rows, volley_edge_slab *slab) {
  const source *s = rows->context;
  double *times = (double *)rows->buffers[TIME];
  for (size_t i = 0; i < slab->count; i++) times[i] *= s->scale;
  slab->target = rows->buffers[ID];
  slab->weight = times;
}

/* Whether a file is a text; the same on every rank. Collective. */
static bool is_text(const volley_spike_plan *plan, int file, MPI_Comm comm) {
  int rank, is = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_hdf5_quiet();
  if (rank == 0) is = H5Fis_hdf5(plan->files[file]) == 0;
  VOLLEY_MPI(MPI_Bcast(&is, 1, MPI_INT, 0, comm));
  return is;
}

volley_status volley_spikes_read(void *context, const volley_spike_plan *plan, int file,
                                 const volley_edge_taker *taker) {
  const MPI_Comm comm = *(MPI_Comm *)context;
  if (is_text(plan, file, comm)) return volley_spike_text_read(comm, plan, file, taker);
  source s = {.plan = plan, .group = plan->groups[file]};
  volley_rows rows = {.context = &s, .open_group = open_group, .make = make};
  volley_status status = volley_rows_open(&rows, &plan->place, plan->files[file], comm);
  if (status == VOLLEY_OK) status = volley_rows_read(&rows, taker);
  volley_rows_close(&rows);
  return status;
}

volley_status volley_spikes_count(void *context, const volley_spike_plan *plan, int file, uint64_t *count) {
  const MPI_Comm comm = *(MPI_Comm *)context;
  if (is_text(plan, file, comm)) {
    struct stat status;
    *count = stat(plan->files[file], &status) == 0 ? (uint64_t)status.st_size / LEAST_BYTES : 0;
    VOLLEY_MPI(MPI_Bcast(count, 1, MPI_UINT64_T, 0, comm));
    return VOLLEY_OK;
  }
  source s = {.plan = plan, .group = plan->groups[file]};
  volley_rows rows = {.context = &s, .open_group = open_group, .make = make};
  const volley_status status = volley_rows_open(&rows, &plan->place, plan->files[file], comm);
  *count = rows.shape.size;
  volley_rows_close(&rows);
  return status;
}
