/* The packed table against a plain list of edges. */
#include "base/memory.h"
#include "base/random.h"
#include "engine/arrivals.h"
#include "network/table.h"
#include "support/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TARGETS = 3000, STRIDE = 3008, RECEPTORS = 8, SOURCES = 40, GAP = 1000003, STEPS = 150, MAX_DUE = 90 };
enum { LONG = 3 * VOLLEY_MAX_GROUP / 2, EDGES = 100000 + 2 * LONG };
enum { LONG_SOURCE = 7, LONG_EQUAL_SOURCE = 8, SILENT_SOURCE = 9 };

static table_edge *edges; /* [EDGES] in the order in which they are put into the table, which is also their number */
static uint32_t first_of[SOURCES], next_of[EDGES]; /* the edges of a source in order, ended by EDGES */
static volley_block block;

static uint32_t gid_of(uint32_t source) { return source * GAP; }

static uint32_t word(uint32_t i, uint32_t k) {
  uint32_t out[4];
  volley_random_block((volley_key){{1, 2}}, i, k / 4, 0, out);
  return out[k % 4];
}

/* Weights of different sizes, so that every other order of a sum gives other bits. */
static float any_weight(uint32_t i) {
  const float weight = (float)volley_open_uniform(word(i, 0)) + 0.1f;
  return word(i, 1) % 3 == 0 ? 1000 * weight : word(i, 1) % 3 == 1 ? -weight : 0.001f * weight;
}

/* Two sources have long groups; the rest has many due steps, receptors and multapses, and some sources equal weights. */
static table_edge any_edge(uint32_t i) {
  const uint32_t source = i < 2 * LONG ? LONG_SOURCE + i % 2 : word(i, 2) % SOURCES;
  table_edge edge = {.source = gid_of(source == SILENT_SOURCE ? 0 : source),
                     .target = word(i, 3) % (i % 2 ? TARGETS : 20),
                     .number = i,
                     .due = (uint16_t)(word(i, 4) % (i % 3 ? MAX_DUE : 3) + 1),
                     .receptor = (uint8_t)(word(i, 5) % RECEPTORS),
                     .weight = source % 10 == LONG_EQUAL_SOURCE ? -87.8f : any_weight(i)};
  if (i == 2 * LONG - 1) edge.weight = 2; /* the last one of a group differs */
  if (i < 2 * LONG) edge.due = 5;
  if (i < 2 * LONG) edge.receptor = 2;
  return edge;
}

static void make_edges(void) {
  edges = volley_alloc(EDGES, sizeof *edges, "test");
  for (uint32_t s = 0; s < SOURCES; s++) first_of[s] = EDGES;
  for (uint32_t i = EDGES; i-- > 0;) {
    edges[i] = any_edge(i);
    next_of[i] = first_of[edges[i].source / GAP];
    first_of[edges[i].source / GAP] = i;
  }
}

static int set_up(void **state) {
  (void)state;
  make_edges();
  volley_table_builder *builder = volley_table_builder_create();
  for (uint32_t i = 0; i < EDGES; i++) volley_table_count(builder, edges[i].source);
  volley_table_allocate(builder);
  for (uint32_t i = 0; i < EDGES; i++) {
    const table_edge *edge = &edges[i];
    volley_table_fill(builder, edge->source, (uint16_t)edge->target, edge->due, edge->receptor, edge->weight);
  }
  block.table = volley_table_finish(builder);
  block.count = TARGETS;
  block.stride = STRIDE;
  block.inputs = volley_alloc(RECEPTORS * STRIDE, sizeof(double), "test");
  return 0;
}

static int clean_up(void **state) {
  (void)state;
  volley_table_release(&block.table);
  free(block.inputs);
  free(edges);
  return 0;
}

static int by_number(const void *a, const void *b) {
  const table_edge *x = a, *y = b;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

static int by_run(const void *a, const void *b) {
  const table_edge *x = a, *y = b;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  if (x->due != y->due) return x->due < y->due ? -1 : 1;
  if (x->receptor != y->receptor) return x->receptor < y->receptor ? -1 : 1;
  return by_number(a, b);
}

/* Every row holds its source's edges sorted by when and where they are due, otherwise in the order they were put in. */
static void test_rows(void **state) {
  (void)state;
  assert_int_equal(block.table.synapses, EDGES);
  assert_int_equal(block.table.max_due, MAX_DUE);
  assert_null(volley_gid_map_find(&block.table.rows, gid_of(SILENT_SOURCE)));
  table_edge *stored = tables_edges(&block.table), *expected = volley_alloc(EDGES, sizeof *expected, "test");
  memcpy(expected, edges, EDGES * sizeof *expected);
  qsort(stored, EDGES, sizeof *stored, by_number);
  qsort(expected, EDGES, sizeof *expected, by_run);
  for (uint32_t i = 0; i < EDGES; i++) {
    assert_int_equal(stored[i].source, expected[i].source);
    assert_int_equal(stored[i].target, expected[i].target);
    assert_int_equal(stored[i].due, expected[i].due);
    assert_int_equal(stored[i].receptor, expected[i].receptor);
    assert_memory_equal(&stored[i].weight, &expected[i].weight, sizeof(float));
  }
  free(stored);
  free(expected);
}

/* The long groups: 6 and 2 bytes a synapse, cut where 16 bits end. */
static void test_bytes(void **state) {
  (void)state;
  volley_table_builder *builder = volley_table_builder_create();
  for (uint32_t i = 0; i < 2 * LONG; i++) volley_table_count(builder, i % 2);
  volley_table_allocate(builder);
  for (uint32_t i = 0; i < 2 * LONG; i++) {
    volley_table_fill(builder, i % 2, (uint16_t)(i % 65536), 1, 0, i % 2 ? 1 : (float)i);
  }
  volley_table table = volley_table_finish(builder);
  assert_int_equal(table.groups, 4);
  assert_in_range(table.pool_bytes, 8 * LONG, 8 * LONG + 100);
  assert_int_equal(volley_group_bytes(3, 0), 20);
  assert_int_equal(volley_group_bytes(3, 1), 12);
  volley_table_release(&table);
}

static void test_empty(void **state) {
  (void)state;
  volley_table_builder *builder = volley_table_builder_create();
  volley_table_allocate(builder);
  volley_table table = volley_table_finish(builder);
  assert_int_equal(table.synapses, 0);
  assert_int_equal(table.max_due, 0);
  assert_null(volley_gid_map_find(&table.rows, 0));
  volley_table_release(&table);
}

/* The sources that spike in a step, ascending; one may spike twice. */
static uint32_t spikes_of(int64_t step, uint32_t gids[2 * SOURCES]) {
  uint32_t n = 0;
  for (uint32_t s = 0; s < SOURCES && step < STEPS - MAX_DUE; s++) {
    const uint32_t dice = word((uint32_t)step, 100 + s) % 40;
    for (uint32_t k = 0; k < (dice == 0 ? 2 : dice < 4 ? 1 : 0); k++) gids[n++] = gid_of(s);
  }
  return n;
}

/* Adds what is due before the update of `step` in the documented order: step of the spike, gid, edge. */
static uint64_t add_all(double *inputs, int64_t step) {
  uint64_t events = 0;
  for (int64_t from = step > MAX_DUE ? step - MAX_DUE : 0; from < step; from++) {
    uint32_t gids[2 * SOURCES];
    const uint32_t n = spikes_of(from, gids);
    for (uint32_t k = 0; k < n; k++) {
      for (uint32_t i = first_of[gids[k] / GAP]; i < EDGES; i = next_of[i]) {
        if (from + edges[i].due != step) continue;
        inputs[edges[i].receptor * STRIDE + edges[i].target] += (double)edges[i].weight;
        events++;
      }
    }
  }
  return events;
}

/* Delivery gives the same bits as adding the edges one by one. */
static void test_delivery(void **state) {
  (void)state;
  double *inputs = volley_alloc(RECEPTORS * STRIDE, sizeof *inputs, "test");
  volley_arrivals arrivals = volley_arrivals_create(&block, block.table.max_due);
  uint64_t events = 0, spikes = 0;
  for (int64_t step = 0; step < STEPS; step++) {
    uint32_t gids[2 * SOURCES];
    volley_arrivals_deliver(&arrivals, step);
    events += add_all(inputs, step);
    if (memcmp(inputs, block.inputs, RECEPTORS * STRIDE * sizeof *inputs) != 0) fail_msg("step %d differs", (int)step);
    const uint32_t n = spikes_of(step, gids);
    volley_arrivals_schedule(&arrivals, step, gids, n);
    spikes += n;
  }
  assert_true(events > 1000000 && spikes > 100);
  assert_int_equal(arrivals.events, events);
  volley_arrivals_free(&arrivals);
  free(inputs);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_bytes),
                                     cmocka_unit_test(test_empty), cmocka_unit_test(test_delivery)};
  return cmocka_run_group_tests(tests, set_up, clean_up);
}
