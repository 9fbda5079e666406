#include "support/sim_main.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 2

void sim_fail(struct sim_verdict *v, const char *format, ...) {
  va_list args;
  if (v->failed) return;
  v->failed = true;
  va_start(args, format);
  (void)vsnprintf(v->why, sizeof v->why, format, args);
  va_end(args);
}

struct order {
  uint64_t first, count;
  bool verbose;
};

static int run_share(const struct sim_main *m, const struct order *o, uint64_t share) {
  int failures = 0;
  for (uint64_t i = share; i < o->count; i += WORKERS)
    failures += !m->passes(o->first + i, o->verbose);
  (void)fflush(stdout);
  return failures;
}

static bool run_all(const struct sim_main *m, const struct order *o) {
  bool good = true;
  pid_t pids[WORKERS];
  (void)fflush(stdout);
  for (uint64_t w = 0; w < WORKERS; w++) {
    pids[w] = fork();
    assert(pids[w] >= 0);
    if (pids[w] == 0) exit(run_share(m, o, w) ? 1 : 0);
  }
  for (uint64_t w = 0; w < WORKERS; w++) {
    int status = 0;
    (void)waitpid(pids[w], &status, 0);
    good = good && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }
  return good;
}

static bool run_regressions(const struct sim_main *m) {
  FILE *f = m->regressions ? fopen(m->regressions, "r") : NULL;
  bool good = true;
  char line[128];
  while (f && fgets(line, sizeof line, f))
    if (line[0] >= '0' && line[0] <= '9') good = m->passes(strtoull(line, NULL, 10), false) && good;
  if (f) (void)fclose(f);
  return good;
}

int sim_main(int argc, char **argv, const struct sim_main *m) {
  struct order o = {.first = 1, .count = m->count};
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--seeds") == 0 && i + 2 < argc) {
      o.first = strtoull(argv[i + 1], NULL, 10);
      o.count = strtoull(argv[i + 2], NULL, 10);
      i += 2;
    } else if (strcmp(argv[i], "--verbose") == 0) {
      o.verbose = true;
    }
  }
  bool good = run_regressions(m);
  good = run_all(m, &o) && good;
  (void)printf("%llu seeds from %llu: %s\n", (unsigned long long)o.count,
               (unsigned long long)o.first, good ? "passed" : "FAILED");
  return good ? 0 : 1;
}
