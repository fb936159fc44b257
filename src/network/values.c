#include "network/values.h"

#include "model/change.h"
#include "neuron/events.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Whether a change leaves neurons of the population with parameters that differ. */
static bool makes_own(const volley_change *change, const volley_population *population) {
  if (change->n_parameters > 0 && change->neurons.count < population->size) return true;
  for (int k = 0; k < change->n_parameters; k++)
    if (!volley_distribution_is_constant(&change->parameters[k].value)) return true;
  return false;
}

bool volley_population_is_per_neuron(const volley_experiment *experiment, int p, bool all) {
  const volley_population *population = &experiment->populations[p];
  for (int c = 0; c < (all ? experiment->n_changes : experiment->n_changed); c++)
    if (experiment->changes[c].population == p && makes_own(&experiment->changes[c], population)) return true;
  for (int k = 0; k < population->model->n_parameters; k++)
    if (!volley_distribution_is_constant(&population->parameters[k])) return true;
  return false;
}

/* What the values of one distribution are for: a parameter or a state of a population. */
typedef struct target {
  const volley_partition *partition;
  int population, number; /* number: of the parameter or state, or of the object where a change sets one */
  volley_purpose purpose;
  const char *name;
  const volley_place *place;
} target;

static volley_status read_dataset(const target *t, const volley_distribution *d, const volley_reader *reader,
                                  MPI_Comm comm, double *out) {
  const volley_population *population = &t->partition->experiment->populations[t->population];
  const uint32_t n = t->partition->counts[t->population];
  volley_gid *indices = volley_alloc(n, sizeof *indices, "values from a dataset");
  for (uint32_t i = 0; i < n; i++) indices[i] = volley_index_in(population, t->partition->gids[t->population][i]);
  volley_status status = VOLLEY_OK;
  if (d->given && (uint32_t)d->n_given != population->size)
    status = volley_fault(VOLLEY_USAGE, t->place, "%s: %d values are given, for %u neurons", t->name, d->n_given,
                          population->size);
  else if (d->given)
    for (uint32_t i = 0; i < n; i++) out[i] = d->given[indices[i]];
  else
    status = reader->values(reader->context, t->place, d, population->size, indices, n, out);
  if (status == VOLLEY_OK) (void)volley_distribution_check(d, t->place, t->name, out, indices, n);
  free(indices);
  const volley_status agreed = volley_agree(comm);
  return status == VOLLEY_OK ? agreed : status;
}

/* One value for each of the rank's neurons of the population. */
static volley_status make_column(const target *t, const volley_distribution *d, const volley_reader *reader,
                                 MPI_Comm comm, double *out) {
  if (d->kind == VOLLEY_DATASET) return read_dataset(t, d, reader, comm, out);
  enum { NUMBERS = 32, ABOVE = 20 }; /* numbers of parameters beyond these count apart, above all populations */
  const uint32_t number = (uint32_t)t->number, above = number / NUMBERS << ABOVE;
  const uint32_t object =
      t->purpose == VOLLEY_PURPOSE_CHANGE ? number : (uint32_t)t->population * NUMBERS + number % NUMBERS + above;
  const volley_key key = volley_key_of(t->partition->experiment->simulation.seed, t->purpose, object);
  for (uint32_t i = 0; i < t->partition->counts[t->population]; i++) {
    volley_distribution_draw(d, key, t->partition->gids[t->population][i], 0, 1, &out[i]);
  }
  return VOLLEY_OK;
}

static const char *check_neuron(const volley_experiment *experiment, const volley_neuron_model *model,
                                const double *own) {
  const volley_neuron_events *events = experiment->simulation.continuous ? model->events : NULL;
  const char *wrong = model->check ? model->check(own) : NULL;
  return !wrong && events && events->check ? events->check(own) : wrong;
}

/* Parameters that fit together: what the tables cannot say about one parameter alone. place: of what set them last. */
static void check_neurons(const volley_partition *partition, int p, const volley_values *values,
                          const volley_place *place) {
  const volley_population *population = &partition->experiment->populations[p];
  const volley_neuron_model *model = population->model;
  const uint32_t n = values->per_neuron ? partition->counts[p] : 0;
  for (uint32_t i = 0; i < n; i++) {
    double own[VOLLEY_MAX_PARAMETERS];
    for (int k = 0; k < model->n_parameters; k++) own[k] = values->parameters[k][i];
    const char *wrong = check_neuron(partition->experiment, model, own);
    if (!wrong) continue;
    volley_fault(VOLLEY_USAGE, place, "parameters drawn for neuron %u of %s: %s",
                 volley_index_in(population, partition->gids[p][i]), population->name, wrong);
    return;
  }
}

/* What a change sets as it would be for each of the rank's neurons. */
static volley_status make_setting(const volley_partition *partition, const volley_change *change,
                                  const volley_setting *setting, bool is_state, const volley_reader *reader,
                                  MPI_Comm comm, double *out) {
  enum { PURPOSES = VOLLEY_MAX_PARAMETERS + VOLLEY_MAX_STATES };
  const volley_experiment *experiment = partition->experiment;
  const volley_neuron_model *model = experiment->populations[change->population].model;
  const char *name = is_state ? model->states[setting->number].name : model->parameters[setting->number].name;
  const uint32_t object = (uint32_t)(change - experiment->changes) * PURPOSES +
                          (uint32_t)(is_state ? VOLLEY_MAX_PARAMETERS + setting->number : setting->number);
  const target t = {partition, change->population, (int)object, VOLLEY_PURPOSE_CHANGE, name, &change->place};
  return make_column(&t, &setting->value, reader, comm, out);
}

/* Puts what a change sets into the columns of the selected neurons: [n_settings]. */
static volley_status set_columns(const volley_partition *partition, const volley_change *change, bool is_state,
                                 const volley_reader *reader, MPI_Comm comm, double *const *columns, bool per_neuron) {
  const int p = change->population, n = is_state ? change->n_states : change->n_parameters;
  const volley_setting *settings = is_state ? change->states : change->parameters;
  const volley_population *population = &partition->experiment->populations[p];
  const uint32_t count = partition->counts[p];
  double *drawn = volley_alloc_or_fault(count, sizeof *drawn, "values of neurons");
  volley_status status = volley_agree_one(comm);
  for (int k = 0; k < n && status == VOLLEY_OK; k++) {
    double *out = columns[settings[k].number];
    if (!per_neuron) {
      volley_distribution_draw(&settings[k].value, (volley_key){{0, 0}}, 0, 0, 1, out);
      continue;
    }
    status = make_setting(partition, change, &settings[k], is_state, reader, comm, drawn);
    for (uint32_t i = 0, column; i < count && status == VOLLEY_OK; i++)
      if (volley_selection_column(&change->neurons, volley_index_in(population, partition->gids[p][i]), &column))
        out[i] = drawn[i];
  }
  free(drawn);
  return status;
}

static volley_status make_parameters(const volley_partition *partition, int p, const volley_reader *reader,
                                     MPI_Comm comm, volley_values *values) {
  const volley_population *population = &partition->experiment->populations[p];
  for (int k = 0; k < population->model->n_parameters; k++) {
    const volley_distribution *d = &population->parameters[k];
    const target t = {partition,         p, k, VOLLEY_PURPOSE_PARAMETER, population->model->parameters[k].name,
                      &population->place};
    if (values->per_neuron) {
      VOLLEY_TRY(make_column(&t, d, reader, comm, values->parameters[k]));
    } else {
      volley_distribution_draw(d, (volley_key){{0, 0}}, 0, 0, 1, values->parameters[k]);
    }
  }
  const volley_experiment *experiment = partition->experiment;
  const volley_place *place = &population->place;
  for (int c = 0; c < experiment->n_changed; c++) {
    const volley_change *change = &experiment->changes[c];
    if (change->population != p || change->n_parameters == 0) continue;
    VOLLEY_TRY(set_columns(partition, change, false, reader, comm, values->parameters, values->per_neuron));
    place = &change->place;
  }
  check_neurons(partition, p, values, place);
  return volley_agree(comm);
}

static volley_status make_states(const volley_partition *partition, int p, const volley_reader *reader, MPI_Comm comm,
                                 volley_values *values) {
  const volley_population *population = &partition->experiment->populations[p];
  const uint32_t n = partition->counts[p];
  for (int s = 0; s < population->model->n_states; s++) {
    const volley_distribution *d = &population->initial[s];
    double *out = values->states[s];
    if (d->kind == VOLLEY_PARAMETER) {
      const double *from = values->parameters[(int)d->a];
      for (uint32_t i = 0; i < n; i++) out[i] = from[values->per_neuron ? i : 0];
      continue;
    }
    const target t = {partition, p, s, VOLLEY_PURPOSE_INITIAL, population->model->states[s].name, &population->place};
    VOLLEY_TRY(make_column(&t, d, reader, comm, out));
  }
  return VOLLEY_OK;
}

/* Room for the values of a population. */
typedef struct room {
  const volley_neuron_model *model;
  uint32_t n;
  volley_values *values;
} room;

static void make_room(void *context) {
  const room *r = context;
  for (int k = 0; k < r->model->n_parameters; k++)
    r->values->parameters[k] = volley_alloc(r->values->per_neuron ? r->n : 1, sizeof(double), "parameters of neurons");
  for (int s = 0; s < r->model->n_states; s++)
    r->values->states[s] = volley_alloc(r->n, sizeof(double), "states of neurons");
}

/* per_neuron: whether there is room for values that differ. */
static volley_status make(const volley_partition *partition, int p, bool with_states, bool per_neuron,
                          const volley_reader *reader, MPI_Comm comm, volley_values *out) {
  const volley_neuron_model *model = partition->experiment->populations[p].model;
  *out = (volley_values){.per_neuron = per_neuron};
  out->parameters = volley_alloc((size_t)model->n_parameters, sizeof(double *), "the parameters of neurons");
  out->states = volley_alloc((size_t)model->n_states, sizeof(double *), "the states of neurons");
  (void)volley_memory_try(make_room, &(room){model, partition->counts[p], out});
  volley_status status = volley_agree_one(comm);
  if (status == VOLLEY_OK) status = make_parameters(partition, p, reader, comm, out);
  if (status == VOLLEY_OK && with_states) status = make_states(partition, p, reader, comm, out);
  if (status != VOLLEY_OK) volley_values_free(model, out);
  return status;
}

volley_status volley_values_make(const volley_partition *partition, int p, bool with_states,
                                 const volley_reader *reader, MPI_Comm comm, volley_values *out) {
  return make(partition, p, with_states, volley_population_is_per_neuron(partition->experiment, p, false), reader, comm,
              out);
}

static bool some_are_given(const volley_setting *settings, int n) {
  for (int k = 0; k < n; k++)
    if (settings[k].value.kind == VOLLEY_DATASET) return true;
  return false;
}

bool volley_values_can_be_wrong(const volley_experiment *experiment, int p) {
  const volley_population *population = &experiment->populations[p];
  const volley_neuron_model *model = population->model;
  const bool is_checked = model->check || (experiment->simulation.continuous && model->events && model->events->check);
  bool can_be = is_checked && volley_population_is_per_neuron(experiment, p, true);
  for (int k = 0; k < model->n_parameters; k++) can_be |= population->parameters[k].kind == VOLLEY_DATASET;
  for (int k = 0; k < model->n_states; k++) can_be |= population->initial[k].kind == VOLLEY_DATASET;
  for (const volley_change *c = experiment->changes; c < experiment->changes + experiment->n_changes; c++)
    can_be |= c->population == p &&
              (some_are_given(c->parameters, c->n_parameters) || some_are_given(c->states, c->n_states));
  return can_be;
}

volley_status volley_values_check(const volley_partition *partition, int p, bool with_states,
                                  const volley_reader *reader, MPI_Comm comm) {
  const volley_experiment *experiment = partition->experiment;
  volley_values values;
  if (!volley_values_can_be_wrong(experiment, p)) return VOLLEY_OK;
  VOLLEY_TRY(
      make(partition, p, with_states, volley_population_is_per_neuron(experiment, p, true), reader, comm, &values));
  volley_status status = VOLLEY_OK;
  for (int c = experiment->n_changed; c < experiment->n_changes && status == VOLLEY_OK; c++) {
    const volley_change *change = &experiment->changes[c];
    if (change->population != p) continue;
    status = set_columns(partition, change, false, reader, comm, values.parameters, values.per_neuron);
    if (status == VOLLEY_OK) status = set_columns(partition, change, true, reader, comm, values.states, true);
    if (status == VOLLEY_OK && change->n_parameters > 0) check_neurons(partition, p, &values, &change->place);
    if (status == VOLLEY_OK) status = volley_agree(comm);
  }
  volley_values_free(experiment->populations[p].model, &values);
  return status;
}

volley_status volley_values_set_states(const volley_partition *partition, const volley_change *change,
                                       const volley_reader *reader, MPI_Comm comm, double *const *columns) {
  return set_columns(partition, change, true, reader, comm, columns, true);
}

void volley_values_free(const volley_neuron_model *model, volley_values *values) {
  for (int k = 0; k < model->n_parameters; k++) free(values->parameters[k]);
  for (int s = 0; s < model->n_states; s++) free(values->states[s]);
  free(values->parameters);
  free(values->states);
}
