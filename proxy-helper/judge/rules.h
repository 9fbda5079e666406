#ifndef SENSO_JUDGE_RULES_H
#define SENSO_JUDGE_RULES_H

#include "judge/causes.h"
#include "judge/view.h"

/* What a rule speaks of. The first rule that holds names the cause; after one of TLS, which may be
 * read on the way, the first one of what is above it is named besides. */
enum layer { LAYER_BELOW, LAYER_TLS, LAYER_ABOVE };

struct rule {
  enum cause cause;
  enum layer layer;
  enum verdict verdict;
  bool proven;
  bool (*holds)(const struct view *v);
};

/* Of rows that do not pass, most specific first. */
extern const struct rule rules[];
extern const size_t n_rules;

/* Of rows that pass: what is wrong with the path all the same. */
extern const struct rule findings[];
extern const size_t n_findings;

#endif
