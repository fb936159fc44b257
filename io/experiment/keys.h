/* The keys of an experiment file as tables: the reader, its messages and the reference page all come from them. */
#ifndef VOLLEY_IO_EXPERIMENT_KEYS_H
#define VOLLEY_IO_EXPERIMENT_KEYS_H

#include "model/distribution.h"

#include <stdbool.h>

typedef enum volley_key_type {
  VOLLEY_KEY_TEXT,      /* any text */
  VOLLEY_KEY_WORD,      /* a name out of a registry or of the file */
  VOLLEY_KEY_NUMBER,    /* a number with a unit */
  VOLLEY_KEY_COUNT,     /* a whole number */
  VOLLEY_KEY_FLAG,      /* true or false */
  VOLLEY_KEY_VALUE,     /* a number with a unit, or a distribution */
  VOLLEY_KEY_SELECTION, /* some neurons of a population */
  VOLLEY_KEY_SIGNAL,    /* a mapping with the keys of a kind of signal */
  VOLLEY_KEY_MAP        /* a mapping with keys of its own */
} volley_key_type;

typedef struct volley_key_info {
  const char *name;
  volley_key_type type;
  const char *unit; /* numbers: documented unit, "" for a pure number; "weight": unit of the receptor;
                          "current": of the model's current */
  bool required;
  const char *fallback; /* as it would be written; NULL where there is none */
  double min, max;      /* numbers: allowed range, closed */
  bool positive;        /* min itself is not allowed */
  const char *words;    /* words that can be chosen, "step|min_delay", or NULL */
  const char *doc;
} volley_key_info;

/* A section of the file, or a mapping inside one. */
typedef struct volley_section_info {
  const char *name, *doc;
  const volley_key_info *keys;
  int n_keys;
  bool is_list, required;
} volley_section_info;

enum volley_section {
  VOLLEY_SECTION_TOP,
  VOLLEY_SECTION_SIMULATION,
  VOLLEY_SECTION_NETWORK,
  VOLLEY_SECTION_SCALE,
  VOLLEY_SECTION_POPULATIONS,
  VOLLEY_SECTION_PROJECTIONS,
  VOLLEY_SECTION_SYNAPSE,
  VOLLEY_SECTION_SYNAPSE_LEARNING,
  VOLLEY_SECTION_SYNAPSE_DOPAMINE_ON,
  VOLLEY_SECTION_STIMULI,
  VOLLEY_SECTION_READOUTS,
  VOLLEY_SECTION_FILTER,
  VOLLEY_SECTION_LEARNING,
  VOLLEY_SECTION_FEEDBACK,
  VOLLEY_SECTION_ABLATIONS,
  VOLLEY_SECTION_RECORDERS,
  VOLLEY_SECTION_OUTPUT,
  VOLLEY_SECTION_CHECKPOINT,
  VOLLEY_N_SECTIONS
};
extern const volley_section_info volley_sections[VOLLEY_N_SECTIONS];

/* A key of a section's table. The name must be one of them. */
const volley_key_info *volley_key_find(enum volley_section section, const char *name);

/* A distribution as it is written: which keys it takes and which members of volley_distribution they fill. */
typedef struct volley_distribution_info {
  const char *name;
  volley_distribution_kind kind;
  const char *first;  /* key of member a */
  const char *second; /* key of member b, or NULL */
  bool relative;      /* relative_std may be given instead of std */
  bool positive;      /* the first must be above 0 */
  const char *doc;
} volley_distribution_info;

enum { VOLLEY_N_DISTRIBUTIONS = 5 };
extern const volley_distribution_info volley_distributions[VOLLEY_N_DISTRIBUTIONS];

#endif
