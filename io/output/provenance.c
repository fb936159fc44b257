#include "io/output/provenance.h"

#include "base/build_info.h"
#include "base/memory.h"
#include "io/data/inputs.h"
#include "io/output/summary.h"
#include "model/nodes.h"
#include "neuron/neuron.h"
#include "solver/solver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void put_software(volley_hdf5 *file, hid_t group) {
  char text[MPI_MAX_LIBRARY_VERSION_STRING];
  int length = 0;
  unsigned major = 0, minor = 0, release = 0;
  volley_hdf5_put_text(file, group, "version", VOLLEY_VERSION);
  volley_hdf5_put_text(file, group, "git_commit", VOLLEY_GIT_COMMIT);
  volley_hdf5_put_text(file, group, "compiler", VOLLEY_COMPILER);
  volley_hdf5_put_text(file, group, "c_flags", VOLLEY_C_FLAGS);
  VOLLEY_MPI(MPI_Get_library_version(text, &length));
  volley_hdf5_put_text(file, group, "mpi_version", text);
  volley_hdf5_check(file, H5get_libversion(&major, &minor, &release), "ask for the version of HDF5 for");
  snprintf(text, sizeof text, "%u.%u.%u", major, minor, release);
  volley_hdf5_put_text(file, group, "hdf5_version", text);
  volley_hdf5_put_text(file, group, "petsc_version", volley_petsc_version);
  snprintf(text, sizeof text, "%d", _OPENMP);
  volley_hdf5_put_text(file, group, "openmp_version", text);
}

/* Number of computers that the ranks run on. Collective. */
static int count_nodes(MPI_Comm comm) {
  MPI_Comm node;
  int rank = 0, nodes = 0;
  VOLLEY_MPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  VOLLEY_MPI(MPI_Comm_rank(node, &rank));
  const int first = rank == 0;
  VOLLEY_MPI(MPI_Allreduce(&first, &nodes, 1, MPI_INT, MPI_SUM, comm));
  VOLLEY_MPI(MPI_Comm_free(&node));
  return nodes;
}

volley_stamp volley_stamp_now(MPI_Comm comm) {
  volley_stamp first = {"", ""};
  int length = 0;
  const time_t now = time(NULL);
  struct tm utc;
  gmtime_r(&now, &utc);
  strftime(first.time, sizeof first.time, "%Y-%m-%dT%H:%M:%SZ", &utc);
  VOLLEY_MPI(MPI_Get_processor_name(first.host, &length));
  VOLLEY_MPI(MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, comm));
  return first;
}

static void put_place_and_time(volley_hdf5 *file, hid_t group, MPI_Comm comm) {
  int ranks = 0;
  const volley_stamp stamp = volley_stamp_now(comm);
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_hdf5_put_text(file, group, "started", stamp.time);
  volley_hdf5_put_text(file, group, "host", stamp.host);
  volley_hdf5_put_count(file, group, "hosts", (uint64_t)count_nodes(comm));
  volley_hdf5_put_count(file, group, "ranks", (uint64_t)ranks);
}

static const char *const outgoing_names[] = {[VOLLEY_OUTGOING_NONE] = "none",
                                             [VOLLEY_OUTGOING_EXCITATORY] = "excitatory",
                                             [VOLLEY_OUTGOING_INHIBITORY] = "inhibitory",
                                             [VOLLEY_OUTGOING_MIXED] = "mixed"};

static void put_populations(volley_hdf5 *file, hid_t parent, const volley_experiment *experiment) {
  const size_t n = (size_t)experiment->n_populations;
  const hid_t group = volley_hdf5_put_group(file, parent, "populations");
  const char **names = volley_alloc(n, sizeof *names, "population names");
  const char **models = volley_alloc(n, sizeof *models, "model names");
  const char **outgoing = volley_alloc(n, sizeof *outgoing, "signs of weights");
  uint64_t *sizes = volley_alloc(2 * n, sizeof *sizes, "population sizes");
  bool has_nodes = false;
  for (size_t p = 0; p < n; p++) {
    names[p] = experiment->populations[p].name;
    models[p] = experiment->populations[p].model->name;
    outgoing[p] = outgoing_names[experiment->populations[p].outgoing];
    sizes[p] = experiment->populations[p].size;
    sizes[n + p] = experiment->populations[p].first_gid;
  }
  volley_hdf5_put_texts(file, group, "name", n, names);
  volley_hdf5_put_texts(file, group, "model", n, models);
  volley_hdf5_put_texts(file, group, "outgoing", n, outgoing);
  for (size_t p = 0; p < n; p++) has_nodes |= experiment->populations[p].nodes != NULL;
  for (size_t p = 0; p < n; p++)
    names[p] = experiment->populations[p].nodes ? experiment->populations[p].nodes->population : "";
  if (has_nodes) volley_hdf5_put_texts(file, group, "nodes", n, names);
  volley_hdf5_put_array(file, group, "size", H5T_NATIVE_UINT64, n, sizes);
  volley_hdf5_put_array(file, group, "first_gid", H5T_NATIVE_UINT64, n, sizes + n);
  volley_hdf5_release(file, group);
  free(names);
  free(models);
  free(outgoing);
  free(sizes);
}

void volley_provenance_begin(volley_hdf5 *file, hid_t root, const volley_experiment *experiment, int64_t first_step,
                             MPI_Comm comm) {
  const volley_simulation *simulation = &experiment->simulation;
  const hid_t group = volley_hdf5_put_group(file, root, "volley");
  const uint32_t format = VOLLEY_FORMAT_VERSION;
  const uint8_t complete = 0;
  volley_hdf5_put_values(file, group, "format_version", H5T_NATIVE_UINT32, 0, &format);
  volley_hdf5_put_values(file, group, "complete", H5T_NATIVE_UINT8, 0, &complete);
  volley_hdf5_put_text(file, group, "title", experiment->title);
  volley_hdf5_put_text(file, group, "experiment_file", experiment->file);
  volley_hdf5_put_number(file, group, "dt_ms", simulation->dt);
  volley_hdf5_put_number(file, group, "duration_ms", (double)simulation->steps * simulation->dt);
  volley_hdf5_put_count(file, group, "seed", simulation->seed);
  if (simulation->noise_seed != simulation->seed)
    volley_hdf5_put_count(file, group, "noise_seed", simulation->noise_seed);
  if (experiment->trials.number > 0) {
    volley_hdf5_put_count(file, group, "trial", (uint64_t)experiment->trials.number);
    volley_hdf5_put_count(file, group, "trials", (uint64_t)experiment->trials.n);
  }
  volley_hdf5_put_count(file, group, "neurons", experiment->neurons);
  if (experiment->n_changes > 0) volley_hdf5_put_count(file, group, "changes", (uint64_t)experiment->n_changes);
  if (experiment->begun_from) {
    volley_hdf5_put_number(file, group, "begins_ms", volley_time_of(experiment, experiment->begins));
    volley_hdf5_put_text(file, group, "begun_from", experiment->begun_from);
  }
  volley_hdf5_put_count(file, group, "first_step", (uint64_t)first_step);
  char hash[VOLLEY_INPUTS_HASH_SIZE];
  volley_inputs_hash(experiment, hash);
  volley_hdf5_put_text(file, group, "inputs_hash", hash);
  if (*volley_petsc_options()) volley_hdf5_put_text(file, group, "petsc_options", volley_petsc_options());
  put_software(file, group);
  put_place_and_time(file, group, comm);
  put_populations(file, group, experiment);
  volley_hdf5_put_document(file, group, "experiment", experiment->resolved);
  volley_hdf5_release(file, group);
}

static void put_figures(volley_hdf5 *file, hid_t group, const volley_summary *summary) {
  char digest[VOLLEY_DIGEST_SIZE];
  volley_digest_text(summary->digest, digest);
  volley_hdf5_put_text(file, group, "spike_digest", digest);
  volley_hdf5_put_count(file, group, "threads", (uint64_t)summary->threads);
  volley_hdf5_put_count(file, group, "synapses", summary->synapses);
  volley_hdf5_put_count(file, group, "spikes", summary->spikes);
  volley_hdf5_put_count(file, group, "synaptic_events", summary->synaptic_events);
  volley_hdf5_put_count(file, group, "delivered_bytes", summary->delivered_bytes);
  volley_hdf5_put_count(file, group, "table_bytes", summary->table_bytes);
  volley_hdf5_put_number(file, group, "build_s", summary->build_s);
  volley_hdf5_put_number(file, group, "simulate_s", summary->simulate_s);
  volley_hdf5_put_number(file, group, "model_ms", summary->model_ms);
  volley_hdf5_put_number(file, group, "from_ms", summary->from_ms);
  volley_hdf5_put_number(file, group, "real_time_factor", summary->real_time_factor);
  volley_hdf5_put_number(file, group, "synaptic_events_per_s", summary->synaptic_events_per_s);
  const hid_t timers = volley_hdf5_put_group(file, group, "seconds_by_phase");
  for (int phase = 0; phase < VOLLEY_PHASES; phase++)
    volley_hdf5_put_number(file, timers, volley_phase_names[phase], summary->phase_s[phase]);
  volley_hdf5_release(file, timers);
}

/* Host and cores of each rank. */
static void put_places(volley_hdf5 *file, hid_t group, const volley_summary *summary) {
  const size_t n = (size_t)summary->ranks;
  if (!summary->places) return;
  const char **texts = volley_alloc(2 * n, sizeof *texts, "the places of ranks");
  for (size_t r = 0; r < n; r++) {
    texts[r] = summary->places[r].host;
    texts[n + r] = summary->places[r].cores;
  }
  volley_hdf5_put_texts(file, group, "hosts", n, texts);
  volley_hdf5_put_texts(file, group, "cores", n, texts + n);
  free(texts);
}

/* What each rank did: a dataset for each phase and figure. */
static void put_ranks(volley_hdf5 *file, hid_t parent, const volley_summary *summary) {
  const size_t n = (size_t)summary->ranks;
  if (!summary->of_rank) return;
  const hid_t group = volley_hdf5_put_group(file, parent, "of_rank");
  uint64_t *counts = volley_alloc(n, sizeof *counts, "figures of ranks");
  double *numbers = volley_alloc(n, sizeof *numbers, "figures of ranks");
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) {
    for (size_t r = 0; r < n; r++) numbers[r] = summary->of_rank[r].phase_s[phase];
    volley_hdf5_put_array(file, group, volley_phase_names[phase], H5T_NATIVE_DOUBLE, n, numbers);
  }
  for (const volley_rank_column *c = volley_rank_columns; c->name; c++) {
    void *const values = c->is_count ? (void *)counts : numbers;
    for (size_t r = 0; r < n; r++) memcpy((char *)values + 8 * r, (const char *)&summary->of_rank[r] + c->offset, 8);
    volley_hdf5_put_array(file, group, c->name, c->is_count ? H5T_NATIVE_UINT64 : H5T_NATIVE_DOUBLE, n, values);
  }
  volley_hdf5_release(file, group);
  free(counts);
  free(numbers);
}

void volley_provenance_end(volley_hdf5 *file, hid_t root, const volley_summary *summary, MPI_Comm comm) {
  volley_summary first = *summary; /* rank 0's figures, this rank's pointers */
  VOLLEY_MPI(MPI_Bcast(&first, sizeof first, MPI_BYTE, 0, comm));
  const hid_t volley = volley_hdf5_check(file, H5Gopen2(root, "volley", H5P_DEFAULT), "open a group of");
  const hid_t group = volley_hdf5_put_group(file, volley, "summary");
  put_figures(file, group, &first);
  volley_hdf5_put_array(file, group, "peak_rss_bytes", H5T_NATIVE_UINT64, (size_t)first.ranks, summary->peak_rss_bytes);
  put_places(file, group, summary);
  put_ranks(file, group, summary);
  volley_hdf5_put_array(file, group, "rate_hz", H5T_NATIVE_DOUBLE, (size_t)first.n_populations, summary->rate_hz);
  volley_hdf5_release(file, group);
  volley_hdf5_release(file, volley);
}

void volley_provenance_shorten(volley_hdf5 *file, hid_t root, const volley_experiment *experiment) {
  const hid_t group = volley_hdf5_open_group(file, root, "volley");
  const double duration = (double)experiment->simulation.steps * experiment->simulation.dt;
  volley_hdf5_replace(file, group, "duration_ms", H5T_NATIVE_DOUBLE, &duration);
  volley_hdf5_put_text(file, group, "ended_early", experiment->ended_early);
  volley_hdf5_release(file, group);
}

void volley_provenance_complete(volley_hdf5 *file, hid_t root) {
  const uint64_t first_step = 0, complete = 1; /* it may have been opened as a stretch */
  const hid_t group = volley_hdf5_check(file, H5Gopen2(root, "volley", H5P_DEFAULT), "open a group of");
  volley_hdf5_replace(file, group, "first_step", H5T_NATIVE_UINT64, &first_step);
  volley_hdf5_replace(file, group, "complete", H5T_NATIVE_UINT64, &complete);
  volley_hdf5_release(file, group);
}

size_t volley_provenance_bytes(const volley_experiment *experiment, int ranks) {
  size_t names = 0;
  for (int p = 0; p < experiment->n_populations; p++)
    if (strlen(experiment->populations[p].name) > names) names = strlen(experiment->populations[p].name);
  const size_t fixed = (size_t)64 << 10; /* attributes and the headers of groups and datasets */
  return fixed + strlen(volley_petsc_options()) + strlen(experiment->resolved) + strlen(experiment->title) +
         strlen(experiment->file) + (size_t)experiment->n_populations * (names + 128) +
         (size_t)ranks * (sizeof(uint64_t) + sizeof(volley_rank_place) + sizeof(volley_rank_figures));
}
