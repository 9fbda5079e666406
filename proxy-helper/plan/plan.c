#include "plan/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *plan_region(const struct services *s, const struct plan_choice *c) {
  if (c->region) return c->region;
  return s->default_region ? s->default_region : "eu";
}

bool plan_chooses(const struct services *s, const struct plan_choice *c,
                  const struct service *one) {
  const char *region = plan_region(s, c);
  bool here = !one->region || strcmp(one->region, "all") == 0 || strcmp(region, "all") == 0 ||
              strcmp(one->region, region) == 0;
  return here && (c->generation == 0 || one->generation == 0 || one->generation == c->generation);
}

static int add_row(struct report *r, const struct service *s, const char *host,
                   const struct check *check) {
  struct result *rows = realloc(r->rows, (r->n + 1) * sizeof *rows);
  if (!rows) return -ENOMEM;
  r->rows = rows;
  rows[r->n] = (struct result){.service = s,
                               .check = check,
                               .service_id = strdup(s->id),
                               .host = strdup(host ? host : s->pattern),
                               .kind = check->kind,
                               .transport = check->transport,
                               .port = check->port,
                               .required = s->required,
                               .unnamed = host == NULL,
                               .lan = check->lan};
  struct result *row = &rows[r->n++];
  return row->service_id && row->host ? 0 : -ENOMEM;
}

static int add_service(struct report *r, const struct service *s) {
  int e = 0;
  size_t n = s->n_hosts ? s->n_hosts : 1;
  for (size_t h = 0; e == 0 && h < n; h++)
    for (size_t c = 0; e == 0 && c < s->n_checks; c++)
      e = add_row(r, s, s->n_hosts ? s->hosts[h] : NULL, &s->checks[c]);
  return e;
}

int plan_make(struct report *ret, const struct services *s, const struct plan_choice *c) {
  int e = 0;
  *ret = (struct report){.relay_ports = {s->relay_ports[0], s->relay_ports[1]}};
  for (size_t i = 0; e == 0 && i < s->n; i++)
    if (plan_chooses(s, c, &s->list[i])) e = add_service(ret, &s->list[i]);
  if (e < 0) report_clear(ret);
  return e;
}

void report_clear(struct report *r) {
  for (size_t i = 0; i < r->n; i++) {
    free(r->rows[i].service_id);
    free(r->rows[i].host);
    free(r->rows[i].address);
    evidence_free(&r->rows[i].evidence);
  }
  free(r->rows);
  evidence_free(&r->environment);
  *r = (struct report){0};
}
