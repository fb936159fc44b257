/* Keys of what happens while an experiment runs; for the table of all sections (experiment/keys.c). */
#ifndef VOLLEY_EXPERIMENT_KEYS_WHILE_RUNNING_H
#define VOLLEY_EXPERIMENT_KEYS_WHILE_RUNNING_H

#include "model/key.h"

static const volley_key_info ablation_keys[] = {
    {"population", .type = VOLLEY_KEY_WORD,
     .doc = "population, or a list of them: every key has one value for all or a list with one value each"},
    {"stimulus", .type = VOLLEY_KEY_TEXT,
     .doc = "instead: name of a stimulus that plays a signal; of several targets each is called NAME->TARGET"},
    {"channels", .type = VOLLEY_KEY_SELECTION, .text = "all",
     .doc = "of its signal those that are 0 meanwhile: all, an index, a range 0-99, or a list of these"},
    {"neurons", .type = VOLLEY_KEY_SELECTION, .text = "all", .doc = "all, an index, a range 0-99, or a list of these"},
    {"start", "ms", 0, VOLLEY_FROM_ZERO, .doc = "begin; whole steps"},
    {"stop", "ms", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .doc = "end; whole steps, by default that of the simulation"},
};

static const volley_key_info change_keys[] = {
    {"at", "ms", 0, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_LIST, .required = true, .filled = true,
     .doc =
         "time, or a list of times at which the same is done; whole steps. The step that begins then is the first that "
         "sees it"},
    {"population", .type = VOLLEY_KEY_WORD,
     .doc =
         "population whose neurons are changed, or a list of them: every key has one value for all or a list with one "
         "value each"},
    {"neurons", .type = VOLLEY_KEY_SELECTION, .text = "all",
     .doc = "population: all, an index, a range 0-99, or a list of these"},
    {"parameters", .type = VOLLEY_KEY_MAP,
     .doc = "population: parameters of the model by name, and what they are from then on: numbers or distributions; of "
            "files "
            "and lists a number for each neuron of the population"},
    {"states", .type = VOLLEY_KEY_MAP, .doc = "population: states by name, and what they are set to, likewise"},
    {"projection", .type = VOLLEY_KEY_TEXT, .doc = "name of a projection whose weights are changed"},
    {"weight", "weight", VOLLEY_NO_DEFAULT, VOLLEY_ANY, .type = VOLLEY_KEY_VALUE,
     .doc = "projection: what the weights become, as in projections; of synapses that learn one number"},
    {"factor", "", VOLLEY_NO_DEFAULT, VOLLEY_ANY,
     .doc = "projection: what the weights are multiplied by, instead; those that learn stay within their bounds"},
    {"stimulus", .type = VOLLEY_KEY_TEXT, .doc = "name of a stimulus that is changed"},
    {"values", .type = VOLLEY_KEY_MAP,
     .doc = "stimulus: keys of its type, like rate or amplitude, and what they are from then on"},
};

static const volley_key_info stop_keys[] = {
    {"rate_above", "Hz", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO,
     .doc = "ends the run when the rate in a window is higher"},
    {"rate_below", "Hz", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO,
     .doc = "ends the run when the rate in a window is lower"},
    {"window", "ms", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO,
     .doc = "rate_above, rate_below: length of the windows, one after the other; whole steps"},
    {"no_spikes", "ms", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO,
     .doc = "ends the run when a window of that length has no spike; whole steps"},
    {"population", .type = VOLLEY_KEY_WORD,
     .doc = "population whose spikes count, or a list of them, which are taken together; by default all"},
    {"start", "ms", 0, VOLLEY_FROM_ZERO, .doc = "begin of the first window; whole steps"},
    {"wall", .type = VOLLEY_KEY_TEXT,
     .doc = "ends the run when it has taken so long by the clock on the wall, building included: `90 s`, `2 h`, "
            "`1:30:00`; "
            "looked at every ms of model time. Where that is differs from run to run"},
};

static const volley_key_info repeat_keys[] = {
    {"trials", "", 0, 1, 1000000, .type = VOLLEY_KEY_COUNT, .required = true,
     .doc = "how many; the noise of trial k is that of `noise_seed` + k - 1"},
    {"reset", .type = VOLLEY_KEY_FLAG, .fallback = 1,
     .doc = "whether each begins at time 0 with the initial states; or else with all that the one before has ended "
            "with, and its time goes on"},
    {"trial", "", VOLLEY_NO_DEFAULT, 1, 1000000, .type = VOLLEY_KEY_COUNT,
     .doc = "to run one of them alone: its number"},
};

#endif
