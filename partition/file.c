/* Owners that a file has: a number for each neuron, populations one after the other, as tools for graphs write them. Kept are
 * runs of neurons of one part. With fewer ranks than the file has parts, neighbouring parts share a rank. */
#include "partition/partition.h"

#include "base/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct parameters {
  const char *file, *dataset, *column;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"file", .type = VOLLEY_KEY_PATH, .required = true, AT(file),
     .doc = "HDF5, NumPy or text: the rank of each neuron, counted from 0, populations in their order; on fewer ranks "
            "than it names, neighbours of these are put together"},
    {"dataset", .type = VOLLEY_KEY_TEXT, AT(dataset), .doc = "of an HDF5 file"},
    {"column", .type = VOLLEY_KEY_TEXT, AT(column), .doc = "of a text with several"},
};

enum { PIECE = 1 << 21 /* numbers that are read at a time */, MOST_PARTS = 1 << 26 };

typedef struct run {
  volley_gid first; /* up to the next run's */
  int owner;
} run;

typedef struct state {
  run *runs; /* [n], the last one ends them */
  size_t n, capacity;
  int parts;        /* ranks that own anything are below */
  uint32_t *counts; /* [n_populations][parts] */
} state;

static void destroy(void *context) {
  state *s = context;
  free(s->runs);
  free(s->counts);
  free(s);
}

static const parameters *own(const volley_experiment *experiment) {
  return experiment->simulation.partition_parameters;
}

static const char *refuses(const volley_experiment *experiment, int ranks, char *buffer, size_t size) {
  (void)ranks;
  if (own(experiment) && own(experiment)->file) return NULL;
  snprintf(buffer, size, "no file of owners is given");
  return buffer;
}

static void append(state *s, volley_gid gid, int part) {
  if (s->n > 0 && s->runs[s->n - 1].owner == part) return;
  if (s->n == s->capacity) {
    s->capacity = s->n > 0 ? 2 * s->n : 64;
    s->runs = volley_grow(s->runs, s->capacity, sizeof *s->runs, "a partition");
  }
  s->runs[s->n++] = (run){gid, part};
  if (part >= s->parts) s->parts = part + 1;
}

/* Reads the numbers of the neurons from `first` on. */
static volley_status read_piece(const volley_owners *owners, const volley_reader *reader, volley_gid first, uint32_t n,
                                state *s) {
  const volley_experiment *experiment = owners->experiment;
  const volley_place *place = &experiment->simulation.partition_place;
  const volley_distribution from = {.kind = VOLLEY_DATASET,
                                    .file = own(experiment)->file,
                                    .dataset = own(experiment)->dataset,
                                    .column = own(experiment)->column};
  volley_gid *gids = volley_alloc(n, sizeof *gids, "owners from a file");
  double *numbers = volley_alloc(n, sizeof *numbers, "owners from a file");
  for (uint32_t i = 0; i < n; i++) gids[i] = first + i;
  volley_status status = reader->values(reader->context, place, &from, experiment->neurons, gids, n, numbers);
  for (uint32_t i = 0; i < n && status == VOLLEY_OK; i++) {
    if (numbers[i] >= 0 && numbers[i] < MOST_PARTS && numbers[i] == floor(numbers[i]))
      append(s, first + i, (int)numbers[i]);
    else
      status = volley_fault(VOLLEY_USAGE, place, "%s: %g of neuron %llu is no rank; a whole number from 0 on is right",
                            volley_distribution_file(&from).text, numbers[i], (unsigned long long)(first + i));
  }
  free(gids);
  free(numbers);
  return status;
}

/* Puts parts together where there are fewer ranks, and counts. */
static void finish(const volley_owners *owners, state *s) {
  const volley_experiment *experiment = owners->experiment;
  const uint64_t parts = (uint64_t)s->parts, ranks = (uint64_t)owners->ranks;
  append(s, experiment->neurons, s->parts);
  s->parts = parts < ranks ? (int)parts : owners->ranks;
  s->counts = volley_alloc((size_t)experiment->n_populations * (size_t)s->parts, sizeof *s->counts, "a partition");
  int p = 0;
  for (size_t i = 0; i + 1 < s->n; i++) {
    if (parts > ranks) s->runs[i].owner = (int)((uint64_t)s->runs[i].owner * ranks / parts);
    for (volley_gid gid = s->runs[i].first; gid < s->runs[i + 1].first;) {
      p = volley_population_of(experiment, gid, p);
      const volley_gid end = experiment->populations[p].first_gid + experiment->populations[p].size;
      const volley_gid stop = s->runs[i + 1].first < end ? s->runs[i + 1].first : end;
      s->counts[p * s->parts + s->runs[i].owner] += (uint32_t)(stop - gid);
      gid = stop;
    }
  }
}

static volley_status create(volley_owners *owners, const volley_reader *reader, MPI_Comm comm) {
  const volley_gid neurons = owners->experiment->neurons;
  state *s = volley_alloc(1, sizeof *s, "a partition");
  volley_status status = VOLLEY_OK;
  for (volley_gid first = 0; first < neurons && status == VOLLEY_OK;) {
    const uint32_t n = neurons - first < PIECE ? (uint32_t)(neurons - first) : PIECE;
    status = read_piece(owners, reader, first, n, s);
    first += n;
  }
  const volley_status agreed = volley_agree(comm); /* all have read the same */
  if (status == VOLLEY_OK) status = agreed;
  if (status != VOLLEY_OK) return destroy(s), status;
  finish(owners, s);
  owners->state = s;
  return VOLLEY_OK;
}

/* The run in which a gid lies. */
static size_t run_of(const state *s, volley_gid gid) {
  size_t after = 0;
  VOLLEY_SEARCH(after, s->n, i, s->runs[i].first <= gid)
  return after - 1;
}

static int owner(const volley_owners *owners, int population, uint32_t index) {
  const state *s = owners->state;
  return s->runs[run_of(s, owners->experiment->populations[population].first_gid + index)].owner;
}

static uint32_t count(const volley_owners *owners, int population, int rank) {
  const state *s = owners->state;
  return rank < s->parts ? s->counts[population * s->parts + rank] : 0;
}

static uint64_t next(const volley_owners *owners, int population, uint64_t index, int rank) {
  const state *s = owners->state;
  const uint64_t first_gid = owners->experiment->populations[population].first_gid;
  if (index >= owners->experiment->populations[population].size) return UINT64_MAX;
  size_t i = run_of(s, (volley_gid)(first_gid + index));
  for (; i + 1 < s->n; i++) {
    if (s->runs[i].owner != rank) continue;
    return s->runs[i].first > first_gid + index ? s->runs[i].first - first_gid : index;
  }
  return UINT64_MAX;
}

const volley_partitioner volley_partitioner_file = {
    .name = "file",
    .doc = "as a file says",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .refuses = refuses,
    .create = create,
    .destroy = destroy,
    .owner = owner,
    .count = count,
    .next = next,
};
