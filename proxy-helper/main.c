/* Wiring only: reads the command line and the files, makes the plan, runs the probes, judges, and
 * writes the report. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cli/files.h"
#include "cli/options.h"
#include "judge/judge.h"
#include "net/clock.h"
#include "net/entropy.h"
#include "plan/plan.h"
#include "probe/run.h"
#include "report/allow.h"
#include "report/json.h"
#include "report/text.h"

#define TOOL "senso-proxy-helper " SENSO_VERSION

extern const char data_services[], data_vendors[];

struct helper {
  struct helper_options options;
  struct services *services;
  struct signs signs;
  struct report report;
  size_t done; /* rows */
  bool live;   /* one line on stderr that changes, else a line each */
};

/* What is wrong may be said in the words of a file. */
static int complain(const char *what) {
  char text[800];
  (void)snprintf(text, sizeof text, "%s", what);
  evidence_make_harmless(text);
  (void)fprintf(stderr, "senso-proxy-helper: %s\n", text);
  return EXIT_USAGE;
}

static struct text_style style_of(int fd) {
  struct winsize size = {0};
  struct text_style style = {.width = 80, .colour = isatty(fd) == 1 && !getenv("NO_COLOR")};
  if (style.colour && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
    style.width = size.ws_col;
  return style;
}

/* --- files --- */

static struct plan_choice choice_of(const struct helper *h) {
  return (struct plan_choice){.region = h->options.region, .generation = h->options.generation};
}

/* What is said of it by --region or the file. */
static bool has_region(const struct helper *h) {
  const struct plan_choice choice = choice_of(h);
  const char *region = plan_region(h->services, &choice);
  bool found = strcmp(region, "all") == 0 || !h->options.region;
  for (size_t i = 0; !found && i < h->services->n; i++)
    found = h->services->list[i].region && strcmp(h->services->list[i].region, region) == 0;
  return found;
}

static int load_services(struct helper *h) {
  struct services_fault fault = {0};
  char why[400], *text = NULL;
  const char *path = h->options.services;
  if (path && !(text = file_read(path, true, why, sizeof why))) return complain(why);
  int r = services_parse(&h->services, text ? text : data_services, &fault);
  free(text);
  if (r == 0) return has_region(h) ? 0 : complain("--region: no service is of that region");
  (void)snprintf(why, sizeof why, "%s:%u: %s", path ? path : "services", fault.line, fault.text);
  return complain(r == -ENOMEM ? "out of memory" : why);
}

static int write_report(struct helper *h) {
  struct text text = {0};
  char why[400];
  const struct text_style style = style_of(h->options.output ? -1 : STDOUT_FILENO);
  if (h->options.format == FORMAT_JSON) {
    char *json = report_to_json(&h->report, TOOL);
    text_add(&text, json ? json : "");
    text_add(&text, "\n");
    text.failed |= !json;
    free(json);
  } else {
    report_to_text(&text, &h->report, &style);
  }
  int r = 0;
  if (text.failed)
    r = complain("out of memory");
  else if (file_write(h->options.output, text.p, why, sizeof why) < 0)
    r = complain(why);
  text_free(&text);
  return r ? r : judge_exit_status(&h->report, h->options.strict);
}

/* --- check --- */

static void on_row(void *ctx, const struct result *row) {
  struct helper *h = ctx;
  h->done++;
  if (row->unnamed) return;
  (void)fprintf(stderr, "%s%zu of %zu done: %s %s:%u%s", h->live ? "\r\033[K" : "", h->done,
                h->report.n, check_kind_name(row->kind), row->host, row->port, h->live ? "" : "\n");
}

static const char *proxy_of_environment(const char **ret_source) {
  static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy",
                                      "ALL_PROXY"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (!value || !*value) continue;
    *ret_source = names[i];
    return value;
  }
  return NULL;
}

/* Evidence that could not be kept would change verdicts. */
static bool has_lost(const struct report *r) {
  for (size_t i = 0; i < r->n; i++)
    if (r->rows[i].evidence.failed) return true;
  return r->environment.failed;
}

static const char *no_proxy_of_environment(void) {
  const char *list = getenv("no_proxy");
  return list && *list ? list : getenv("NO_PROXY");
}

static int check(struct helper *h) {
  struct net_entropy entropy;
  uv_loop_t loop;
  char why[300] = "";
  const char *source = "--proxy", *proxy = h->options.proxy;
  const struct plan_choice choice = choice_of(h);
  if (plan_make(&h->report, h->services, &choice) < 0) return complain("out of memory");
  if (h->report.n == 0) return complain("no service is of that region and generation");
  if (file_check_output(h->options.output, why, sizeof why) < 0) return complain(why);
  if (h->options.roots) { /* they decide what is trusted */
    char *roots = file_read(h->options.roots, true, why, sizeof why);
    if (!roots) return complain(why);
    free(roots);
  }
  if (!proxy && !h->options.no_proxy) proxy = proxy_of_environment(&source);
  net_entropy_init(&entropy);
  if (uv_loop_init(&loop) < 0) return complain("the loop cannot be made");
  mono_us begun = net_clock_now();
  time_t now = (time_t)(net_clock_unix_us() / 1000000);
  struct tm tm;
  (void)strftime(h->report.started, sizeof h->report.started, "%Y-%m-%dT%H:%M:%SZ",
                 gmtime_r(&now, &tm));
  h->live = isatty(STDERR_FILENO) == 1;
  const struct run_cfg cfg = {
      .loop = &loop,
      .rng = &entropy.rng,
      .report = &h->report,
      .signs = &h->signs,
      .roots = h->options.roots,
      .proxy = proxy,
      .proxy_source = source,
      .proxy_may_fail = !h->options.proxy,
      .no_proxy = h->options.proxy ? NULL : no_proxy_of_environment(),
      .peer_ports = {h->services->peer_ports[0], h->services->peer_ports[1]},
      .timeout_s = h->options.timeout_s,
      .ctx = h,
      .row_done = on_row};
  int r = run_probes(&cfg, why, sizeof why);
  while (uv_run(&loop, UV_RUN_NOWAIT)) continue; /* what libuv still closes */
  (void)uv_loop_close(&loop);
  net_entropy_wipe(&entropy);
  if (h->live) (void)fputs("\r\033[K", stderr);
  if (r < 0) return complain(why);
  h->report.duration_ms = (unsigned)((net_clock_now() - begun) / MONO_MS);
  if (has_lost(&h->report)) return complain("out of memory");
  judge(&h->report, &h->signs);
  return write_report(h);
}

/* --- judge, rules --- */

static int judge_again(struct helper *h) {
  char why[400], text[500], *json = file_read(h->options.report, false, why, sizeof why);
  if (!json) return complain(why);
  int r = report_from_json(&h->report, json, why, sizeof why);
  free(json);
  if (r < 0) {
    (void)snprintf(text, sizeof text, "%s: %s", h->options.report, why);
    return complain(r == -ENOMEM ? "out of memory" : text);
  }
  judge(&h->report, &h->signs);
  return write_report(h);
}

static int rules_out(struct helper *h) {
  static const enum allow_format formats[] = {
      [FORMAT_TEXT] = ALLOW_TEXT, [FORMAT_JSON] = ALLOW_JSON, [FORMAT_CSV] = ALLOW_CSV};
  const struct plan_choice choice = choice_of(h);
  struct text text = {0};
  char why[400];
  int r = 0;
  allow_rules(&text, h->services, &choice, formats[h->options.format]);
  if (text.failed)
    r = complain("out of memory");
  else if (file_write(h->options.output, text.p, why, sizeof why) < 0)
    r = complain(why);
  text_free(&text);
  return r;
}

static int run_command(struct helper *h) {
  int r = signs_parse(&h->signs, data_vendors) < 0 ? complain("out of memory") : 0;
  if (r == 0 && h->options.command != COMMAND_JUDGE) r = load_services(h);
  if (r != 0) return r;
  switch (h->options.command) {
  case COMMAND_CHECK: return check(h);
  case COMMAND_JUDGE: return judge_again(h);
  case COMMAND_RULES: break;
  }
  return rules_out(h);
}

/* However this was started: what opens next is none of the standard streams, a reader that goes
 * away ends no run, and each row has its sockets. */
static void prepare(void) {
  struct rlimit files;
  int fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO) fd = dup(fd);
  if (fd > STDERR_FILENO) close(fd);
  (void)signal(SIGPIPE, SIG_IGN);
  if (getrlimit(RLIMIT_NOFILE, &files) < 0) return;
  files.rlim_cur = files.rlim_max;
  (void)setrlimit(RLIMIT_NOFILE, &files);
}

int main(int argc, char **argv) {
  struct helper h = {0};
  bool end = false;
  prepare();
  int r = options_parse(&h.options, argc, argv, &end);
  if (r == 0 && !end) r = run_command(&h);
  report_clear(&h.report);
  signs_free(&h.signs);
  services_free(h.services);
  return r;
}
