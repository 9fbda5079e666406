#include "install/policy.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "install/manifest.h"

static bool lists(const cJSON *policies, const char *key, const char *name) {
  const cJSON *list = cJSON_GetObjectItemCaseSensitive(policies, key), *item;
  if (!cJSON_IsArray(list)) return false;
  cJSON_ArrayForEach(item, list) {
    if (cJSON_IsString(item) && strcmp(item->valuestring, name) == 0) return true;
  }
  return false;
}

void install_policy_add(struct install_policy *p, const char *file, struct bytes json,
                        struct findings *f) {
  cJSON *o = cJSON_ParseWithLength((const char *)json.p, json.n);
  if (!cJSON_IsObject(o))
    findings_add(f, file, "not JSON, so the browser ignores all of it", "mend the policy file");
  p->blocked |= lists(o, "NativeMessagingBlocklist", "*") ||
                lists(o, "NativeMessagingBlocklist", INSTALL_HOST_NAME);
  p->allowed |= lists(o, "NativeMessagingAllowlist", INSTALL_HOST_NAME);
  p->no_user_level |=
      cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(o, "NativeMessagingUserLevelHosts"));
  cJSON_Delete(o);
}

void install_policy_judge(const struct install_policy *p, const char *where, struct findings *f) {
  if (p->blocked && !p->allowed)
    findings_add(f, where, "NativeMessagingBlocklist keeps the browser from starting the host",
                 "add NativeMessagingAllowlist: [\"" INSTALL_HOST_NAME "\"]");
}
