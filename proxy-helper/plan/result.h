#ifndef SENSO_PLAN_RESULT_H
#define SENSO_PLAN_RESULT_H

#include "plan/evidence.h"
#include "plan/services.h"

/*
 * One row of a report: what is checked, what was seen, and what the judge made of it. A report is
 * the rows and what was seen of the machine and of the network as a whole.
 */

enum verdict {
  VERDICT_NOT_TESTED,
  VERDICT_PASS,
  VERDICT_BLOCKED,
  VERDICT_DEGRADED,
  VERDICT_INCONCLUSIVE
};

#define RESULT_ALSO 4

struct result {
  /* the plan's */
  const struct service *service; /* borrowed; NULL in a report that was read */
  const struct check *check;     /* as service */
  char *service_id, *host;       /* host: the pattern, when no name of it is known */
  enum check_kind kind;
  enum check_transport transport;
  uint16_t port;
  bool required, unnamed, lan;
  /* the probes' */
  char *address; /* that was reached or tried; NULL: none */
  struct evidence_list evidence;
  /* the judge's */
  enum verdict verdict;
  const char *cause; /* an id of the judge's table; NULL: none */
  const char *also[RESULT_ALSO];
  size_t n_also;
  bool proven;  /* else likely */
  unsigned hop; /* 0: not known */
  char vendor[64], fix[600];
};

enum { METHOD_HOST, METHOD_SRFLX, METHOD_RELAY, METHOD_COUNT };

struct report {
  struct result *rows;
  size_t n;
  struct evidence_list environment;
  uint16_t relay_ports[2];
  char started[32];
  unsigned duration_ms;
  /* the judge's */
  enum verdict methods[METHOD_COUNT], verdict;
  const char *mapping; /* of srflx; NULL: not known */
  bool via[3];         /* relay, by check_transport */
  char summary[600];
};

/* Frees the rows and all they hold. */
void report_clear(struct report *r);

#endif
