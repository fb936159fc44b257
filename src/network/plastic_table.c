#include "network/plastic_table.h"
#include "network/normalize.h"

#include "base/memory.h"
#include "base/status.h"
#include "model/change.h"
#include "network/source_buckets.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 8 /* spikes of a target that there is room for at first */ };

/* A synapse while its block is being built. */
typedef struct record {
  double weight;
  uint16_t target, due, delay;
  uint16_t place; /* of its source in the bucket, above the receptor */
  double time[];  /* delay in a continuous run */
} record;

_Static_assert(UINT32_MAX >> (16 - VOLLEY_RECEPTOR_BITS) < VOLLEY_MOST_SOURCE_BUCKETS,
               "the place of a source, one of a population, must fit above a receptor");

static uint16_t source_of(const record *r) { return (uint16_t)(r->place >> VOLLEY_RECEPTOR_BITS); }
static uint8_t receptor_of(const record *r) { return (uint8_t)(r->place & (VOLLEY_MAX_RECEPTORS - 1)); }

struct volley_plastic_table_builder {
  volley_plastic_table plastic;
  char *records; /* [plastic.synapses] of `size` bytes, by source, in the order in which they were added */
  size_t size;
  volley_source_buckets buckets;
  uint64_t *ends; /* [buckets.n] counts, then the end of what was added of each bucket */
};

static record *record_at(const volley_plastic_table_builder *builder, uint64_t s) {
  return (record *)(void *)(builder->records + s * builder->size);
}

static void set_dopamine(volley_plastic_table *plastic, const volley_experiment *experiment,
                         const volley_plasticity_plan *plan) {
  plastic->dopamine.levels = volley_alloc(1, sizeof *plastic->dopamine.levels, "dopamine");
  plastic->dopamine.levels[0].step = VOLLEY_NEVER;
  plastic->dopamine.n = plastic->dopamine.capacity = 1;
  if (plan->dopamine < 0) return;
  plastic->first_dopamine = experiment->populations[plan->dopamine].first_gid;
  plastic->n_dopamine = experiment->populations[plan->dopamine].size;
  plastic->dopamine_delay = (int)volley_steps(experiment, plan->dopamine_delay);
}

/* The receptor that negative weights of a projection go to and that takes their size; or -1. */
static int turned_receptor(const volley_experiment *experiment, const volley_projection *projection) {
  const volley_neuron_model *model = experiment->populations[projection->target].model;
  const int negative = model->receptor_of_sign[1];
  const bool is_turned =
      model->receptors[negative].weights == VOLLEY_CONDUCTANCE && negative != model->receptor_of_sign[0];
  return projection->receptor == VOLLEY_RECEPTOR_BY_SIGN && is_turned ? negative : -1;
}

volley_plastic_table_builder *volley_plastic_table_begin(const volley_experiment *experiment, int projection,
                                                         uint32_t first_id, uint32_t n_targets) {
  volley_plastic_table_builder *builder = volley_alloc(1, sizeof *builder, "plastic synapses");
  const volley_projection *p = &experiment->projections[projection];
  volley_plastic_table *plastic = &builder->plastic;
  *plastic =
      (volley_plastic_table){.projection = projection,
                             .plan = &p->plasticity,
                             .model = p->plasticity.model,
                             .constants = volley_synapse_constants_make(&p->plasticity, experiment->simulation.dt),
                             .first_id = first_id,
                             .n_targets = n_targets,
                             .first_source = experiment->populations[p->source].first_gid,
                             .n_sources = experiment->populations[p->source].size,
                             .turned = turned_receptor(experiment, p),
                             .is_continuous = experiment->simulation.continuous,
                             .min_delay = VOLLEY_MAX_DELAY + 1,
                             .shortest = INFINITY};
  builder->size = sizeof(record) + (plastic->is_continuous ? sizeof(double) : 0);
  set_dopamine(plastic, experiment, &p->plasticity);
  plastic->constants.key =
      volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_RELEASE, (uint32_t)projection);
  if (plastic->model->draws) plastic->gids = volley_alloc(n_targets, sizeof *plastic->gids, "plastic synapses");
  plastic->past = volley_alloc(n_targets, sizeof *plastic->past, "plastic synapses");
  if (!plastic->is_continuous) plastic->recent = volley_alloc(n_targets, sizeof *plastic->recent, "plastic synapses");
  volley_plastic_table_find_recent(plastic);
  builder->buckets = volley_source_buckets_of(plastic->n_sources);
  builder->ends = volley_alloc(builder->buckets.n, sizeof *builder->ends, "plastic synapses");
  return builder;
}

void volley_plastic_table_count(volley_plastic_table_builder *builder, volley_gid source_gid) {
  builder->ends[(source_gid - builder->plastic.first_source) >> builder->buckets.shift]++;
  builder->plastic.synapses++;
}

void volley_plastic_table_allocate(volley_plastic_table_builder *builder) {
  uint64_t first = 0;
  for (uint32_t b = 0; b < builder->buckets.n; b++) {
    const uint64_t count = builder->ends[b];
    builder->ends[b] = first;
    first += count;
  }
  builder->records = volley_alloc_huge(first * builder->size, "plastic synapses");
}

static record *add_record(volley_plastic_table_builder *builder, volley_gid source_gid, uint32_t id, uint8_t receptor,
                          double weight) {
  const volley_plastic_table *plastic = &builder->plastic;
  const volley_gid source = source_gid - plastic->first_source;
  record *r = record_at(builder, builder->ends[source >> builder->buckets.shift]++);
  r->target = (uint16_t)(id - plastic->first_id);
  r->place = (uint16_t)(volley_place_in_bucket(builder->buckets, source) << VOLLEY_RECEPTOR_BITS | receptor);
  r->weight = weight;
  return r;
}

void volley_plastic_table_fill(volley_plastic_table_builder *builder, volley_gid source_gid, uint32_t id, uint16_t due,
                               uint16_t delay, uint8_t receptor, double weight) {
  volley_plastic_table *plastic = &builder->plastic;
  if (delay < plastic->min_delay) plastic->min_delay = delay;
  if (due > plastic->max_due) plastic->max_due = due;
  record *r = add_record(builder, source_gid, id, receptor, weight);
  r->due = due;
  r->delay = delay;
}

void volley_plastic_table_fill_timed(volley_plastic_table_builder *builder, volley_gid source_gid, uint32_t id,
                                     double delay, uint8_t receptor, double weight) {
  volley_plastic_table *plastic = &builder->plastic;
  plastic->shortest = fmin(plastic->shortest, delay);
  plastic->longest = fmax(plastic->longest, delay);
  add_record(builder, source_gid, id, receptor, weight)->time[0] = delay;
}

/* What makes a group: whether a record belongs to one before that of another. */
static uint32_t kind_of(const record *r) { return (uint32_t)r->due << VOLLEY_RECEPTOR_BITS | receptor_of(r); }

static bool comes_before(const volley_plastic_table_builder *builder, const record *a, const record *b) {
  if (source_of(a) != source_of(b)) return source_of(a) < source_of(b);
  if (!builder->plastic.is_continuous) return kind_of(a) < kind_of(b);
  return a->time[0] < b->time[0] || (a->time[0] == b->time[0] && receptor_of(a) < receptor_of(b));
}

/* Whether a record of a bucket begins a group. */
static bool begins(const volley_plastic_table_builder *builder, uint64_t first, uint64_t s) {
  return s == first || comes_before(builder, record_at(builder, s - 1), record_at(builder, s));
}

/* A stable sort by source and kind, by merging. */
static void sort_bucket(const volley_plastic_table_builder *builder, uint64_t first, uint64_t n, char *scratch) {
  if (n < 2) return;
  const uint64_t half = n / 2, middle = first + half, end = first + n;
  const size_t size = builder->size;
  sort_bucket(builder, first, half, scratch);
  sort_bucket(builder, middle, n - half, scratch);
  if (!comes_before(builder, record_at(builder, middle), record_at(builder, middle - 1))) return;
  memcpy(scratch, record_at(builder, first), half * size);
  for (uint64_t i = 0, j = middle, k = first; i < half; k++) {
    const record *left = (const record *)(void *)(scratch + i * size);
    const bool takes_right = j < end && comes_before(builder, record_at(builder, j), left);
    memcpy(record_at(builder, k), takes_right ? record_at(builder, j) : left, size);
    if (takes_right)
      j++;
    else
      i++;
  }
}

/* Sorts each bucket. Returns the number of groups. */
static uint32_t sort_buckets(const volley_plastic_table_builder *builder) {
  uint64_t longest = 0, n_groups = 0;
  for (uint32_t b = 0; b < builder->buckets.n; b++) {
    const uint64_t count = builder->ends[b] - (b > 0 ? builder->ends[b - 1] : 0);
    if (count > longest) longest = count;
  }
  char *scratch = volley_alloc(longest, builder->size, "plastic synapses");
  for (uint32_t b = 0; b < builder->buckets.n; b++) {
    const uint64_t first = b > 0 ? builder->ends[b - 1] : 0, end = builder->ends[b];
    sort_bucket(builder, first, end - first, scratch);
    for (uint64_t s = first; s < end; s++) n_groups += begins(builder, first, s);
  }
  free(scratch);
  if (n_groups > UINT32_MAX) volley_die("%llu groups of plastic synapses in one block", (unsigned long long)n_groups);
  return (uint32_t)n_groups;
}

/* Begins a group with a record of a source. */
static void begin_run(volley_plastic_table *plastic, volley_gid source, uint64_t s, const record *r) {
  volley_plastic_group *group = &plastic->groups[plastic->n_groups++];
  *group = (volley_plastic_group){
      .first = s, .source = source, .due = r->due, .delay = r->delay, .receptor = receptor_of(r), .last = VOLLEY_NEVER};
  if (plastic->is_continuous) plastic->delays[plastic->n_groups - 1] = r->time[0];
  if (plastic->model->begin) plastic->model->begin(&plastic->constants, group->row);
}

/* Writes the rows of a bucket. */
static void write_rows(const volley_plastic_table_builder *builder, volley_plastic_table *plastic, uint32_t b) {
  const uint64_t first = b > 0 ? builder->ends[b - 1] : 0;
  const volley_gid first_source = plastic->first_source + ((volley_gid)b << builder->buckets.shift);
  for (uint64_t s = first; s < builder->ends[b]; s++) {
    const record *r = record_at(builder, s);
    if (begins(builder, first, s)) begin_run(plastic, first_source + source_of(r), s, r);
    plastic->groups[plastic->n_groups - 1].count++;
    plastic->states[0][s] = r->weight;
    plastic->ids[s] = r->target;
  }
}

/* Where the groups of each source begin. */
static void index_rows(volley_plastic_table *plastic) {
  uint32_t n = 0;
  volley_gid *gids = volley_alloc((size_t)plastic->n_groups + 1, sizeof *gids, "plastic synapses");
  plastic->firsts = volley_alloc((size_t)plastic->n_groups + 1, sizeof *plastic->firsts, "plastic synapses");
  for (uint32_t r = 0; r < plastic->n_groups; r++) {
    if (r > 0 && plastic->groups[r].source == plastic->groups[r - 1].source) continue;
    plastic->firsts[n] = r;
    gids[n++] = plastic->groups[r].source;
  }
  plastic->firsts[n] = plastic->n_groups;
  plastic->sources = volley_source_index_make(gids, n);
  free(gids);
}

volley_plastic_table volley_plastic_table_finish(volley_plastic_table_builder *builder) {
  volley_plastic_table plastic = builder->plastic;
  const uint32_t n_groups = sort_buckets(builder);
  for (int k = 0; k < plastic.model->n_states; k++)
    plastic.states[k] = volley_alloc_huge(plastic.synapses * sizeof(double), "plastic synapses");
  plastic.ids = volley_alloc_huge(plastic.synapses * sizeof *plastic.ids, "plastic synapses");
  plastic.groups = volley_alloc((size_t)n_groups + 1, sizeof *plastic.groups, "plastic synapses");
  if (plastic.is_continuous) plastic.delays = volley_alloc(n_groups, sizeof *plastic.delays, "plastic synapses");
  void *kept = builder->records; /* records that have been written are given back */
  for (uint32_t b = 0; b < builder->buckets.n; b++) {
    write_rows(builder, &plastic, b);
    kept = volley_table_discard(kept, record_at(builder, builder->ends[b]));
  }
  index_rows(&plastic);
  if (plastic.plan->normalize) plastic.sums = volley_alloc(plastic.n_targets, sizeof *plastic.sums, "plastic synapses");
  for (uint64_t s = 0; plastic.sums && s < plastic.synapses; s++) plastic.sums[plastic.ids[s]] += plastic.states[0][s];
  plastic.groups[n_groups] = (volley_plastic_group){.first = plastic.synapses, .source = VOLLEY_NO_GID};
  volley_table_free(builder->records, plastic.synapses * builder->size);
  free(builder->ends);
  free(builder);
  return plastic;
}

void volley_plastic_table_release(volley_plastic_table *plastic) {
  for (int k = 0; k < plastic->model->n_states; k++)
    volley_table_free(plastic->states[k], plastic->synapses * sizeof(double));
  volley_table_free(plastic->ids, plastic->synapses * sizeof *plastic->ids);
  for (uint32_t t = 0; t < plastic->n_targets; t++) free(plastic->past[t].spikes);
  free(plastic->past);
  free(plastic->recent);
  free(plastic->gids);
  free(plastic->sums);
  free(plastic->dopamine.levels);
  free(plastic->groups);
  free(plastic->delays);
  volley_source_index_release(&plastic->sources);
  free(plastic->firsts);
  volley_synapse_constants_release(&plastic->constants);
}

uint64_t volley_plastic_table_bytes(const volley_plastic_table *plastic) {
  const uint64_t synapse = (uint64_t)plastic->model->n_states * sizeof(double) + sizeof *plastic->ids;
  const uint64_t group = sizeof *plastic->groups + (plastic->is_continuous ? sizeof *plastic->delays : 0);
  return plastic->synapses * synapse + plastic->n_groups * group + volley_source_index_bytes(&plastic->sources) +
         ((uint64_t)plastic->sources.n_rows + 1) * sizeof *plastic->firsts +
         plastic->n_targets * (sizeof *plastic->past + (plastic->recent ? sizeof *plastic->recent : 0));
}

double volley_plastic_table_expected_bytes(const volley_synapse_model *model, double sources, double rows,
                                           double groups, double synapses) {
  return synapses * ((double)model->n_states * sizeof(double) + sizeof(uint16_t)) +
         groups * sizeof(volley_plastic_group) + rows * sizeof(uint32_t) +
         volley_source_index_expected_bytes(rows, sources);
}

double volley_plastic_table_expected_timed_bytes(const volley_projection *projection, double sources, double per_row) {
  const double rows = sources * -expm1(-per_row), synapses = sources * per_row;
  const double groups = volley_distribution_is_constant(&projection->delay) ? rows : synapses; /* one for each delay */
  return groups * sizeof(double) +
         volley_plastic_table_expected_bytes(projection->plasticity.model, 0, rows, groups, synapses);
}

/* An array that doubles, from FEW spikes on. */
double volley_past_spikes_expected_bytes(double targets, double spikes) {
  const double room = spikes < 1 ? spikes * FEW : fmax(FEW, 1.5 * spikes);
  return targets * (sizeof(volley_past_spikes) + sizeof(volley_recent_spikes) + room * sizeof(volley_past_spike));
}

double volley_plastic_table_builder_expected_bytes(double sources, double synapses) {
  return volley_source_buckets_expected(sources) * sizeof(uint64_t) + synapses * sizeof(record);
}

/* A group as its model sees it: from where it was dealt with to a spike of step `now`. */
static volley_synapse_view view_group(volley_plastic_table *plastic, uint32_t r, int64_t now) {
  volley_plastic_group *group = &plastic->groups[r];
  const int64_t axonal = plastic->constants.is_axonal ? group->delay : 0, swept = plastic->swept - group->due;
  volley_synapse_view view = {.constants = &plastic->constants,
                              .past = plastic->past,
                              .recent = plastic->recent,
                              .dopamine = &plastic->dopamine,
                              .ids = plastic->ids + group->first,
                              .count = group->count,
                              .sign = group->receptor == plastic->turned ? -1 : 1,
                              .row = group->row,
                              .last = group->last + axonal,
                              .since = (group->last > swept ? group->last : swept) + axonal,
                              .now = now + axonal,
                              .swept = plastic->swept,
                              .dendritic = group->delay - axonal,
                              .source = group->source,
                              .kind = (uint32_t)group->delay << VOLLEY_RECEPTOR_BITS | group->receptor,
                              .gids = plastic->gids};
  for (int k = 0; k < plastic->model->n_states; k++) view.states[k] = plastic->states[k] + group->first;
  return view;
}

void volley_plastic_table_deliver(volley_plastic_table *plastic, uint32_t r, int64_t step, double *input) {
  volley_plastic_group *group = &plastic->groups[r];
  const int64_t now = step - group->due;
  volley_synapse_view view = view_group(plastic, r, now);
  plastic->model->spike(&view, input + plastic->first_id);
  volley_source_traces_advance(&plastic->constants, group->row, now - group->last);
  group->last = now;
}

static void find_recent(const volley_plastic_table *plastic, uint32_t target) {
  const int64_t ages = 1 << 30; /* what is older by more than a sweep is old */
  const volley_past_spikes *past = &plastic->past[target];
  volley_recent_spikes *recent = &plastic->recent[target];
  *recent = (volley_recent_spikes){.n = past->n};
  for (uint32_t k = 0; k < VOLLEY_RECENT; k++) {
    const int64_t since = k < past->n ? past->spikes[past->n - 1 - k].step - plastic->swept : -ages;
    recent->steps[k] = (int32_t)(since < -ages ? -ages : since);
  }
  if (past->n == 0) return;
  recent->last = past->spikes[past->n - 1].step;
  memcpy(recent->traces, past->spikes[past->n - 1].traces, sizeof recent->traces);
}

void volley_plastic_table_find_recent(volley_plastic_table *plastic) {
  for (uint32_t t = 0; t < plastic->n_targets && plastic->recent; t++) find_recent(plastic, t);
}

/* Forgets spikes before `bound`, but for the last of them. Returns how many stay. */
static uint32_t forget(volley_past_spike *spikes, uint32_t n, int64_t bound) {
  uint32_t first = n;
  while (first > 0 && spikes[first - 1].step >= bound) first--;
  if (first > 0) first--;
  memmove(spikes, spikes + first, (n - first) * sizeof *spikes);
  return n - first;
}

bool volley_plastic_table_is_swept(const volley_plastic_table *plastic, int64_t step) {
  const int64_t every = plastic->plan->normalize;
  return step > 0 && (step % VOLLEY_SWEEP_STEPS == 0 || (every > 0 && step % every == 0) ||
                      volley_weights_change(plastic->plan, step));
}

int64_t volley_plasticity_last_sweep(const volley_plasticity_plan *plan, int64_t step) {
  const int64_t every = plan->normalize, before = step > 0 ? step - 1 : 0;
  const int64_t swept = before - before % VOLLEY_SWEEP_STEPS, restored = every > 0 ? before - before % every : 0;
  const int64_t changed = volley_weights_changed(plan, step), last = restored > swept ? restored : swept;
  return changed > last ? changed : last;
}

void volley_plastic_table_catch_up(volley_plastic_table *plastic, int64_t step) {
  for (uint32_t r = 0; r < plastic->n_groups && plastic->model->catch_up; r++) {
    volley_synapse_view view = view_group(plastic, r, step - plastic->groups[r].due);
    if (view.now > view.since) plastic->model->catch_up(&view);
  }
  plastic->swept = step;
  /* Before the time of any group: that it is due, and a dendrite's delay. */
  const int64_t bound = step - 2 * (int64_t)plastic->max_due - 2;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    volley_past_spikes *past = &plastic->past[t];
    if (past->n > 0) past->n = forget(past->spikes, past->n, bound);
  }
  volley_plastic_table_find_recent(plastic);
  plastic->dopamine.n = forget(plastic->dopamine.levels, plastic->dopamine.n, bound);
}

void volley_plastic_table_sweep(volley_plastic_table *plastic, int64_t step) {
  volley_plastic_table_catch_up(plastic, step);
  volley_plastic_table_change(plastic, step);
  if (plastic->sums && step % plastic->plan->normalize == 0) volley_plastic_table_normalize(plastic);
}

const double *volley_plastic_table_look(const volley_plastic_table *plastic, uint32_t r, int64_t step, int state,
                                        double *out) {
  const volley_plastic_group *group = &plastic->groups[r];
  const volley_synapse_model *model = plastic->model;
  volley_synapse_view view = view_group((volley_plastic_table *)plastic, r, step - group->due);
  for (int k = 0; k < model->n_states; k++) {
    view.states[k] = out + (size_t)k * group->count;
    memcpy(view.states[k], plastic->states[k] + group->first, group->count * sizeof(double));
  }
  if (view.now > view.since && model->catch_up) model->catch_up(&view);
  if (state < model->n_states) return view.states[state];
  double row[VOLLEY_MAX_ROW_STATES], *found = out + (size_t)model->n_states * group->count;
  memcpy(row, group->row, sizeof row);
  view.row = row;
  model->look(&view, state - model->n_states, found);
  return found;
}

static void push(volley_past_spike **spikes, uint32_t *n, uint32_t *capacity, volley_past_spike spike) {
  if (*n == *capacity) {
    const uint32_t more = *capacity ? 2 * *capacity : FEW;
    *spikes = volley_grow(*spikes, more, sizeof **spikes, "the recent spikes of neurons with plastic synapses");
    *capacity = more;
  }
  (*spikes)[(*n)++] = spike;
}

void volley_plastic_table_note_target(volley_plastic_table *plastic, uint32_t target, int64_t step) {
  volley_past_spikes *past = &plastic->past[target];
  const volley_past_spike *before = past->n > 0 ? &past->spikes[past->n - 1] : NULL;
  push(&past->spikes, &past->n, &past->capacity, volley_target_traces_at(&plastic->constants, before, step));
  find_recent(plastic, target);
}

void volley_plastic_table_note_dopamine(volley_plastic_table *plastic, int64_t step, uint32_t count) {
  volley_dopamine *dopamine = &plastic->dopamine;
  const volley_past_spike level = volley_dopamine_at(&plastic->constants, &dopamine->levels[dopamine->n - 1],
                                                     step + plastic->dopamine_delay, count);
  push(&dopamine->levels, &dopamine->n, &dopamine->capacity, level);
}
