#ifndef SENSO_JUDGE_METHODS_H
#define SENSO_JUDGE_METHODS_H

#include "plan/result.h"

/* Whether host, server reflexive and relay will work from here, by the rows that were judged. */
void judge_methods(struct report *r);

#endif
