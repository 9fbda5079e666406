#include "net/check_install.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "install/manifest.h"
#include "install/policy.h"
#include "install/target.h"
#include "net/origins.h"

#define FILE_MAX      ((size_t)1024 * 1024)
#define PATH_MAX_SIZE 4400 /* PATH_MAX, and a root before it */

struct browser {
  const char *name, *etc, *config; /* config: below the home folder */
  const char *binaries[3];
};

static const struct browser browsers[] = {
    {"Chrome",
     "/etc/opt/chrome",
     ".config/google-chrome",
     {"/opt/google/chrome/chrome", "/usr/bin/google-chrome", NULL}},
    {"Chromium",
     "/etc/chromium",
     ".config/chromium",
     {"/usr/bin/chromium", "/usr/lib/chromium/chromium", NULL}},
    {"Edge",
     "/etc/opt/edge",
     ".config/microsoft-edge",
     {"/opt/microsoft/msedge/msedge", "/usr/bin/microsoft-edge", NULL}},
};

/* Browsers in a sandbox of their own, by what is there when they are installed. */
static const char *const sandboxed[] = {
    "/snap/bin/chromium",
    "/var/lib/flatpak/app/org.chromium.Chromium",
    "/var/lib/flatpak/app/com.google.Chrome",
    "/var/lib/flatpak/app/com.microsoft.Edge",
};

struct check {
  const struct net_check_install *cfg;
  struct findings found;
  struct text good; /* lines about what is well */
  bool any;         /* a manifest of this host was found */
};

static void join(const struct check *c, char *to, const char *folder, const char *name) {
  (void)snprintf(to, PATH_MAX_SIZE, "%s%s%s%s", c->cfg->root, folder, *name ? "/" : "", name);
}

static bool exists(const struct check *c, const char *path) {
  char whole[PATH_MAX_SIZE];
  join(c, whole, path, "");
  return access(whole, F_OK) == 0;
}

/* The file's text, or why there is none. */
static const char *read_file(const char *file, struct text *to) {
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return strerror(errno);
  ssize_t n = 1;
  while (n > 0 && to->n < FILE_MAX) {
    char *at = text_reserve(to, 65536);
    n = at ? read(fd, at, 65536) : -1;
    if (n > 0) to->n += (size_t)n;
  }
  const char *why = n < 0 ? strerror(errno) : n > 0 ? "it is too long" : NULL;
  close(fd);
  return why;
}

/* The first folder on the way that others may not enter, in `to`; false: none. */
static bool blocked_folder(const char *path, char *to) {
  struct stat s;
  for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
    (void)snprintf(to, PATH_MAX_SIZE, "%.*s", (int)(slash - path), path);
    if (stat(to, &s) == 0 && !(s.st_mode & S_IXOTH)) return true;
  }
  return false;
}

static bool is_self(const struct stat *s) {
  struct stat self;
  return stat("/proc/self/exe", &self) == 0 && self.st_dev == s->st_dev && self.st_ino == s->st_ino;
}

static void check_target(struct check *c, const char *file, const char *path) {
  char whole[PATH_MAX_SIZE], folder[PATH_MAX_SIZE];
  struct stat s = {0};
  join(c, whole, path, "");
  bool there = stat(whole, &s) == 0;
  const struct install_target t = {
      .path = path,
      .error = there ? NULL : strerror(errno),
      .blocked = blocked_folder(whole, folder) ? folder : NULL,
      .regular = S_ISREG(s.st_mode),
      .executable = (s.st_mode & S_IXOTH) != 0,
      .same = is_self(&s),
  };
  install_target_judge(file, &t, &c->found);
}

static void check_origins(struct check *c, const char *file, const struct install_manifest *m) {
  char list[PATH_MAX_SIZE], what[200], fix[PATH_MAX_SIZE + 200];
  join(c, list, NET_ORIGINS_FILE, "");
  for (size_t i = 0; i < m->n_origins; i++) {
    struct text why = {0};
    if (!net_origins_allow(list, c->cfg->owner, m->origins[i], &why)) {
      bool unlisted = strstr(why.p ? why.p : "", "does not list") != NULL;
      (void)snprintf(what, sizeof what, "the host itself refuses %s", m->origins[i]);
      (void)snprintf(fix, sizeof fix,
                     unlisted ? "add that line to %s"
                              : "make %s a file that is root's, of mode 644, with that line",
                     list);
      findings_add(&c->found, file, what, fix);
    }
    text_free(&why);
  }
}

static void check_mode(struct check *c, const char *file) {
  struct stat s;
  if (stat(file, &s) == 0 && !(s.st_mode & S_IROTH))
    findings_add(&c->found, file, "users may not read it", "chmod 644");
  if (stat(file, &s) == 0 && (s.st_mode & S_IWOTH))
    findings_add(&c->found, file, "everyone may write it", "chmod 644");
}

static void check_manifest(struct check *c, const char *browser, const char *file,
                           struct bytes json) {
  struct install_manifest m;
  size_t before = c->found.n;
  c->any = true;
  install_manifest_judge(file, json, &m, &c->found);
  check_mode(c, file);
  if (m.path[0]) check_target(c, file, m.path);
  check_origins(c, file, &m);
  if (c->found.n == before) text_addf(&c->good, "%s: %s: good\n", browser, file);
}

static int is_json_name(const struct dirent *e) {
  size_t n = strlen(e->d_name);
  return n > 5 && strcmp(e->d_name + n - 5, ".json") == 0;
}

static int is_any_name(const struct dirent *e) {
  return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

typedef void on_file(struct check *c, void *ctx, const char *file, struct bytes content);

static void read_one(struct check *c, const char *file, void *ctx, on_file *fn) {
  struct text content = {0};
  const char *why = read_file(file, &content);
  if (why)
    findings_add(&c->found, file, why, "make it a readable file");
  else
    fn(c, ctx, file, (struct bytes){(const uint8_t *)content.p, content.n});
  text_free(&content);
}

/* Calls fn with the readable files of the folder that `which` takes, in the order of their names;
 * folders in it are passed over. */
static void each_file(struct check *c, const char *folder, int (*which)(const struct dirent *),
                      void *ctx, on_file *fn) {
  struct dirent **list = NULL;
  struct stat s;
  int n = scandir(folder, &list, which, alphasort);
  for (int i = 0; i < n; i++) {
    char file[PATH_MAX_SIZE + 300];
    (void)snprintf(file, sizeof file, "%s/%s", folder, list[i]->d_name);
    if (stat(file, &s) < 0 || !S_ISDIR(s.st_mode)) read_one(c, file, ctx, fn);
    free(list[i]);
  }
  free(list);
}

struct folder {
  const char *browser;
  size_t ours;
};

static void on_manifest(struct check *c, void *ctx, const char *file, struct bytes json) {
  struct folder *in = ctx;
  const char *base = strrchr(file, '/') + 1;
  if (strcmp(base, INSTALL_HOST_NAME ".json") != 0 && !install_manifest_is_ours(json)) return;
  in->ours++;
  check_manifest(c, in->browser, file, json);
}

static void on_policy(struct check *c, void *ctx, const char *file, struct bytes json) {
  install_policy_add(ctx, file, json, &c->found);
}

static size_t check_folder(struct check *c, const char *browser, const char *folder) {
  struct folder in = {.browser = browser};
  each_file(c, folder, is_json_name, &in, on_manifest);
  return in.ours;
}

static bool is_installed(const struct check *c, const struct browser *b) {
  for (size_t i = 0; b->binaries[i]; i++)
    if (exists(c, b->binaries[i])) return true;
  return false;
}

/* The manifests in the user's own folder. */
static size_t check_users(struct check *c, const struct browser *b, const struct install_policy *p,
                          size_t system) {
  char folder[PATH_MAX_SIZE], config[PATH_MAX_SIZE];
  if (!c->cfg->home) return 0;
  (void)snprintf(config, sizeof config, "%s/%s/NativeMessagingHosts", c->cfg->home, b->config);
  join(c, folder, config, "");
  size_t n = check_folder(c, b->name, folder);
  if (n > 0 && p->no_user_level)
    findings_add(&c->found, folder,
                 "NativeMessagingUserLevelHosts: false makes the browser ignore it",
                 "install the manifest below /etc");
  else if (n > 0 && system > 0)
    findings_add(&c->found, folder, "a user's own manifest comes before the one below /etc",
                 "remove it");
  return n;
}

static void check_browser(struct check *c, const struct browser *b) {
  char folder[PATH_MAX_SIZE], policies[PATH_MAX_SIZE];
  struct install_policy p = {0};
  join(c, folder, b->etc, "native-messaging-hosts");
  join(c, policies, b->etc, "policies/managed");
  each_file(c, policies, is_any_name, &p, on_policy);
  install_policy_judge(&p, policies, &c->found);
  size_t system = check_folder(c, b->name, folder), users = check_users(c, b, &p, system);
  if (system + users == 0 && is_installed(c, b))
    findings_add(&c->found, folder, "no manifest for this host",
                 "put " INSTALL_HOST_NAME ".json there");
}

static void check_sandboxed(struct check *c) {
  char path[PATH_MAX_SIZE];
  for (size_t i = 0; i < sizeof sandboxed / sizeof *sandboxed; i++) {
    if (!exists(c, sandboxed[i])) continue;
    join(c, path, sandboxed[i], "");
    findings_add(&c->found, path, "a browser from snap or flatpak cannot start any host",
                 "install the browser from its .deb");
  }
}

int net_check_install(const struct net_check_install *cfg, struct text *ret) {
  struct check c = {.cfg = cfg};
  for (size_t i = 0; i < sizeof browsers / sizeof *browsers; i++) check_browser(&c, &browsers[i]);
  check_sandboxed(&c);
  char etc[PATH_MAX_SIZE];
  join(&c, etc, "/etc", "");
  if (!c.any && c.found.n == 0)
    findings_add(&c.found, etc, "no browser and no manifest was found",
                 "install Chrome, Chromium or Edge, and the host's package");
  if (c.good.p) text_add(ret, c.good.p);
  if (c.found.text.p) text_add(ret, c.found.text.p);
  bool failed = c.good.failed || c.found.text.failed || ret->failed;
  int n = (int)c.found.n;
  text_free(&c.good);
  text_free(&c.found.text);
  return failed ? -ENOMEM : n;
}
