#include "experiment/keys.h"
#include "experiment/keys_while_running.h"

#include "base/status.h"
#include "record/kind.h"

#include <stdint.h>
#include <string.h>

static const volley_key_info top_keys[] = {
    {"title", .type = VOLLEY_KEY_TEXT, .text = "", .doc = "free text, kept with the results"},
    {"plugins", .type = VOLLEY_KEY_TEXT,
     .doc =
         "shared object with models or stimuli of one's own (adding-a-model.md), relative to the experiment file, or a "
         "list of them"},
    {"simulation", .type = VOLLEY_KEY_MAP, .required = true, .doc = "time and seed"},
    {"network", .type = VOLLEY_KEY_MAP, .doc = "the network as a whole"},
    {"populations", .type = VOLLEY_KEY_MAP, .required = true, .doc = "list of populations of neurons"},
    {"projections", .type = VOLLEY_KEY_MAP, .doc = "list of projections between populations"},
    {"stimuli", .type = VOLLEY_KEY_MAP, .doc = "list of inputs from outside the network"},
    {"readouts", .type = VOLLEY_KEY_MAP, .doc = "list of outputs that learn to follow a signal (FORCE)"},
    {"ablations", .type = VOLLEY_KEY_MAP, .doc = "list of neurons and channels that are silenced"},
    {"changes", .type = VOLLEY_KEY_MAP, .doc = "list of what is changed at given times"},
    {"stop_when", .type = VOLLEY_KEY_MAP, .doc = "list of what ends the run before its duration is over"},
    {"repeat", .type = VOLLEY_KEY_MAP, .doc = "how often the experiment is run"},
    {"recorders", .type = VOLLEY_KEY_MAP, .doc = "list of what is recorded"},
    {"output", .type = VOLLEY_KEY_MAP, .doc = "where results go"},
    {"checkpoint", .type = VOLLEY_KEY_MAP, .doc = "when the run is saved, so that it can be gone on with"},
};

static const volley_key_info simulation_keys[] = {
    {"dt", "ms", 0.1, 1e-6, 5, .doc = "time step, of engines that take some"},
    {"duration", "ms", 0, VOLLEY_ABOVE_ZERO, .required = true, .doc = "model time; whole steps"},
    {"seed", "", 1, 0, UINT32_MAX, .type = VOLLEY_KEY_COUNT, .doc = "of all random numbers"},
    {"noise_seed", "", VOLLEY_NO_DEFAULT, 0, UINT32_MAX, .type = VOLLEY_KEY_COUNT,
     .doc = "of those that are drawn while the network runs (spikes and currents of stimuli, the order of images, "
            "noise of signals, what bernoulli and quantal_stp synapses transmit, when gif_cond_exp neurons fire), by "
            "default `seed`; so one network has many trials"},
    {"exchange_interval", .type = VOLLEY_KEY_CHOICE, .words = "step|min_delay",
     .doc = "how often ranks hand each other their spikes: every step, or every shortest delay"},
    {"engine", .type = VOLLEY_KEY_WORD, .doc = "what takes the network through time, by default the first engine"},
    {"exchange", .type = VOLLEY_KEY_WORD,
     .doc = "how ranks hand each other their spikes, by default the first exchange"},
    {"exchange_group", "", 0, 0, INT32_MAX, .type = VOLLEY_KEY_COUNT,
     .doc =
         "ranks, one after the other, that exchanges of several levels take for near each other; 0: those of a node"},
    {"delivery", .type = VOLLEY_KEY_CHOICE, .words = "auto|listed|direct",
     .doc =
         "how spikes are added to their targets: put on lists of the steps on which they are due, or added to the sums "
         "of coming steps at once, where these fit into the cache; the results are the same"},
    {"weight_bits", .type = VOLLEY_KEY_CHOICE, .words = "32|16|8",
     .doc =
         "what static synapses keep of a weight: single precision, or a whole number of a unit that each neuron has at "
         "each receptor, rounded up or down by chance, so that mean and variance of the input stay; less memory"},
    {"integration", .type = VOLLEY_KEY_CHOICE, .words = "splitting|adaptive",
     .doc = "how `iaf_cond_...`, `iaf_bw_2001`, `aeif_...`, `qif` and `hh_...` take a step: split into parts that are "
            "exact, all neurons in vectors, or by Runge-Kutta steps of fifth order with error control, to the model's "
            "tolerance; slower, a referee. Other models have one scheme"},
    {"partition", .type = VOLLEY_KEY_WORD,
     .doc = "how neurons are dealt to ranks: a partitioner, by default the first"},
};

static const volley_key_info network_keys[] = {
    {"scale", .type = VOLLEY_KEY_MAP, .doc = "runs a smaller network with the same rates"},
};

static const volley_key_info scale_keys[] = {
    {"neurons", "", 1, 0, 1, true, .doc = "factor of the size of every population"},
    {"indegree", "", 1, 0, 1, true,
     .doc = "factor of the number of inputs of every neuron; weights and a constant current make up for it"},
};

static const volley_key_info population_keys[] = {
    {"name", .type = VOLLEY_KEY_WORD, .required = true,
     .doc = "name, or a list of names: several populations, and every other key has one value for all or a list with "
            "one value each"},
    {"model", .type = VOLLEY_KEY_WORD, .required = true, .doc = "neuron model; `volley models` lists them"},
    {"size", "", 0, 1, UINT32_MAX, .type = VOLLEY_KEY_COUNT, .required = true, .doc = "number of neurons"},
    {"parameters", .type = VOLLEY_KEY_MAP,
     .doc = "parameters of the model by name: numbers or distributions; NAME_1, NAME_2, ... also as a list under NAME, "
            "which decides how many receptors some models have (a list of lists: one for each population)"},
    {"initial", .type = VOLLEY_KEY_MAP,
     .doc = "states of the model by name at time 0: numbers, distributions or the name of a parameter"},
    {"spikes", .type = VOLLEY_KEY_MAP, .doc = "the spikes of a spike_source"},
    {"positions", .type = VOLLEY_KEY_MAP, .doc = "where the neurons lie, for what depends on distances"},
    {"nodes", .type = VOLLEY_KEY_WORD,
     .doc = "SONATA population of several models, of which the neurons are nodes; its populations follow each other"},
    {"node_ids", .type = VOLLEY_KEY_SELECTION, .doc = "the nodes that they are, ascending: 0-99 or a list of these"},
    {"mean_rate", "Hz", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO,
     .doc = "expected firing rate in the full network; needed to scale indegrees down, used for estimates"},
};

static const volley_key_info spikes_keys[] = {
    {"file", .type = VOLLEY_KEY_TEXT,
     .doc =
         "HDF5 or text file of spikes, or a list of them, relative to the experiment file; Volley's own outputs, too"},
    {"population", .type = VOLLEY_KEY_TEXT,
     .doc = "population of the file (SONATA: /spikes/NAME, or a column `population`), by default the only one"},
    {"group", .type = VOLLEY_KEY_TEXT,
     .doc =
         "HDF5: group with timestamps (or times, in ms unless their attribute `units` says s) and node_ids (or gids, "
         "ids), by default /spikes/POPULATION, or /spikes"},
    {"times", "ms", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST,
     .doc = "instead of a file: times of all neurons, or a list of times for each neuron"},
    {"ids", "", 0, 0, UINT32_MAX, .type = VOLLEY_KEY_LIST, .doc = "with one list of times: the neuron of each of them"},
    {"first_id", "", 0, 0, 0x1p53, .type = VOLLEY_KEY_COUNT, .doc = "what the file calls the neuron of index 0"},
    {"off_grid", .type = VOLLEY_KEY_CHOICE, .words = "refuse|nearest|up",
     .doc =
         "what becomes of times that are no whole number of steps: they are moved to the nearest, or to the next one"},
    {"resolution", "ms", 0, VOLLEY_FROM_ZERO,
     .doc = "times are rounded to multiples of this first, as NEST does to 0.001 ms; 0: not"},
};

static const volley_key_info positions_keys[] = {
    {"type", .type = VOLLEY_KEY_CHOICE, .words = "grid|uniform|file", .required = true,
     .doc = "columns at equal distances, places at random, or a file"},
    {"extent", "", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, .filled = true,
     .doc = "length along each axis, in a unit of one's own: 1 to 3 numbers, as many as there are dimensions; of a "
            "file by default what its neurons take"},
    {"centre", "", VOLLEY_NO_DEFAULT, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, .filled = true,
     .doc = "middle of the extent, by default 0 along each axis"},
    {"periodic", .type = VOLLEY_KEY_FLAG,
     .doc = "whether the ends meet, so that a ring or a torus is closed; or a list, one for each axis"},
    {"shape", "", VOLLEY_NO_DEFAULT, 1, UINT32_MAX, .type = VOLLEY_KEY_LIST, .filled = true,
     .doc = "grid: columns along each axis; the first axis runs fastest, and each column stands in the middle of its "
            "share"},
    {"file", .type = VOLLEY_KEY_TEXT,
     .doc = "file: HDF5 or text, relative to the experiment file; a row for each neuron, a column for each axis"},
    {"dataset", .type = VOLLEY_KEY_TEXT, .doc = "file: dataset of an HDF5 file, or a group with datasets x, y, z"},
};

static const volley_key_info projection_keys[] = {
    {"name", .type = VOLLEY_KEY_TEXT,
     .doc = "by default SOURCE->TARGET; of several pairs each is called NAME:SOURCE->TARGET"},
    {"source", .type = VOLLEY_KEY_WORD, .required = true, .doc = "population, or a list of them"},
    {"target", .type = VOLLEY_KEY_WORD, .required = true, .doc = "population, or a list of them"},
    {"rule", .type = VOLLEY_KEY_WORD, .required = true, .doc = "connection rule"},
    {"probability", "", VOLLEY_NO_DEFAULT, 0, 1,
     .doc = "connection probability, where the rule takes one; 0: no projection; where it may depend on the distance "
            "also a function of it"},
    {"file", .type = VOLLEY_KEY_TEXT, .doc = "rule edges: HDF5 file, relative to the experiment file"},
    {"group", .type = VOLLEY_KEY_TEXT, .text = "/",
     .doc = "rule edges: group with source, target, maybe weight and delay"},
    {"autapses", .type = VOLLEY_KEY_FLAG, .fallback = 1, .doc = "whether a neuron may connect to itself"},
    {"multapses", .type = VOLLEY_KEY_FLAG, .fallback = 1, .doc = "whether a pair may have several synapses"},
    {"weight", "weight", VOLLEY_NO_DEFAULT, VOLLEY_ANY, .type = VOLLEY_KEY_VALUE,
     .doc = "required, unless the receptor counts spikes or the file of edges has it; kept in single precision (7 "
            "digits), of synapses that learn in double. A named receptor that is a conductance takes no negative "
            "weights; where "
            "none is named, negative weights go to the inhibitory one by their size, as in NEST"},
    {"delay", "ms", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_VALUE,
     .doc = "at least one step, at most 65534, or with the engine event 1e-6 ms to 1e9 ms; rounded to the nearest "
            "step, halves up, so that the ends of a uniform "
            "distribution get half of what the delays between them get; required, unless the file of edges has it"},
    {"balanced", .type = VOLLEY_KEY_FLAG,
     .doc =
         "whether the mean weight of a target's synapses in this projection is subtracted from each of them, so that "
         "they sum to zero; edges with weights from a file can be balanced too"},
    {"receptor", .type = VOLLEY_KEY_WORD,
     .doc = "receptor of the target's model, by its name or, of models where one must be named, its number; by default "
            "the sign of a weight decides"},
    {"synapse", .type = VOLLEY_KEY_MAP, .doc = "how the synapses change; by default they are static"},
    {"delay_is", .type = VOLLEY_KEY_CHOICE, .words = "dendritic|axonal",
     .doc =
         "where the delay arises, for synapses that learn: spikes of the target reach the synapse that much later, or "
         "those of the source do"},
    {"normalize", .type = VOLLEY_KEY_MAP,
     .doc = "how often the weights of all synapses of a target are multiplied by a common factor that makes their sum "
            "what it was at the beginning, for synapses that learn; by default they are not"},
};

static const volley_key_info synapse_keys[] = {
    {"model", .type = VOLLEY_KEY_WORD, .required = true,
     .doc = "static, or a model of plasticity, whose parameters are keys too: see `volley models`"},
    {"pairing", .type = VOLLEY_KEY_CHOICE, .words = "all|nearest",
     .doc =
         "whether a spike pairs with all spikes of the other side before it or with the last one only, where the model "
         "pairs spikes"},
    {"learning", .type = VOLLEY_KEY_MAP, .doc = "when the synapses learn; by default always"},
    {"dopamine", .type = VOLLEY_KEY_WORD, .doc = "population whose spikes release dopamine, where the model takes it"},
    {"dopamine_neurons", .type = VOLLEY_KEY_SELECTION, .text = "all",
     .doc = "neurons of this population: all, an index, a range 0-99, or a list of these"},
    {"dopamine_delay", "ms", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO,
     .doc = "time from their spikes to the synapses; whole steps, by default one step"},
    {"dopamine_on", .type = VOLLEY_KEY_MAP, .doc = "when there is dopamine by schedule, where the model takes one"},
};

static const volley_key_info synapse_learning_keys[] = {
    {"start", "ms", 0, VOLLEY_FROM_ZERO, .required = true, .doc = "begin, or a list of them; whole steps, ascending"},
    {"stop", "ms", 0, VOLLEY_FROM_ZERO, .required = true, .doc = "end of each; whole steps, not after the next begin"},
};

static const volley_key_info normalize_keys[] = {
    {"every", "ms", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO, .required = true,
     .doc = "time between two of these; whole steps"},
};

static const volley_key_info stimulus_keys[] = {
    {"name", .type = VOLLEY_KEY_TEXT, .doc = "by default TYPE->TARGET"},
    {"type", .type = VOLLEY_KEY_WORD, .required = true, .doc = "kind of stimulus, which has keys of its own"},
    {"target", .type = VOLLEY_KEY_WORD, .required = true,
     .doc = "population, or a list of them: every key has one value for all or a list with one value each"},
    {"neurons", .type = VOLLEY_KEY_SELECTION, .text = "all", .doc = "all, an index, a range 0-99, or a list of these"},
    {"receptor", .type = VOLLEY_KEY_WORD,
     .doc = "receptor of the target's model, by its name or, of models where one must be named, its number; by default "
            "the sign of the weight decides"},
    {"start", "ms", 0, VOLLEY_FROM_ZERO, .doc = "begin; whole steps"},
    {"stop", "ms", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .doc = "end; whole steps, by default that of the simulation"},
    {"signal", .type = VOLLEY_KEY_SIGNAL, .doc = "signal that is played, where the type takes one"},
    {"gain", "current", VOLLEY_NO_DEFAULT, VOLLEY_ANY, .type = VOLLEY_KEY_VALUE,
     .doc =
         "current of each neuron for a signal of 1, where the type takes a signal; a dataset has [neurons][dimension] "
         "values"},
};

static const volley_key_info readout_keys[] = {
    {"name", .type = VOLLEY_KEY_WORD, .required = true, .doc = "name, by which recorders refer to it"},
    {"population", .type = VOLLEY_KEY_WORD, .required = true,
     .doc = "population that it reads, or a list of them: neurons are numbered through in this order"},
    {"filter", .type = VOLLEY_KEY_MAP, .required = true, .doc = "how spikes become rates"},
    {"supervisor", .type = VOLLEY_KEY_SIGNAL, .required = true,
     .doc = "signal that the output is to follow; the output has its dimension"},
    {"learning", .type = VOLLEY_KEY_MAP, .doc = "how and when the decoders learn; by default they stay as they are"},
    {"feedback", .type = VOLLEY_KEY_MAP,
     .doc = "how the output enters the populations as a current; by default it does not"},
    {"decoders", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_VALUE,
     .doc = "of each neuron and dimension at the beginning; a dataset has [neurons][dimension] values"},
    {"eigenvalues", .type = VOLLEY_KEY_TEXT, .text = "0",
     .doc = "how many eigenvalues of the effective weight matrix are computed before and after the run, those of "
            "largest magnitude; or all"},
};

static const volley_key_info filter_keys[] = {
    {"rise", "ms", 0, VOLLEY_FROM_ZERO,
     .doc = "time constant of the rise, not that of the decay; 0: single exponential"},
    {"decay", "ms", 0, VOLLEY_ABOVE_ZERO, .required = true, .doc = "time constant of the decay"},
    {"unit", .type = VOLLEY_KEY_CHOICE, .words = "1/s|1/ms", .fallback = VOLLEY_NO_DEFAULT,
     .doc = "of the rates; by default that of the populations' model"},
};

static const volley_key_info learning_keys[] = {
    {"solver", .type = VOLLEY_KEY_WORD, .doc = "what the decoders are learned with, by default the first"},
    {"update", .type = VOLLEY_KEY_CHOICE, .words = "published|exact",
     .doc =
         "how far the decoders move in a step of rls: by P r e as in the published programs, or by P r e / (1 + r' P "
         "r), which is recursive least squares to the letter"},
    {"lambda", "", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO, .doc = "regularisation: P is 1 / lambda at the beginning"},
    {"initial_p", "", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO,
     .doc = "the same the other way round, instead of lambda: what P is at the beginning"},
    {"interval", "ms", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO,
     .doc = "time between two learning steps; whole steps, by default one step"},
    {"start", "ms", 0, VOLLEY_FROM_ZERO, .doc = "begin of learning; whole steps, the first of which does not learn"},
    {"stop", "ms", 0, VOLLEY_FROM_ZERO, .required = true, .doc = "end of learning; whole steps, within the run"},
};

static const volley_key_info feedback_keys[] = {
    {"population", .type = VOLLEY_KEY_WORD,
     .doc = "population that gets the feedback, or a list of them, by default those that the readout reads"},
    {"gain", "current", 0, VOLLEY_ANY, .required = true,
     .doc = "current of a neuron with eta 1 for an output of 1; a list has one for each population"},
    {"eta", "", VOLLEY_NO_DEFAULT, VOLLEY_ANY, .type = VOLLEY_KEY_VALUE,
     .doc = "factor of each neuron and dimension, by default uniform between -1 and 1; a dataset has "
            "[neurons that are fed][dimension] values"},
    {"clamp", .type = VOLLEY_KEY_FLAG,
     .doc = "whether the supervisor is fed back instead of the output while the readout learns"},
};

static const volley_key_info recorder_keys[] = {
    {"name", .type = VOLLEY_KEY_TEXT,
     .doc = "name in the output, by default that of the population or readout; of several populations each is called "
            "NAME.POPULATION, of several states NAME.STATE, of several values NAME.VALUE"},
    {"type", .type = VOLLEY_KEY_CHOICE, .words = VOLLEY_RECORDER_WORDS, .required = true, .doc = "what is recorded"},
    {"population", .type = VOLLEY_KEY_WORD,
     .doc = "population, or a list of them; needed for spikes, traces, rates, sums and means"},
    {"readout", .type = VOLLEY_KEY_WORD, .doc = "name of a readout; needed for its values"},
    {"projection", .type = VOLLEY_KEY_TEXT,
     .doc = "name of a projection whose synapses change; needed for weights and dopamine"},
    {"stimulus", .type = VOLLEY_KEY_TEXT, .doc = "name of a stimulus; needed for what it gives"},
    {"sources", .type = VOLLEY_KEY_SELECTION, .text = "all", .doc = "neurons whose synapses are recorded; of weights"},
    {"targets", .type = VOLLEY_KEY_SELECTION, .text = "all",
     .doc = "neurons onto which synapses are recorded; of weights"},
    {"neurons", .type = VOLLEY_KEY_SELECTION, .text = "all",
     .doc = "all, an index, a range 0-99, or a list of these; of a readout those whose decoders are recorded, numbered "
            "through its populations"},
    {"start", "ms", 0, VOLLEY_FROM_ZERO, .doc = "begin; whole steps"},
    {"stop", "ms", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .doc = "end; whole steps, by default that of the simulation"},
    {"states", .type = VOLLEY_KEY_WORD,
     .doc =
         "state of the model, like V_m, or a list of them; needed for traces, sums and means; of weights those of the "
         "synapse model, by default weight"},
    {"values", .type = VOLLEY_KEY_WORD, .words = "output|supervisor|error|decoders|norm",
     .doc =
         "what is recorded of a readout, or a list of it: output, supervisor, error, decoders, norm (of all decoders)"},
    {"interval", "ms", VOLLEY_NO_DEFAULT, VOLLEY_ABOVE_ZERO,
     .doc =
         "time between samples, and the bin of rates, and of stimuli: the mean of a current and the sum of the weights "
         "of spikes; whole steps, by default one step"},
};

static const volley_key_info output_keys[] = {
    {"file", .type = VOLLEY_KEY_TEXT,
     .doc = "HDF5 file of the run, by default the experiment's name with .h5; relative to the "
            "working folder"},
    {"make_folder", .type = VOLLEY_KEY_FLAG, .doc = "whether a run makes the folder of the file where it is not there"},
    {"compression", "", 0, 0, 9, .type = VOLLEY_KEY_COUNT,
     .doc =
         "how hard recorded data are compressed (shuffle and gzip): 0 not at all, 1 fast, 9 slowly; it loses nothing"},
    {"precision", .type = VOLLEY_KEY_CHOICE, .words = "single|double",
     .doc = "of traces: float32 as SONATA has them, or float64; readouts and weights are float64 always"},
};

static const volley_key_info checkpoint_keys[] = {
    {"every", .type = VOLLEY_KEY_TEXT,
     .doc =
         "time between two checkpoints and the clock that measures it: `10 s wall`, `30 min wall`, or `500 ms model` "
         "(whole steps); by default none is written unless a signal or the time limit of the job asks for it"},
    {"file", .type = VOLLEY_KEY_TEXT,
     .doc = "HDF5 file of the checkpoint, by default the output's name with .checkpoint.h5; relative to the working "
            "folder"},
    {"keep", "", 2, 1, 1000, .type = VOLLEY_KEY_COUNT,
     .doc = "how many checkpoints are kept: the newest is FILE, the one before FILE.1, then FILE.2 and so on"},
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
    [VOLLEY_SECTION_SPIKES] = {"populations.spikes",
                               "The spikes of neurons of the model spike_source. A spike at t acts as one of a neuron "
                               "that is stamped t. Those "
                               "at 0 or before, and after the end of the run, are left out, which is told.",
                               KEYS(spikes_keys), false, false},
    [VOLLEY_SECTION_POSITIONS] = {"populations.positions",
                                  "Where the neurons of a population lie (space.md). Populations between which "
                                  "something depends on distances have as many dimensions; where ends meet, the same "
                                  "extent.",
                                  KEYS(positions_keys), false, false},
    [VOLLEY_SECTION_PROJECTIONS] = {"projections",
                                    "A list; an entry connects all its sources to all its targets. A number in it can "
                                    "be a matrix: rows are targets, columns are sources; [[a, b]] is one row for all "
                                    "targets, [[a], [b]] one column for all sources.",
                                    KEYS(projection_keys), true, false},
    [VOLLEY_SECTION_SYNAPSE] =
        {"projections.synapse",
         "How the synapses of an entry change. The parameters of the model are keys here; every "
         "key has one value or a matrix of them. What happens at a time t with start < t <= stop "
         "belongs to a window of time.",
         KEYS(synapse_keys), false, false},
    [VOLLEY_SECTION_SYNAPSE_LEARNING] = {"projections.synapse.learning", "When the synapses learn.",
                                         KEYS(synapse_learning_keys), false, false},
    [VOLLEY_SECTION_SYNAPSE_DOPAMINE_ON] = {"projections.synapse.dopamine_on", "When there is dopamine by schedule.",
                                            KEYS(synapse_learning_keys), false, false},
    [VOLLEY_SECTION_NORMALIZE] = {"projections.normalize",
                                  "The sum of the weights onto a target, of this projection, is kept. Each weight is "
                                  "that which a spike would find "
                                  "that arrives then. Those that would leave their bounds stay there, and the others "
                                  "make up for them; weights of "
                                  "0 stay 0.",
                                  KEYS(normalize_keys), false, false},
    [VOLLEY_SECTION_STIMULI] = {"stimuli",
                                "A list of inputs. Currents are in pA, or in the unit of current that the target's "
                                "model has.",
                                KEYS(stimulus_keys), true, false},
    [VOLLEY_SECTION_READOUTS] =
        {"readouts",
         "A list of linear readouts of filtered spikes that learn to follow a supervisor, FORCE (Sussillo & Abbott "
         "2009; Nicola & Clopath 2017).",
         KEYS(readout_keys), true, false},
    [VOLLEY_SECTION_FILTER] =
        {"readouts.filter",
         "A spike of a neuron adds an exponential to its rate, or the difference of two, of about "
         "area 1.",
         KEYS(filter_keys), false, true},
    [VOLLEY_SECTION_LEARNING] = {"readouts.learning",
                                 "How and when the decoders learn. One of `lambda` and `initial_p` is required.",
                                 KEYS(learning_keys), false, false},
    [VOLLEY_SECTION_FEEDBACK] =
        {"readouts.feedback",
         "Each neuron of the populations gets the current gain * (eta . output), be it read or not.",
         KEYS(feedback_keys), false, false},
    [VOLLEY_SECTION_ABLATIONS] =
        {"ablations",
         "A list of neurons that fire no spikes for some time, and of channels of signals that are silent.",
         KEYS(ablation_keys), true, false},
    [VOLLEY_SECTION_CHANGES] =
        {"changes",
         "A list of what is changed while the experiment runs: of a population, a projection or a stimulus each. Those "
         "of one time are made in the order of the file. A spike on its way has the weight that there is when it "
         "arrives.",
         KEYS(change_keys), true, false},
    [VOLLEY_SECTION_STOP_WHEN] = {"stop_when",
                                  "A list of conditions, the first of which that is met ends the run: its output is "
                                  "whole, as if the duration had been so long, and says why. Rates are those of "
                                  "windows of time, one after the other; what is found at the end of one is the same "
                                  "on any ranks and after any restart.",
                                  KEYS(stop_keys), true, false},
    [VOLLEY_SECTION_REPEAT] =
        {"repeat",
         "Trials: the experiment is run several times, with other noise, into OUT.1.h5, OUT.2.h5, ... (time.md).",
         KEYS(repeat_keys), false, false},
    [VOLLEY_SECTION_RECORDERS] = {"recorders", "A list of recorders.", KEYS(recorder_keys), true, false},
    [VOLLEY_SECTION_OUTPUT] = {"output", "Where results go.", KEYS(output_keys), false, false},
    [VOLLEY_SECTION_CHECKPOINT] = {"checkpoint",
                                   "When the run is saved, so that it can be gone on with by `volley run --resume`.",
                                   KEYS(checkpoint_keys), false, false},
};

const volley_key_info *volley_key_find(enum volley_section section, const char *name) {
  const volley_section_info *info = &volley_sections[section];
  for (int i = 0; i < info->n_keys; i++)
    if (strcmp(info->keys[i].name, name) == 0) return &info->keys[i];
  volley_die("section %s has no key %s in its table", info->name, name);
}
