/* What tables of keys owe to those who read and print them, for every registered kind of everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"
#include "experiment/keys.h"
#include "neuron/neuron.h"
#include "rule/rule.h"
#include "signal/signal.h"
#include "stimulus/stimulus.h"
#include "synapse/synapse.h"

#include <stdio.h>
#include <string.h>

static bool is_number(const volley_key_info *key) {
  return key->type <= VOLLEY_KEY_COUNT || key->type == VOLLEY_KEY_LIST || key->type == VOLLEY_KEY_TIMES ||
         key->type == VOLLEY_KEY_VALUE;
}

static int n_words(const char *words) {
  int n = 1;
  for (; *words; words++) n += *words == '|';
  return n;
}

/* Whether a number can be written in the unit: bare, and with the unit behind it. */
static bool is_unit(const char *unit) {
  char text[64], why[256];
  double value;
  if (strcmp(unit, "weight") == 0 || strcmp(unit, "current") == 0) return true; /* of the receptor, of the model */
  snprintf(text, sizeof text, "2 %s", unit);
  return volley_unit_convert("2", unit, &value, why, sizeof why) && value == 2 &&
         volley_unit_convert(text, unit, &value, why, sizeof why) && value == 2;
}

static void check_number(const char *kind, const volley_key_info *key) {
  if (key->unit && !is_unit(key->unit)) fail_msg("%s: %s has the unit '%s'", kind, key->name, key->unit);
  if (!(key->min <= key->max)) fail_msg("%s: %s has no range", kind, key->name);
  if (key->required || isnan(key->fallback) || key->type == VOLLEY_KEY_LIST || key->type == VOLLEY_KEY_TIMES) return;
  const bool unbounded = isinf(key->fallback); /* a bound that is none */
  if (!unbounded &&
      (key->fallback < key->min || key->fallback > key->max || (key->positive && key->fallback == key->min)))
    fail_msg("%s: %s is %g by default, not from %g to %g", kind, key->name, key->fallback, key->min, key->max);
}

static void check(const char *kind, const volley_key_info *keys, int n) {
  for (int k = 0; k < n; k++) {
    const volley_key_info *key = &keys[k];
    if (!key->name || !*key->name || !key->doc || !*key->doc) fail_msg("%s: key %d has no name or doc", kind, k);
    if (volley_key_named(keys, k, key->name)) fail_msg("%s: two keys are called %s", kind, key->name);
    if (is_number(key)) check_number(kind, key);
    if ((key->type == VOLLEY_KEY_CHOICE || key->type == VOLLEY_KEY_STIMULUS) && !key->words)
      fail_msg("%s: %s has no words", kind, key->name);
    if (key->type == VOLLEY_KEY_CHOICE && !isnan(key->fallback) && key->fallback >= n_words(key->words))
      fail_msg("%s: %s has no word %g", kind, key->name, key->fallback);
  }
}

/* Keys that stand in one mapping, from two tables. */
static void check_apart(const char *kind, const volley_key_info *some, int n, const volley_key_info *others,
                        int n_others) {
  for (int k = 0; k < n; k++)
    if (volley_key_named(others, n_others, some[k].name)) fail_msg("%s: two keys are called %s", kind, some[k].name);
}

static void check_states(const char *kind, const volley_state_info *states, int n) {
  for (int s = 0; s < n; s++) {
    if (!states[s].name || !states[s].doc || !*states[s].doc) fail_msg("%s: state %d has no name or doc", kind, s);
    if (!is_unit(states[s].unit)) fail_msg("%s: %s has the unit '%s'", kind, states[s].name, states[s].unit);
    if (states[s].from_parameter < 0 && (states[s].fallback < states[s].min || states[s].fallback > states[s].max))
      fail_msg("%s: %s begins outside of its range", kind, states[s].name);
    for (int other = 0; other < s; other++)
      if (strcmp(states[s].name, states[other].name) == 0)
        fail_msg("%s: two states are called %s", kind, states[s].name);
  }
}

static void test_sections(void **state) {
  (void)state;
  for (int s = 0; s < VOLLEY_N_SECTIONS; s++)
    check(volley_sections[s].name, volley_sections[s].keys, volley_sections[s].n_keys);
}

static void test_models(void **state) {
  (void)state;
  const volley_section_info *section = &volley_sections[VOLLEY_SECTION_SYNAPSE];
  for (const volley_neuron_model *const *model = volley_neuron_models(); *model; model++) {
    check((*model)->name, (*model)->parameters, (*model)->n_parameters);
    check_states((*model)->name, (*model)->states, (*model)->n_states);
    for (int s = 0; s < (*model)->n_states; s++) /* `parameters` and `initial` tell them apart, users may not */
      if (volley_key_named((*model)->parameters, (*model)->n_parameters, (*model)->states[s].name))
        fail_msg("%s: %s is a parameter and a state", (*model)->name, (*model)->states[s].name);
  }
  for (const volley_synapse_model *const *model = volley_synapse_models(); *model; model++) {
    check((*model)->name, (*model)->parameters, (*model)->n_parameters);
    check_states((*model)->name, (*model)->states, (*model)->n_states);
    check_apart((*model)->name, (*model)->parameters, (*model)->n_parameters, section->keys, section->n_keys);
  }
}

static void test_stimuli(void **state) {
  (void)state;
  const volley_section_info *section = &volley_sections[VOLLEY_SECTION_STIMULI];
  for (const volley_stimulus_kind *const *kind = volley_stimulus_kinds(); *kind; kind++) {
    volley_keys tables[VOLLEY_STIMULUS_TABLES];
    const int n = volley_stimulus_keys(*kind, tables);
    for (int t = 0; t < n; t++) {
      check((*kind)->name, tables[t].keys, tables[t].n_keys);
      check_apart((*kind)->name, tables[t].keys, tables[t].n_keys, section->keys, section->n_keys);
      for (int other = 0; other < t; other++)
        check_apart((*kind)->name, tables[t].keys, tables[t].n_keys, tables[other].keys, tables[other].n_keys);
    }
  }
}

static void test_signals(void **state) {
  (void)state;
  check("signals", volley_signal_common_keys.keys, volley_signal_common_keys.n_keys);
  for (const volley_signal_kind *const *kind = volley_signal_kinds(); *kind; kind++) {
    check((*kind)->name, (*kind)->keys, (*kind)->n_keys);
    check_apart((*kind)->name, (*kind)->keys, (*kind)->n_keys, volley_signal_common_keys.keys,
                volley_signal_common_keys.n_keys);
  }
}

static void test_rules(void **state) {
  (void)state;
  const volley_section_info *section = &volley_sections[VOLLEY_SECTION_PROJECTIONS];
  for (const volley_rule *const *rule = volley_rules(); *rule; rule++) {
    check((*rule)->name, (*rule)->keys, (*rule)->n_keys);
    check_apart((*rule)->name, (*rule)->keys, (*rule)->n_keys, section->keys, section->n_keys);
    if (!(*rule)->doc || !*(*rule)->doc) fail_msg("%s has no doc", (*rule)->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sections), cmocka_unit_test(test_models), cmocka_unit_test(test_stimuli),
      cmocka_unit_test(test_signals),  cmocka_unit_test(test_rules),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
