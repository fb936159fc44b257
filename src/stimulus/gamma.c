/* Renewal processes, one for each selected neuron: intervals are a dead time and a gamma-distributed rest. The first spike is
 * that of a process which has gone on for ever: a piece of an interval which is the more likely the longer it is.
 *
 * An interval is a function of its number, so where a process is follows from going through it from the beginning: what a
 * run that is resumed does before its first step. */
#include "stimulus/selected.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_key key;
  volley_each rate, shape;
  double dead_time; /* ms */
  double dt;        /* ms */
  int64_t shift;    /* steps from that in which a spike is to that in which it acts */
  double *times;    /* [selected.count] ms, of the next spike of each; INFINITY: none comes */
  uint32_t *counts; /* [selected.count] spikes before it */
};

typedef struct parameters {
  double rate;      /* Hz */
  double shape;     /* 1: Poisson, but for the dead time */
  double dead_time; /* ms */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"rate", "Hz", 0, 0, 1e6, .required = true, .own = true, AT(rate), .doc = "spikes a second"},
    {"gamma_shape", "", 1, 1e-2, 1e6, .own = true, AT(shape),
     .doc = "shape of the gamma distribution: 1 are exponential intervals, more is more regular. The coefficient of "
            "variation of the intervals is (1 - rate dead_time) / sqrt(gamma_shape)"},
    {"dead_time", "ms", 0, VOLLEY_FROM_ZERO, AT(dead_time),
     .doc = "no interval is shorter; less than the mean interval"},
};

static const char too_long[] = "rate times dead_time must be less than 1: intervals are no shorter than the dead time";

static const char *check(const volley_stimulus *stimulus) {
  const parameters *p = stimulus->parameters;
  const double most = nextafter(1e3 / p->dead_time, 0);
  return volley_own_exceeds(stimulus, "rate", p->rate, most) ? too_long : NULL;
}

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  (void)experiment, (void)buffer, (void)size;
  return check(stimulus);
}

/* A gamma-distributed number of scale 1 (Marsaglia & Tsang 2000); of shapes below 1 by one of a shape greater by 1. */
static double draw_gamma(volley_stream *stream, double shape) {
  const double small = shape < 1 ? pow(volley_stream_uniform(stream), 1 / shape) : 1;
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / sqrt(9 * d);
  for (;;) {
    const double x = volley_normal_quantile(volley_stream_uniform(stream)), root = 1 + c * x;
    const double v = root * root * root, u = volley_stream_uniform(stream);
    if (v > 0 && log(u) < 0.5 * x * x + d - d * v + d * log(v)) return small * d * v;
  }
}

/* Interval number k of a neuron, in ms; the first is what is left of one. */
static double interval(const volley_generator *g, volley_gid gid, uint32_t i, uint32_t k) {
  const double mean = 1e3 / volley_each_at(&g->rate, i), shape = volley_each_at(&g->shape, i);
  const double scale = (mean - g->dead_time) / shape;
  volley_stream stream = volley_stream_of(g->key, gid, k);
  if (k > 0) return g->dead_time + scale * draw_gamma(&stream, shape);
  const bool in_dead = volley_stream_uniform(&stream) * mean < g->dead_time; /* intervals count by their length */
  const double whole = g->dead_time + scale * draw_gamma(&stream, in_dead ? shape : shape + 1);
  return whole * volley_stream_uniform(&stream);
}

static double first_of(const volley_generator *g, volley_gid gid, uint32_t i) {
  return volley_each_at(&g->rate, i) > 0 ? g->span.start + interval(g, gid, i, 0) : INFINITY;
}

static void create(volley_generator *g, const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const parameters *p = stimulus->parameters;
  const size_t n = g->selected.count;
  g->key = volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_RENEWAL, (uint32_t)number);
  g->rate = volley_each_of(experiment, number, "rate", p->rate, slice, &g->selected);
  g->shape = volley_each_of(experiment, number, "gamma_shape", p->shape, slice, &g->selected);
  g->dead_time = p->dead_time;
  if (experiment->simulation.continuous) return;
  g->dt = experiment->simulation.dt;
  g->shift = volley_stimulus_delay(experiment, stimulus);
  g->counts = volley_alloc(n, sizeof *g->counts, "a gamma stimulus");
  g->times = volley_alloc(n, sizeof *g->times, "a gamma stimulus");
  for (uint32_t r = 0, k = 0; r < (uint32_t)g->selected.n_ranges; r++)
    for (uint32_t i = 0; i < g->selected.ranges[r].count; i++, k++)
      g->times[k] = first_of(g, slice->gids[g->selected.ranges[r].first + i], k);
}

/* Goes to the next spike. */
static void move(volley_generator *g, volley_gid gid, uint32_t k) {
  g->times[k] += interval(g, gid, k, ++g->counts[k]);
}

static void apply(volley_generator *g, volley_slice *slice, int64_t step) {
  if (step < g->window.first || step >= g->window.end) return;
  const double begin = (double)(step - g->shift) * g->dt, end = (double)(step - g->shift + 1) * g->dt;
  for (uint32_t r = 0, k = 0; r < (uint32_t)g->selected.n_ranges; r++) {
    const volley_neuron_range range = g->selected.ranges[r];
    double *input = slice->inputs[g->receptor] + range.first;
    for (uint32_t i = 0; i < range.count; i++, k++) {
      for (; g->times[k] <= end; move(g, slice->gids[range.first + i], k))
        if (g->times[k] > begin) input[i] += volley_each_at(&g->weight, k);
    }
  }
}

static void destroy(volley_generator *g) {
  free(g->rate.own);
  free(g->shape.own);
  free(g->times);
  free(g->counts);
}

static void look(const volley_generator *g, volley_cursor *cursor) {
  cursor->time = cursor->now <= g->span.stop ? cursor->now + g->span.delay : INFINITY;
  cursor->value = volley_each_at(&g->weight, cursor->i);
}

static void begin(const volley_generator *g, volley_gid gid, double from, volley_cursor *cursor) {
  (void)from;
  cursor->count = 0;
  cursor->now = first_of(g, gid, cursor->i);
  look(g, cursor);
}

static void next(const volley_generator *g, volley_gid gid, volley_cursor *cursor) {
  cursor->now += interval(g, gid, cursor->i, ++cursor->count);
  look(g, cursor);
}

static const volley_stimulus_events events = {begin, next};

const volley_stimulus_kind volley_stimulus_gamma = {
    .name = "gamma",
    .doc = "independent spike trains, one for each neuron, that are more or less regular: renewal processes with gamma-"
           "distributed intervals and a dead time; NEST's gamma_sup_generator and ppd_sup_generator of one process",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .check = check,
    .check_loaded = check_loaded,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
    .events = &events,
};
