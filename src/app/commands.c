/* The commands and their options: all that help and the parser need to know. */
#include "app/app.h"

#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

#define THREADS(type)                                                                                                  \
  {                                                                                                                    \
    "threads", 0, VOLLEY_OPTION_COUNT, false, offsetof(type, threads), "T",                                            \
        "threads of each rank; default SLURM_CPUS_PER_TASK, OMP_NUM_THREADS, else cores / local ranks"                 \
  }
#define SETS(type)                                                                                                     \
  {                                                                                                                    \
    "set", 0, VOLLEY_OPTION_LIST, false, offsetof(type, sets), "KEY=VALUE",                                            \
        "change a key of the experiment: simulation.seed=2, populations.E.size=100"                                    \
  }

#define WINDOW(type)                                                                                                   \
  {"start", 0, VOLLEY_OPTION_TEXT, false, offsetof(type, start), "TIME", "leave out all up to it: 500, '0.5 s'"}, {    \
    "stop", 0, VOLLEY_OPTION_TEXT, false, offsetof(type, stop), "TIME", "leave out all after it"                       \
  }

static const volley_option run_options[] = {
    {"FILE", 0, VOLLEY_OPTION_ARGUMENT, false, offsetof(volley_run_options, file), NULL,
     "experiment (YAML); may be left out with --resume"},
    {"output", 'o', VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, output), "OUT.h5",
     "output file, instead of the experiment's output.file"},
    THREADS(volley_run_options),
    SETS(volley_run_options),
    {"summary", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, summary), "FILE.json",
     "write times, rates and the digest of the spikes as JSON"},
    {"overwrite", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_run_options, overwrite), NULL,
     "replace an output file that is there"},
    {"progress", 0, VOLLEY_OPTION_CHOICE, false, offsetof(volley_run_options, progress), "auto|bar|lines|off",
     "default auto: a bar on a terminal, else lines in a log, from 10 s on"},
    {"resume", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, resume), "CHECKPOINT",
     "go on from a checkpoint; latest: from the newest whole one, or begin if there is none"},
    {"checkpoint-every", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, checkpoint_every), "TIME",
     "write checkpoints: '10 min wall' by the clock, '500 ms model' by model time"},
    {"checkpoint", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, checkpoint), "FILE",
     "checkpoint file; default OUT.checkpoint.h5 beside the output"},
    {"checkpoint-keep", 0, VOLLEY_OPTION_COUNT, false, offsetof(volley_run_options, checkpoint_keep), "N",
     "checkpoints to keep: FILE, FILE.1, ...; default 2"},
    {"walltime-limit", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_run_options, walltime_limit), "TIME",
     "checkpoint and stop before: '90 min', '2 h', 1:30:00; default the end of the SLURM job"},
};

static const volley_option check_options[] = {
    {"FILE", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(volley_check_options, file), NULL, "experiment (YAML)"},
    {"ranks", 0, VOLLEY_OPTION_COUNT, false, offsetof(volley_check_options, ranks), "R",
     "ranks to plan for; default those it is started with"},
    THREADS(volley_check_options),
    SETS(volley_check_options),
    {"json", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_check_options, json), NULL,
     "print all figures as JSON: bytes, seconds, milliseconds"},
    {"resolved", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_check_options, resolved), NULL,
     "print the experiment instead: every key, with defaults and in its documented unit"},
};

static const volley_option models_options[] = {
    {"NAME", 0, VOLLEY_OPTION_ARGUMENT, false, offsetof(volley_models_options, name), NULL, "model to describe"},
    {"markdown", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_models_options, markdown), NULL,
     "write as Markdown: without NAME the page docs/models.md"},
    {"plugin", 0, VOLLEY_OPTION_LIST, false, offsetof(volley_models_options, plugins), "FILE.so",
     "shared object with models of one's own, as experiments name it under plugins"},
};

static const volley_option info_options[] = {
    {"FILE.h5", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(volley_info_options, file), NULL,
     "output of a run, or a checkpoint"},
    WINDOW(volley_info_options),
    {"json", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_info_options, json), NULL, "print as JSON"},
};

static const volley_option plot_options[] = {
    {"OUT.h5", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(volley_plot_options, file), NULL, "output of a run"},
    {"output", 'o', VOLLEY_OPTION_TEXT, false, offsetof(volley_plot_options, output), "FILE.png",
     "figure to write, its ending selects the format; default OUT.png, or OUT_isi.png and the like"},
    WINDOW(volley_plot_options),
    {"isi", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, isi), NULL,
     "distributions of the intervals between spikes instead"},
    {"traces", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, traces), NULL, "recorded traces instead"},
    {"readout", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, readout), NULL,
     "recorded readouts over their supervisors, before, while and after learning"},
    {"weights", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, weights), NULL,
     "recorded weights over time, and their distributions at the begin and the end"},
    {"rates", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, rates), NULL, "recorded rates over time"},
    {"window", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, window), NULL,
     "changes of recorded weights over the delays of their synapses"},
    {"fields", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, fields), NULL,
     "the last recorded weights onto each target as images, where the sources make a square"},
    {"images", 0, VOLLEY_OPTION_FLAG, false, offsetof(volley_plot_options, images), NULL,
     "traces of the outputs while labelled images are shown; the last second or --start to --stop"},
    {"frames", 0, VOLLEY_OPTION_TEXT, false, offsetof(volley_plot_options, frames), "ROWSxCOLUMNS",
     "the outputs of a readout as images, a strip of the last second or of --start to --stop"},
};

const volley_command volley_run_usage = {
    "run",
    "run an experiment",
    "Runs an experiment and writes its recordings to one HDF5 file (SONATA layout). Start it with mpirun or srun to\n"
    "use several ranks: the spikes are the same on any number of ranks and threads.\n"
    "\n"
    "SIGUSR1 writes a checkpoint. SIGUSR2, SIGTERM, SIGINT, SIGXCPU and, but under nohup, SIGHUP write one and stop;\n"
    "so does the end of the wall-clock time. --resume goes on from it, on any number of ranks and threads, with the\n"
    "same spikes as if nothing had been.\n"
    "Exit code: 0 done, 1 failed while running, 2 wrong usage or experiment,\n"
    "3 stopped, checkpoint written.\n"
    "\n"
    "What stands behind -- goes to PETSc, which solves batch learning: -- -ksp_type cg -log_view;\n"
    "these are tried before the network is built, and those that nothing looks at are named.",
    run_options,
    COUNT(run_options),
    false,
    true,
    volley_run_command};
const volley_command volley_check_usage = {"check",
                                           "check an experiment and estimate its memory and time, without running it",
                                           "Finds everything that run would find wrong, and prints neurons, synapses, "
                                           "delays, memory of each rank, the size of\n"
                                           "the output, expected spikes and time. Builds small samples only: it takes "
                                           "a second or two and little memory for a\n"
                                           "network of any size.",
                                           check_options,
                                           COUNT(check_options),
                                           false,
                                           false,
                                           volley_check_command};
const volley_command volley_models_usage = {"models",
                                            "list models of neurons and synapses, and stimuli, or describe one",
                                            "Lists models of neurons and synapses, and stimuli, or describes one: "
                                            "parameters, states and receptors with units,\n"
                                            "defaults and bounds.",
                                            models_options,
                                            COUNT(models_options),
                                            true,
                                            false,
                                            volley_models_command};
const volley_command volley_info_usage = {"info",
                                          "describe the output of a run, or a checkpoint",
                                          "Prints what an output file holds: the experiment, rates and regularity by "
                                          "population, what readouts have learned,\n"
                                          "how images were classified, timers, versions; or from which run and time a "
                                          "checkpoint is, and whether it is whole.",
                                          info_options,
                                          COUNT(info_options),
                                          true,
                                          false,
                                          volley_info_command};
const volley_command volley_plot_usage = {
    "plot",
    "plot the output of a run",
    "Plots a raster and the rates of the populations, of the last second where no times are given; or, without\n"
    "spikes, readouts, traces, weights or rates. The window and what a figure leaves out are written below its title.\n"
    "Needs Python with h5py and matplotlib.",
    plot_options,
    COUNT(plot_options),
    true,
    false,
    volley_plot_command};
const volley_command volley_reference_usage = {
    "reference",
    "write the reference of all keys of an experiment file",
    "Writes docs/experiment.md, the reference of all keys of an experiment file, to the standard output.",
    NULL,
    0,
    true,
    false,
    volley_reference_command};

static const volley_command *const commands[] = {&volley_run_usage,
                                                 &volley_check_usage,
                                                 &volley_models_usage,
                                                 &volley_info_usage,
                                                 &volley_plot_usage,
                                                 &volley_reference_usage,
                                                 NULL};

const volley_command *const *volley_commands(void) { return commands; }

const volley_command *volley_command_find(const char *name) {
  for (const volley_command *const *command = commands; *command; command++) {
    if (strcmp((*command)->name, name) == 0) return *command;
  }
  return NULL;
}
