#ifndef SENSO_JUDGE_JUDGE_H
#define SENSO_JUDGE_JUDGE_H

#include "plan/result.h"
#include "plan/signs.h"

/*
 * Evidence to verdicts, and nothing else: the same report gives the same verdicts, now or years
 * later. Fills in what is the judge's of the report; what stood there is overwritten. The rules and
 * their order: judge/RULES.md.
 */
void judge(struct report *r, const struct signs *signs);

/* check's exit status: 0 pass, 1 blocked, 2 degraded, 3 inconclusive, or, strict, something
 * required that was not tested. */
int judge_exit_status(const struct report *r, bool strict);

const char *verdict_name(enum verdict v);

/* What this report cannot prove, a sentence a call: begin with *at 0; NULL after the last. */
const char *judge_not_provable(const struct report *r, size_t *at);

#endif
