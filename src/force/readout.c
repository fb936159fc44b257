#include "force/readout.h"

#include "force/readout_values.h"
#include "force/spectrum.h"
#include "learner/filter.h"
#include "signal/signal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double beyond_measure = 1e9; /* an output that is so much larger than the supervisor has diverged */

/* One readout at work. */
typedef struct decoding {
  const volley_readout *readout;
  int dimension;
  /* [populations of the experiment] number of its first neuron among those that are read, and fed; UINT32_MAX: none */
  uint32_t *first, *first_fed;
  volley_filter filter;
  double *decoders; /* [N][dimension] */
  double *initial;  /* [N][dimension] decoders at the beginning, and eta; kept for eigenvalues, else NULL */
  double *eta;
  /* [dimension] each: */
  double *filtered, *rising; /* decoders' r and decoders' h: what the output is computed from */
  double *inputs;            /* sums of the decoders of the neurons that spiked */
  double *output, *target, *error, *fed_back;
  uint32_t *spiking; /* [n_spiking] numbers of the neurons that spiked in this step */
  uint32_t n_spiking, capacity;
  volley_player *player;
  volley_learner learner;
  volley_learning lesson;
} decoding;

struct volley_readouts {
  const volley_network *network;
  decoding *decodings; /* [n_readouts] */
  double *plastic;     /* plastic weights at the beginning, kept for eigenvalues, else NULL */
  int64_t learned;     /* the step whose learning is due */
};

static const volley_experiment *experiment_of(const volley_readouts *readouts) { return readouts->network->experiment; }

static void allocate(void *context) {
  decoding *d = context;
  const size_t k = (size_t)d->dimension, n = d->readout->reads.size * k;
  double **const each[] = {&d->filtered, &d->rising, &d->inputs, &d->output, &d->target, &d->error, &d->fed_back};
  for (size_t v = 0; v < sizeof each / sizeof *each; v++) *each[v] = volley_alloc(k, sizeof(double), "a readout");
  d->decoders = volley_alloc(n, sizeof(double), "the decoders of a readout");
  if (d->readout->fed.n > 0)
    d->eta = volley_alloc(d->readout->fed.size * k, sizeof(double), "the feedback of a readout");
  if (d->readout->eigenvalues != 0) d->initial = volley_alloc(n, sizeof(double), "eigenvalues");
  volley_filter_create(&d->filter, d->filter.kinetics, d->readout->reads.size);
}

/* Feedback that is added to the network. */
typedef struct feedback {
  volley_network *network;
  decoding *d;
} feedback;

/* eta by the numbers of the neurons that are read, as eigenvalues need it. */
static double *eta_of_read(const volley_experiment *experiment, const decoding *d) {
  const volley_pool *reads = &d->readout->reads;
  const size_t k = (size_t)d->dimension;
  double *eta = volley_alloc(reads->size * k, sizeof *eta, "eigenvalues"), *to = eta;
  for (int i = 0; i < reads->n; i++) {
    const int p = reads->populations[i];
    const size_t n = experiment->populations[p].size * k;
    if (d->first_fed[p] != UINT32_MAX) memcpy(to, d->eta + d->first_fed[p] * k, n * sizeof *to);
    to += n;
  }
  return eta;
}

static void add_feedback(void *context) {
  const feedback *f = context;
  decoding *d = f->d;
  volley_feedback_add(f->network, d->readout, d->first_fed, d->eta, d->fed_back);
  double *eta = d->initial ? eta_of_read(f->network->experiment, d) : NULL; /* only eigenvalues need it again */
  free(d->eta);
  d->eta = eta;
}

/* Collective; every rank finds the same faults. What there is already is released by the caller. */
static volley_status prepare(volley_readouts *readouts, int r, volley_network *network, const volley_reader *reader) {
  const volley_experiment *experiment = network->experiment;
  const volley_readout *readout = &experiment->readouts[r];
  const size_t bytes = readout->reads.size * (size_t)readout->supervisor->dimension * sizeof(double);
  decoding *d = &readouts->decodings[r];
  *d = (decoding){.readout = readout,
                  .dimension = readout->supervisor->dimension,
                  .first = volley_readout_number(experiment, &readout->reads),
                  .first_fed = volley_readout_number(experiment, &readout->fed),
                  .filter.kinetics = volley_kinetics_make(readout->rise, readout->decay, experiment->simulation.dt,
                                                          readout->filter_unit),
                  .learner.kind = volley_learner_of(readout)};
  (void)volley_memory_try(allocate, d);
  VOLLEY_TRY(volley_agree_one(network->comm));
  d->player = volley_player_create(experiment, readout->supervisor, (uint32_t)(VOLLEY_STREAM_READOUTS + r));
  VOLLEY_TRY(volley_readout_draw(experiment, readout, VOLLEY_PURPOSE_DECODER, reader, d->decoders));
  d->learner.own = d->learner.kind->create(readout, d->decoders, network->threads, network->comm);
  if (!volley_is_made(d->learner.own, "learner", d->learner.kind->name, network->comm))
    return volley_agree_one(network->comm);
  d->lesson = (volley_learning){.readout = readout,
                                .filter = &d->filter,
                                .decoders = d->decoders,
                                .filtered = d->filtered,
                                .rising = d->rising,
                                .target = d->target,
                                .error = d->error};
  if (d->initial) memcpy(d->initial, d->decoders, bytes);
  if (readout->fed.n > 0) {
    VOLLEY_TRY(volley_readout_draw(experiment, readout, VOLLEY_PURPOSE_ETA, reader, d->eta));
    (void)volley_memory_try(add_feedback, &(feedback){network, d});
    VOLLEY_TRY(volley_agree_one(network->comm));
  }
  return VOLLEY_OK;
}

static void release(decoding *d) {
  free(d->first);
  free(d->first_fed);
  volley_filter_free(&d->filter);
  free(d->decoders);
  double *const values[] = {d->filtered, d->rising,   d->inputs,  d->output, d->target,
                            d->error,    d->fed_back, d->initial, d->eta};
  for (size_t v = 0; v < sizeof values / sizeof *values; v++) free(values[v]);
  free(d->spiking);
  volley_player_destroy(d->player);
  if (d->learner.own) d->learner.kind->destroy(d->learner.own);
}

static void keep_plastic(void *context) {
  volley_readouts *readouts = context;
  readouts->plastic = volley_spectrum_plastic(readouts->network, 0);
}

volley_status volley_readouts_create(volley_network *network, const volley_reader *reader, volley_readouts **out) {
  const volley_experiment *experiment = network->experiment;
  volley_readouts *readouts = volley_alloc(1, sizeof *readouts, "the readouts");
  volley_status status = VOLLEY_OK;
  readouts->network = network;
  readouts->decodings = volley_alloc((size_t)experiment->n_readouts, sizeof *readouts->decodings, "the readouts");
  for (int r = 0; r < experiment->n_readouts && status == VOLLEY_OK; r++)
    status = prepare(readouts, r, network, reader);
  if (volley_readouts_want_eigenvalues(experiment)) (void)volley_memory_try(keep_plastic, readouts);
  const volley_status agreed = volley_agree(network->comm);
  if (agreed != VOLLEY_OK) status = agreed;
  if (status == VOLLEY_OK)
    *out = readouts;
  else
    volley_readouts_destroy(readouts);
  return status;
}

void volley_readouts_destroy(volley_readouts *readouts) {
  if (!readouts) return;
  free(readouts->plastic);
  for (int r = 0; r < experiment_of(readouts)->n_readouts; r++) release(&readouts->decodings[r]);
  free(readouts->decodings);
  free(readouts);
}

static void make_room(void *context) {
  decoding *d = context;
  const uint32_t capacity = d->capacity ? 2 * d->capacity : 64;
  d->spiking = volley_grow(d->spiking, capacity, sizeof *d->spiking, "a readout");
  d->capacity = capacity;
}

static void make_filter_room(void *context) {
  decoding *d = context;
  volley_filter_reserve(&d->filter, d->n_spiking);
}

/* Finds the neurons of a readout among those that spiked, in the order of the gids, and notes them. All ranks find the same,
 * so that they make room together; returns false where one has no memory. */
static bool find_spiking(const volley_readouts *readouts, decoding *d, const volley_gid *gids, uint32_t n) {
  const volley_experiment *experiment = experiment_of(readouts);
  const MPI_Comm comm = readouts->network->comm;
  int p = 0;
  d->n_spiking = 0;
  for (uint32_t i = 0; i < n; i++) {
    p = volley_population_of(experiment, gids[i], p);
    if (d->first[p] == UINT32_MAX) continue;
    if (d->n_spiking == d->capacity && !volley_all(volley_memory_try(make_room, d) == VOLLEY_OK, comm)) return false;
    d->spiking[d->n_spiking++] = d->first[p] + volley_index_in(&experiment->populations[p], gids[i]);
  }
  if (d->filter.n_noted + d->n_spiking > d->filter.capacity &&
      !volley_all(volley_memory_try(make_filter_room, d) == VOLLEY_OK, comm))
    return false;
  volley_filter_note(&d->filter, d->spiking, d->n_spiking);
  return true;
}

/* Whether the learner of a readout has something to do after `step`. */
static bool is_due(const decoding *d, int64_t step) {
  return volley_is_learning_step(d->readout, step) ||
         (d->learner.kind->acts_at_end && volley_is_end_of_learning(d->readout, step));
}

/* Output, error and feedback after `step`. */
static void put_out(decoding *d, int64_t step) {
  const size_t k = (size_t)d->dimension;
  for (size_t v = 0; v < k; v++) {
    d->output[v] = d->filtered[v];
    d->error[v] = d->output[v] - d->target[v];
  }
  const bool clamped = d->readout->clamps && step + 1 > d->readout->start && step + 1 < d->readout->stop;
  memcpy(d->fed_back, clamped ? d->target : d->output, k * sizeof *d->fed_back);
}

/* Takes filters, output and error through one step. Agreed status. */
static volley_status decode(const volley_readouts *readouts, decoding *d, int64_t step, const volley_gid *gids,
                            uint32_t n) {
  const size_t k = (size_t)d->dimension;
  if (!find_spiking(readouts, d, gids, n)) return volley_agree_one(readouts->network->comm);
  memset(d->inputs, 0, k * sizeof *d->inputs);
  for (uint32_t i = 0; i < d->n_spiking; i++) {
    const double *row = d->decoders + d->spiking[i] * k;
    for (size_t v = 0; v < k; v++) d->inputs[v] += row[v];
  }
  volley_kinetics_step(&d->filter.kinetics, (uint32_t)k, d->filtered, d->rising, d->inputs);
  volley_player_at(d->player, step + 1, d->target);
  put_out(d, step);
  return VOLLEY_OK;
}

/* A fault if an output is not finite any more, or beyond all measure: the same on every rank. */
static volley_status check_output(const volley_readouts *readouts, const decoding *d, int64_t step) {
  for (int v = 0; v < d->dimension; v++) {
    if (fabs(d->output[v]) < beyond_measure * (1 + fabs(d->target[v]))) continue; /* not so if it is NaN */
    volley_fault(VOLLEY_FAILURE, &d->readout->place, "readout '%s': output %d is %g at %.10g ms; %s", d->readout->name,
                 v, d->output[v], (double)(step + 1) * experiment_of(readouts)->simulation.dt,
                 d->learner.kind->advice(d->readout));
    return volley_agree(readouts->network->comm);
  }
  return VOLLEY_OK;
}

static volley_status take_spikes(void *context, int64_t step, const volley_gid *gids, uint32_t n) {
  volley_readouts *readouts = context;
  for (int r = 0; r < experiment_of(readouts)->n_readouts; r++) {
    VOLLEY_TRY(decode(readouts, &readouts->decodings[r], step, gids, n));
    VOLLEY_TRY(check_output(readouts, &readouts->decodings[r], step));
  }
  readouts->learned = step;
  return VOLLEY_OK;
}

static bool needs_spikes(void *context, int population) {
  const volley_readouts *readouts = context;
  for (int r = 0; r < experiment_of(readouts)->n_readouts; r++) {
    if (readouts->decodings[r].first[population] != UINT32_MAX) return true;
  }
  return false;
}

static bool has_work(void *context, int64_t step) {
  const volley_readouts *readouts = context;
  for (int r = 0; r < experiment_of(readouts)->n_readouts; r++) {
    if (is_due(&readouts->decodings[r], step)) return true;
  }
  return false;
}

static double dot(const double *a, const double *b, uint32_t n) {
  double sum = 0;
  for (uint32_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static volley_status check_learning(const volley_readouts *readouts, const decoding *d) {
  const char *wrong = d->learner.kind->check ? d->learner.kind->check(d->learner.own) : NULL;
  if (!wrong) return VOLLEY_OK;
  volley_fault(VOLLEY_FAILURE, &d->readout->place, "readout '%s': %s at %.10g ms: %s", d->readout->name,
               d->learner.kind->failure, (double)(readouts->learned + 1) * experiment_of(readouts)->simulation.dt,
               wrong);
  return volley_agree(readouts->network->comm);
}

static volley_status learn(void *context, int thread, volley_barrier *barrier) {
  volley_readouts *readouts = context;
  volley_status status = VOLLEY_OK;
  for (int r = 0; r < experiment_of(readouts)->n_readouts; r++) {
    decoding *d = &readouts->decodings[r];
    if (!is_due(d, readouts->learned)) continue;
    if (thread == 0) volley_filter_sync(&d->filter);
    if (thread == 0) d->lesson.step = readouts->learned;
    volley_barrier_wait(barrier);
    d->learner.kind->learn(d->learner.own, &d->lesson, thread, barrier);
    if (thread == 0 && d->lesson.puts_out) put_out(d, readouts->learned);
    if (thread == 0) d->lesson.puts_out = false;
    if (thread == 0 && status == VOLLEY_OK) status = check_learning(readouts, d);
  }
  return status;
}

volley_observer volley_readouts_observer(volley_readouts *readouts) {
  return (volley_observer){
      .context = readouts, .spikes = take_spikes, .needs = needs_spikes, .has_work = has_work, .work = learn};
}

static void get_decoders(const decoding *d, const volley_selection *neurons, double *row) {
  const size_t k = (size_t)d->dimension;
  for (int r = 0; r < neurons->n_ranges; r++) {
    const size_t n = neurons->ranges[r].count * k;
    memcpy(row, d->decoders + neurons->ranges[r].first * k, n * sizeof *row);
    row += n;
  }
}

void volley_readouts_get(const volley_readouts *readouts, const volley_recorder *recorder, double *row) {
  const decoding *d = &readouts->decodings[recorder->readout];
  const size_t bytes = (size_t)d->dimension * sizeof *row;
  switch ((volley_readout_value)recorder->state) {
    case VOLLEY_READOUT_OUTPUT: memcpy(row, d->output, bytes); break;
    case VOLLEY_READOUT_SUPERVISOR: memcpy(row, d->target, bytes); break;
    case VOLLEY_READOUT_ERROR: memcpy(row, d->error, bytes); break;
    case VOLLEY_READOUT_DECODERS: get_decoders(d, &recorder->neurons, row); break;
    default: *row = sqrt(dot(d->decoders, d->decoders, d->filter.n * (uint32_t)d->dimension)); break;
  }
}

volley_status volley_readouts_find_spectra(const volley_readouts *readouts, volley_summary *summary) {
  const volley_experiment *experiment = experiment_of(readouts);
  volley_status status = VOLLEY_OK;
  if (!volley_readouts_want_eigenvalues(experiment)) return VOLLEY_OK;
  summary->spectra = volley_alloc((size_t)experiment->n_readouts, sizeof *summary->spectra, "eigenvalues");
  double *now = volley_spectrum_plastic(readouts->network, experiment->simulation.steps);
  for (int r = 0; r < experiment->n_readouts && status != VOLLEY_STOPPED; r++) {
    if (experiment->readouts[r].eigenvalues == 0) continue;
    const decoding *d = &readouts->decodings[r];
    const volley_effective_weights before = {readouts->network, d->readout,       d->first, d->eta,
                                             d->initial,        readouts->plastic};
    volley_effective_weights after = before;
    after.decoders = d->decoders;
    after.plastic = now;
    const volley_status found = volley_spectrum_find(&before, &after, &summary->spectra[summary->n_spectra++]);
    if (status == VOLLEY_OK) status = found;
  }
  free(now);
  return status;
}

const volley_learner *volley_readouts_learner(const volley_readouts *readouts, int r) {
  return &readouts->decodings[r].learner;
}

/* The arrays of a state that do not change their size. */
typedef struct piece {
  double *values;
  size_t n;
} piece;

enum { N_PIECES = 9, N_FIGURES = 7 };

/* Figures of the filter, before three lists: spikes of each step noted, neurons noted, neurons moved. */
enum { SYNCED, NEXT, NOTED, MOVED, RR, RH, HH };

static void list_pieces(const decoding *d, piece pieces[N_PIECES]) {
  const size_t k = (size_t)d->dimension, n = d->filter.n;
  const piece all[N_PIECES] = {{d->decoders, n * k}, {d->filter.r, n}, {d->filter.h, n},
                               {d->filtered, k},     {d->rising, k},   {d->output, k},
                               {d->target, k},       {d->error, k},    {d->fed_back, k}};
  memcpy(pieces, all, sizeof all);
}

static size_t fixed_size(const decoding *d) {
  piece pieces[N_PIECES];
  size_t n = N_FIGURES;
  list_pieces(d, pieces);
  for (int p = 0; p < N_PIECES; p++) n += pieces[p].n;
  return n;
}

uint64_t volley_readouts_state_size(const volley_readouts *readouts, int r) {
  const volley_filter *filter = &readouts->decodings[r].filter;
  return fixed_size(&readouts->decodings[r]) + (uint64_t)(filter->next - filter->synced) + filter->n_noted +
         filter->motion.n_moved;
}

void volley_readouts_get_state(const volley_readouts *readouts, int r, double *state) {
  const decoding *d = &readouts->decodings[r];
  const volley_filter *filter = &d->filter;
  piece pieces[N_PIECES];
  list_pieces(d, pieces);
  for (int p = 0; p < N_PIECES; state += pieces[p++].n) memcpy(state, pieces[p].values, pieces[p].n * sizeof *state);
  const double figures[N_FIGURES] = {[SYNCED] = (double)filter->synced, [NEXT] = (double)filter->next,
                                     [NOTED] = (double)filter->n_noted, [MOVED] = (double)filter->motion.n_moved,
                                     [RR] = filter->motion.rr,          [RH] = filter->motion.rh,
                                     [HH] = filter->motion.hh};
  memcpy(state, figures, sizeof figures);
  state += N_FIGURES;
  for (int64_t s = 0; s < filter->next - filter->synced; s++) *state++ = (double)filter->counts[s];
  for (uint32_t i = 0; i < filter->n_noted; i++) *state++ = (double)filter->neurons[i];
  for (uint32_t i = 0; i < filter->motion.n_moved; i++) *state++ = (double)filter->motion.moved[i];
}

/* Whether figures from a file make sense: `rest` numbers follow them. */
static bool is_sound(const decoding *d, const double *figures, uint64_t rest) {
  const double steps = figures[NEXT] - figures[SYNCED], noted = figures[NOTED], moved = figures[MOVED];
  double sum = 0;
  if (!(figures[SYNCED] >= 0 && steps >= 0 && steps <= VOLLEY_FILTER_STEPS && noted >= 0 && moved >= 0 &&
        moved <= d->filter.n && steps + noted + moved == (double)rest))
    return false;
  for (int64_t s = 0; s < (int64_t)steps; s++) sum += figures[N_FIGURES + s];
  for (uint64_t i = (uint64_t)steps; i < rest; i++) {
    const double neuron = figures[N_FIGURES + i];
    if (!(neuron >= 0 && neuron < d->filter.n)) return false;
  }
  return sum == noted;
}

bool volley_readouts_can_have(const volley_readouts *readouts, int r, uint64_t size, const double *state) {
  const decoding *d = &readouts->decodings[r];
  const size_t fixed = fixed_size(d);
  return size >= fixed && is_sound(d, state + fixed - N_FIGURES, size - fixed);
}

void volley_readouts_set_state(volley_readouts *readouts, int r, const double *state) {
  decoding *d = &readouts->decodings[r];
  const double *figures = state + fixed_size(d) - N_FIGURES;
  piece pieces[N_PIECES];
  list_pieces(d, pieces);
  for (int p = 0; p < N_PIECES; state += pieces[p++].n) memcpy(pieces[p].values, state, pieces[p].n * sizeof *state);
  volley_filter *filter = &d->filter;
  const int64_t next = (int64_t)figures[NEXT];
  const double *counts = figures + N_FIGURES, *neurons = counts + (next - (int64_t)figures[SYNCED]);
  filter->synced = filter->next = (int64_t)figures[SYNCED];
  for (; filter->next < next; counts++) {
    const uint32_t n = (uint32_t)*counts;
    uint32_t *spiking = volley_alloc(n, sizeof *spiking, "a readout");
    for (uint32_t i = 0; i < n; i++) spiking[i] = (uint32_t)*neurons++;
    volley_filter_note(filter, spiking, n);
    free(spiking);
  }
  volley_filter_mark(filter);
  for (double i = 0; i < figures[MOVED]; i++) volley_filter_note_moved(filter, (uint32_t)*neurons++);
  filter->motion.rr = figures[RR];
  filter->motion.rh = figures[RH];
  filter->motion.hh = figures[HH];
}
