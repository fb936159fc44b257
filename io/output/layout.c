#include "io/output/layout.h"

#include "base/memory.h"
#include "io/file/path.h"
#include "io/output/provenance.h"
#include "model/nodes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  LEAST_SPIKE_CHUNK = 512, /* spikes: a page of a disk */
  SPIKE_CHUNK = 8192,
  TRACE_COLUMNS = 256,      /* of a chunk at most, where it has enough rows */
  TRACE_CHUNK = 32768,      /* values */
  METADATA_PER_CHUNK = 256, /* bytes, generous */
  METADATA_PER_RECORDER = 65536,
  EXPECTED_GROUP = 8192 /* bytes of a group, its attributes and an index of chunks, about */
};

/* A chunk holds the spikes that its neurons fire at this rate: what the last one has to spare is little, whatever the
 * network. */
static const double spike_chunk_rate = 1.0 / 8; /* Hz */

char *volley_recorder_path(const volley_experiment *experiment, const volley_recorder *recorder) {
  const char *group = recorder->kind->group;
  if (!recorder->kind->is_sonata) return volley_path_format("%s/%s", group, recorder->name);
  return volley_path_format("recorders/%s/%s/%s", recorder->name, group, volley_recorded_name(experiment, recorder));
}

void volley_layout_put_groups(volley_hdf5 *file, hid_t root, const volley_experiment *experiment) {
  volley_hdf5_release(file, volley_hdf5_put_group(file, root, "recorders"));
  for (const volley_recorder_kind *const *kind = volley_recorder_kinds(); *kind; kind++) {
    bool is_there = !(*kind)->is_optional;
    for (int r = 0; r < experiment->n_recorders; r++) is_there |= experiment->recorders[r].kind == *kind;
    if (is_there) volley_hdf5_release(file, volley_hdf5_put_group(file, root, (*kind)->group));
  }
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Type of the values of a trace recorder, in the file and when it is written. */
static hid_t value_type(const volley_track *track) {
  return track->value_size == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}

void volley_layout_put_root(volley_hdf5 *file, hid_t root) {
  const uint32_t magic = 0x0A7A, version[2] = {0, 1};
  volley_hdf5_put_values(file, root, "magic", H5T_NATIVE_UINT32, 0, &magic);
  volley_hdf5_put_values(file, root, "version", H5T_NATIVE_UINT32, 2, version);
}

static void put_sorting(volley_hdf5 *file, hid_t group) {
  static const char *const names[] = {"none", "by_id", "by_time"};
  const uint8_t by_time = 2;
  const hid_t type = volley_hdf5_check(file, H5Tenum_create(H5T_STD_U8LE), "describe data of");
  for (uint8_t value = 0; value < 3; value++)
    volley_hdf5_check(file, H5Tenum_insert(type, names[value], &value), "describe data of");
  volley_hdf5_put_values(file, group, "sorting", type, 0, &by_time);
  volley_hdf5_release(file, type);
}

/* An empty dataset that grows along its first dimension by chunks. These are not filled before they are written, unless
 * what is left of the last one is to be compressed. */
static hid_t growing_dataset(volley_hdf5 *file, hid_t group, const char *name, hid_t type, int rank,
                             const hsize_t *chunk, uint64_t width, int compression) {
  const hsize_t size[2] = {0, width}, limit[2] = {H5S_UNLIMITED, width ? width : H5S_UNLIMITED}; /* above a chunk */
  const hid_t space = volley_hdf5_check(file, H5Screate_simple(rank, size, limit), "describe data of");
  const hid_t creation = volley_hdf5_check(file, H5Pcreate(H5P_DATASET_CREATE), "describe data of");
  volley_hdf5_check(file, H5Pset_chunk(creation, rank, chunk), "describe data of");
  volley_hdf5_check(file, H5Pset_alloc_time(creation, compression ? H5D_ALLOC_TIME_INCR : H5D_ALLOC_TIME_EARLY),
                    "describe data of");
  volley_hdf5_check(file, H5Pset_fill_time(creation, compression ? H5D_FILL_TIME_ALLOC : H5D_FILL_TIME_NEVER),
                    "describe data of");
  if (compression) {
    volley_hdf5_check(file, H5Pset_shuffle(creation), "compress data of");
    volley_hdf5_check(file, H5Pset_deflate(creation, (unsigned)compression), "compress data of");
  }
  const hid_t set = volley_hdf5_check(file, H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
                                      "create a dataset in");
  volley_hdf5_release(file, creation);
  volley_hdf5_release(file, space);
  return set;
}

/* What all recorders have in common. */
static void put_recorder(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                         const volley_recorder *recorder) {
  const double dt = experiment->simulation.dt;
  volley_attribute attributes[VOLLEY_MAX_ATTRIBUTES];
  const int n = recorder->kind->attributes(experiment, recorder, attributes);
  for (const volley_attribute *a = attributes; a < attributes + n; a++) {
    switch (a->type) {
      case VOLLEY_IS_TEXT: volley_hdf5_put_text(file, group, a->name, a->text); break;
      case VOLLEY_IS_NUMBER: volley_hdf5_put_number(file, group, a->name, a->number); break;
      case VOLLEY_IS_COUNT: volley_hdf5_put_count(file, group, a->name, a->count); break;
    }
  }
  volley_hdf5_put_number(file, group, "start_ms", (double)recorder->start * dt);
  volley_hdf5_put_number(file, group, "stop_ms", (double)volley_recorder_end(experiment, recorder) * dt);
}

/* Spikes of a chunk: a power of two. */
static uint64_t spike_chunk(const volley_experiment *experiment, const volley_recorder *recorder) {
  const double steps = (double)(volley_recorder_end(experiment, recorder) - recorder->start);
  const double spikes = spike_chunk_rate * 1e-3 * steps * experiment->simulation.dt * (double)recorder->neurons.count;
  uint64_t chunk = LEAST_SPIKE_CHUNK;
  while (chunk < SPIKE_CHUNK && (double)chunk < spikes) chunk *= 2;
  return chunk;
}

static void create_spikes(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                          const volley_recorder *recorder, volley_track *track) {
  const hsize_t chunk = track->chunk = spike_chunk(experiment, recorder);
  put_sorting(file, group);
  track->times = growing_dataset(file, group, "timestamps", H5T_NATIVE_DOUBLE, 1, &chunk, 0, experiment->compression);
  track->ids = growing_dataset(file, group, "node_ids", H5T_NATIVE_UINT64, 1, &chunk, 0, experiment->compression);
  volley_hdf5_put_text(file, track->times, "units", "ms");
}

/* Rows and columns of a chunk: as many rows as columns or more, but not more than are handed over at once, so that a
 * chunk is written once; and such that little of the last ones is left empty. */
static volley_tile choose_chunk(uint64_t width, uint64_t rows) {
  const uint64_t window = volley_window_rows(width);
  uint64_t columns = TRACE_COLUMNS, height = 1;
  while (2 * height * least(columns, width ? width : 1) <= TRACE_CHUNK && 2 * height <= window) height *= 2;
  if (columns * height < TRACE_CHUNK) columns = TRACE_CHUNK / height;
  const uint64_t side_by_side = width ? (width + columns - 1) / columns : 1;
  columns = (width + side_by_side - 1) / side_by_side;
  if (rows <= height)
    height = rows ? rows : 1;
  else
    while ((height - rows % height) % height > rows / 8) height /= 2;
  return (volley_tile){.rows = height, .columns = columns ? columns : 1};
}

/* The form of the data of a recorder of rows with so many columns. */
static void shape_traces(const volley_experiment *experiment, const volley_recorder *recorder, uint64_t width,
                         volley_track *track) {
  const bool is_single = recorder->kind->may_be_single && !experiment->is_double;
  const volley_tile shape = choose_chunk(width, volley_recorder_rows(experiment, recorder));
  track->width = width;
  track->value_size = is_single ? sizeof(float) : sizeof(double);
  track->chunk = shape.rows;
  track->chunk_columns = shape.columns;
}

static void create_traces(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                          const volley_recorder *recorder, MPI_Comm comm, volley_track *track) {
  const volley_state_info state = recorder->kind->value(experiment, recorder);
  shape_traces(experiment, recorder, volley_recorder_width(experiment, recorder), track);
  const hsize_t chunk[2] = {track->chunk, track->chunk_columns};
  track->tiling = volley_tiling_create(track->columns, track->width, track->chunk, track->chunk_columns, comm);
  if (!track->tiling) return;
  track->data =
      growing_dataset(file, group, "data", value_type(track), 2, chunk, track->width, experiment->compression);
  volley_hdf5_put_text(file, track->data, "units", state.unit);
  volley_hdf5_put_text(file, group, "state", state.name);
  volley_hdf5_put_number(file, group, "interval_ms", (double)recorder->interval * experiment->simulation.dt);
  volley_mapping_put(file, group, experiment, recorder, track, comm);
}

/* Spikes, and rows no wider than a chunk, are contiguous pieces of the file, which each rank writes for itself. Ranks write
 * together what HDF5 would else write row by row, and what is compressed, which it could not write. */
static hid_t choose_transfer(volley_hdf5 *file, const volley_track *track, MPI_Comm comm) {
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  if (ranks == 1 || (!track->is_compressed && track->width <= track->chunk_columns)) return H5P_DEFAULT;
  const hid_t transfer = volley_hdf5_check(file, H5Pcreate(H5P_DATASET_XFER), "set up");
  volley_hdf5_check(file, H5Pset_dxpl_mpio(transfer, H5FD_MPIO_COLLECTIVE), "set up");
  volley_hdf5_check(file, H5Pset_dxpl_mpio_chunk_opt(transfer, H5FD_MPIO_CHUNK_ONE_IO), "set up");
  return transfer;
}

void volley_track_create(volley_hdf5 *file, hid_t root, const volley_experiment *experiment, int r,
                         const volley_trace_columns *columns, MPI_Comm comm, volley_track *track) {
  const volley_recorder *recorder = &experiment->recorders[r];
  char *path = volley_recorder_path(experiment, recorder);
  const hid_t group = volley_hdf5_put_group(file, root, path);
  *track = (volley_track){
      .times = -1, .ids = -1, .data = -1, .value_size = sizeof(double), .is_compressed = experiment->compression > 0};
  put_recorder(file, group, experiment, recorder);
  if (!recorder->kind->holds_spikes) {
    track->columns = columns;
    create_traces(file, group, experiment, recorder, comm, track);
  } else {
    create_spikes(file, group, experiment, recorder, track);
  }
  track->transfer = choose_transfer(file, track, comm);
  volley_hdf5_release(file, group);
  free(path);
}

/* The recorder of a kind that stands for a population: the one of its name, else the first. -1: there is none. */
static int stand_in(const volley_experiment *experiment, const volley_recorder_kind *kind, const char *population) {
  int first = -1;
  for (int r = experiment->n_recorders - 1; r >= 0; r--) {
    const volley_recorder *recorder = &experiment->recorders[r];
    if (recorder->kind != kind || strcmp(volley_recorded_name(experiment, recorder), population) != 0) continue;
    if (strcmp(recorder->name, population) == 0) return r;
    first = r;
  }
  return first;
}

static void put_links(volley_hdf5 *file, hid_t root, const volley_experiment *experiment, const char *population) {
  for (const volley_recorder_kind *const *kind = volley_recorder_kinds(); *kind; kind++) {
    const int r = (*kind)->is_sonata ? stand_in(experiment, *kind, population) : -1;
    if (r < 0) continue;
    char *path = volley_recorder_path(experiment, &experiment->recorders[r]);
    char *link = volley_path_format("%s/%s", (*kind)->group, population);
    volley_hdf5_check(file, H5Lcreate_hard(root, path, root, link, H5P_DEFAULT, H5P_DEFAULT), "create a link in");
    free(link);
    free(path);
  }
}

void volley_layout_put_links(volley_hdf5 *file, hid_t root, const volley_experiment *experiment) {
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    put_links(file, root, experiment, population->name);
    if (population->nodes && population->nodes->first == p)
      put_links(file, root, experiment, population->nodes->population);
  }
}

void volley_track_release(volley_hdf5 *file, volley_track *track) {
  volley_hdf5_release(file, track->times);
  volley_hdf5_release(file, track->ids);
  volley_hdf5_release(file, track->data);
  if (track->transfer != H5P_DEFAULT) volley_hdf5_release(file, track->transfer);
}

/* Bytes of a chunk of traces at most. */
static uint64_t chunk_bytes(const volley_track *track) {
  return track->chunk * track->chunk_columns * track->value_size + METADATA_PER_CHUNK;
}

uint64_t volley_track_growth(const volley_track *track, uint64_t total) {
  if (total <= track->allocated) return 0;
  const uint64_t chunks = (total - track->allocated + track->chunk - 1) / track->chunk;
  if (!track->columns) return 2 * chunks * (track->chunk * sizeof(double) + METADATA_PER_CHUNK);
  return chunks * ((track->width + track->chunk_columns - 1) / track->chunk_columns) * chunk_bytes(track);
}

uint64_t volley_track_tile_bytes(const volley_track *track, const volley_tile *tile) {
  return (tile->rows / track->chunk + 2) * chunk_bytes(track);
}

uint64_t volley_track_expected_bytes(const volley_experiment *experiment, int r, uint64_t width, uint64_t total) {
  const uint64_t mapping = experiment->recorders[r].kind->mapping_bytes;
  static const volley_trace_columns some = {0};
  const volley_recorder *recorder = &experiment->recorders[r];
  const bool is_spikes = recorder->kind->holds_spikes;
  volley_track track = {.columns = is_spikes ? NULL : &some, .chunk = spike_chunk(experiment, recorder)};
  if (!is_spikes) shape_traces(experiment, recorder, width, &track);
  return volley_track_growth(&track, total) + EXPECTED_GROUP + mapping * width;
}

/* Rows are there again as the file has them, and on several ranks as they are sent and received. HDF5 keeps lists of the chunks of
 * spikes: this much of them, as was found. */
double volley_track_writing_expected_bytes(const volley_experiment *experiment, int r, int ranks, double width,
                                           double rows) {
  static const double bytes_of_spike = 40;
  if (experiment->recorders[r].kind->holds_spikes) return bytes_of_spike * fmin(rows, VOLLEY_SPIKES_AT_ONCE);
  const bool is_float = experiment->recorders[r].kind->may_be_single && !experiment->is_double;
  const double value = is_float ? sizeof(float) : sizeof(double);
  return (ranks > 1 ? 3 : 1) * value * volley_expected_window(width, rows) / ranks;
}

/* Grows a dataset to total along its first dimension. */
static void grow(volley_hdf5 *file, hid_t set, uint64_t total, uint64_t width) {
  const hsize_t size[2] = {total, width};
  volley_hdf5_check(file, H5Dset_extent(set, size), "grow a dataset of");
}

/* A chunk that is compressed takes its room only when it is written, and new room when it is written again. */
static void note_growth(volley_track *track, uint64_t total) {
  const uint64_t whole = track->is_compressed ? total : total + track->chunk - 1;
  const uint64_t allocated = whole / track->chunk * track->chunk;
  if (allocated > track->allocated) track->allocated = allocated;
}

void volley_track_put_spikes(volley_hdf5 *file, volley_track *track, uint64_t first, uint64_t count,
                             const double *times, const uint64_t *ids, uint64_t total) {
  const volley_tile tile = {.rows = 1, .first_column = first, .columns = count};
  grow(file, track->times, total, 0);
  grow(file, track->ids, total, 0);
  note_growth(track, total);
  volley_tile_write(file, track->times, H5T_NATIVE_DOUBLE, 1, &tile, track->transfer, times);
  volley_tile_write(file, track->ids, H5T_NATIVE_UINT64, 1, &tile, track->transfer, ids);
}

/* Values as the file has them, since HDF5 would not convert them in a collective write: themselves, or *own, which the caller
 * frees; NULL after a fault. */
static const void *narrow(const volley_track *track, const double *data, uint64_t n, float **own) {
  *own = NULL;
  if (track->value_size == sizeof(double)) return data;
  *own = volley_alloc_or_fault(n, sizeof **own, "the rows of a recorder");
  for (uint64_t i = 0; i < n && *own; i++) (*own)[i] = (float)data[i];
  return *own;
}

static void write_tile(volley_hdf5 *file, volley_track *track, const volley_tile *tile, const void *values,
                       uint64_t total) {
  grow(file, track->data, total, track->width);
  note_growth(track, total);
  if (track->width > 0) volley_tile_write(file, track->data, value_type(track), 2, tile, track->transfer, values);
}

void volley_track_put_traces(volley_hdf5 *file, volley_track *track, uint64_t first_row, uint64_t rows,
                             const double *data) {
  volley_tile tile;
  float *narrowed;
  const void *ready = narrow(track, data, rows * track->columns->count, &narrowed);
  const void *values = volley_tiling_rows(track->tiling, first_row, rows, ready, track->value_size, &tile);
  if (values) write_tile(file, track, &tile, values, first_row + rows);
  free(narrowed);
}

void volley_track_put_tile(volley_hdf5 *file, volley_track *track, const volley_tile *tile, const double *data,
                           uint64_t total, MPI_Comm comm) {
  float *narrowed;
  const void *values = narrow(track, data, tile->rows * tile->columns, &narrowed);
  if (volley_all(values, comm)) write_tile(file, track, tile, values, total);
  free(narrowed);
}

uint64_t volley_track_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  for (int r = 0; r < experiment->n_recorders; r++) {
    const volley_recorder *recorder = &experiment->recorders[r];
    bytes += METADATA_PER_RECORDER;
    bytes += volley_recorder_width(experiment, recorder) * 32;
  }
  return bytes;
}

void volley_layout_shorten(volley_hdf5 *file, hid_t root, const volley_experiment *experiment) {
  for (int r = 0; r < experiment->n_recorders; r++) {
    const volley_recorder *recorder = &experiment->recorders[r];
    char *path = volley_recorder_path(experiment, recorder);
    const hid_t group = volley_hdf5_open_group(file, root, path);
    const double stop = (double)volley_recorder_end(experiment, recorder) * experiment->simulation.dt;
    volley_hdf5_replace(file, group, "stop_ms", H5T_NATIVE_DOUBLE, &stop);
    if (!recorder->kind->holds_spikes) volley_mapping_shorten(file, group, experiment, recorder);
    volley_hdf5_release(file, group);
    free(path);
  }
  volley_provenance_shorten(file, root, experiment);
}

void volley_layout_put_spectra(volley_hdf5 *file, hid_t root, const volley_summary *summary) {
  if (summary->n_spectra == 0) return;
  const hid_t all = volley_hdf5_put_group(file, root, "eigenvalues");
  for (int s = 0; s < summary->n_spectra; s++) {
    const volley_spectrum *spectrum = &summary->spectra[s];
    const hid_t group = volley_hdf5_put_group(file, all, spectrum->readout);
    volley_hdf5_put_rows(file, group, "before", H5T_NATIVE_DOUBLE, spectrum->n_before, 2, spectrum->before);
    volley_hdf5_put_rows(file, group, "after", H5T_NATIVE_DOUBLE, spectrum->n_after, 2, spectrum->after);
    volley_hdf5_release(file, group);
  }
  volley_hdf5_release(file, all);
}

uint64_t volley_layout_expected_bytes(const volley_experiment *experiment) {
  return EXPECTED_GROUP + (experiment->resolved ? strlen(experiment->resolved) : 0) +
         volley_layout_spectra_bytes(experiment) + volley_nodes_bytes(experiment);
}

uint64_t volley_layout_spectra_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const uint64_t n = readout->eigenvalues < 0 ? readout->reads.size : (uint64_t)readout->eigenvalues;
    if (n > 0) bytes += n * 4 * sizeof(double) + METADATA_PER_RECORDER;
  }
  return bytes;
}
