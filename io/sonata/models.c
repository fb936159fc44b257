/* Models of other programs by their templates, and how parameters are called there. */
#include "io/sonata/client.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#define RENAMES(table) .renames = (table), .n_renames = (int)(sizeof(table) / sizeof *(table))

/* NEURON's IntFire1: times in s, as the Allen Institute's files have them. */
static const volley_sonata_rename of_intfire1[] = {{"tau", "tau", 1000, NAN}, {"refrac", "refrac", 1000, NAN}};

#define PYNN_IF(tau_syn)                                                                                               \
  {"cm", "C_m", 1000, 1}, {"tau_m", "tau_m", 1, 20}, {"tau_refrac", "t_ref", 1, 0.1}, {"v_rest", "E_L", 1, -65},       \
      {"v_reset", "V_reset", 1, -65}, {"v_thresh", "V_th", 1, -50}, {"tau_syn_E", "tau_syn_ex", 1, tau_syn},           \
      {"tau_syn_I", "tau_syn_in", 1, tau_syn}, {"i_offset", "I_e", 1000, 0}, {                                         \
    "v", "V_m", 1, -65                                                                                                 \
  }

static const volley_sonata_rename of_curr_exp[] = {PYNN_IF(5)};
static const volley_sonata_rename of_curr_alpha[] = {PYNN_IF(0.5)};
static const volley_sonata_rename of_cond_exp[] = {PYNN_IF(5), {"e_rev_E", "E_ex", 1, 0}, {"e_rev_I", "E_in", 1, -70}};
static const volley_sonata_rename of_cond_alpha[] = {
    PYNN_IF(0.3), {"e_rev_E", "E_ex", 1, 0}, {"e_rev_I", "E_in", 1, -70}};

/* Templates that are not called as the model is; "nest:NAME" is the model NAME. */
static const struct {
  const char *name, *model;
  volley_sonata_model as;
} known[] = {
    {"nrn:IntFire1", "intfire1", {RENAMES(of_intfire1), .weight_factor = 1, .current_factor = 1}},
    {"pynn:IF_curr_exp", "iaf_psc_exp", {RENAMES(of_curr_exp), .weight_factor = 1000, .current_factor = 1000}},
    {"pynn:IF_curr_alpha", "iaf_psc_alpha", {RENAMES(of_curr_alpha), .weight_factor = 1000, .current_factor = 1000}},
    {"pynn:IF_cond_exp", "iaf_cond_exp", {RENAMES(of_cond_exp), .weight_factor = 1000, .current_factor = 1000}},
    {"pynn:IF_cond_alpha", "iaf_cond_alpha", {RENAMES(of_cond_alpha), .weight_factor = 1000, .current_factor = 1000}},
};

bool volley_sonata_find_model(volley_sonata *sonata, const volley_node *template, volley_sonata_model *out) {
  const char *name = template->text;
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    if (strcasecmp(name, known[k].name) != 0) continue;
    *out = known[k].as;
    out->name = known[k].name;
    out->model = volley_neuron_model_find(known[k].model);
    return true;
  }
  *out = (volley_sonata_model){.name = name, .weight_factor = 1, .current_factor = 1, .keeps_states = true};
  if (strncasecmp(name, "nest:", 5) == 0) out->model = volley_neuron_model_find(name + 5);
  if (out->model && out->model->sizes) out->model = out->model->sizes[VOLLEY_MAX_RECEPTORS - 1];
  if (out->model && !out->model->is_source) return true;
  volley_sonata_fault(sonata, template,
                      "the model '%.100s' is not known; known are nest:NAME with the names of `volley models`, "
                      "nrn:IntFire1, and pynn:IF_curr_exp, IF_curr_alpha, IF_cond_exp, IF_cond_alpha",
                      name);
  return false;
}
