#ifndef SENSO_REPORT_JSON_H
#define SENSO_REPORT_JSON_H

#include "plan/result.h"

/* A report as JSON (manifest/services/report.schema.json) and back. */

/* The caller frees it; NULL: out of memory. */
char *report_to_json(const struct report *r, const char *tool);

/* What the judge needs of a saved report; the verdicts that stand in it are not read. 0, -EINVAL
 * with a sentence in why (cap bytes), or -ENOMEM; *ret is empty on failure. */
int report_from_json(struct report *ret, const char *json, char *why, size_t cap);

#endif
