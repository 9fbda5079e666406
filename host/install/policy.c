#include "install/policy.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "install/manifest.h"
#include "install/relaxed.h"

static bool lists(const cJSON *list, const char *name) {
  const cJSON *item;
  cJSON_ArrayForEach(item, list) {
    if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0) return true;
  }
  return false;
}

static void add_one(struct install_policy *p, const cJSON *policy) {
  const char *name = policy->string;
  if (strcmp(name, "NativeMessagingBlocklist") == 0 && cJSON_IsArray(policy))
    p->blocked = lists(policy, "*") || lists(policy, INSTALL_HOST_NAME);
  else if (strcmp(name, "NativeMessagingAllowlist") == 0 && cJSON_IsArray(policy))
    p->allowed = lists(policy, INSTALL_HOST_NAME);
  else if (strcmp(name, "NativeMessagingUserLevelHosts") == 0 && cJSON_IsBool(policy))
    p->no_user_level = cJSON_IsFalse(policy);
}

void install_policy_add(struct install_policy *p, const char *file, struct bytes json,
                        struct findings *f) {
  struct text plain = {0};
  const cJSON *policy;
  install_relax(json, &plain);
  cJSON *o = plain.failed ? NULL : install_parse((struct bytes){(const uint8_t *)plain.p, plain.n});
  if (!cJSON_IsObject(o))
    findings_add(f, file, "not a JSON object, so the browser ignores all of it",
                 "mend the policy file");
  else
    cJSON_ArrayForEach(policy, o) add_one(p, policy);
  cJSON_Delete(o);
  text_free(&plain);
}

void install_policy_judge(const struct install_policy *p, const char *where, struct findings *f) {
  if (p->blocked && !p->allowed)
    findings_add(f, where, "NativeMessagingBlocklist keeps the browser from starting the host",
                 "add NativeMessagingAllowlist: [\"" INSTALL_HOST_NAME "\"]");
}
