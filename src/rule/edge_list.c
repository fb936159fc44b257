#include "rule/edge_list.h"

#include "base/text.h"
#include "base/units.h"
#include "neuron/neuron.h"
#include "rule/rule.h"
#include "synapse/synapse.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int in_order(const void *a, const void *b) {
  const volley_edge *x = a, *y = b;
  if (x->target != y->target) return x->target < y->target ? -1 : 1;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

static void append(volley_edge_list *list, uint64_t *capacity, volley_edge edge) {
  if (list->n == *capacity) {
    *capacity = *capacity ? 2 * *capacity : 1024;
    list->edges = volley_grow(list->edges, *capacity, sizeof edge, "a list of edges");
  }
  list->edges[list->n++] = edge;
}

/* Draws the targets of one source: a drawing turned round, in which the source chooses. */
static void draw_targets(volley_drawing *drawing, uint32_t source_gid, uint32_t source) {
  volley_drawing_choose(drawing, source, drawing->projection->number, drawing->partner, source_gid);
}

/* The edges of this rank's sources. */
static volley_edge_list draw_outdegrees(const volley_partition *partition, int p) {
  const volley_experiment *experiment = partition->experiment;
  const volley_projection *projection = &experiment->projections[p];
  volley_drawing drawing = {
      .experiment = experiment,
      .projection = projection,
      .n_source = experiment->populations[projection->target].size,
      .excludes_self = projection->source == projection->target && !projection->autapses,
      .partner = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_PARTNER, (uint32_t)p),
  };
  volley_edge_list list = {0};
  uint64_t capacity = 0;
  for (uint32_t i = 0; i < partition->counts[projection->source]; i++) {
    const uint32_t gid = partition->gids[projection->source][i];
    const uint32_t source = gid - experiment->populations[projection->source].first_gid;
    draw_targets(&drawing, gid, source);
    for (size_t k = 0; k < drawing.n; k++) {
      append(&list, &capacity, (volley_edge){.target = drawing.sources[k], .source = source, .number = k});
    }
  }
  volley_drawing_release(&drawing);
  return list;
}

/* Sorts the edges by the rank that owns their target; counts[r] of them go to rank r. Caller frees. */
static volley_edge *by_owner(const volley_partition *partition, int population, const volley_edge_list *list,
                             int *counts, int *starts) {
  for (uint64_t e = 0; e < list->n; e++) counts[volley_partition_owner(partition, population, list->edges[e].target)]++;
  for (int r = 1; r < partition->ranks; r++) starts[r] = starts[r - 1] + counts[r - 1];
  volley_edge *sorted = volley_alloc(list->n, sizeof *sorted, "the edges of fixed_outdegree");
  int *next = volley_alloc((size_t)partition->ranks, sizeof *next, "the edges of fixed_outdegree");
  for (int r = 0; r < partition->ranks; r++) next[r] = starts[r];
  for (uint64_t e = 0; e < list->n; e++) {
    sorted[next[volley_partition_owner(partition, population, list->edges[e].target)]++] = list->edges[e];
  }
  free(next);
  return sorted;
}

/* Sends each edge to the owner of its target: one alltoallv. */
static volley_status send_to_targets(const volley_partition *partition, int population, volley_edge_list *list,
                                     MPI_Comm comm) {
  const size_t ranks = (size_t)partition->ranks;
  if (list->n > INT_MAX) {
    volley_fault(VOLLEY_FAILURE, NULL, "%" PRIu64 " edges of fixed_outdegree on one rank; at most %d: use more ranks",
                 list->n, INT_MAX);
  }
  VOLLEY_TRY(volley_agree(comm));
  int *counts = volley_alloc(4 * ranks + 1, sizeof *counts, "the edges of fixed_outdegree");
  int *starts = counts + ranks, *incoming = starts + ranks, *places = incoming + ranks;
  volley_edge *sorted = by_owner(partition, population, list, counts, starts);
  VOLLEY_MPI(MPI_Alltoall(counts, 1, MPI_INT, incoming, 1, MPI_INT, comm));
  uint64_t n = 0;
  for (size_t r = 0; r < ranks; r++) {
    places[r] = (int)n;
    n += (uint64_t)incoming[r];
  }
  if (n > INT_MAX) {
    volley_fault(VOLLEY_FAILURE, NULL, "%" PRIu64 " edges of fixed_outdegree onto one rank; at most %d: use more ranks",
                 n, INT_MAX);
  }
  const volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK) {
    MPI_Datatype edge_type;
    VOLLEY_MPI(MPI_Type_contiguous((int)sizeof(volley_edge), MPI_BYTE, &edge_type));
    VOLLEY_MPI(MPI_Type_commit(&edge_type));
    free(list->edges);
    list->edges = volley_alloc(n, sizeof *list->edges, "the edges of fixed_outdegree");
    list->n = n;
    VOLLEY_MPI(MPI_Alltoallv(sorted, counts, starts, edge_type, list->edges, incoming, places, edge_type, comm));
    VOLLEY_MPI(MPI_Type_free(&edge_type));
  }
  free(sorted);
  free(counts);
  return status;
}

static bool counts_spikes(const volley_neuron_model *model, int receptor, double weight) {
  return model->receptors[receptor != VOLLEY_RECEPTOR_BY_SIGN ? receptor : model->receptor_of_sign[weight < 0]]
             .weights == VOLLEY_COUNTS;
}

static bool is_delay(double delay, double dt) {
  const double steps = volley_round_steps(delay, dt);
  return steps >= 1 && steps <= VOLLEY_MAX_DELAY;
}

static volley_status check_edge(const volley_experiment *experiment, const volley_projection *projection,
                                const volley_edge_slab *slab, size_t e) {
  const volley_population *source = &experiment->populations[projection->source];
  const volley_population *target = &experiment->populations[projection->target];
  const unsigned long long number = slab->first + e;
  const double dt = experiment->simulation.dt;
  if (slab->source[e] >= source->size || slab->target[e] >= target->size) {
    return volley_fault(VOLLEY_USAGE, &projection->place,
                        "edge %llu of %s goes from %llu to %llu, but %s has %s and %s has %u", number, projection->file,
                        (unsigned long long)slab->source[e], (unsigned long long)slab->target[e], source->name,
                        volley_count(source->size, "neuron").text, target->name, target->size);
  }
  if (slab->weight && !isfinite((float)slab->weight[e])) {
    return volley_fault(VOLLEY_USAGE, &projection->place, "edge %llu of %s has the weight %g", number, projection->file,
                        slab->weight[e]);
  }
  if (slab->weight && counts_spikes(target->model, projection->receptor, slab->weight[e]) && slab->weight[e] != 1) {
    return volley_fault(VOLLEY_USAGE, &projection->place,
                        "edge %llu of %s has the weight %g, but %s counts spikes: leave weights out, or write 1",
                        number, projection->file, slab->weight[e], target->model->name);
  }
  if (slab->weight && slab->weight[e] < 0 && projection->receptor != VOLLEY_RECEPTOR_BY_SIGN &&
      target->model->receptors[projection->receptor].weights == VOLLEY_CONDUCTANCE) {
    return volley_fault(
        VOLLEY_USAGE, &projection->place,
        "edge %llu of %s has the weight %g, but receptor '%s' of %s is a conductance, which is never "
        "negative: write weights without a sign, or leave the receptor out, so that the sign chooses it",
        number, projection->file, slab->weight[e], target->model->receptors[projection->receptor].name,
        target->model->name);
  }
  if (slab->delay && !is_delay(slab->delay[e], dt)) {
    return volley_fault(
        VOLLEY_USAGE, &projection->place,
        "edge %llu of %s has a delay of %g ms; it must round to 1 step at least (dt = %g ms) and be %g ms at most",
        number, projection->file, slab->delay[e], dt, VOLLEY_MAX_DELAY * dt);
  }
  return VOLLEY_OK;
}

/* Weights that synapses that learn cannot begin with; balanced ones are known later. */
static volley_status check_range(const volley_projection *projection, const volley_edge_slab *slab, size_t e) {
  const volley_synapse_model *model = projection->plasticity.model;
  double low, high;
  if (!model || !slab->weight || projection->balanced) return VOLLEY_OK;
  model->range(projection->plasticity.parameters, &low, &high);
  if (low <= slab->weight[e] && slab->weight[e] <= high) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, &projection->place,
                      "edge %" PRIu64 " of %s has the weight %g; its model %s takes %g to %g at the beginning",
                      slab->first + e, projection->file, slab->weight[e], model->name, low, high);
}

/* What the file does not say the experiment must. */
static volley_status check_columns(const volley_projection *projection, const volley_edge_slab *slab) {
  const bool lacks_weight = !slab->weight && isnan(volley_distribution_mean(&projection->weight));
  const bool lacks_delay = !slab->delay && isnan(volley_distribution_mean(&projection->delay));
  if (!lacks_weight && !lacks_delay) return VOLLEY_OK;
  const char *name = lacks_weight ? "weight" : "delay";
  return volley_fault(VOLLEY_USAGE, &projection->place,
                      "%s has no dataset '%s' in group %s: add it there, or a %s here", projection->file, name,
                      projection->group, name);
}

volley_status volley_edge_slab_check(const volley_experiment *experiment, const volley_projection *projection,
                                     const volley_edge_slab *slab) {
  VOLLEY_TRY(check_columns(projection, slab));
  for (size_t e = 0; e < slab->count; e++) {
    VOLLEY_TRY(check_edge(experiment, projection, slab, e));
    VOLLEY_TRY(check_range(projection, slab, e));
  }
  return VOLLEY_OK;
}

/* Takes this rank's edges out of each slab of a file. */
typedef struct taker {
  const volley_partition *partition;
  const volley_projection *projection;
  volley_edge_list *list;
  uint64_t capacity;
} taker;

static volley_status take_slab(void *context, const volley_edge_slab *slab) {
  taker *t = context;
  VOLLEY_TRY(volley_edge_slab_check(t->partition->experiment, t->projection, slab));
  t->list->has_weights = slab->weight != NULL;
  t->list->has_delays = slab->delay != NULL;
  for (size_t e = 0; e < slab->count; e++) {
    const uint32_t target = (uint32_t)slab->target[e], source = (uint32_t)slab->source[e];
    if (volley_partition_owner(t->partition, t->projection->target, target) != t->partition->rank) continue;
    if (t->projection->source == t->projection->target && source == target && !t->projection->autapses) continue;
    append(t->list, &t->capacity,
           (volley_edge){.target = target,
                         .source = source,
                         .number = slab->first + e,
                         .weight = slab->weight ? slab->weight[e] : 0,
                         .delay = slab->delay ? slab->delay[e] : 0});
  }
  return VOLLEY_OK;
}

static volley_status make_list(const volley_partition *partition, int p, const volley_reader *reader, MPI_Comm comm,
                               volley_edge_list *list) {
  const volley_projection *projection = &partition->experiment->projections[p];
  if (!projection->rule->is_listed) return VOLLEY_OK;
  if (!projection->rule->takes_file) {
    *list = draw_outdegrees(partition, p);
    VOLLEY_TRY(send_to_targets(partition, projection->target, list, comm));
  } else {
    taker t = {.partition = partition, .projection = projection, .list = list};
    VOLLEY_TRY(reader->edges(reader->context, &projection->place, projection->file, projection->group, take_slab, &t));
  }
  if (list->n > 1) qsort(list->edges, list->n, sizeof *list->edges, in_order);
  return VOLLEY_OK;
}

volley_status volley_edge_lists_make(const volley_partition *partition, const volley_reader *reader, MPI_Comm comm,
                                     volley_edge_list **out) {
  const int n = partition->experiment->n_projections;
  volley_edge_list *lists = volley_alloc((size_t)n, sizeof *lists, "the lists of edges");
  for (int p = 0; p < n; p++) {
    const volley_status status = make_list(partition, p, reader, comm, &lists[p]);
    if (status != VOLLEY_OK) {
      volley_edge_lists_free(partition->experiment, lists);
      return status;
    }
  }
  *out = lists;
  return VOLLEY_OK;
}

void volley_edge_lists_free(const volley_experiment *experiment, volley_edge_list *lists) {
  if (!lists) return;
  for (int p = 0; p < experiment->n_projections; p++) free(lists[p].edges);
  free(lists);
}
