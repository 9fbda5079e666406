#include "judge/causes.h"

#include <string.h>

#define CAUSE_ENTRY(name, id, remedy) [CAUSE_##name] = {id, remedy},

static const struct { const char *id, *remedy; } causes[CAUSE_COUNT] = {CAUSES(CAUSE_ENTRY)};

const char *cause_id(enum cause c) {
  return causes[c].id;
}

const char *cause_remedy(const char *id) {
  for (size_t i = 0; i < CAUSE_COUNT; i++)
    if (strcmp(causes[i].id, id) == 0) return causes[i].remedy;
  return "";
}
