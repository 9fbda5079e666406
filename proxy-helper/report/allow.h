#ifndef SENSO_REPORT_ALLOW_H
#define SENSO_REPORT_ALLOW_H

#include "base/text.h"
#include "plan/plan.h"

enum allow_format { ALLOW_TEXT, ALLOW_CSV, ALLOW_JSON };

/* What a school's filter is to let through, by the services alone. */
void allow_rules(struct text *to, const struct services *s, const struct plan_choice *c,
                 enum allow_format format);

#endif
