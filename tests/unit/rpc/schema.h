#ifndef SENSO_TESTS_UNIT_RPC_SCHEMA_H
#define SENSO_TESTS_UNIT_RPC_SCHEMA_H

/* As much of JSON Schema as manifest/protocol/ uses; patterns and descriptions are passed over. */
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/unit.h"

/* A file of manifest/protocol/, parsed; the caller's to delete. */
cJSON *schema_load(const char *name);

/* The member of an object, its name compared case-sensitively; NULL: none. */
const cJSON *schema_get(const cJSON *o, const char *key);

/* Whether v is what the schema s allows; $ref is looked up in root. */
bool schema_holds(const cJSON *root, const cJSON *s, const cJSON *v);

#endif
