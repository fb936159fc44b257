/* The reference of all keys as Markdown, from the tables that the reader works with. */
#include "experiment/check.h"

#include "engine/engine.h"
#include "experiment/keys.h"
#include "learner/learner.h"
#include "neuron/neuron.h"
#include "partition/partition.h"
#include "rule/rule.h"
#include "signal/signal.h"
#include "stimulus/stimulus.h"

#include <math.h>
#include <string.h>

/* Text inside a table's cell, where a bar would end it. */
static void write_cell(FILE *out, const char *text) {
  for (; *text != '\0'; text++) {
    if (*text == '|') fputc('\\', out);
    fputc(*text, out);
  }
}

static const char *type_name(const volley_key_info *key) {
  switch (key->type) {
    case VOLLEY_KEY_NUMBER: return key->own ? "number, or one for each neuron" : "number";
    case VOLLEY_KEY_STEPS:
    case VOLLEY_KEY_DELAY: return "number";
    case VOLLEY_KEY_COUNT: return "whole number";
    case VOLLEY_KEY_FLAG: return "true|false";
    case VOLLEY_KEY_CHOICE: return key->words;
    case VOLLEY_KEY_LIST:
    case VOLLEY_KEY_TIMES: return "number or list of numbers";
    case VOLLEY_KEY_INDICES: return "indices";
    case VOLLEY_KEY_ROWS: return "list of rows";
    case VOLLEY_KEY_TEXT: return "text";
    case VOLLEY_KEY_PATH: return "file";
    case VOLLEY_KEY_STIMULUS: return "name";
    case VOLLEY_KEY_WORD: return key->words ? key->words : "name";
    case VOLLEY_KEY_VALUE: return "number or distribution";
    case VOLLEY_KEY_SELECTION: return "neurons";
    case VOLLEY_KEY_SIGNAL: return "signal";
    case VOLLEY_KEY_MAP: return "section";
  }
  return "";
}

static const char *unit_name(const char *unit) {
  if (!unit || *unit == '\0') return "";
  if (strcmp(unit, "current") == 0) return "of current";
  return strcmp(unit, "weight") == 0 ? "of the receptor" : unit;
}

static bool is_number(const volley_key_info *key) {
  return key->type <= VOLLEY_KEY_COUNT || key->type == VOLLEY_KEY_LIST || key->type == VOLLEY_KEY_TIMES ||
         key->type == VOLLEY_KEY_VALUE;
}

static void write_range(FILE *out, double min, double max, bool positive) {
  if (isfinite(min)) fprintf(out, "%s %.10g", positive ? "above" : "from", min);
  if (isfinite(max)) fprintf(out, "%sto %.10g", isfinite(min) ? " " : "", max);
}

static const char table_head[] = "| key | value | unit | range | default | meaning |\n|---|---|---|---|---|---|\n";

static void write_keys(FILE *out, const volley_key_info *keys, int n) {
  char fallback[64];
  for (int k = 0; k < n; k++) {
    const volley_key_info *key = &keys[k];
    const bool required = key->required, weight = key->unit && strcmp(key->unit, "weight") == 0;
    fprintf(out, "| `%s` | ", key->name);
    write_cell(out, type_name(key));
    fprintf(out, " | %s | ", unit_name(key->unit));
    if (is_number(key)) write_range(out, key->min, key->max, key->positive);
    fprintf(out, " | %s | ",
            required                                   ? "required"
            : weight && key->type == VOLLEY_KEY_NUMBER ? "required unless the receptor counts"
                                                       : volley_key_default(key, fallback, sizeof fallback));
    write_cell(out, key->doc);
    fprintf(out, " |\n");
  }
}

static void write_section(FILE *out, const volley_section_info *section) {
  fprintf(out, "\n## %s\n\n%s\n\n", section->name, section->doc);
  fprintf(out, "%s", table_head);
  write_keys(out, section->keys, section->n_keys);
}

static void write_rules(FILE *out) {
  fprintf(out, "\n### Rules\n\n| rule | keys | scales | meaning |\n|---|---|---|---|\n");
  for (const volley_rule *const *item = volley_rules(); *item; item++) {
    const volley_rule *rule = *item;
    fprintf(out, "| `%s` | ", rule->name);
    if (rule->number_key) fprintf(out, "`%s`", rule->number_key);
    if (rule->number_key && rule->takes_probability) fprintf(out, " or ");
    if (rule->takes_probability) fprintf(out, "`probability`");
    if (rule->takes_file) fprintf(out, "`file`, `group`");
    if (rule->takes_multapses) fprintf(out, ", `multapses`");
    fprintf(out, " | %s | ", rule->takes_file ? "no" : rule->random ? "indegree" : "with the sizes");
    write_cell(out, rule->doc);
    fprintf(out, " |\n");
  }
  for (const volley_rule *const *item = volley_rules(); *item; item++) {
    if ((*item)->n_keys == 0) continue;
    fprintf(out, "\n#### rule: %s\n\n%s", (*item)->name, table_head);
    write_keys(out, (*item)->keys, (*item)->n_keys);
  }
}

static void write_distributions(FILE *out) {
  fprintf(
      out,
      "\n## Distributions\n\n"
      "A parameter, initial state, weight or delay is a number or a mapping like `{distribution: normal, mean: -58, "
      "std: 10, min: -70, bounds: redraw}`. Every distribution takes `min` and `max`; with `bounds: redraw` (the "
      "default) what falls outside is drawn again, with `bounds: clip` it is set to the bound.\n\n"
      "A number for each neuron comes from a file or stands there itself, for parameters, initial states, numbers of "
      "stimuli (their tables say which: a number for each of the stimulus' neurons), and what readouts and signals "
      "give each neuron:\n\n"
      "- `{file: init.h5, dataset: /V}`: a dataset of an HDF5 file\n"
      "- `{file: init.npy}`: a NumPy array of floating or whole numbers; `{file: all.npz, dataset: V}`: one of several "
      "(numpy.savez)\n"
      "- `{file: init.csv, column: V}`: a column of a text, by its name in the line of names or its number from 0; "
      "not needed where there is one only\n"
      "- `{values: [-60, -58.5]}`: a list\n\n"
      "| distribution | keys | meaning |\n|---|---|---|\n");
  for (int d = 0; d < VOLLEY_N_DISTRIBUTIONS; d++) {
    const volley_distribution_info *info = &volley_distributions[d];
    fprintf(out, "| `%s` | `%s`", info->name, info->first);
    if (info->second) fprintf(out, ", `%s`", info->second);
    if (info->relative) fprintf(out, " or `relative_std` (a fraction of the mean)");
    fprintf(out, " | %s |\n", info->doc);
  }
}

static void write_profiles(FILE *out) {
  fprintf(out,
          "\n## Functions of the distance\n\n"
          "Between populations that have positions, a weight or delay may be a function of the distance d of source "
          "and target: `{function: linear, value: 1 ms, slope: 5}`, with `min` and `max` as its bounds. So may be "
          "the probability of rules that take one: `{function: gaussian, value: 0.8, sigma: 0.2, cutoff: 0.6}`, "
          "which is 0 where it would be negative, and beyond the `cutoff`. `value` is 1 by default for "
          "probabilities, `offset` 0.\n\n"
          "| function | keys | meaning |\n|---|---|---|\n");
  for (int f = 0; f < VOLLEY_N_PROFILES; f++)
    fprintf(out, "| `%s` | `value`, `%s`%s, `offset` | %s |\n", volley_profiles[f].name, volley_profiles[f].width,
            volley_profiles[f].has_mean ? ", `mean`" : "", volley_profiles[f].doc);
}

static void write_stimuli(FILE *out) {
  for (const volley_stimulus_kind *const *item = volley_stimulus_kinds(); *item; item++) {
    const volley_stimulus_kind *kind = *item;
    fprintf(out, "\n### type: %s\n\n%s\n", kind->name, kind->doc);
    volley_keys tables[VOLLEY_STIMULUS_TABLES];
    const int n = volley_stimulus_keys(kind, tables);
    if (n > 0) fprintf(out, "\n%s", table_head);
    for (int t = 0; t < n; t++) write_keys(out, tables[t].keys, tables[t].n_keys);
  }
}

static void write_signals(FILE *out) {
  fprintf(out, "\n## Signals\n\n"
               "A supervisor, or the signal that a stimulus plays, is a mapping: `type`, keys of that type, and these, "
               "which every signal takes.\n\n");
  fprintf(out, "%s", table_head);
  write_keys(out, volley_signal_common_keys.keys, volley_signal_common_keys.n_keys);
  for (const volley_signal_kind *const *item = volley_signal_kinds(); *item; item++) {
    fprintf(out, "\n### type: %s\n\n%s\n\n", (*item)->name, (*item)->doc);
    if ((*item)->n_keys > 0) fprintf(out, "%s", table_head);
    write_keys(out, (*item)->keys, (*item)->n_keys);
  }
}

/* Kinds that have name and doc as first members, which a key chooses from. */
static void write_choice(FILE *out, const char *heading, const char *key, const void *registry) {
  fprintf(out, "\n### %s\n\n| %s | meaning |\n|---|---|\n", heading, key);
  for (const char *const *const *kind = registry; *kind; kind++)
    fprintf(out, "| `%s` | %s |\n", (*kind)[0], (*kind)[1]);
}

static void write_partitioners(FILE *out) {
  write_choice(out, "Partitioners", "partition", volley_partitioners());
  for (const volley_partitioner *const *item = volley_partitioners(); *item; item++) {
    if ((*item)->n_keys == 0) continue;
    fprintf(out, "\nKeys of `partition: {type: %s, ...}`:\n\n%s", (*item)->name, table_head);
    write_keys(out, (*item)->keys, (*item)->n_keys);
  }
}

void volley_experiment_write_reference(FILE *out) {
  fprintf(out,
          "# The experiment file\n\n"
          "An experiment is one YAML file. A bare number has the unit that this page names; `20 ms`, `0.5 nA` or "
          "`8 kHz` are converted and checked. On the command line `--set a.b.c=value` reaches any key: "
          "`--set simulation.duration=2s`, `--set populations.L23E.size=100`; entries of lists are named by their "
          "`name` or counted from 0. Anchors, aliases and merges (`<<: *name`) of YAML work. Paths of files that "
          "an experiment refers to start at its own folder, the paths of "
          "output and checkpoint at the working folder. Names of all kinds have at most 200 bytes, none of `/`, `.` "
          "and `=`, no control characters, and neither a `-` at the beginning nor a space at either end.\n");
  for (int s = 0; s < VOLLEY_N_SECTIONS; s++) {
    write_section(out, &volley_sections[s]);
    if (s == VOLLEY_SECTION_SIMULATION) {
      write_choice(out, "Engines", "engine", volley_engine_kinds());
      write_choice(out, "Exchanges", "exchange", volley_exchange_kinds());
      write_partitioners(out);
    }
    if (s == VOLLEY_SECTION_PROJECTIONS) write_rules(out);
    if (s == VOLLEY_SECTION_LEARNING) write_choice(out, "Solvers", "solver", volley_learners());
    if (s == VOLLEY_SECTION_STIMULI) write_stimuli(out);
  }
  write_signals(out);
  write_distributions(out);
  write_profiles(out);
}
