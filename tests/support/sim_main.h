#ifndef SENSO_TESTS_SIM_MAIN_H
#define SENSO_TESTS_SIM_MAIN_H

#include <stdbool.h>
#include <stdint.h>

/* The main() of a simulation that runs seeds: [--seeds FIRST COUNT] [--verbose], two processes. */
struct sim_main {
  uint64_t count;          /* of seeds, unless told otherwise */
  const char *regressions; /* a file of seeds that run first, always; NULL: none */
  bool (*passes)(uint64_t seed, bool verbose); /* says on stdout what is wrong */
};

/* Why a scenario failed: the first reason counts. Zero-initialised: it did not. */
struct sim_verdict {
  bool failed;
  char why[300];
};
void sim_fail(struct sim_verdict *v, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exit status. */
int sim_main(int argc, char **argv, const struct sim_main *m);

#endif
