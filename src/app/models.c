/* volley models: what the tables of the models of neurons and synapses say, as text or as the page docs/models.md. */
#include "app/app.h"
#include "app/models_json.h"
#include "base/text.h"
#include "engine/engine.h"
#include "plugin/plugin.h"
#include "synapse/synapse.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the words of the command say. */
typedef struct settings {
  const char *name; /* NULL: all */
  bool markdown, json;
  volley_text_list plugins;
} settings;

static const volley_option option_table[] = {
    {"NAME", 0, VOLLEY_OPTION_ARGUMENT, false, offsetof(settings, name), NULL, "model to describe"},
    {"markdown", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, markdown), NULL,
     "write as Markdown: without NAME the page docs/models.md"},
    {"json", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, json), NULL, "write the tables of all models as JSON"},
    {"plugin", 0, VOLLEY_OPTION_LIST, false, offsetof(settings, plugins), "FILE.so",
     "shared object with models of one's own, as experiments name it under plugins"},
};

enum { COLUMNS = 5, CELL = 48, MAX_MODELS = 64 };

/* One row of a table, in one of two styles. */
static void row(bool markdown, const char *const cells[COLUMNS]) {
  static const int widths[COLUMNS] = {17, 6, 9, 15, 0};
  if (markdown) printf("|");
  for (int i = 0; i < COLUMNS; i++) {
    if (markdown) {
      printf(" %s |", cells[i]);
    } else if (i == COLUMNS - 1) {
      printf("  %s", cells[i]);
    } else {
      printf("  %-*s", widths[i], cells[i]);
    }
  }
  printf("\n");
}

static void heading(bool markdown, const char *title, const char *third, const char *fourth) {
  printf(markdown ? "\n%s\n\n" : "\n%s\n", title);
  if (!markdown) return;
  row(markdown, (const char *[]){"name", "unit", third, fourth, "meaning"});
  printf("|---|---|---|---|---|\n");
}

static void write_range(double min, double max, bool positive, char text[CELL]) {
  const bool below = isinf(min), above = isinf(max);
  if (below && above) {
    snprintf(text, CELL, "any");
  } else if (above) {
    snprintf(text, CELL, "%s %g", positive ? ">" : ">=", min);
  } else if (below) {
    snprintf(text, CELL, "<= %g", max);
  } else {
    snprintf(text, CELL, "%s%g to %g", positive ? "above " : "", min, max);
  }
}

static void write_keys(bool markdown, const volley_key_info *parameters, int n) {
  for (int i = 0; i < n; i++) {
    const volley_key_info *info = &parameters[i];
    char fallback[CELL], range[CELL];
    snprintf(fallback, CELL, "%g", info->fallback);
    if (info->required) snprintf(fallback, CELL, "required");
    if (!info->required && (isnan(info->fallback) || info->type > VOLLEY_KEY_COUNT))
      volley_key_default(info, fallback, CELL);
    write_range(info->min, info->max, info->positive, range);
    row(markdown, (const char *[]){info->name, info->unit ? info->unit : "", fallback,
                                   info->max > info->min ? range : "", info->doc});
  }
}

static void write_parameters(bool markdown, const volley_key_info *parameters, int n) {
  if (n > 0) heading(markdown, "Parameters", "default", "range");
  write_keys(markdown, parameters, n);
}

static void write_states(bool markdown, const volley_neuron_model *model) {
  if (model->n_states == 0) return;
  heading(markdown, "States (can be set under `initial` and recorded as traces)", "start", "range");
  for (int i = 0; i < model->n_states; i++) {
    const volley_state_info *info = &model->states[i];
    char start[CELL], range[CELL];
    write_range(info->min, info->max, false, range);
    snprintf(start, CELL, "%g", info->fallback);
    if (info->from_parameter >= 0) snprintf(start, CELL, "%s", model->parameters[info->from_parameter].name);
    row(markdown, (const char *[]){info->name, info->unit, start, range, info->doc});
  }
}

static void write_lists(bool markdown, const volley_neuron_model *model) {
  if (!model->lists) return;
  char list[CELL] = "";
  snprintf(list, CELL, "%.*s", (int)strcspn(model->lists, "|"), model->lists);
  printf("%s`%s_1`, `%s_2`, ... can be given as a list, `%s: [a, b]`, or as one value for all", markdown ? "\n" : "",
         list, list, list);
  if (strchr(model->lists, '|')) printf("; so can the other parameters that are numbered");
  if (model->sizes)
    printf(
        ". There are as many receptors, 1, 2, ..., as values, at most %d, each with the parameters and states of its "
        "number; what is written here is for one",
        VOLLEY_MAX_RECEPTORS);
  printf(".\n");
}

/* What reaches receptor i if a projection names none. */
static const char *sign_of(const volley_neuron_model *model, int i) {
  if (model->names_receptors) return "what names it";
  if (model->n_receptors == 1) return "all weights";
  if (model->receptor_of_sign[0] == i) return "weights > 0";
  return model->receptor_of_sign[1] == i ? "weights < 0" : "";
}

static void write_receptors(bool markdown, const volley_neuron_model *model) {
  heading(markdown, "Receptors (unit of a weight; what arrives there if no receptor is named)", "", "takes");
  for (int i = 0; i < model->n_receptors; i++) {
    const volley_receptor_info *info = &model->receptors[i];
    row(markdown, (const char *[]){info->name, info->unit, "", sign_of(model, i), info->doc});
  }
}

/* Those of the engines that a model or stimulus can be taken by: all that take steps, and others where it has what they need. */
static void write_engines(const char *gap, bool has_events) {
  printf("%sEngines:", gap);
  const char *comma = "";
  for (const volley_engine_kind *const *engine = volley_engine_kinds(); *engine; engine++) {
    if ((*engine)->is_continuous && !has_events) continue;
    printf("%s %s", comma, (*engine)->name);
    comma = ",";
  }
  printf(".\n");
}

static void write_neuron(bool markdown, const void *kind) {
  const volley_neuron_model *model = kind;
  const char *gap = markdown ? "\n" : "";
  printf("%s%s\n%s%s.\n", markdown ? "## " : "", model->name, gap, model->doc);
  if (model->reference) printf("%sReference: %s.\n", gap, model->reference);
  write_engines(gap, model->events);
  write_parameters(markdown, model->parameters, model->n_parameters);
  write_lists(markdown, model);
  write_states(markdown, model);
  write_receptors(markdown, model);
}

static void write_synapse_states(bool markdown, const volley_synapse_model *model) {
  heading(markdown, "States of a synapse (can be recorded as weights)", "start", "");
  for (int i = 0; i < volley_synapse_recordables(model); i++) {
    const volley_state_info *info = &model->states[i];
    const char *start = i == 0 ? "weight" : i < model->n_states ? "0" : "";
    row(markdown, (const char *[]){info->name, info->unit, start, "", info->doc});
  }
}

static void write_synapse_keys(const volley_synapse_model *model) {
  printf("Keys beside its parameters:%s%s%s%s.\n", model->pairs ? " `pairing`," : "",
         model->keeps_past ? " `learning`, `delay_is` (of the projection)" : " none",
         model->dopamine ? ", `dopamine`, `dopamine_neurons`, `dopamine_delay`" : "",
         model->takes_schedule ? ", `dopamine_on`" : "");
}

static void write_synapse(bool markdown, const void *kind) {
  const volley_synapse_model *model = kind;
  const char *gap = markdown ? "\n" : "";
  printf("%s%s\n%s%s.\n%s%s.\n", markdown ? "## " : "", model->name, gap, model->doc, gap, model->equations);
  if (model->reference) printf("%sReference: %s.\n", gap, model->reference);
  printf("%s", gap);
  write_synapse_keys(model);
  write_parameters(markdown, model->parameters, model->n_parameters);
  write_synapse_states(markdown, model);
}

static void write_stimulus(bool markdown, const void *of) {
  const volley_stimulus_kind *kind = of;
  volley_keys tables[VOLLEY_STIMULUS_TABLES];
  const int n = volley_stimulus_keys(kind, tables);
  printf("%s%s\n%s%s.\n", markdown ? "## " : "", kind->name, markdown ? "\n" : "", kind->doc);
  if (n > 0) heading(markdown, "Keys beside those of all stimuli", "default", "range");
  for (int t = 0; t < n; t++) write_keys(markdown, tables[t].keys, tables[t].n_keys);
}

/* What there are models of. Each model begins with its name and what it is in words. */
static const struct {
  const char *heading; /* in the list */
  volley_registry *(*registry)(void);
  void (*write)(bool markdown, const void *model);
} sorts[] = {{"", volley_neuron_registry, write_neuron},
             {"\nsynapses\n", volley_synapse_registry, write_synapse},
             {"\nstimuli\n", volley_stimulus_registry, write_stimulus}};
enum { N_SORTS = sizeof sorts / sizeof *sorts };

static void write_list(void) {
  for (int s = 0; s < N_SORTS; s++) {
    printf("%s", sorts[s].heading);
    for (const char *const *const *model = volley_registry_all(sorts[s].registry()); *model; model++)
      printf("%-16s %s\n", (*model)[0], (*model)[1]);
  }
  printf("\nParameters, states and receptors: volley models NAME\n");
}

static void write_all(void) {
  printf("# Neuron models\n\nWritten by `volley models --markdown` from the tables in src/neuron: change it there.\n"
         "Names, defaults and meaning of parameters are NEST's. A bare number in an experiment has the unit given "
         "here.\n");
  for (const volley_neuron_model *const *model = volley_neuron_models(); *model; model++) {
    printf("\n");
    write_neuron(true, *model);
  }
  printf("\n# Synapse models\n\nFrom the tables in src/synapse; `synapse: {model: NAME, ...}` of a projection. The "
         "unit `weight` "
         "is that of the receptor. Without a model synapses are static.\n");
  for (const volley_synapse_model *const *model = volley_synapse_models(); *model; model++) {
    printf("\n");
    write_synapse(true, *model);
  }
}

static volley_status unknown_model(const char *name) {
  const char *names[MAX_MODELS];
  int n = 0;
  for (int s = 0; s < N_SORTS; s++) {
    const char *const *const *model = volley_registry_all(sorts[s].registry());
    for (; *model && n < MAX_MODELS; model++) names[n++] = **model;
  }
  const char *near = volley_nearest(name, names, n);
  if (near) return volley_fault(VOLLEY_USAGE, NULL, "unknown model '%s'; did you mean '%s'?", name, near);
  return volley_fault(VOLLEY_USAGE, NULL, "unknown model '%s'; volley models lists all", name);
}

static volley_status load_plugins(const volley_text_list *plugins) {
  char why[1024];
  for (int k = 0; k < plugins->n; k++) {
    const char *wrong = volley_plugin_load(plugins->texts[k], why, sizeof why);
    if (wrong) return volley_fault(VOLLEY_USAGE, NULL, "%s", wrong);
  }
  return VOLLEY_OK;
}

static volley_status write_one(bool markdown, const char *name) {
  for (int s = 0; s < N_SORTS; s++) {
    const void *model = volley_registry_find(sorts[s].registry(), name);
    if (!model) continue;
    sorts[s].write(markdown, model);
    return VOLLEY_OK;
  }
  return unknown_model(name);
}

static volley_status write_models(const settings *options) {
  VOLLEY_TRY(load_plugins(&options->plugins));
  if (options->json && (options->name || options->markdown))
    return volley_fault(VOLLEY_USAGE, NULL, "--json writes the tables of all models, and nothing beside it");
  if (options->name) return write_one(options->markdown, options->name);
  if (options->json)
    volley_models_print_json();
  else if (options->markdown)
    write_all();
  else
    write_list();
  return VOLLEY_OK;
}

static volley_status models_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  volley_status status = volley_options_parse(command, n_arguments, arguments, &options);
  if (status == VOLLEY_OK) status = write_models(&options);
  free(options.plugins.texts);
  return status;
}

const volley_command volley_command_models = {
    .name = "models",
    .summary = "list models of neurons and synapses, and stimuli, or describe one",
    .description = "Lists models of neurons and synapses, and stimuli, or describes one: parameters, states and "
                   "receptors with units,\n"
                   "defaults and bounds.",
    VOLLEY_OPTIONS(option_table),
    .serial = true,
    .run = models_command};
