/* The keys of an experiment file as tables: the reader, its messages and the reference page all come from them. */
#ifndef VOLLEY_EXPERIMENT_KEYS_H
#define VOLLEY_EXPERIMENT_KEYS_H

#include "model/distribution.h"
#include "model/key.h"

#include <stdbool.h>

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
  VOLLEY_SECTION_SPIKES,
  VOLLEY_SECTION_POSITIONS,
  VOLLEY_SECTION_PROJECTIONS,
  VOLLEY_SECTION_SYNAPSE,
  VOLLEY_SECTION_SYNAPSE_LEARNING,
  VOLLEY_SECTION_SYNAPSE_DOPAMINE_ON,
  VOLLEY_SECTION_NORMALIZE,
  VOLLEY_SECTION_STIMULI,
  VOLLEY_SECTION_READOUTS,
  VOLLEY_SECTION_FILTER,
  VOLLEY_SECTION_LEARNING,
  VOLLEY_SECTION_FEEDBACK,
  VOLLEY_SECTION_ABLATIONS,
  VOLLEY_SECTION_CHANGES,
  VOLLEY_SECTION_STOP_WHEN,
  VOLLEY_SECTION_REPEAT,
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

/* A function of the distance as it is written; volley_profile says what it is. */
typedef struct volley_profile_info {
  const char *name;
  volley_profile_shape shape;
  const char *width; /* key of that member */
  bool positive;     /* it is a length, not a slope */
  bool has_mean;
  const char *doc;
} volley_profile_info;

enum { VOLLEY_N_PROFILES = 4 };
extern const volley_profile_info volley_profiles[VOLLEY_N_PROFILES];

#endif
