/* Time of spikes: their way through the exchange, and their delivery to a made-up table in which as many of them find a row
 * as in the run, of as many synapses due on as many steps. Where a rank has few synapses most of it is looking for rows that are not
 * there, and opening rows of one synapse. */
#include "app/calibrate.h"
#include "base/parallel.h"
#include "engine/arrivals.h"
#include "exchange/exchange.h"
#include "network/table_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_SYNAPSES = 1 << 21 /* that are drawn, of all threads' tables */,
  MOST_ROWS = 1 << 20,
  MOST_BYTES = 1 << 28 /* of all threads' tables, which are those synapses again and again: no cache holds them */,
  MOST_SPIKES = 1 << 14 /* a step */,
  STEPS = 32 /* that are timed together at most: looking at the clock takes as long as one with few synapses */,
  TOGETHER = 1 << 16 /* spikes of these */,
  MOST_EVENTS = 1 << 26 /* that these have, where that is more than one spike */,
  RECEPTORS = 2
};

/* The table of a block, and how its spikes come. */
typedef struct shape {
  double rows, synapses; /* rows of the table; synapses of a row that a spike finds, in the mean */
  uint32_t steps;        /* on which the synapses of a row are due */
  double found;          /* share of the spikes that find a row */
  double per_step;       /* spikes */
  bool equal;            /* weights */
  const volley_simulation *simulation;
  uint32_t targets;
  int threads;
  volley_barrier barrier;
  double *seconds; /* [threads] of one spike */
} shape;

/* Rounds to one of the two next whole numbers, so that the mean over all words is x. */
static uint32_t round_by(double x, uint32_t word) { return (uint32_t)floor(x + volley_open_uniform(word)); }

/* The row of number r: as many synapses as are right in the mean. Counts or fills them. */
static void go_through_row(volley_table_builder *builder, const shape *s, uint32_t r, bool fills, uint32_t *words) {
  const volley_key key = volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, 0);
  uint32_t drawn;
  volley_random_words(key, r, 0, 1, 1, &drawn);
  const uint32_t n = (uint32_t)fmax(1, fmin(round_by(s->synapses, drawn), MOST_SYNAPSES));
  const volley_gid gid = (volley_gid)(r / s->found);
  if (fills) volley_random_words(key, r, 0, 0, n, words);
  for (uint32_t k = 0; k < n; k++) {
    const uint16_t due = (uint16_t)(1 + (words[k] & 0xFFFF) % s->steps),
                   target = (uint16_t)((k + volley_open_uniform(words[k])) / n * s->targets); /* they ascend */
    const uint8_t receptor = (uint8_t)(r & 1);
    const float weight = s->equal ? 1 : (float)(k + 1);
    if (fills)
      volley_table_fill(builder, target, 1, &gid, &due, &receptor, &weight);
    else
      volley_table_count(builder, &gid, 1);
  }
}

/* A table that is another one so many times; takes the other one. */
static volley_table repeat(volley_table part, uint32_t times, double found) {
  const uint32_t n = part.sources.n_rows;
  volley_table all = part;
  volley_gid *gids = volley_alloc((size_t)times * n, sizeof *gids, "an estimate");
  all.synapses *= times;
  all.pool_bytes *= times;
  all.pool = volley_alloc_huge(all.pool_bytes, "an estimate");
  all.rows = volley_alloc_huge((size_t)times * n * sizeof *all.rows, "an estimate");
  for (uint32_t c = 0; c < times; c++) {
    memcpy(all.pool + c * part.pool_bytes, part.pool, part.pool_bytes);
    for (uint32_t r = 0; r < n; r++) {
      volley_row row = volley_row_unpack(part.rows[r]);
      row.offset += c * part.pool_bytes;
      all.rows[c * n + r] = volley_row_pack(row);
      gids[c * n + r] = (volley_gid)((c * n + r) / found);
    }
  }
  all.sources = volley_source_index_make(gids, times * n);
  free(gids);
  part.units = NULL; /* stay */
  volley_table_release(&part);
  return all;
}

static volley_table make_table(const shape *s, uint32_t n_rows) {
  volley_table_builder *builder =
      volley_table_builder_create((volley_gid)(n_rows / s->found) + 1, s->targets, RECEPTORS, s->simulation);
  uint32_t *words = volley_alloc(MOST_SYNAPSES, sizeof *words, "an estimate");
  for (uint32_t r = 0; r < n_rows; r++) go_through_row(builder, s, r, false, words);
  volley_table_allocate(builder);
  for (uint32_t r = 0; r < n_rows; r++) go_through_row(builder, s, r, true, words);
  free(words);
  const volley_table part = volley_table_finish(builder);
  const double room = MOST_BYTES / s->threads / (double)volley_table_bytes(&part);
  return repeat(part, (uint32_t)fmax(1, round(fmin(s->rows / n_rows, room))), s->found);
}

/* The spikes of a step: ascending, anywhere among those whose rows may be in the table. */
static void draw_spikes(volley_stream *stream, double universe, volley_gid *gids, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) gids[i] = (volley_gid)((i + volley_stream_uniform(stream)) / n * universe);
}

/* Takes steps with n spikes in each, which are drawn before: gids [steps][n]. Returns the seconds of the processor. */
static double take_steps(volley_arrivals *arrivals, const volley_slice *slice, int64_t first, int64_t steps,
                         const volley_gid *gids, uint32_t n) {
  const double begin = volley_thread_seconds();
  for (int64_t step = first; step < first + steps; step++, gids += n) {
    volley_arrivals_deliver(arrivals, step);
    volley_arrivals_take(arrivals, slice, step);
    volley_arrivals_schedule(arrivals, step, gids, n);
  }
  return volley_thread_seconds() - begin;
}

/* Delivers the spikes of steps while there is time, and returns the seconds of a spike. */
static double deliver(const shape *s, volley_block *block, uint32_t n_rows, uint32_t thread) {
  volley_arrivals arrivals = volley_arrivals_create(block, block->table.max_due);
  const volley_slice slice = {
      .count = s->targets, .inputs = {block->inputs, block->inputs + s->targets}, .reached = (1 << RECEPTORS) - 1};
  volley_stream stream = volley_stream_of(volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, 1), thread, 0);
  const double together = fmin(TOGETHER, fmax(1, MOST_EVENTS / s->synapses));
  const uint32_t n = (uint32_t)fmin(fmin(MOST_SPIKES, together), fmax(1, s->per_step));
  const int64_t steps = (int64_t)fmax(1, fmin(STEPS, together / n));
  volley_gid *gids = volley_alloc((size_t)steps * n, sizeof *gids, "an estimate");
  const double end = MPI_Wtime() + volley_sample_s;
  const int64_t warm = block->table.max_due; /* nothing is due before */
  double spikes = 0, seconds = 0;
  for (int64_t step = 0; spikes == 0 || (spikes < 2 * n_rows / s->found && MPI_Wtime() < end); step += steps) {
    for (int64_t k = 0; k < steps; k++) draw_spikes(&stream, n_rows / s->found, gids + (size_t)k * n, n);
    const double taken = take_steps(&arrivals, &slice, step, steps, gids, n);
    if (step < warm) continue;
    seconds += taken;
    spikes += (double)steps * n;
  }
  free(gids);
  volley_arrivals_free(&arrivals);
  return seconds / spikes;
}

static void deliver_in_thread(void *context, int thread) {
  shape *s = context;
  const double most = fmin(MOST_ROWS, MOST_SYNAPSES / fmax(1, s->synapses)) / s->threads;
  uint32_t n_rows = (uint32_t)fmax(1, fmin(s->rows, most));
  volley_block block = {.target_stride = s->targets,
                        .receptors = RECEPTORS,
                        .inputs = volley_alloc(RECEPTORS * s->targets, sizeof(double), "an estimate")};
  block.table = make_table(s, n_rows);
  n_rows = block.table.sources.n_rows;
  block.sums = volley_table_sums(&block.table, RECEPTORS);
  volley_barrier_wait(&s->barrier);
  s->seconds[thread] = deliver(s, &block, n_rows, (uint32_t)thread);
  volley_table_free(block.sums, volley_ring_bytes(block.table.layout, RECEPTORS));
  volley_table_release(&block.table);
  free(block.inputs);
}

double volley_time_spike(const volley_experiment *experiment, const volley_estimate *estimate) {
  const volley_visits *visits = &estimate->visits;
  if (!(visits->rows > 0)) return 0;
  shape s = {.rows = estimate->rows / estimate->blocks,
             .synapses = visits->synapses / visits->rows,
             .steps = (uint32_t)fmin(UINT16_MAX, ceil(visits->steps / visits->synapses)),
             .simulation = &experiment->simulation,
             .found = fmin(1, visits->rows / estimate->spikes / estimate->blocks),
             .per_step = estimate->spikes / (double)experiment->simulation.steps,
             .equal = visits->equal > 0.5 * visits->synapses,
             .targets = estimate->stride > 0 ? estimate->stride : 1,
             .threads = volley_sample_threads(estimate)};
  s.found = fmax(s.found, fmax(1, fmin(s.rows, MOST_BYTES / sizeof(uint64_t))) / (double)VOLLEY_MOST_NEURONS);
  s.seconds = volley_alloc((size_t)s.threads, sizeof *s.seconds, "an estimate");
  volley_barrier_init(&s.barrier, s.threads);
  volley_parallel(s.threads, deliver_in_thread, &s);
  double slowest = 0;
  for (int t = 0; t < s.threads; t++) slowest = fmax(slowest, s.seconds[t]);
  free(s.seconds);
  return slowest;
}

double volley_time_exchange(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double per_step = estimate->spikes / (double)experiment->simulation.steps;
  if (per_step < 1) return 0; /* the steps themselves are timed with the neurons */
  const uint32_t n = (uint32_t)fmin(MOST_SPIKES, per_step);
  volley_gid *gids = volley_alloc(n, sizeof *gids, "an estimate");
  volley_stream stream = volley_stream_of(volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, 2), 0, 0);
  const volley_exchange_kind *kind = experiment->simulation.exchange;
  void *exchange = kind->create(&(volley_exchange_setup){.comm = MPI_COMM_SELF, .batch = 1, .lag = 1, .usual = n});
  const double end = MPI_Wtime() + 0.1 * volley_sample_s, begin = volley_thread_seconds();
  int64_t step = 0;
  for (; step < 4 || (step < 1000 && MPI_Wtime() < end); step++) {
    draw_spikes(&stream, (double)experiment->neurons, gids, n);
    kind->add(exchange, gids, n);
    kind->post(exchange, 0, true);
    (void)kind->complete(exchange, step, true);
  }
  const double seconds = volley_thread_seconds() - begin;
  kind->destroy(exchange);
  free(gids);
  return seconds / (double)step / n;
}
