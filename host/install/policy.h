#ifndef SENSO_INSTALL_POLICY_H
#define SENSO_INSTALL_POLICY_H

#include "base/bytes.h"
#include "install/findings.h"

/*
 * What a browser's managed policies say of native messaging: all files of its folder together, in
 * the order of their names. Of a policy that several files set the last one counts
 * (Chromium's config_dir_policy_loader).
 */
struct install_policy {
  bool blocked;       /* NativeMessagingBlocklist names the host, or "*" */
  bool allowed;       /* NativeMessagingAllowlist names the host */
  bool no_user_level; /* NativeMessagingUserLevelHosts is false */
};

/* Adds one file's policies; comments and commas before a closing bracket are taken, as the browser
 * does. What is no JSON object is a finding. */
void install_policy_add(struct install_policy *p, const char *file, struct bytes json,
                        struct findings *f);

/* Judges them together; `where` names the browser's folder. */
void install_policy_judge(const struct install_policy *p, const char *where, struct findings *f);

#endif
