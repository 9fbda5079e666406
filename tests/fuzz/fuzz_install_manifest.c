/* A native messaging manifest and a policy file, as anybody may have written them. */
#include <stdlib.h>
#include <string.h>

#include "install/manifest.h"
#include "install/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct findings f = {0};
  struct install_manifest m;
  struct install_policy p = {0};
  struct bytes json = {data, size};
  install_manifest_judge("/x/cloud.senso.host.json", json, &m, &f);
  if (m.path[0] != '\0' && m.path[0] != '/') abort();
  for (size_t i = 0; i < m.n_origins; i++)
    if (strlen(m.origins[i]) != strlen("chrome-extension:///") + 32) abort();
  (void)install_manifest_is_ours(json);
  install_policy_add(&p, "policy.json", json, &f);
  install_policy_judge(&p, "policies", &f);
  if (f.n > 0 && !f.text.p && !f.text.failed) abort();
  text_free(&f.text);
  return 0;
}
