#include "experiment/check.h"

#include "base/alike.h"
#include "base/units.h"
#include "experiment/reading.h"
#include "plugin/plugin.h"
#include "rule/rule.h"
#include "space/space.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_TITLE = 60000 };

/* Adds a plugin to the list of those of this rank, with a number that stands for its bytes. */
static void list_plugin(volley_reading *reading, const char *path) {
  unsigned char bytes[4096];
  uint64_t hash = 0, n = 0;
  FILE *file = fopen(path, "rb");
  for (size_t got = 1; file && got > 0; n += got) {
    got = fread(bytes, 1, sizeof bytes, file);
    hash = volley_bytes_hash(hash, bytes, got);
  }
  if (file) fclose(file);
  const char *before = reading->experiment->plugins;
  reading->experiment->plugins =
      volley_arena_format(reading->arena, "%s%s'%s' (%" PRIu64 " bytes, hash %016" PRIx64 ")", before ? before : "",
                          before ? ", " : "", path, n, hash);
}

/* Loads the models that the experiment brings along; without them nothing else makes sense. */
static bool read_plugins(volley_reading *reading, volley_node *section) {
  volley_node **names;
  char why[1024];
  const int n = volley_read_names(reading, section, &names), before = reading->faults;
  for (int i = 0; i < n; i++) {
    const char *path = volley_path(reading, names[i]), *wrong = volley_plugin_load(path, why, sizeof why);
    if (wrong) volley_value_fault(reading, names[i], "%s", wrong);
    list_plugin(reading, path);
  }
  return reading->faults == before;
}

static void read_network(volley_reading *reading, const volley_node *root) {
  volley_experiment *experiment = reading->experiment;
  const volley_node *section = volley_optional_section(reading, root, VOLLEY_SECTION_NETWORK);
  volley_node *scale = volley_node_get(section, "scale");
  if (scale && scale->kind == VOLLEY_NODE_SCALAR)
    volley_value_fault(reading, scale, "this has two keys: write {neurons: %s, indegree: %s}, or one of them",
                       scale->text, scale->text);
  else
    scale = volley_optional_section(reading, section, VOLLEY_SECTION_SCALE);
  volley_read_number(reading, scale, volley_key_find(VOLLEY_SECTION_SCALE, "neurons"), (volley_pick){0},
                     &experiment->scale_neurons);
  volley_read_number(reading, scale, volley_key_find(VOLLEY_SECTION_SCALE, "indegree"), (volley_pick){0},
                     &experiment->scale_indegree);
}

static const volley_key_info *output_key(const char *name) { return volley_key_find(VOLLEY_SECTION_OUTPUT, name); }

/* Compression and precision of recorded data. */
static void read_form(volley_reading *reading, const volley_node *section) {
  volley_experiment *experiment = reading->experiment;
  double level = 0;
  if (volley_read_number(reading, section, output_key("compression"), (volley_pick){0}, &level))
    experiment->compression = (int)level;
  volley_read_flag(reading, section, output_key("make_folder"), (volley_pick){0}, &experiment->makes_folder);
  experiment->is_double = volley_read_choice(reading, section, output_key("precision")) == 1;
}

/* The output's path; by default the experiment file's name with .h5, in the working folder. */
static void read_output(volley_reading *reading, const volley_node *root) {
  const volley_node *section = volley_optional_section(reading, root, VOLLEY_SECTION_OUTPUT);
  volley_node *node = NULL;
  const char *path = volley_read_text(reading, section, output_key("file"), (volley_pick){0}, &node);
  if (path && *path == '\0') volley_value_fault(reading, node, "a file name is expected");
  read_form(reading, section);
  reading->experiment->output = path;
  reading->experiment->is_output_set = path && volley_node_is_assigned(node);
  if (path) return;
  const char *file = reading->experiment->file, *slash = strrchr(file, '/');
  char *name = volley_arena_copy(reading->arena, slash ? slash + 1 : file);
  char *dot = strrchr(name, '.');
  if (dot && dot != name) *dot = '\0';
  reading->experiment->output = volley_arena_format(reading->arena, "%s.h5", name);
}

static const volley_key_info *checkpoint_key(const char *name) {
  return volley_key_find(VOLLEY_SECTION_CHECKPOINT, name);
}

/* What stands before the last word of text, in the arena, if that word is `word`; else NULL. */
static const char *before_word(volley_arena *arena, const char *text, const char *word) {
  char *copy = volley_arena_copy(arena, text);
  size_t n = strlen(copy);
  while (n > 0 && copy[n - 1] == ' ') copy[--n] = '\0';
  const size_t length = strlen(word);
  if (n <= length || copy[n - length - 1] != ' ' || strcmp(copy + n - length, word) != 0) return NULL;
  copy[n - length - 1] = '\0';
  return copy;
}

/* "500 ms" of model time, which must be one step or more. */
static void read_model_time(volley_reading *reading, volley_node *node, const char *time) {
  char why[256];
  double ms = 0;
  const volley_place place = volley_node_place(reading->arena, node);
  if (!volley_unit_convert(time, "ms", &ms, why, sizeof why))
    volley_value_fault(reading, node, "%s", why);
  else if (!(ms > 0 && isfinite(ms)))
    volley_value_fault(reading, node, "'%.60s' given, a time above 0 is expected, like 500 ms model", node->text);
  else if (volley_whole_steps(reading, node, ms, true, &reading->experiment->checkpoint.steps) &&
           reading->experiment->checkpoint.steps > reading->experiment->simulation.steps)
    volley_note(reading, &place, "the run ends before the first checkpoint, at %.10g ms, is due", ms);
}

/* "10 s" by the clock on the wall. */
static void read_wall_time(volley_reading *reading, volley_node *node, const char *time) {
  char why[256];
  if (!volley_wall_time(time, &reading->experiment->checkpoint.wall, why, sizeof why))
    volley_value_fault(reading, node, "%s", why);
}

static void read_every(volley_reading *reading, volley_node *section) {
  volley_node *node = NULL;
  const char *text = volley_read_text(reading, section, checkpoint_key("every"), (volley_pick){0}, &node);
  if (!text) return;
  const char *wall = before_word(reading->arena, text, "wall"), *model = before_word(reading->arena, text, "model");
  if (wall)
    read_wall_time(reading, node, wall);
  else if (model)
    read_model_time(reading, node, model);
  else
    volley_value_fault(reading, node,
                       "'%.60s' given; a time and the clock that measures it are expected: '10 s wall' (the "
                       "computer's) or '500 ms model' (the simulation's)",
                       text);
}

static void read_checkpoint(volley_reading *reading, volley_node *section) {
  volley_checkpoint_plan *plan = &reading->experiment->checkpoint;
  volley_node *node = NULL;
  double keep;
  read_every(reading, section);
  plan->file = volley_read_text(reading, section, checkpoint_key("file"), (volley_pick){0}, &node);
  if (plan->file && *plan->file == '\0') volley_value_fault(reading, node, "a file name is expected");
  plan->is_file_set = plan->file && volley_node_is_assigned(node);
  if (volley_read_number(reading, section, checkpoint_key("keep"), (volley_pick){0}, &keep)) plan->keep = (int)keep;
}

/* Whether each rule can be met; of pairs that have no fault so far. */
static void check_rules(volley_reading *reading) {
  const volley_experiment *experiment = reading->experiment;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    char buffer[512];
    if (reading->faults > 0 && !reading->projection_valid[p]) continue;
    const char *wrong = volley_projection_check_space(experiment, projection, buffer, sizeof buffer);
    if (!wrong && projection->rule->check)
      wrong = projection->rule->check(experiment, projection, buffer, sizeof buffer);
    if (wrong) volley_entry_fault(reading, &projection->place, "%s: %s", projection->name, wrong);
  }
}

/* The title becomes an attribute of the output, for which HDF5 has a limit of 64 kB. */
static void read_title(volley_reading *reading, volley_node *root) {
  volley_node *node = NULL;
  const char *title =
      volley_read_text(reading, root, volley_key_find(VOLLEY_SECTION_TOP, "title"), (volley_pick){0}, &node);
  reading->experiment->title = title ? title : ""; /* NULL: reported */
  if (title && strlen(title) > MAX_TITLE)
    volley_value_fault(reading, node, "a title of %zu bytes; at most %d are possible, comments (#) can be longer",
                       strlen(title), MAX_TITLE);
}

static void read_root(volley_reading *reading, volley_node *root) {
  if (!volley_check_section(reading, root, VOLLEY_SECTION_TOP)) return;
  read_title(reading, root);
  if (!reading->is_silent && !read_plugins(reading, volley_node_get(root, "plugins"))) return;
  volley_read_simulation(reading, volley_node_get(root, "simulation"));
  volley_read_repeat(reading, volley_node_get(root, "repeat"));
  read_network(reading, root);
  volley_read_populations(reading, volley_node_get(root, "populations"));
  volley_read_projections(reading, volley_node_get(root, "projections"));
  volley_read_stimuli(reading, volley_node_get(root, "stimuli"));
  volley_read_readouts(reading, volley_node_get(root, "readouts"));
  volley_read_ablations(reading, volley_node_get(root, "ablations"));
  volley_read_recorders(reading, volley_node_get(root, "recorders"));
  volley_read_changes(reading, volley_node_get(root, "changes"));
  volley_read_stops(reading, volley_node_get(root, "stop_when"));
  read_output(reading, root);
  read_checkpoint(reading, volley_optional_section(reading, root, VOLLEY_SECTION_CHECKPOINT));
  if (reading->experiment->simulation.continuous) volley_check_continuous(reading);
}

volley_experiment *volley_experiment_check(volley_arena *arena, volley_node *root, const char *file, const char *folder,
                                           bool looks_at_files) {
  volley_experiment *experiment = volley_arena_alloc(arena, 1, sizeof *experiment);
  *experiment = (volley_experiment){.arena = arena,
                                    .file = file,
                                    .folder = folder,
                                    .from = folder,
                                    .scale_neurons = 1,
                                    .scale_indegree = 1,
                                    .tree = root};
  volley_reading reading = {
      .experiment = experiment, .arena = arena, .folder = folder, .looks_at_files = looks_at_files};
  if (root->kind != VOLLEY_NODE_MAP) {
    const bool empty = volley_node_is_null(root);
    volley_value_fault(&reading, root, "%s; an experiment is a mapping with the sections simulation, populations, ...",
                       empty ? "the file is empty" : "the file holds a text or a list");
    return experiment;
  }
  experiment->resolved = volley_node_write(arena, root);
  read_root(&reading, root);
  const bool scaled = experiment->scale_neurons != 1 || experiment->scale_indegree != 1;
  if (scaled && (volley_local_status() != VOLLEY_OK || volley_experiment_scale(experiment) != VOLLEY_OK))
    return experiment;
  check_rules(&reading);
  if (volley_local_status() == VOLLEY_OK) volley_projections_drop_empty(experiment);
  return experiment;
}

const char *volley_experiment_resolve(const volley_experiment *experiment) {
  return volley_node_write(experiment->arena, volley_node_resolve(experiment->arena, experiment->tree));
}

void volley_description_annotate(volley_arena *arena, volley_node *root) {
  volley_experiment *experiment = volley_arena_alloc(arena, 1, sizeof *experiment);
  *experiment = (volley_experiment){.arena = arena, .file = "", .folder = "."};
  volley_reading reading = {.experiment = experiment, .arena = arena, .folder = ".", .is_silent = true};
  read_root(&reading, root);
}
