/* Which models a population of edges connects, where its ends or its types have several. */
#include "base/memory.h"
#include "io/data/rows.h"
#include "io/sonata/client.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCE, TARGET, TYPE, COLUMNS };

static const volley_row_layout layout = {
    {{"source_node_id", true, true}, {"target_node_id", true, true}, {"edge_type_id", true, false}}, COLUMNS, false};

/* A type, by its id. */
typedef struct type_row {
  double id;
  int row;
} type_row;

typedef struct looking {
  const char *group;
  const volley_place *place;
  const volley_sonata_nodes *ends[2]; /* SOURCE, TARGET */
  type_row *types;                    /* [n_types] by id */
  int n_types;
  volley_sonata_pairs *pairs;
  const volley_rows *rows;
} looking;

static int compare_types(const void *a, const void *b) {
  const type_row *x = a, *y = b;
  return (x->id > y->id) - (x->id < y->id);
}

static hid_t open_group(volley_rows *rows) {
  const looking *l = rows->context;
  rows->layout = &layout;
  rows->group = H5Gopen2(rows->handle, l->group, H5P_DEFAULT);
  if (rows->group < 0) volley_hdf5_fault(&rows->file, "group '%s' does not exist in '%s'", l->group, rows->file.path);
  return rows->group;
}

static void make(volley_rows *rows, volley_edge_slab *slab) {
  slab->source = rows->buffers[SOURCE];
  slab->target = rows->buffers[TARGET];
}

/* The row of the type of edge e; -1: there is none. */
static int find_row(const looking *l, size_t e) {
  const uint64_t *types = l->rows->buffers[TYPE];
  const type_row wanted = {.id = types ? (double)types[e] : 0};
  if (l->n_types == 0) return 0;
  const type_row *found = types ? bsearch(&wanted, l->types, (size_t)l->n_types, sizeof wanted, compare_types) : NULL;
  return found ? found->row : -1;
}

static volley_status look_at(const looking *l, const volley_edge_slab *slab, size_t e) {
  const uint64_t ids[2] = {slab->source[e], slab->target[e]}, number = slab->first + e;
  const char *path = l->rows->file.path;
  int parts[2];
  for (int k = 0; k < 2; k++) {
    const volley_sonata_nodes *nodes = l->ends[k];
    if (ids[k] >= nodes->n)
      return volley_fault(VOLLEY_USAGE, l->place, "edge %" PRIu64 " of %s has the %s %" PRIu64 "; %s has nodes 0-%u",
                          number, path, layout.columns[k].names, ids[k], nodes->name, nodes->n - 1);
    parts[k] = nodes->part_of_type[nodes->type[ids[k]]];
  }
  const volley_sonata_pairs *pairs = l->pairs;
  const int row = find_row(l, e);
  if (l->ends[TARGET]->parts[parts[TARGET]].is_virtual)
    return volley_fault(VOLLEY_USAGE, l->place,
                        "edge %" PRIu64 " of %s goes to node %" PRIu64 " of %s, which is virtual", number, path,
                        ids[TARGET], l->ends[TARGET]->name);
  if (row < 0)
    return volley_fault(VOLLEY_USAGE, l->place,
                        "edge %" PRIu64 " of %s has the edge_type_id %" PRIu64 ", of which nothing is said", number,
                        path, l->rows->buffers[TYPE] ? l->rows->buffers[TYPE][e] : 0);
  pairs->has[(row * pairs->n_sources + parts[SOURCE]) * pairs->n_targets + parts[TARGET]] = true;
  return VOLLEY_OK;
}

static uint64_t check(void *context, const volley_edge_slab *slab) {
  for (size_t e = 0; e < slab->count; e++)
    if (look_at(context, slab, e) != VOLLEY_OK) return slab->first + e;
  return UINT64_MAX;
}

static volley_status read_pairs(volley_sonata *sonata, const char *path, looking *l, size_t n) {
  volley_rows rows = {.context = l, .open_group = open_group, .make = make};
  const volley_edge_taker taker = {l, check, NULL};
  l->rows = &rows;
  volley_status status = volley_rows_open(&rows, l->place, volley_sonata_open_path(sonata, path), sonata->comm);
  if (status == VOLLEY_OK) status = volley_rows_read(&rows, &taker);
  volley_rows_close(&rows);
  VOLLEY_TRY(status);
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, l->pairs->has, (int)n, MPI_C_BOOL, MPI_LOR, sonata->comm));
  return VOLLEY_OK;
}

/* Whether all types have the same model and file of parameters, so that they are alike. */
static bool are_alike(const volley_node *types) {
  static const char *const keys[] = {"model_template", "dynamics_params"};
  for (int t = 1; types && t < types->n; t++)
    for (int k = 0; k < 2; k++) {
      const char *first = volley_sonata_text(types->items[0], keys[k]),
                 *own = volley_sonata_text(types->items[t], keys[k]);
      if (!first != !own || (own && strcmp(first, own) != 0)) return false;
    }
  return true;
}

volley_status volley_sonata_find_pairs(volley_sonata *sonata, const volley_node *place, const char *path,
                                       const char *name, const volley_node *types, const volley_sonata_nodes *source,
                                       const volley_sonata_nodes *target, volley_sonata_pairs *out) {
  const int n_types = types ? types->n : 0, n_rows = n_types > 0 ? n_types : 1;
  const size_t n = (size_t)n_rows * (size_t)source->n_parts * (size_t)target->n_parts;
  const volley_place at = volley_node_place(sonata->arena, place);
  *out =
      (volley_sonata_pairs){volley_arena_alloc(sonata->arena, n, sizeof *out->has), source->n_parts, target->n_parts};
  if (source->n_parts == 1 && target->n_parts == 1 && are_alike(types)) {
    for (size_t k = 0; k < n; k++) out->has[k] = true;
    return VOLLEY_OK;
  }
  looking l = {.group = volley_arena_format(sonata->arena, "/edges/%s", name),
               .place = &at,
               .ends = {source, target},
               .n_types = n_types,
               .pairs = out};
  l.types = volley_arena_alloc(sonata->arena, (size_t)n_types + 1, sizeof *l.types);
  for (int t = 0; t < n_types; t++) {
    l.types[t].row = t;
    (void)volley_sonata_number(sonata, types->items[t], "edge_type_id", &l.types[t].id);
  }
  qsort(l.types, (size_t)n_types, sizeof *l.types, compare_types);
  return read_pairs(sonata, path, &l, n);
}
