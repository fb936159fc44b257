#include "io/sonata/sonata.h"

#include "io/sonata/client.h"

#include <stdlib.h>
#include <string.h>

bool volley_sonata_is(const volley_node *root) {
  if (root->kind != VOLLEY_NODE_MAP || volley_node_get(root, "populations")) return false;
  if (volley_node_get(root, "networks") || volley_node_get(root, "manifest")) return true;
  const volley_node *network = volley_node_get(root, "network"), *simulation = volley_node_get(root, "simulation");
  return (network && network->kind == VOLLEY_NODE_SCALAR) || (simulation && simulation->kind == VOLLEY_NODE_SCALAR);
}

/* Takes over the sections of a configuration that are not there yet. */
static void merge(volley_sonata *sonata, volley_node *into, const volley_node *from) {
  for (int i = 0; i < from->n; i++) {
    volley_node *item = from->items[i], *there = volley_node_get(into, item->key);
    if (strcmp(item->key, "manifest") == 0 || strcmp(item->key, "network") == 0) continue;
    if (there && there->kind == VOLLEY_NODE_MAP && item->kind == VOLLEY_NODE_MAP)
      for (int k = 0; k < item->n; k++) {
        if (!volley_node_get(there, item->items[k]->key))
          volley_node_append(sonata->arena, there, item->items[k], item->items[k]->key);
      }
    else if (!there)
      volley_node_append(sonata->arena, into, item, item->key);
  }
}

/* Reads the configurations that this one names, and puts all together. A simulation may name its network. */
static volley_status read_named(volley_sonata *sonata, volley_node *root, int depth) {
  static const char *const names[] = {"network", "simulation"};
  for (int k = 0; k < 2; k++) {
    const volley_node *named = volley_node_get(root, names[k]);
    volley_node *read;
    if (!named || named->kind != VOLLEY_NODE_SCALAR || (depth > 0 && volley_node_get(sonata->config, "networks")))
      continue;
    if (depth > 2) {
      volley_sonata_fault(sonata, named, "the configurations name each other in a circle");
      return volley_agree(sonata->comm);
    }
    VOLLEY_TRY(volley_sonata_read_json(sonata, named, volley_sonata_path(sonata, named, named->text), &read));
    merge(sonata, sonata->config, read);
    VOLLEY_TRY(read_named(sonata, read, depth + 1));
  }
  return VOLLEY_OK;
}

volley_status volley_sonata_read_config(volley_sonata *sonata) {
  volley_node *root = sonata->config;
  VOLLEY_TRY(volley_sonata_read_json(sonata, NULL, NULL, &root));
  sonata->config = volley_node_create(sonata->arena, VOLLEY_NODE_MAP, root->file);
  for (int i = 0; i < root->n; i++)
    if (!volley_sonata_is_among(root->items[i]->key, "manifest|network|simulation"))
      volley_node_append(sonata->arena, sonata->config, root->items[i], root->items[i]->key);
  VOLLEY_TRY(read_named(sonata, root, 0));
  volley_sonata_note_unused(sonata, sonata->config, "the configuration",
                            "components|networks|run|conditions|inputs|reports|output|node_sets_file|node_sets|"
                            "target_simulator|version");
  const volley_node *file = volley_node_get(sonata->config, "node_sets_file");
  sonata->sets = volley_node_get(sonata->config, "node_sets");
  if (file && file->kind == VOLLEY_NODE_SCALAR)
    return volley_sonata_read_json(sonata, file, volley_sonata_path(sonata, file, file->text), &sonata->sets);
  return VOLLEY_OK;
}

/* Times and seed. */
static volley_status describe_run(volley_sonata *sonata) {
  static const char *const keys[][2] = {
      {"dt", "dt"}, {"tstop", "duration"}, {"random_seed", "seed"}, {"rng_seed", "seed"}};
  const volley_node *run = volley_node_get(sonata->config, "run");
  volley_node *simulation = volley_sonata_map(sonata);
  double number;
  for (int k = 0; k < 4; k++) {
    if (volley_node_get(simulation, keys[k][1]) || !volley_sonata_number(sonata, run, keys[k][0], &number)) continue;
    volley_sonata_put_number(sonata, simulation, keys[k][1], number, volley_node_get(run, keys[k][0]));
  }
  if (volley_sonata_number(sonata, run, "tstart", &number) && number != 0)
    volley_sonata_fault(sonata, volley_node_get(run, "tstart"), "a run begins at 0 ms");
  volley_sonata_note_unused(sonata, run, "run", "dt|tstop|tstart|random_seed|rng_seed");
  volley_sonata_note_unused(sonata, volley_node_get(sonata->config, "conditions"), "conditions", "");
  volley_sonata_put(sonata, sonata->root, "simulation", simulation);
  return volley_agree(sonata->comm);
}

/* One file for all that is recorded, called as that of the spikes. */
static void describe_output(volley_sonata *sonata) {
  const volley_node *output = volley_node_get(sonata->config, "output");
  const char *folder = volley_sonata_text(output, "output_dir"), *file = volley_sonata_text(output, "spikes_file");
  volley_sonata_note_unused(sonata, output, "output", "output_dir|spikes_file|spikes_sort_order");
  if (!folder && !file) return;
  const volley_node *from = volley_node_get(output, folder ? "output_dir" : "spikes_file");
  const char *path = file ? file : "spikes.h5";
  if (folder && *path != '/') path = volley_arena_format(sonata->arena, "%s/%s", folder, path);
  volley_node *map = volley_sonata_map(sonata);
  volley_sonata_put_text(sonata, map, "file", volley_sonata_open_path(sonata, volley_sonata_path(sonata, from, path)),
                         from);
  if (folder) volley_sonata_put_text(sonata, map, "make_folder", "true", from);
  volley_sonata_put(sonata, sonata->root, "output", map);
}

static volley_status describe(volley_sonata *sonata) {
  VOLLEY_TRY(volley_sonata_read_config(sonata));
  VOLLEY_TRY(describe_run(sonata));
  VOLLEY_TRY(volley_sonata_read_nodes(sonata));
  VOLLEY_TRY(volley_sonata_read_edges(sonata));
  VOLLEY_TRY(volley_sonata_read_inputs(sonata));
  VOLLEY_TRY(volley_sonata_read_reports(sonata));
  describe_output(sonata);
  if (sonata->projections->n > 0) volley_sonata_put(sonata, sonata->root, "projections", sonata->projections);
  if (sonata->stimuli->n > 0) volley_sonata_put(sonata, sonata->root, "stimuli", sonata->stimuli);
  volley_sonata_put(sonata, sonata->root, "recorders", sonata->recorders);
  return volley_agree(sonata->comm);
}

volley_status volley_sonata_describe(volley_arena *arena, volley_node *config, const char *folder, const char *nsyns,
                                     MPI_Comm comm, volley_node **root, const char ***notes, int *n_notes) {
  volley_sonata sonata = {.arena = arena, .comm = comm, .folder = folder, .nsyns = nsyns, .config = config};
  VOLLEY_MPI(MPI_Comm_rank(comm, &sonata.rank));
  sonata.root = volley_sonata_map(&sonata);
  sonata.projections = volley_sonata_list(&sonata);
  sonata.stimuli = volley_sonata_list(&sonata);
  sonata.recorders = volley_sonata_list(&sonata);
  VOLLEY_TRY(volley_agree(comm));
  const volley_status status = describe(&sonata);
  free(sonata.populations);
  *root = sonata.root;
  *notes = sonata.notes;
  *n_notes = sonata.n_notes;
  return status;
}
