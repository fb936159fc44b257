#include "io/output_layout.h"

#include "base/memory.h"
#include "neuron/neuron.h"
#include "signal/signal.h"
#include "synapse/synapse.h"

#include <stdlib.h>
#include <string.h>

enum {
  SPIKE_CHUNK = 8192,       /* spikes */
  TRACE_CHUNK = 32768,      /* values */
  METADATA_PER_CHUNK = 256, /* bytes, generous */
  METADATA_PER_RECORDER = 65536
};

const char *const volley_recorder_groups[VOLLEY_RECORDER_KINDS] = {[VOLLEY_RECORD_SPIKES] = "spikes",
                                                                   [VOLLEY_RECORD_TRACES] = "report",
                                                                   [VOLLEY_RECORD_READOUT] = "readout",
                                                                   [VOLLEY_RECORD_WEIGHTS] = "weights"};

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

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

/* An empty dataset that grows along its first dimension by chunks, which are not filled before they are written. */
static hid_t growing_dataset(volley_hdf5 *file, hid_t group, const char *name, hid_t type, int rank,
                             const hsize_t *chunk, uint64_t width) {
  const hsize_t size[2] = {0, width}, limit[2] = {H5S_UNLIMITED, width ? width : H5S_UNLIMITED}; /* above a chunk */
  const hid_t space = volley_hdf5_check(file, H5Screate_simple(rank, size, limit), "describe data of");
  const hid_t creation = volley_hdf5_check(file, H5Pcreate(H5P_DATASET_CREATE), "describe data of");
  volley_hdf5_check(file, H5Pset_chunk(creation, rank, chunk), "describe data of");
  volley_hdf5_check(file, H5Pset_alloc_time(creation, H5D_ALLOC_TIME_EARLY), "describe data of");
  volley_hdf5_check(file, H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER), "describe data of");
  const hid_t set = volley_hdf5_check(file, H5Dcreate2(group, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT),
                                      "create a dataset in");
  volley_hdf5_release(file, creation);
  volley_hdf5_release(file, space);
  return set;
}

/* Last step that a recorder can see. */
static int64_t last_step(const volley_experiment *experiment, const volley_recorder *recorder) {
  return recorder->stop < experiment->simulation.steps ? recorder->stop : experiment->simulation.steps;
}

/* Whether errors of the output after learning, shifted in time as is best, say whether it was learned. */
static bool is_comparable(const volley_experiment *experiment, const volley_readout *readout) {
  const volley_signal *supervisor = readout->supervisor;
  const double stop = (double)readout->stop * experiment->simulation.dt;
  bool comparable = !supervisor->kind->is_chaotic;
  for (int k = 0; k < supervisor->n_speeds; k++) comparable &= supervisor->speed_times[k] < stop;
  return comparable;
}

/* What spikes and traces have in common. */
static void put_recorder(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                         const volley_recorder *recorder) {
  const double dt = experiment->simulation.dt;
  if (recorder->kind == VOLLEY_RECORD_READOUT) {
    const volley_readout *readout = &experiment->readouts[recorder->readout];
    volley_hdf5_put_text(file, group, "readout", readout->name);
    volley_hdf5_put_number(file, group, "learning_start_ms", (double)readout->start * dt);
    volley_hdf5_put_number(file, group, "learning_stop_ms", (double)readout->stop * dt);
    volley_hdf5_put_count(file, group, "comparable", is_comparable(experiment, readout));
  } else if (recorder->kind == VOLLEY_RECORD_WEIGHTS) {
    const volley_projection *projection = &experiment->projections[recorder->projection];
    volley_hdf5_put_text(file, group, "projection", projection->name);
    volley_hdf5_put_text(file, group, "source", experiment->populations[projection->source].name);
    volley_hdf5_put_text(file, group, "target", experiment->populations[projection->target].name);
    volley_hdf5_put_text(file, group, "delay_is", projection->plasticity.is_axonal ? "axonal" : "dendritic");
    volley_hdf5_put_count(file, group, "recorded_synapses", recorder->synapses);
    volley_hdf5_put_count(file, group, "has_dopamine",
                          projection->plasticity.dopamine >= 0 || projection->plasticity.n_dopamine_on > 0);
  } else {
    volley_hdf5_put_text(file, group, "population", experiment->populations[recorder->population].name);
    volley_hdf5_put_count(file, group, "recorded_neurons", recorder->neurons.count);
  }
  volley_hdf5_put_number(file, group, "start_ms", (double)recorder->start * dt);
  volley_hdf5_put_number(file, group, "stop_ms", (double)last_step(experiment, recorder) * dt);
}

static void create_spikes(volley_hdf5 *file, hid_t group, volley_track *track) {
  const hsize_t chunk = SPIKE_CHUNK;
  put_sorting(file, group);
  track->times = growing_dataset(file, group, "timestamps", H5T_NATIVE_DOUBLE, 1, &chunk, 0);
  track->ids = growing_dataset(file, group, "node_ids", H5T_NATIVE_UINT64, 1, &chunk, 0);
  track->chunk = SPIKE_CHUNK;
  volley_hdf5_put_text(file, track->times, "units", "ms");
}

static uint64_t count_rows(const volley_experiment *experiment, const volley_recorder *recorder) {
  const int64_t steps = last_step(experiment, recorder) - recorder->start;
  return steps > 0 ? (uint64_t)(steps / recorder->interval) : 0;
}

/* `each` elements for each neuron: SONATA maps the columns from index_pointers[i] on to node_ids[i]. */
static void put_neuron_columns(volley_hdf5 *file, hid_t mapping, const volley_selection *neurons, uint64_t each) {
  const size_t n = neurons->count;
  uint64_t *ids = volley_alloc(2 * n + 1, sizeof *ids, "columns of a trace recorder"), *pointers = ids + n;
  uint32_t *zeros = volley_alloc(n, sizeof(double), "columns of a trace recorder");
  size_t column = 0;
  for (int r = 0; r < neurons->n_ranges; r++)
    for (uint32_t i = 0; i < neurons->ranges[r].count; i++) ids[column++] = neurons->ranges[r].first + i;
  for (size_t i = 0; i <= n; i++) pointers[i] = i * each;
  volley_hdf5_release(file, volley_hdf5_put_array(file, mapping, "node_ids", H5T_NATIVE_UINT64, n, ids));
  volley_hdf5_release(file, volley_hdf5_put_array(file, mapping, "index_pointers", H5T_NATIVE_UINT64, n + 1, pointers));
  volley_hdf5_check(file, H5Lcreate_hard(mapping, "index_pointers", mapping, "index_pointer", H5P_DEFAULT, H5P_DEFAULT),
                    "create a link in");
  volley_hdf5_release(file, volley_hdf5_put_array(file, mapping, "element_ids", H5T_NATIVE_UINT32, n, zeros));
  volley_hdf5_release(file, volley_hdf5_put_array(file, mapping, "element_pos", H5T_NATIVE_DOUBLE, n, zeros));
  free(ids);
  free(zeros);
}

/* Writes values at the selection of space. Their array has the extent size, [dimensions], and as many values as are
 * selected; a rank without values takes part with none. Where the selection has the form of the array, HDF5 maps blocks
 * to chunks, otherwise element by element. */
static void write_selected(volley_hdf5 *file, hid_t set, hid_t type, hid_t space, int dimensions, const hsize_t *size,
                           const void *values) {
  static const char nothing = 0;
  static const hsize_t one[2] = {1, 1};
  const bool empty = size[0] == 0 || (dimensions == 2 && size[1] == 0);
  const hid_t memory =
      volley_hdf5_check(file, H5Screate_simple(dimensions, empty ? one : size, NULL), "describe data of");
  if (empty) volley_hdf5_check(file, H5Sselect_none(memory), "select data of");
  volley_hdf5_check(file, H5Dwrite(set, type, memory, space, file->transfer, empty ? &nothing : values), "write");
  volley_hdf5_release(file, memory);
}

/* Selects the rank's columns in rows first_row .. first_row + rows - 1, one hyperslab for each run of columns at equal
 * distances: one for block and round robin partitions of a contiguous selection. */
static void select_columns(volley_hdf5 *file, hid_t space, int dimensions, const volley_trace_columns *columns,
                           uint64_t first_row, uint64_t rows) {
  const uint64_t *column = columns->columns;
  const int skip = 2 - dimensions; /* of the rows */
  volley_hdf5_check(file, H5Sselect_none(space), "select data of");
  for (uint64_t from = 0, to; rows && from < columns->count; from = to) {
    const uint64_t stride = from + 1 < columns->count ? column[from + 1] - column[from] : 1;
    for (to = from + 1; to < columns->count && column[to] - column[to - 1] == stride; to++) continue;
    const hsize_t start[2] = {first_row, column[from]}, step[2] = {1, stride}, count[2] = {rows, to - from};
    const H5S_seloper_t operation = from ? H5S_SELECT_OR : H5S_SELECT_SET;
    volley_hdf5_check(file, H5Sselect_hyperslab(space, operation, start + skip, step + skip, count + skip, NULL),
                      "select data of");
  }
}

/* Writes values of the rank's columns, [columns->count], as a dataset of one dimension. */
static void put_columns(volley_hdf5 *file, hid_t group, const char *name, hid_t type,
                        const volley_trace_columns *columns, uint64_t width, const void *values) {
  const hsize_t size = width, own = columns->count;
  const hid_t space = volley_hdf5_check(file, H5Screate_simple(1, &size, NULL), "describe data of");
  const hid_t set = volley_hdf5_check(file, H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                      "create a dataset in");
  select_columns(file, space, 1, columns, 0, 1);
  if (width > 0) write_selected(file, set, type, space, 1, &own, values); /* HDF5 fails at sets without a place */
  volley_hdf5_release(file, space);
  volley_hdf5_release(file, set);
}

/* Which synapses the columns are. */
static void put_synapses(volley_hdf5 *file, hid_t mapping, const volley_trace_columns *columns, uint64_t width) {
  put_columns(file, mapping, "source_ids", H5T_NATIVE_UINT32, columns, width, columns->sources);
  put_columns(file, mapping, "target_ids", H5T_NATIVE_UINT32, columns, width, columns->targets);
  put_columns(file, mapping, "delays", H5T_NATIVE_DOUBLE, columns, width, columns->delays);
}

static void put_mapping(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                        const volley_recorder *recorder, const volley_trace_columns *columns) {
  const double dt = experiment->simulation.dt;
  const int64_t first = recorder->start + recorder->interval; /* SONATA: row k is at time[0] + k * time[2] */
  const int64_t end = first + (int64_t)count_rows(experiment, recorder) * recorder->interval;
  const double time[3] = {(double)first * dt, (double)end * dt, (double)recorder->interval * dt};
  const hid_t mapping = volley_hdf5_put_group(file, group, "mapping");
  const bool has_decoders = recorder->kind == VOLLEY_RECORD_READOUT && recorder->state == VOLLEY_READOUT_DECODERS;
  if (recorder->kind == VOLLEY_RECORD_TRACES || has_decoders)
    put_neuron_columns(file, mapping, &recorder->neurons,
                       volley_recorder_width(experiment, recorder) / recorder->neurons.count);
  if (recorder->kind == VOLLEY_RECORD_WEIGHTS) put_synapses(file, mapping, columns, recorder->synapses);
  const hid_t times = volley_hdf5_put_array(file, mapping, "time", H5T_NATIVE_DOUBLE, 3, time);
  volley_hdf5_put_text(file, times, "units", "ms");
  volley_hdf5_release(file, times);
  volley_hdf5_release(file, mapping);
}

/* What the rows of a recorder hold, and its unit. */
static volley_state_info recorded_state(const volley_experiment *experiment, const volley_recorder *recorder) {
  if (recorder->kind == VOLLEY_RECORD_READOUT)
    return (volley_state_info){.name = volley_readout_value_names[recorder->state], .unit = ""};
  if (recorder->kind == VOLLEY_RECORD_TRACES)
    return experiment->populations[recorder->population].model->states[recorder->state];
  const volley_projection *projection = &experiment->projections[recorder->projection];
  const volley_neuron_model *target = experiment->populations[projection->target].model;
  const int receptor = projection->receptor >= 0 ? projection->receptor : target->receptor_of_sign[0];
  volley_state_info state = projection->plasticity.model->states[recorder->state];
  if (strcmp(state.unit, "weight") == 0) state.unit = target->receptors[receptor].unit;
  return state;
}

/* Columns of a chunk; one where there are none to record. */
static uint64_t chunk_columns(const volley_track *track) {
  return track->width ? least(track->width, VOLLEY_TILE_COLUMNS) : 1;
}

/* Columns and rows of a chunk of traces, of which there will be `rows`. */
static void set_chunk(volley_track *track, uint64_t rows) {
  track->chunk = least(TRACE_CHUNK / chunk_columns(track), rows ? rows : 1);
}

static void create_traces(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                          const volley_recorder *recorder, volley_track *track) {
  const volley_state_info state = recorded_state(experiment, recorder);
  track->width = volley_recorder_width(experiment, recorder);
  set_chunk(track, count_rows(experiment, recorder));
  const hsize_t chunk[2] = {track->chunk, chunk_columns(track)};
  track->data = growing_dataset(file, group, "data", H5T_NATIVE_DOUBLE, 2, chunk, track->width);
  volley_hdf5_put_text(file, track->data, "units", state.unit);
  volley_hdf5_put_text(file, group, "state", state.name);
  volley_hdf5_put_number(file, group, "interval_ms", (double)recorder->interval * experiment->simulation.dt);
  put_mapping(file, group, experiment, recorder, track->columns);
}

void volley_track_create(volley_hdf5 *file, hid_t parent, const volley_experiment *experiment, int r,
                         const volley_trace_columns *columns, volley_track *track) {
  const volley_recorder *recorder = &experiment->recorders[r];
  const hid_t group = volley_hdf5_put_group(file, parent, recorder->name);
  *track = (volley_track){.times = -1, .ids = -1, .data = -1};
  put_recorder(file, group, experiment, recorder);
  if (recorder->kind != VOLLEY_RECORD_SPIKES) {
    track->columns = columns;
    create_traces(file, group, experiment, recorder, track);
  } else {
    create_spikes(file, group, track);
  }
  volley_hdf5_release(file, group);
}

void volley_track_release(volley_hdf5 *file, volley_track *track) {
  volley_hdf5_release(file, track->times);
  volley_hdf5_release(file, track->ids);
  volley_hdf5_release(file, track->data);
}

uint64_t volley_track_growth(const volley_track *track, uint64_t total) {
  if (total <= track->allocated) return 0;
  const uint64_t chunks = (total - track->allocated + track->chunk - 1) / track->chunk;
  if (!track->columns) return 2 * chunks * (SPIKE_CHUNK * sizeof(double) + METADATA_PER_CHUNK);
  const uint64_t columns = chunk_columns(track);
  const uint64_t side_by_side = (track->width + columns - 1) / columns;
  return chunks * side_by_side * (track->chunk * columns * sizeof(double) + METADATA_PER_CHUNK);
}

uint64_t volley_track_file_bytes(const volley_experiment *experiment, int r, uint64_t width, uint64_t total) {
  static const volley_trace_columns some = {0};
  volley_track track = {.chunk = SPIKE_CHUNK};
  if (experiment->recorders[r].kind == VOLLEY_RECORD_SPIKES) return volley_track_growth(&track, total);
  track = (volley_track){.columns = &some, .width = width};
  set_chunk(&track, count_rows(experiment, &experiment->recorders[r]));
  return volley_track_growth(&track, total);
}

/* Grows a dataset to total along its first dimension. */
static void grow(volley_hdf5 *file, hid_t set, uint64_t total, uint64_t width) {
  const hsize_t size[2] = {total, width};
  volley_hdf5_check(file, H5Dset_extent(set, size), "grow a dataset of");
}

static void note_growth(volley_track *track, uint64_t total) {
  const uint64_t allocated = (total + track->chunk - 1) / track->chunk * track->chunk;
  if (allocated > track->allocated) track->allocated = allocated;
}

void volley_track_put_spikes(volley_hdf5 *file, volley_track *track, uint64_t first, uint64_t count,
                             const double *times, const uint64_t *ids, uint64_t total) {
  const hsize_t start = first, n = count;
  grow(file, track->times, total, 0);
  grow(file, track->ids, total, 0);
  note_growth(track, total);
  const hid_t space = volley_hdf5_check(file, H5Dget_space(track->times), "look up data of");
  volley_hdf5_check(file,
                    n ? H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &n, NULL) : H5Sselect_none(space),
                    "select data of");
  write_selected(file, track->times, H5T_NATIVE_DOUBLE, space, 1, &n, times);
  write_selected(file, track->ids, H5T_NATIVE_UINT64, space, 1, &n, ids);
  volley_hdf5_release(file, space);
}

void volley_track_put_traces(volley_hdf5 *file, volley_track *track, uint64_t first_row, uint64_t rows,
                             const double *data) {
  const hsize_t size[2] = {rows, track->columns->count};
  grow(file, track->data, first_row + rows, track->width);
  note_growth(track, first_row + rows);
  if (track->width == 0) return;
  const hid_t space = volley_hdf5_check(file, H5Dget_space(track->data), "look up data of");
  select_columns(file, space, 2, track->columns, first_row, rows);
  write_selected(file, track->data, H5T_NATIVE_DOUBLE, space, 2, size, data);
  volley_hdf5_release(file, space);
}

void volley_track_put_tile(volley_hdf5 *file, volley_track *track, const volley_tile *tile, const double *data,
                           uint64_t total) {
  const hsize_t start[2] = {tile->first_row, tile->first_column}, count[2] = {tile->rows, tile->columns};
  grow(file, track->data, total, track->width);
  note_growth(track, total);
  if (track->width == 0) return;
  const hid_t space = volley_hdf5_check(file, H5Dget_space(track->data), "look up data of");
  volley_hdf5_check(file,
                    tile->rows && tile->columns ? H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL)
                                                : H5Sselect_none(space),
                    "select data of");
  write_selected(file, track->data, H5T_NATIVE_DOUBLE, space, 2, count, data);
  volley_hdf5_release(file, space);
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

void volley_layout_put_spectra(volley_hdf5 *file, hid_t root, const volley_summary *summary) {
  if (summary->n_spectra == 0) return;
  const hid_t all = volley_hdf5_put_group(file, root, "eigenvalues");
  for (int s = 0; s < summary->n_spectra; s++) {
    const volley_spectrum *spectrum = &summary->spectra[s];
    const hid_t group = volley_hdf5_put_group(file, all, spectrum->readout);
    volley_hdf5_release(
        file, volley_hdf5_put_rows(file, group, "before", H5T_NATIVE_DOUBLE, spectrum->n_before, 2, spectrum->before));
    volley_hdf5_release(
        file, volley_hdf5_put_rows(file, group, "after", H5T_NATIVE_DOUBLE, spectrum->n_after, 2, spectrum->after));
    volley_hdf5_release(file, group);
  }
  volley_hdf5_release(file, all);
}

uint64_t volley_layout_spectra_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const uint64_t n = readout->eigenvalues < 0 ? readout->size : (uint64_t)readout->eigenvalues;
    if (n > 0) bytes += n * 4 * sizeof(double) + METADATA_PER_RECORDER;
  }
  return bytes;
}
