/* The packed tables of both layouts against a plain list of edges. */
#include "base/memory.h"
#include "base/random.h"
#include "engine/arrivals.h"
#include "network/table_builder.h"
#include "support/tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SOURCES = 40, GAP = 1000003, STEPS = 150, LONG = 3 * VOLLEY_MAX_GROUP / 2 };
enum { LONG_SOURCE = 7, EQUAL_SOURCE = 8, SILENT_SOURCE = 9, LONE_SOURCE = 10 };

/* A block, and what its table must be. */
typedef struct block_case {
  const char *name;
  uint32_t targets, stride, edges, longest; /* longest: edges of one source and group, twice */
  int receptors, max_due;
  volley_delivery wanted;
  bool direct, has_windows;
} block_case;

static const block_case cases[] = {
    {"many targets", 3000, 3008, 300000, LONG, 8, 90, VOLLEY_DELIVERY_AUTO, false, false},
    {"listed, long windows", 300, 304, 3000, 0, 2, 90, VOLLEY_DELIVERY_LISTED, false, true},
    {"few synapses", 3000, 3008, 4000, 0, 2, 90, VOLLEY_DELIVERY_AUTO, false, true},
    {"direct", 150, 152, 3000, 0, 2, 43, VOLLEY_DELIVERY_AUTO, true, false},
    {"direct, lone synapses", 20, 24, 100, 0, 3, 90, VOLLEY_DELIVERY_AUTO, true, false},
    {"direct on request", 300, 304, 30000, 0, 2, 60, VOLLEY_DELIVERY_DIRECT, true, false},
    {"direct not possible", 3000, 3008, 3000, 0, 2, 90, VOLLEY_DELIVERY_DIRECT, false, true},
    {"all at once", 40000, 40000, 50000, 0, 1, 1, VOLLEY_DELIVERY_AUTO, false, false},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static const block_case *c;
static volley_weight_bits bits;
static table_edge *edges; /* [c->edges] in the order in which they are put into the table, which is also their number */
static volley_block block;

static volley_gid gid_of(uint32_t source) { return source * GAP; }

static uint32_t word(uint32_t i, uint32_t k) {
  uint32_t out[4];
  volley_random_block((volley_key){{1, 2}}, i, k / 4, 0, out);
  return out[k % 4];
}

/* Weights of different sizes, so that sums that are rounded depend on their order. */
static float any_weight(uint32_t i) {
  const float weight = (float)volley_open_uniform(word(i, 0)) + 0.1f;
  return word(i, 1) % 3 == 0 ? 1000 * weight : word(i, 1) % 3 == 1 ? -weight : 1e-6f * weight;
}

/* One source may have long groups, one has a single edge, one none, and one equal weights; multapses are frequent. */
static table_edge any_edge(uint32_t i) {
  uint32_t source = i < 2 * c->longest ? LONG_SOURCE : word(i, 2) % SOURCES;
  if (source == SILENT_SOURCE || source == LONE_SOURCE) source = i == c->edges - 1 ? LONE_SOURCE : 0;
  if (i == c->edges - 1) source = LONE_SOURCE;
  table_edge edge = {.source = gid_of(source),
                     .target = word(i, 3) % (i % 2 ? c->targets : 20),
                     .number = i,
                     .due = (uint16_t)(word(i, 4) % (uint32_t)(i % 3 || c->max_due < 3 ? c->max_due : 3) + 1),
                     .receptor = (uint8_t)(word(i, 5) % (uint32_t)c->receptors),
                     .weight = source == EQUAL_SOURCE ? -87.8f : any_weight(i)};
  if (i < 2 * c->longest) edge.due = i % 2 ? 5 : 6;
  if (i < 2 * c->longest) edge.receptor = 2;
  return edge;
}

static void begin(const block_case *of, volley_weight_bits of_weights) {
  c = of;
  bits = of_weights;
  edges = volley_alloc(c->edges, sizeof *edges, "test");
  volley_table_builder *builder = volley_table_builder_create(
      SOURCES * GAP, c->stride, c->receptors, &(volley_simulation){.delivery = c->wanted, .weight_bits = bits});
  for (uint32_t i = 0; i < c->edges; i++) edges[i] = any_edge(i);
  for (uint32_t i = 0; i < c->edges; i++) volley_table_count(builder, &edges[i].source, 1);
  volley_table_allocate(builder);
  for (uint32_t i = 0; i < c->edges; i++) {
    const table_edge *edge = &edges[i];
    const uint16_t target = (uint16_t)edge->target;
    volley_table_fill(builder, target, 1, &edge->source, &edge->due, &edge->receptor, &edge->weight);
  }
  block = (volley_block){.table = volley_table_finish(builder),
                         .count = c->targets,
                         .stride = c->stride,
                         .target_stride = c->stride,
                         .receptors = c->receptors};
  block.sums = volley_table_sums(&block.table, c->receptors);
  block.inputs = volley_alloc((size_t)c->receptors * c->stride, sizeof(double), "test");
}

static void end(void) {
  volley_table_free(block.sums, volley_ring_bytes(block.table.layout, c->receptors));
  volley_table_release(&block.table);
  free(block.inputs);
  free(edges);
}

static int by_number(const void *a, const void *b) {
  const table_edge *x = a, *y = b;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  if (x->due != y->due) return x->due < y->due ? -1 : 1;
  if (x->receptor != y->receptor) return x->receptor < y->receptor ? -1 : 1;
  if (x->target != y->target) return x->target < y->target ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

/* Of each target and receptor, the sizes of all weights, or the largest of them. */
static double *sum_sizes(void) {
  double *sums = volley_alloc((size_t)c->receptors * c->stride, sizeof *sums, "test");
  for (uint32_t i = 0; i < c->edges; i++) {
    double *sum = &sums[edges[i].receptor * c->stride + edges[i].target], size = fabs((double)edges[i].weight);
    *sum = bits == VOLLEY_WEIGHT_BITS_32 ? *sum + size : fmax(*sum, size);
  }
  return sums;
}

/* By how much a weight may be off: 2^-44 of the sum of all onto its target, or a half of that more; or a unit, of which there
 * are 2^14 or 2^6 at least in the largest weight. */
static double allowed(double sum) {
  return ldexp(sum, bits == VOLLEY_WEIGHT_BITS_32 ? -44 : bits == VOLLEY_WEIGHT_BITS_16 ? -14 : -6) * (1 + 1e-9);
}

/* The table has every edge, with its weight but for rounding. */
static void check_rows(void) {
  table_edge *stored = tables_edges(&block.table), *expected = volley_alloc(c->edges, sizeof *expected, "test");
  double *sums = sum_sizes();
  uint32_t rounded = 0;
  memcpy(expected, edges, c->edges * sizeof *expected);
  qsort(stored, c->edges, sizeof *stored, by_number);
  qsort(expected, c->edges, sizeof *expected, by_number);
  for (uint32_t i = 0; i < c->edges; i++) {
    assert_int_equal(stored[i].source, expected[i].source);
    assert_int_equal(stored[i].target, expected[i].target);
    assert_int_equal(stored[i].due, expected[i].due);
    assert_int_equal(stored[i].receptor, expected[i].receptor);
    const double all = sums[expected[i].receptor * c->stride + expected[i].target];
    const double off = fabs((double)stored[i].weight - (double)expected[i].weight);
    if (off > allowed(all)) fail_msg("%s: weight %g for %g", c->name, stored[i].weight, expected[i].weight);
    if (bits == VOLLEY_WEIGHT_BITS_32 && fabs((double)expected[i].weight) > ldexp(all, -19)) assert_true(off == 0);
    rounded += off > 0;
  }
  if (c->edges > 10000) assert_in_range(rounded, 1, bits == VOLLEY_WEIGHT_BITS_32 ? c->edges / 2 : c->edges);
  free(stored);
  free(expected);
  free(sums);
}

static void test_rows(void **state) {
  (void)state;
  for (int k = 0; k < 3 * N_CASES; k++) {
    if (cases[k / 3].longest > 0 && k % 3 > 0) continue; /* takes a second */
    begin(&cases[k / 3], (volley_weight_bits)(k % 3));
    assert_int_equal(block.table.synapses, c->edges);
    assert_int_equal(block.table.max_due, c->max_due);
    assert_int_equal(volley_source_row(&block.table.sources, gid_of(SILENT_SOURCE)), VOLLEY_NO_ROW);
    if (block.table.layout.direct != c->direct) fail_msg("%s: the wrong layout", c->name);
    if (!c->direct && (block.table.layout.step_bits > 0) != c->has_windows) fail_msg("%s: the wrong windows", c->name);
    check_rows();
    end();
  }
}

/* A table of 2 n synapses onto targets below `targets`, in two rows, one of equal weights. */
static volley_table two_rows(uint32_t n, uint32_t targets, volley_weight_bits of_weights) {
  volley_table_builder *builder =
      volley_table_builder_create(2, targets, 1, &(volley_simulation){.weight_bits = of_weights});
  for (uint32_t i = 0; i < 2 * n; i++) volley_table_count(builder, &(volley_gid){i % 2}, 1);
  volley_table_allocate(builder);
  for (uint32_t i = 0; i < 2 * n; i++)
    volley_table_fill(builder, (uint16_t)(i % targets), 1, &(volley_gid){i % 2}, &(uint16_t){1}, &(uint8_t){0},
                      &(float){i % 2 ? 1 : (float)i});
  return volley_table_finish(builder);
}

/* 6, 4 or 3 and 2 bytes a synapse; groups are cut where 16 bits end, a synapse by itself takes no more than its row's entry. */
static void test_bytes(void **state) {
  (void)state;
  for (uint32_t k = 0; k < 3; k++) {
    const uint32_t both = 4 + (4u >> k);
    volley_table listed = two_rows(LONG, 65536, (volley_weight_bits)k),
                 direct = two_rows(LONG, 100, (volley_weight_bits)k);
    assert_false(listed.layout.direct);
    assert_true(direct.layout.direct);
    for (uint32_t r = 0; r < 2; r++) assert_int_equal(volley_row_unpack(listed.rows[r]).count, 2);
    assert_in_range(listed.pool_bytes, both * LONG, both * LONG + 50);
    assert_in_range(direct.pool_bytes, both * LONG, both * LONG + 8);
    volley_table_release(&listed);
    volley_table_release(&direct);
  }
  volley_table lone = two_rows(1, 100, VOLLEY_WEIGHT_BITS_32);
  assert_int_equal(lone.pool_bytes, 0);
  assert_int_equal(volley_table_bytes(&lone), 2 * 8 + 8 * 16);
  volley_table_release(&lone);
}

/* Weights of few bits keep the sum of all onto a target, and of their squares: normal ones at receptor 0; at receptor 1
 * equal ones of a third of a unit, which the nearest whole number would lose, and the largest that makes the unit. */
static void check_mean(volley_weight_bits of_weights) {
  enum { MANY = 4000 };
  const double unit = of_weights == VOLLEY_WEIGHT_BITS_16 ? 0x1p-8 : 1; /* where the largest weight is 100 */
  volley_table_builder *builder =
      volley_table_builder_create(2 * MANY, 8, 2, &(volley_simulation){.weight_bits = of_weights});
  double found[2][2] = {{0}}, expected[2][2] = {{0}};
  for (volley_gid i = 0; i < 2 * MANY; i++) volley_table_count(builder, &i, 1);
  volley_table_allocate(builder);
  for (uint32_t i = 0; i < 2 * MANY; i++) {
    const float normal = (float)fmin(99, 60 + 8 * volley_normal_quantile(volley_open_uniform(word(i, 0))));
    const float weight = i < 2 ? 100 : i % 2 ? (float)(unit / 3) : normal;
    volley_table_fill(builder, 3, 1, &(volley_gid){i}, &(uint16_t){1}, &(uint8_t){(uint8_t)(i % 2)}, &weight);
    expected[i % 2][0] += (double)weight;
    expected[i % 2][1] += (double)weight * (double)weight;
  }
  volley_table table = volley_table_finish(builder);
  assert_true((double)table.units[3] == unit && (double)table.units[8 + 3] == unit);
  table_edge *stored = tables_edges(&table);
  for (uint32_t i = 0; i < 2 * MANY; i++) {
    found[stored[i].receptor][0] += (double)stored[i].weight;
    found[stored[i].receptor][1] += (double)stored[i].weight * (double)stored[i].weight;
  }
  for (int r = 0; r < 2; r++) assert_true(fabs(found[r][0] - expected[r][0]) < 4 * unit / 2 * sqrt(MANY));
  assert_true(fabs(found[0][1] / expected[0][1] - 1) < (of_weights == VOLLEY_WEIGHT_BITS_16 ? 1e-5 : 1e-3));
  free(stored);
  volley_table_release(&table);
}

static void test_mean(void **state) {
  (void)state;
  check_mean(VOLLEY_WEIGHT_BITS_16);
  check_mean(VOLLEY_WEIGHT_BITS_8);
}

static void test_empty(void **state) {
  (void)state;
  volley_table_builder *builder = volley_table_builder_create(1, 8, 1, &(volley_simulation){0});
  volley_table_allocate(builder);
  volley_table table = volley_table_finish(builder);
  assert_int_equal(table.synapses, 0);
  assert_int_equal(table.max_due, 0);
  assert_int_equal(volley_source_row(&table.sources, 0), VOLLEY_NO_ROW);
  volley_table_release(&table);
}

/* The sources that spike in a step, ascending; one may spike twice. */
static uint32_t spikes_of(int64_t step, volley_gid gids[2 * SOURCES]) {
  uint32_t n = 0;
  for (uint32_t s = 0; s < SOURCES && step < STEPS - c->max_due; s++) {
    const uint32_t dice = word((uint32_t)step, 100 + s) % 40;
    for (uint32_t k = 0; k < (dice == 0 ? 2 : dice < 4 ? 1 : 0); k++) gids[n++] = gid_of(s);
  }
  return n;
}

/* The sums of all steps, [STEPS][receptors][stride], added up backwards: no sum is rounded, so the order makes no difference. */
static double *add_all(uint64_t *events) {
  const size_t of_step = (size_t)c->receptors * c->stride;
  double *sums = volley_alloc(STEPS * of_step, sizeof *sums, "test");
  table_edge *stored = tables_edges(&block.table);
  for (int64_t from = STEPS - 1; from >= 0; from--) {
    volley_gid gids[2 * SOURCES];
    for (uint32_t k = spikes_of(from, gids); k-- > 0;) {
      for (uint32_t i = c->edges; i-- > 0;) {
        if (stored[i].source != gids[k]) continue;
        sums[(size_t)(from + stored[i].due) * of_step + stored[i].receptor * c->stride + stored[i].target] +=
            (double)stored[i].weight;
        ++*events;
      }
    }
  }
  free(stored);
  return sums;
}

/* One step of delivery to a block that is one slice. */
static void take_step(volley_arrivals *arrivals, const volley_slice *slice, int64_t step) {
  volley_arrivals_deliver(arrivals, step);
  volley_arrivals_take(arrivals, slice, step);
}

static void schedule(volley_arrivals *arrivals, int64_t step) {
  volley_gid gids[2 * SOURCES];
  volley_arrivals_schedule(arrivals, step, gids, spikes_of(step, gids));
}

/* Delivery as if a run had been resumed before `step`. */
static volley_arrivals resume(int64_t step) {
  volley_arrivals arrivals = volley_arrivals_create(&block, block.table.max_due);
  for (int64_t s = step > c->max_due ? step - c->max_due : 0; s < step; s++) {
    schedule(&arrivals, s);
    if (s + 1 < step) volley_arrivals_skip(&arrivals, s + 1);
  }
  return arrivals;
}

/* Delivery gives the same bits as adding the edges one by one, also after a restart. */
static void check_delivery(void) {
  const size_t n = (size_t)c->receptors * c->stride;
  uint64_t events = 0;
  double *inputs = volley_alloc(n, sizeof *inputs, "test"), *sums = add_all(&events);
  volley_slice slice = {.count = c->targets, .reached = (uint8_t)((1 << c->receptors) - 1)};
  for (int r = 0; r < c->receptors; r++) slice.inputs[r] = block.inputs + (size_t)r * c->stride;
  volley_arrivals arrivals = volley_arrivals_create(&block, block.table.max_due);
  for (int64_t step = 0; step < STEPS; step++) {
    if (step == STEPS / 2) {
      volley_arrivals_free(&arrivals);
      arrivals = resume(step);
    }
    take_step(&arrivals, &slice, step);
    for (size_t i = 0; i < n; i++) inputs[i] += sums[(size_t)step * n + i];
    if (memcmp(inputs, block.inputs, n * sizeof *inputs) != 0) fail_msg("%s: step %d differs", c->name, (int)step);
    schedule(&arrivals, step);
  }
  assert_true(events > c->edges);
  volley_arrivals_free(&arrivals);
  free(inputs);
  free(sums);
}

static void test_delivery(void **state) {
  (void)state;
  for (int k = 0; k < 3 * N_CASES; k++) {
    if (cases[k / 3].longest > 0 && k % 3 > 0) continue; /* takes a second */
    begin(&cases[k / 3], (volley_weight_bits)(k % 3));
    check_delivery();
    end();
  }
}

/* Events are counted when a spike becomes known: all synapses of its source. */
static void test_events(void **state) {
  (void)state;
  for (int k = 0; k < N_CASES; k++) {
    begin(&cases[k], VOLLEY_WEIGHT_BITS_32);
    volley_arrivals arrivals = volley_arrivals_create(&block, block.table.max_due);
    uint64_t expected = 0;
    const volley_gid gids[] = {gid_of(0), gid_of(LONG_SOURCE), gid_of(SILENT_SOURCE), gid_of(LONE_SOURCE)};
    for (uint32_t i = 0; i < c->edges; i++)
      for (uint32_t s = 0; s < 4; s++) expected += edges[i].source == gids[s];
    volley_arrivals_schedule(&arrivals, 0, gids, 4);
    assert_int_equal(arrivals.events, expected);
    volley_arrivals_free(&arrivals);
    end();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows),     cmocka_unit_test(test_bytes),
                                     cmocka_unit_test(test_mean),     cmocka_unit_test(test_empty),
                                     cmocka_unit_test(test_delivery), cmocka_unit_test(test_events)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
