/* volley info: how even the ranks' work was, and which of them the others waited for. */
#include "app/info.h"

#include "app/json.h"
#include "base/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct spread {
  double least, mean, most, sd;
  uint64_t slowest; /* rank */
} spread;

static bool is_wait(const volley_phase_info *phase) { return strcmp(phase->name, "wait") == 0; }

/* Of a phase; NULL: of all but waiting. */
static spread measure(const volley_output_info *info, const volley_phase_info *phase) {
  spread s = {INFINITY, 0, -1, 0, 0};
  double squares = 0;
  for (uint64_t r = 0; r < info->ranks; r++) {
    double seconds = phase ? phase->of_rank[r] : 0;
    for (int i = 0; i < info->n_phases && !phase; i++)
      if (!is_wait(&info->phases[i])) seconds += info->phases[i].of_rank[r];
    if (seconds > s.most) s.slowest = r;
    s.least = fmin(s.least, seconds);
    s.most = fmax(s.most, seconds);
    s.mean += seconds / (double)info->ranks;
    squares += seconds * seconds / (double)info->ranks;
  }
  s.sd = sqrt(fmax(0, squares - s.mean * s.mean));
  return s;
}

/* The rank with the step that took longest of all. */
static uint64_t find_longest(const volley_output_info *info) {
  uint64_t rank = 0;
  for (uint64_t r = 1; r < info->ranks; r++)
    if (info->longest_s[r] > info->longest_s[rank]) rank = r;
  return rank;
}

static void print_text(const volley_output_info *info) {
  const spread all = measure(info, NULL);
  const uint64_t longest = find_longest(info);
  printf("\n%-10s %10s %10s %10s %10s %9s %6s\n", "phase", "min/s", "mean/s", "max/s", "sd/s", "max/mean", "share");
  for (int i = 0; i < info->n_phases; i++) {
    const spread s = measure(info, &info->phases[i]);
    if (s.most == 0) continue;
    printf("%-10s %10.3f %10.3f %10.3f %10.3f %9.2f %5.1f%%\n", info->phases[i].name, s.least, s.mean, s.most, s.sd,
           s.most / fmax(s.mean, 1e-300), info->simulate_s > 0 ? 100 * s.mean / info->simulate_s : 0);
  }
  printf("imbalance of work %.1f %%: the slowest of %s worked %.3f s, the mean is %.3f s\n",
         all.mean > 0 ? 100 * (all.most / all.mean - 1) : 0, volley_count(info->ranks, "rank").text, all.most,
         all.mean);
  printf("slowest: rank %llu on %s, cores %s\n", (unsigned long long)all.slowest, info->rank_hosts[all.slowest],
         info->rank_cores[all.slowest]);
  if (info->longest_s[longest] > 0)
    printf("longest step: %.3g s, on rank %llu (%s), up to %.10g ms\n", info->longest_s[longest],
           (unsigned long long)longest, info->rank_hosts[longest], info->longest_ms[longest]);
}

static void print_json(const volley_output_info *info) {
  const spread all = measure(info, NULL);
  volley_json_member("spread_of_phases", ",\n  ");
  for (int i = 0; i < info->n_phases; i++) {
    const spread s = measure(info, &info->phases[i]);
    volley_json_member(info->phases[i].name, i ? ", " : "{");
    volley_json_member_number("min", s.least, "{");
    volley_json_member_number("mean", s.mean, ", ");
    volley_json_member_number("max", s.most, ", ");
    volley_json_member_number("sd", s.sd, ", ");
    printf("}");
  }
  volley_json_member_number("imbalance", all.mean > 0 ? all.most / all.mean : NAN, "},\n  ");
  volley_json_member_count("slowest_rank", all.slowest, ",\n  ");
  volley_json_member_count("longest_step_rank", find_longest(info), ",\n  ");
}

void volley_info_ranks(const volley_output_info *info, bool json) {
  if (!info->rank_hosts || !info->rank_cores || !info->longest_s || !info->longest_ms) return;
  if (json)
    print_json(info);
  else if (info->ranks > 1)
    print_text(info);
}
