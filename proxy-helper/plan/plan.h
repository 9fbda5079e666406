#ifndef SENSO_PLAN_PLAN_H
#define SENSO_PLAN_PLAN_H

#include "plan/result.h"

/* Which of the services are checked. */
struct plan_choice {
  const char *region; /* "all", or NULL: the file's default, else "eu" */
  int generation;     /* 1, 2, or 0: all */
};

/* The region that counts. */
const char *plan_region(const struct services *s, const struct plan_choice *c);

/* Whether a service is of the chosen region and generation. */
bool plan_chooses(const struct services *s, const struct plan_choice *c, const struct service *one);

/* Fills the report with one row for each service, host and check that is chosen; a pattern without
 * a host is a row each check that nothing is done for. The services must outlive the report. 0 or
 * -ENOMEM, then the report is empty. */
int plan_make(struct report *ret, const struct services *s, const struct plan_choice *c);

#endif
