#include "app/compare_partitions.h"

#include "app/json.h"
#include "base/random.h"
#include "base/text.h"
#include "exchange/exchange.h"
#include "rule/near.h"
#include "run/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  SOURCES = 256 /* neurons that are asked for their targets */,
  MOST_TARGETS = 1 << 16 /* of one neuron and projection */,
  MOST_KINDS = 64,
  ID_BYTES = 4
};

/* Partitions that take as long but for this are alike: the one that tells fewer ranks is better. */
static const double alike = 1.02;

/* A message of some bytes to another rank, in seconds; a byte of it. Common networks (docs/scaling.md). */
static const double message_s = 2e-6, sent_byte_s = 4e-10;

typedef struct compared {
  const volley_partitioner *kind;
  char why_not[512]; /* "" where it can be taken */
  volley_experiment experiment;
  volley_owners owners;
  bool has_owners;
  volley_balance neurons, synapses, cost;
  double told;  /* other ranks that have targets of a spike, in the mean over spikes */
  double bytes; /* that a rank sends a step, if it tells these and no others */
  double seconds;
} compared;

/* The targets of some source neurons, one at a time. */
typedef struct asking {
  const volley_experiment *experiment;
  volley_projection *projections; /* [n_projections] as pairs that are connected by chance */
  volley_profile *profiles;
  volley_near **near; /* of those of distances */
  volley_drawing drawing;
} asking;

static void scale(volley_profile *profile, double factor) {
  double *const scaled[] = {&profile->value, &profile->offset, &profile->min, &profile->max};
  for (int k = 0; k < 4; k++) *scaled[k] *= factor;
  if (profile->shape == VOLLEY_PROFILE_LINEAR) profile->width *= factor;
}

/* A rule with a number of synapses as one of pairs: the profile as the probability that gives this number. */
static void make_pairs(const volley_experiment *experiment, volley_projection *projection, volley_profile *profile) {
  double least, greatest;
  if (!projection->rule->number_key) return;
  volley_profile_range(profile, 0, INFINITY, &least, &greatest);
  scale(profile, 1 / greatest);
  scale(profile, projection->expected / volley_near_expected_synapses(experiment, projection));
}

static asking ask(const volley_experiment *experiment) {
  const size_t n = (size_t)experiment->n_projections;
  asking a = {.experiment = experiment,
              .projections = volley_alloc(n, sizeof *a.projections, "a comparison"),
              .profiles = volley_alloc(n, sizeof *a.profiles, "a comparison"),
              .near = volley_alloc(n, sizeof(volley_near *), "a comparison")};
  for (size_t k = 0; k < n; k++) {
    volley_projection *projection = &a.projections[k];
    *projection = experiment->projections[k];
    if (!projection->profile || projection->expected == 0) continue;
    a.profiles[k] = *projection->profile;
    projection->profile = &a.profiles[k];
    make_pairs(experiment, projection, &a.profiles[k]);
    a.near[k] = volley_near_create(experiment, projection, projection->source, projection->target, true);
  }
  return a;
}

static void end_asking(asking *a) {
  for (int k = 0; k < a->experiment->n_projections; k++) volley_near_destroy(a->near[k]);
  volley_drawing_release(&a->drawing);
  free(a->projections);
  free(a->profiles);
  free(a->near);
}

/* Draws targets of a neuron by a projection, about as they would be: they stand in the drawing. */
static void draw_targets(asking *a, int k, uint32_t source, uint32_t number) {
  const volley_projection *projection = &a->projections[k];
  const volley_population *populations = a->experiment->populations;
  const volley_key key = volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, (uint32_t)k);
  volley_stream stream = volley_stream_of(key, number, 0);
  const double mean = projection->expected / populations[projection->source].size;
  const uint32_t n = (uint32_t)fmin(mean + volley_stream_uniform(&stream), MOST_TARGETS);
  volley_drawing *drawing = &a->drawing;
  drawing->n = 0;
  if (a->near[k]) {
    volley_near_draw(a->near[k], drawing, source, key, number);
    return;
  }
  const bool is_own = strcmp(projection->rule->name, "one_to_one") == 0;
  volley_drawing_reserve(drawing, n);
  for (; drawing->n < n; drawing->n++)
    drawing->sources[drawing->n] =
        is_own ? source : (uint32_t)(volley_stream_uniform(&stream) * populations[projection->target].size);
}

/* Counts the ranks, other than its own, on which a neuron has targets. stamps: [kinds][ranks], of the last neuron that has any
 * there. */
static void count_told(asking *a, compared *kinds, int n, int ranks, int population, uint32_t index, uint32_t number,
                       uint32_t **stamps) {
  for (int c = 0; c < n; c++) {
    const volley_owners *owners = &kinds[c].owners;
    if (kinds[c].has_owners)
      stamps[c][owners->experiment->simulation.partitioner->owner(owners, population, index)] = number;
  }
  for (int k = 0; k < a->experiment->n_projections; k++) {
    if (a->projections[k].source != population || a->projections[k].expected == 0) continue;
    draw_targets(a, k, index, number);
    for (int c = 0; c < n; c++) {
      const volley_owners *owners = &kinds[c].owners;
      for (size_t t = 0; t < a->drawing.n && kinds[c].has_owners; t++) {
        const int r = kinds[c].kind->owner(owners, a->projections[k].target, a->drawing.sources[t]);
        kinds[c].told += (r >= 0 && r < ranks && stamps[c][r] != number) / (double)SOURCES;
        stamps[c][r] = number;
      }
    }
  }
}

/* Asks neurons spread over all, each population as often as it spikes. */
static void count_all_told(const volley_experiment *experiment, compared *kinds, int n, int ranks) {
  asking a = ask(experiment);
  uint32_t *stamps[MOST_KINDS] = {0};
  double spikes = 0;
  for (int c = 0; c < n; c++)
    if (kinds[c].has_owners) stamps[c] = volley_alloc((size_t)ranks, sizeof *stamps[c], "a comparison");
  for (int p = 0; p < experiment->n_populations; p++)
    spikes += volley_expected_rate(&experiment->populations[p]) * experiment->populations[p].size;
  for (uint32_t number = 1; number <= SOURCES && spikes > 0; number++) {
    double at = (number - 0.5) / SOURCES * spikes, rate;
    int p = 0;
    while ((rate = volley_expected_rate(&experiment->populations[p])) * experiment->populations[p].size <= at)
      at -= rate * experiment->populations[p++].size;
    count_told(&a, kinds, n, ranks, p, (uint32_t)(at / rate), number, stamps);
  }
  for (int c = 0; c < n; c++) free(stamps[c]);
  end_asking(&a);
}

/* Shares of a kind, or why it cannot be taken. */
static volley_status find_shares(const volley_experiment *experiment, const volley_reader *reader,
                                 const volley_estimate *estimate, const double *indegrees, MPI_Comm comm, compared *c) {
  volley_simulation *simulation = &c->experiment.simulation;
  double *costs = volley_alloc((size_t)experiment->n_populations, sizeof *costs, "a comparison");
  c->experiment = *experiment;
  if (simulation->partitioner != c->kind) simulation->partition_parameters = NULL;
  simulation->partitioner = c->kind;
  const char *why =
      c->kind->refuses ? c->kind->refuses(&c->experiment, estimate->ranks, c->why_not, sizeof c->why_not) : NULL;
  if (why && why != c->why_not) snprintf(c->why_not, sizeof c->why_not, "%s", why);
  volley_status status = VOLLEY_OK;
  const bool is_possible = volley_all(!why, comm); /* a library may be missing on one node */
  if (!is_possible && !why)
    snprintf(c->why_not, sizeof c->why_not, "some ranks cannot: what it needs is not on every node");
  if (is_possible) status = volley_owners_find(&c->experiment, estimate->ranks, reader, comm, &c->owners);
  c->has_owners = is_possible && status == VOLLEY_OK;
  if (c->has_owners) {
    volley_costs_find(experiment, NULL, costs);
    c->neurons = volley_partition_balance(&c->owners, NULL);
    c->synapses = volley_partition_balance(&c->owners, indegrees);
    c->cost = volley_partition_balance(&c->owners, costs);
  }
  free(costs);
  return status;
}

/* Seconds of the run, in which the costliest rank is waited for. Spikes go to all ranks, or only to those that need them. */
static void find_seconds(const volley_experiment *experiment, const volley_estimate *estimate,
                         const volley_times *times, compared *c) {
  const double dt = experiment->simulation.continuous ? fmax(1e-6, estimate->min_delay) : experiment->simulation.dt;
  const double steps = 1e3 * volley_model_seconds(experiment) / dt;
  const double spikes = estimate->spikes / steps / estimate->ranks; /* of a rank in a step */
  const volley_exchange_kind *exchange = experiment->simulation.exchange;
  const bool by_need = exchange && strcmp(exchange->name, "neighbour") == 0;
  const double messages = steps * (fmin(spikes, 1) * c->told * message_s + spikes * c->told * ID_BYTES * sent_byte_s);
  c->bytes = spikes * c->told * ID_BYTES;
  c->seconds = (times->update_s + times->stimuli_s + times->deliver_s) * c->cost.most / c->cost.mean + times->record_s +
               times->learn_s + (by_need ? messages : times->exchange_s);
}

/* The number of the kind that is best. */
static int find_best(const compared *kinds, int n) {
  int best = 0;
  double least = INFINITY;
  for (int c = 0; c < n; c++)
    if (kinds[c].has_owners) least = fmin(least, kinds[c].seconds);
  for (int c = n; c-- > 0;)
    if (kinds[c].has_owners && kinds[c].seconds <= alike * least &&
        (!kinds[best].has_owners || kinds[best].seconds > alike * least || kinds[c].told <= kinds[best].told))
      best = c;
  return best;
}

static void print_text(const volley_estimate *estimate, const compared *kinds, int n, int best) {
  printf("partitions over %s x %s\n", volley_count((uint64_t)estimate->ranks, "rank").text,
         volley_count((uint64_t)estimate->threads, "thread").text);
  printf("  %-12s %21s %23s %13s %11s %12s %10s\n", "kind", "neurons a rank", "synapses a rank", "cost max/mean",
         "ranks told", "bytes a step", "simulate");
  for (int c = 0; c < n; c++) {
    const compared *k = &kinds[c];
    if (k->has_owners)
      printf("  %-12s %10.0f-%10.0f %11.4g-%11.4g %13.3f %11.1f %12.1f %8.3g s\n", k->kind->name, k->neurons.least,
             k->neurons.most, k->synapses.least, k->synapses.most, k->cost.most / k->cost.mean, k->told, k->bytes,
             k->seconds);
  }
  for (int c = 0; c < n; c++)
    if (!kinds[c].has_owners) printf("  %-12s not here: %s\n", kinds[c].kind->name, kinds[c].why_not);
  printf("ranks told: other ranks with targets of a spike; bytes: that a rank sends them, if spikes go nowhere else\n");
  printf("Of these %s is best, as far as can be told: simulation.partition=%s\n", kinds[best].kind->name,
         kinds[best].kind->name);
}

static void print_json(const volley_estimate *estimate, const compared *kinds, int n, int best) {
  volley_json_member_count("ranks", (uint64_t)estimate->ranks, "{\n  ");
  volley_json_member_count("threads", (uint64_t)estimate->threads, ",\n  ");
  volley_json_member_text("best", kinds[best].kind->name, ",\n  ");
  volley_json_member("partitions", ",\n  ");
  for (int c = 0; c < n; c++) {
    const compared *k = &kinds[c];
    volley_json_member(k->kind->name, c ? ",\n    " : "{\n    ");
    if (!k->has_owners) {
      volley_json_member_text("refused", k->why_not, "{");
    } else {
      volley_json_member_number("neurons_least", k->neurons.least, "{");
      volley_json_member_number("neurons_most", k->neurons.most, ", ");
      volley_json_member_number("synapses_least", k->synapses.least, ", ");
      volley_json_member_number("synapses_most", k->synapses.most, ", ");
      volley_json_member_number("cost_most_of_mean", k->cost.most / k->cost.mean, ", ");
      volley_json_member_number("ranks_told", k->told, ", ");
      volley_json_member_number("bytes_a_step", k->bytes, ", ");
      volley_json_member_number("simulate_s", k->seconds, ", ");
    }
    printf("}");
  }
  printf("}\n}\n");
}

volley_status volley_partitions_compare(volley_experiment *experiment, const volley_reader *reader,
                                        const volley_estimate *estimate, const volley_times *times, bool json,
                                        MPI_Comm comm) {
  compared kinds[MOST_KINDS] = {0};
  int n = 0, rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_TRY(volley_synapses_expect(experiment, reader));
  double *indegrees = volley_indegrees_expect(experiment, estimate);
  volley_status status = VOLLEY_OK;
  for (const volley_partitioner *const *kind = volley_partitioners(); *kind && n < MOST_KINDS && status == VOLLEY_OK;
       kind++) {
    kinds[n].kind = *kind;
    status = find_shares(experiment, reader, estimate, indegrees, comm, &kinds[n++]);
  }
  if (status == VOLLEY_OK && rank == 0) {
    count_all_told(experiment, kinds, n, estimate->ranks);
    for (int c = 0; c < n; c++)
      if (kinds[c].has_owners) find_seconds(experiment, estimate, times, &kinds[c]);
    (json ? print_json : print_text)(estimate, kinds, n, find_best(kinds, n));
  }
  for (int c = 0; c < n; c++)
    if (kinds[c].has_owners) volley_owners_release(&kinds[c].owners);
  free(indegrees);
  return status;
}
