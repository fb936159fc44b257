/* Command lines from tables. A command has a table of options; each option names the member of the command's option
 * struct that it fills, so that parsing, checking and help all come from the table. */
#ifndef VOLLEY_APP_OPTIONS_H
#define VOLLEY_APP_OPTIONS_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef enum volley_option_kind {
  VOLLEY_OPTION_FLAG,     /* bool: --name sets it */
  VOLLEY_OPTION_TEXT,     /* const char * */
  VOLLEY_OPTION_COUNT,    /* int from 1 up */
  VOLLEY_OPTION_CHOICE,   /* int: index of the word among `value`, which lists the words: "auto|bar|off" */
  VOLLEY_OPTION_LIST,     /* volley_text_list: may be given again and again */
  VOLLEY_OPTION_ARGUMENT, /* const char *: has no dashes; filled in the order of the table */
  VOLLEY_OPTION_ARGUMENTS /* volley_text_list: all arguments from here on */
} volley_option_kind;

/* Values of a repeated option or argument, in order. The texts are the program's arguments and are not owned; the array is:
 * free(texts). */
typedef struct volley_text_list {
  const char **texts;
  int n;
} volley_text_list;

/* Adds a text, which must last. */
void volley_text_list_add(volley_text_list *list, const char *text);

typedef struct volley_option {
  const char *name; /* "threads" stands for --threads; of an argument, the name that help shows: "FILE" */
  char letter;      /* 'o' for -o; 0 for none */
  volley_option_kind kind;
  bool required;
  size_t offset;     /* of the member that it fills */
  const char *value; /* how help names its value: "N"; NULL for flags and arguments */
  const char *doc;   /* half a sentence */
} volley_option;

/* Whether it has no dashes. */
bool volley_option_is_argument(const volley_option *option);

/* Options that several commands have; type: of the struct with the members that they fill. */
#define VOLLEY_OPTION_THREADS(type)                                                                                    \
  {                                                                                                                    \
    "threads", 0, VOLLEY_OPTION_COUNT, false, offsetof(type, threads), "T",                                            \
        "threads of each rank; default SLURM_CPUS_PER_TASK, OMP_NUM_THREADS, else cores / local ranks"                 \
  }
#define VOLLEY_OPTION_SETS(type)                                                                                       \
  {                                                                                                                    \
    "set", 0, VOLLEY_OPTION_LIST, false, offsetof(type, sets), "KEY=VALUE",                                            \
        "change a key of the experiment: simulation.seed=2, populations.E.size=100"                                    \
  }

#define VOLLEY_IGNORE_NSYNS "sonata.nsyns=ignore" /* what the option sets */
#define VOLLEY_OPTION_NSYNS(type)                                                                                      \
  {                                                                                                                    \
    "nsyns", 0, VOLLEY_OPTION_CHOICE, false, offsetof(type, nsyns), "multiply|ignore",                                 \
        "SONATA: whether weights count for each of the nsyns of an edge; default multiply"                             \
  }

#define VOLLEY_OPTIONS_WINDOW(type)                                                                                    \
  {"start", 0, VOLLEY_OPTION_TEXT, false, offsetof(type, start), "TIME", "leave out all up to it: 500, '0.5 s'"}, {    \
    "stop", 0, VOLLEY_OPTION_TEXT, false, offsetof(type, stop), "TIME", "leave out all after it"                       \
  }

/* The members options and n_options of a command, from its table. */
#define VOLLEY_OPTIONS(table) .options = (table), .n_options = (int)(sizeof(table) / sizeof *(table))

/* A word after `volley`. One file a command, a line in commands.c. */
typedef struct volley_command {
  const char *name;
  const char *summary;     /* half a sentence, for the list of commands */
  const char *description; /* for `volley help NAME`; may hold several lines */
  const volley_option *options;
  int n_options;
  bool serial;    /* rank 0 alone runs it, perhaps without MPI */
  bool passes_on; /* what stands behind -- are options of PETSc; see volley_options_passed_on() */
  /* arguments: those after the command's name. Not serial: collective over MPI_COMM_WORLD, returns an agreed status. */
  volley_status (*run)(const struct volley_command *command, int n_arguments, const char *const *arguments);
} volley_command;

/* Fills the members of `target` that the arguments name and leaves the others as they are: those of {0} mean
 * NULL, 0, false and, for a choice, its first word. Accepts
 * --name value, --name=value, -o value, -ovalue, and -- before arguments that begin with a dash, or before options of PETSc, of which
 * only the form is checked. Not collective, but the same on every rank that has the same arguments; adds a fault for each
 * thing that is wrong and returns VOLLEY_USAGE. */
volley_status volley_options_parse(const volley_command *command, int n_arguments, const char *const *arguments,
                                   void *target);

/* The place of the -- behind which options of PETSc stand among n words; n if there is none. */
int volley_options_passed_on(const volley_command *command, int n, const char *const *words);

/* Writes a command's usage line, description and options. */
void volley_options_write_help(const volley_command *command, FILE *out);

/* The time that option --name gives: "500", "500 ms" or "0.5 s", in ms. text NULL: not given, *ms stays as it is.
 * Not collective. Adds a fault and returns VOLLEY_USAGE if it is no time. */
volley_status volley_time_option(const char *name, const char *text, double *ms);

#endif
