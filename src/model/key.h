/* A key of an experiment: what users may write there, and the member of a struct that it fills. The sections of the
 * experiment and all kinds (neuron and synapse models, stimuli, signals, rules, ...) have tables of these; reading,
 * checking, messages, `volley models` and `volley reference` come from the tables. Needs nothing but C. */
#ifndef VOLLEY_MODEL_KEY_H
#define VOLLEY_MODEL_KEY_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a key holds, and the type of the member that it fills. Those without a type are read by the section's own code. */
typedef enum volley_key_type {
  VOLLEY_KEY_NUMBER,    /* double */
  VOLLEY_KEY_STEPS,     /* double: a time in ms that is a whole number of steps */
  VOLLEY_KEY_DELAY,     /* double: a delay in ms, by default one step */
  VOLLEY_KEY_COUNT,     /* int: a whole number; -1 where none is given and there is no default */
  VOLLEY_KEY_FLAG,      /* bool */
  VOLLEY_KEY_CHOICE,    /* int: index of the word among `words` */
  VOLLEY_KEY_LIST,      /* volley_list: numbers, or one number */
  VOLLEY_KEY_TIMES,     /* volley_list: times in ms that are whole steps, unless allow_offgrid_times is true */
  VOLLEY_KEY_INDICES,   /* volley_list: whole numbers and ranges like 0-99 in any order, or one of these */
  VOLLEY_KEY_ROWS,      /* volley_series: a list of lists of equal length, into its values */
  VOLLEY_KEY_TEXT,      /* const char *: any text */
  VOLLEY_KEY_PATH,      /* const char *: a file, relative to the experiment file */
  VOLLEY_KEY_STIMULUS,  /* int: number of a stimulus that stands before this one and is of the type that `words` says */
  VOLLEY_KEY_WORD,      /* a name out of a registry or of the file */
  VOLLEY_KEY_VALUE,     /* a number, or a distribution */
  VOLLEY_KEY_SELECTION, /* some neurons of a population */
  VOLLEY_KEY_SIGNAL,    /* a mapping with the keys of a kind of signal */
  VOLLEY_KEY_MAP        /* a mapping with keys of its own */
} volley_key_type;

typedef struct volley_list {
  double *values; /* [n] */
  int n;
} volley_list;

/* Rows of numbers, from the experiment or a file. */
typedef struct volley_series {
  const char *file, *dataset; /* NULL where not given */
  double *values;             /* [n_rows][n_columns]; NULL until known */
  uint64_t n_rows, n_columns;
} volley_series;

typedef struct volley_key_info {
  const char *name;
  const char
      *unit; /* of numbers; "" or NULL: pure numbers; "weight": of the receptor; "current": of the model's current */
  double fallback; /* default of numbers, choices (index) and flags (0, 1), NEST's where NEST has the key; NAN: none */
  double min, max; /* allowed range of numbers, closed; INFINITY where unbounded */
  bool positive;   /* min itself is not allowed: a time constant, a capacitance */
  bool required;
  bool filled; /* a list must not be empty */
  bool own;    /* a number of a stimulus: each neuron may have its own, of a distribution, a file or a list */
  volley_key_type type;
  const char *words; /* choice: "step|min_delay"; stimulus: its type */
  const char *text;  /* default of texts and selections as it would be written; NULL: none */
  size_t offset;     /* of the member that it fills */
  const char *doc;
} volley_key_info;

#define VOLLEY_NO_DEFAULT NAN

/* Ranges of what has no narrower one: numbers beyond are mistakes, and what they do to others cannot be computed. In mV,
 * pA, nS, ms (of time constants) and pF. */
#define VOLLEY_VOLTAGES -1e6, 1e6
#define VOLLEY_CURRENTS -1e9, 1e9
#define VOLLEY_CONDUCTANCES 0, 1e9
#define VOLLEY_TIMES 1e-6, 1e9
#define VOLLEY_CAPACITIES 1e-6, 1e9
#define VOLLEY_ANY -INFINITY, INFINITY
#define VOLLEY_FROM_ZERO 0, INFINITY
#define VOLLEY_ABOVE_ZERO 0, INFINITY, true

/* The members keys and n_keys of a kind, from its table. */
#define VOLLEY_KEYS(table) .keys = (table), .n_keys = (int)(sizeof(table) / sizeof *(table))

/* Some keys of a kind; what they fill lies in the struct that all kinds share (is_common), or in the kind's own. */
typedef struct volley_keys {
  const volley_key_info *keys;
  int n_keys;
  bool is_common;
} volley_keys;

/* The key of that name; NULL if there is none. */
const volley_key_info *volley_key_named(const volley_key_info *keys, int n, const char *name);

/* Sets what the keys fill in a struct to their defaults; lists, series and texts without one are left as they are. */
void volley_keys_set_defaults(const volley_key_info *keys, int n, void *out);

/* The default as it would be written, "0.1 ms", into buffer, which is returned; "" where there is none. */
const char *volley_key_default(const volley_key_info *key, char *buffer, size_t size);

#endif
