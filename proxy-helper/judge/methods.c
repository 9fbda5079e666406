#include "judge/methods.h"

#include <string.h>

static bool reached(const struct result *r) {
  return r->verdict == VERDICT_PASS || r->verdict == VERDICT_DEGRADED;
}

static enum verdict host(const struct report *r) {
  if (evidence_is(&r->environment, "network", "none")) return VERDICT_BLOCKED;
  /* Whether devices reach each other is for two of them to try. */
  return evidence_is(&r->environment, "network", "there") ? VERDICT_INCONCLUSIVE
                                                          : VERDICT_NOT_TESTED;
}

/* Of rows that are not reached: one that may be reached says more than those that are not. */
static enum verdict better(enum verdict have, enum verdict row) {
  return have == VERDICT_INCONCLUSIVE || row == VERDICT_INCONCLUSIVE ? VERDICT_INCONCLUSIVE
                                                                     : VERDICT_BLOCKED;
}

static enum verdict srflx(const struct report *r) {
  enum verdict v = VERDICT_NOT_TESTED;
  for (size_t i = 0; i < r->n; i++) {
    const struct result *row = &r->rows[i];
    if (row->kind != CHECK_STUN || row->verdict == VERDICT_NOT_TESTED) continue;
    if (reached(row)) {
      bool hard = r->mapping && strcmp(r->mapping, "endpoint-independent") != 0;
      return hard ? VERDICT_DEGRADED : VERDICT_PASS;
    }
    v = better(v, row->verdict);
  }
  return v;
}

static enum verdict relay(struct report *r) {
  enum verdict v = VERDICT_NOT_TESTED;
  for (size_t i = 0; i < r->n; i++) {
    const struct result *row = &r->rows[i];
    if (row->kind != CHECK_TURN || row->verdict == VERDICT_NOT_TESTED) continue;
    if (reached(row)) {
      r->via[row->transport] = true;
      v = VERDICT_PASS;
    } else if (v != VERDICT_PASS) {
      v = better(v, row->verdict);
    }
  }
  return v;
}

static const char *mapping_of(const struct report *r) {
  static const char *const known[] = {"endpoint-independent", "address-dependent",
                                      "address-and-port-dependent"};
  const char *mapping = evidence_value(&r->environment, "mapping");
  for (size_t i = 0; mapping && i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i], mapping) == 0) return known[i];
  return NULL;
}

void judge_methods(struct report *r) {
  memset(r->via, 0, sizeof r->via);
  r->mapping = mapping_of(r);
  r->methods[METHOD_HOST] = host(r);
  r->methods[METHOD_SRFLX] = srflx(r);
  r->methods[METHOD_RELAY] = relay(r);
}
