#ifndef SENSO_INSTALL_POLICY_H
#define SENSO_INSTALL_POLICY_H

#include "base/bytes.h"
#include "install/findings.h"

/* What a browser's managed policies say of native messaging: all files of its folder together. */
struct install_policy {
  bool blocked;       /* NativeMessagingBlocklist names the host, or "*" */
  bool allowed;       /* NativeMessagingAllowlist names the host */
  bool no_user_level; /* NativeMessagingUserLevelHosts is false */
};

/* Adds one file's policies. What is not JSON is a finding. */
void install_policy_add(struct install_policy *p, const char *file, struct bytes json,
                        struct findings *f);

/* Judges them together; `where` names the browser's folder. */
void install_policy_judge(const struct install_policy *p, const char *where, struct findings *f);

#endif
