#include "io/experiment_keys.h"

#include "base/status.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define UNBOUNDED .min = -INFINITY, .max = INFINITY
#define FROM_ZERO .min = 0, .max = INFINITY

static const volley_key_info top_keys[] = {
    {"title", VOLLEY_KEY_TEXT, .fallback = "", .doc = "free text, kept with the results"},
    {"simulation", VOLLEY_KEY_MAP, .required = true, .doc = "time and seed"},
    {"network", VOLLEY_KEY_MAP, .doc = "the network as a whole"},
    {"populations", VOLLEY_KEY_MAP, .required = true, .doc = "list of populations of neurons"},
    {"projections", VOLLEY_KEY_MAP, .doc = "list of projections between populations"},
    {"stimuli", VOLLEY_KEY_MAP, .doc = "list of inputs from outside the network"},
    {"recorders", VOLLEY_KEY_MAP, .doc = "list of what is recorded"},
    {"output", VOLLEY_KEY_MAP, .doc = "where results go"},
    {"checkpoint", VOLLEY_KEY_MAP, .doc = "when the run is saved, so that it can be gone on with"},
};

static const volley_key_info simulation_keys[] = {
    {"dt", VOLLEY_KEY_NUMBER, "ms", false, "0.1 ms", 0, 5, true, NULL, "time step"},
    {"duration", VOLLEY_KEY_NUMBER, "ms", true, NULL, 0, INFINITY, true, NULL, "model time; whole steps"},
    {"seed", VOLLEY_KEY_COUNT, "", false, "1", 0, UINT32_MAX, false, NULL, "of all random numbers"},
    {"exchange_interval", VOLLEY_KEY_WORD, .fallback = "step", .words = "step|min_delay",
     .doc = "how often ranks hand each other their spikes: every step, or every shortest delay"},
    {"partition", VOLLEY_KEY_WORD, .doc = "how neurons are dealt to ranks: a partitioner, by default the first"},
};

static const volley_key_info network_keys[] = {
    {"scale", VOLLEY_KEY_MAP, .doc = "runs a smaller network with the same rates"},
};

static const volley_key_info scale_keys[] = {
    {"neurons", VOLLEY_KEY_NUMBER, "", false, "1", 0, 1, true, NULL, "factor of the size of every population"},
    {"indegree", VOLLEY_KEY_NUMBER, "", false, "1", 0, 1, true, NULL,
     "factor of the number of inputs of every neuron; weights and a constant current make up for it"},
};

static const volley_key_info population_keys[] = {
    {"name", VOLLEY_KEY_WORD, .required = true,
     .doc = "name, or a list of names: several populations, and every other key has one value for all or a list with "
            "one value each"},
    {"model", VOLLEY_KEY_WORD, .required = true, .doc = "neuron model; `volley models` lists them"},
    {"size", VOLLEY_KEY_COUNT, "", true, NULL, 1, UINT32_MAX, false, NULL, "number of neurons"},
    {"parameters", VOLLEY_KEY_MAP, .doc = "parameters of the model by name: numbers or distributions"},
    {"initial", VOLLEY_KEY_MAP,
     .doc = "states of the model by name at time 0: numbers, distributions or the name of a parameter"},
    {"mean_rate", VOLLEY_KEY_NUMBER, "Hz", FROM_ZERO,
     .doc = "expected firing rate in the full network; needed to scale indegrees down, used for estimates"},
};

static const volley_key_info projection_keys[] = {
    {"name", VOLLEY_KEY_TEXT, .doc = "by default SOURCE->TARGET; of several pairs each is called NAME:SOURCE->TARGET"},
    {"source", VOLLEY_KEY_WORD, .required = true, .doc = "population, or a list of them"},
    {"target", VOLLEY_KEY_WORD, .required = true, .doc = "population, or a list of them"},
    {"rule", VOLLEY_KEY_WORD, .required = true, .doc = "connection rule"},
    {"probability", VOLLEY_KEY_NUMBER, "", false, NULL, 0, 1, false, NULL,
     "connection probability, where the rule takes one; 0: no projection"},
    {"file", VOLLEY_KEY_TEXT, .doc = "rule edges: HDF5 file, relative to the experiment file"},
    {"group", VOLLEY_KEY_TEXT, .fallback = "/", .doc = "rule edges: group with source, target, maybe weight and delay"},
    {"autapses", VOLLEY_KEY_FLAG, .fallback = "true", .doc = "whether a neuron may connect to itself"},
    {"multapses", VOLLEY_KEY_FLAG, .fallback = "true", .doc = "whether a pair may have several synapses"},
    {"weight", VOLLEY_KEY_VALUE, "weight", UNBOUNDED,
     .doc = "required, unless the receptor counts spikes or the file of edges has it"},
    {"delay", VOLLEY_KEY_VALUE, "ms", FROM_ZERO,
     .doc = "at least one step, rounded to steps; required, unless the file of edges has it"},
    {"receptor", VOLLEY_KEY_WORD, .doc = "receptor of the target's model; by default the sign of a weight decides"},
};

static const volley_key_info stimulus_keys[] = {
    {"name", VOLLEY_KEY_TEXT, .doc = "by default TYPE->TARGET"},
    {"type", VOLLEY_KEY_WORD, .required = true, .doc = "kind of stimulus, which has keys of its own"},
    {"target", VOLLEY_KEY_WORD, .required = true,
     .doc = "population, or a list of them: every key has one value for all or a list with one value each"},
    {"neurons", VOLLEY_KEY_SELECTION, .fallback = "all", .doc = "all, an index, a range 0-99, or a list of these"},
    {"receptor", VOLLEY_KEY_WORD, .doc = "receptor of the target's model; by default the sign of the weight decides"},
    {"start", VOLLEY_KEY_NUMBER, "ms", false, "0 ms", 0, INFINITY, false, NULL, "begin"},
    {"stop", VOLLEY_KEY_NUMBER, "ms", .min = 0, .max = INFINITY, .doc = "end; by default that of the simulation"},
};

static const volley_key_info recorder_keys[] = {
    {"name", VOLLEY_KEY_TEXT,
     .doc = "name in the output, by default that of the population; of several populations each is called "
            "NAME.POPULATION, of several states NAME.STATE"},
    {"type", VOLLEY_KEY_WORD, .required = true, .words = "spikes|traces", .doc = "what is recorded"},
    {"population", VOLLEY_KEY_WORD, .required = true, .doc = "population, or a list of them"},
    {"neurons", VOLLEY_KEY_SELECTION, .fallback = "all", .doc = "all, an index, a range 0-99, or a list of these"},
    {"start", VOLLEY_KEY_NUMBER, "ms", false, "0 ms", 0, INFINITY, false, NULL, "begin; whole steps"},
    {"stop", VOLLEY_KEY_NUMBER, "ms", .min = 0, .max = INFINITY,
     .doc = "end; whole steps, by default that of the simulation"},
    {"states", VOLLEY_KEY_WORD, .doc = "traces: state of the model, or a list of them"},
    {"interval", VOLLEY_KEY_NUMBER, "ms", .min = 0, .max = INFINITY, .positive = true,
     .doc = "traces: time between samples; whole steps, by default one step"},
};

static const volley_key_info output_keys[] = {
    {"file", VOLLEY_KEY_TEXT,
     .doc = "HDF5 file of the run, by default the experiment's name with .h5; relative to the "
            "working folder"},
};

static const volley_key_info checkpoint_keys[] = {
    {"every", VOLLEY_KEY_TEXT,
     .doc =
         "time between two checkpoints and the clock that measures it: `10 s wall`, `30 min wall`, or `500 ms model` "
         "(whole steps); by default none is written unless a signal or the time limit of the job asks for it"},
    {"file", VOLLEY_KEY_TEXT,
     .doc = "HDF5 file of the checkpoint, by default the output's name with .checkpoint.h5; relative to the working "
            "folder"},
    {"keep", VOLLEY_KEY_COUNT, "", false, "2", 1, 1000, false, NULL,
     "how many checkpoints are kept: the newest is FILE, the one before FILE.1, then FILE.2 and so on"},
};

#define KEYS(table) table, (int)(sizeof(table) / sizeof *(table))

const volley_section_info volley_sections[VOLLEY_N_SECTIONS] = {
    [VOLLEY_SECTION_TOP] = {"experiment", "The sections of the file.", KEYS(top_keys), false, true},
    [VOLLEY_SECTION_SIMULATION] = {"simulation", "Time and seed.", KEYS(simulation_keys), false, true},
    [VOLLEY_SECTION_NETWORK] = {"network", "The network as a whole.", KEYS(network_keys), false, false},
    [VOLLEY_SECTION_SCALE] =
        {"network.scale",
         "Runs a smaller network with about the same rates (van Albada, Helias & Diesmann 2015): "
         "weights grow by the root of the factor by which indegrees shrink, and a constant current "
         "restores the mean input.",
         KEYS(scale_keys), false, false},
    [VOLLEY_SECTION_POPULATIONS] = {"populations", "A list; an entry describes one population or several.",
                                    KEYS(population_keys), true, true},
    [VOLLEY_SECTION_PROJECTIONS] = {"projections",
                                    "A list; an entry connects all its sources to all its targets. A number in it can "
                                    "be a matrix: rows are targets, columns are sources; [[a, b]] is one row for all "
                                    "targets, [[a], [b]] one column for all sources.",
                                    KEYS(projection_keys), true, false},
    [VOLLEY_SECTION_STIMULI] = {"stimuli", "A list of inputs.", KEYS(stimulus_keys), true, false},
    [VOLLEY_SECTION_RECORDERS] = {"recorders", "A list of recorders.", KEYS(recorder_keys), true, false},
    [VOLLEY_SECTION_OUTPUT] = {"output", "Where results go.", KEYS(output_keys), false, false},
    [VOLLEY_SECTION_CHECKPOINT] = {"checkpoint",
                                   "When the run is saved, so that it can be gone on with by `volley run --resume`.",
                                   KEYS(checkpoint_keys), false, false},
};

const volley_key_info *volley_key_find(enum volley_section section, const char *name) {
  const volley_section_info *info = &volley_sections[section];
  for (int i = 0; i < info->n_keys; ++i)
    if (strcmp(info->keys[i].name, name) == 0) return &info->keys[i];
  volley_die("section %s has no key %s in its table", info->name, name);
}

const volley_distribution_info volley_distributions[VOLLEY_N_DISTRIBUTIONS] = {
    {"constant", VOLLEY_CONSTANT, "value", NULL, false, false, "the same value everywhere"},
    {"normal", VOLLEY_NORMAL, "mean", "std", true, false, "normal distribution"},
    {"lognormal", VOLLEY_LOGNORMAL, "mean", "std", true, true,
     "lognormal distribution; mean and std are of the value itself, not of its logarithm"},
    {"uniform", VOLLEY_UNIFORM, "low", "high", false, false, "uniform between low and high"},
    {"exponential", VOLLEY_EXPONENTIAL, "mean", NULL, false, true, "exponential distribution"},
};
