#include "net/output.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "unit/net/driven.h"

struct fixture {
  struct driven d;
  struct net_output *out;
  int fd, reader;
  int progress;
};

static void on_progress(void *ctx) {
  ((struct fixture *)ctx)->progress++;
}

static void begin(struct fixture *f, int reader, int fd, bool own) {
  *f = (struct fixture){.fd = fd, .reader = reader};
  driven_begin(&f->d);
  assert_int_equal(net_output_new(&f->out, &f->d.loop, fd, own, on_progress, f), 0);
}

static void end(struct fixture *f) {
  net_output_free(f->out);
  driven_end(&f->d);
  close(f->fd);
  if (f->reader >= 0) close(f->reader);
}

static void add(struct fixture *f, const char *text) {
  text_add(net_output_begin(f->out), text);
  assert_int_equal(net_output_end(f->out), 0);
}

static void add_many(struct fixture *f, size_t n) {
  char *at = text_reserve(net_output_begin(f->out), n);
  assert_non_null(at);
  for (size_t i = 0; i < n; i++) at[i] = (char)('a' + i % 23);
  net_output_begin(f->out)->n += n;
  assert_int_equal(net_output_end(f->out), 0);
}

/* Reads n bytes of add_many's, the loop writing meanwhile. */
static void read_many(struct fixture *f, size_t n) {
  char buf[4096];
  for (size_t i = 0; i < n;) {
    ssize_t got = read(f->reader, buf, sizeof buf);
    assert_true(got > 0);
    for (ssize_t k = 0; k < got; k++, i++) assert_int_equal(buf[k], 'a' + i % 23);
    (void)uv_run(&f->d.loop, UV_RUN_NOWAIT);
  }
}

static void make_pipe(int fd[2]) {
  assert_int_equal(pipe(fd), 0);
}

static void make_sockets(int fd[2]) {
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
}

static void test_frames_queue_up_and_leave_in_one_write(void **state) {
  (void)state;
  struct fixture f;
  int fd[2];
  char buf[64];
  make_pipe(fd);
  begin(&f, fd[0], fd[1], true);
  add(&f, "one ");
  add(&f, "two");
  assert_int_equal(net_output_unwritten(f.out), 7);
  net_output_flush(f.out);
  assert_int_equal(net_output_unwritten(f.out), 0);
  assert_int_equal(read(fd[0], buf, sizeof buf), 7);
  assert_memory_equal(buf, "one two", 7);
  assert_int_equal(f.progress, 0);
  end(&f);
}

static void slow_reader(void (*make)(int fd[2]), bool own) {
  struct fixture f;
  int fd[2];
  const size_t n = (size_t)23 * 130000;
  const size_t lines = (size_t)23 * 1000;
  make(fd);
  begin(&f, fd[0], fd[1], own);
  add_many(&f, n - lines);
  net_output_flush(f.out);
  size_t left = net_output_unwritten(f.out);
  assert_true(left > 0 && left < n);
  for (int i = 0; i < 1000; i++) add(&f, "abcdefghijklmnopqrstuvw");
  assert_int_equal(net_output_unwritten(f.out), left + lines);
  read_many(&f, n);
  assert_int_equal(net_output_unwritten(f.out), 0);
  assert_true(f.progress > 1);
  end(&f);
}

static void test_a_slow_reader_gets_everything_in_order(void **state) {
  (void)state;
  slow_reader(make_pipe, true);
  slow_reader(make_pipe, false);
  slow_reader(make_sockets, true);
  slow_reader(make_sockets, false);
}

static void reader_leaves(void (*make)(int fd[2]), bool own, bool queued) {
  struct fixture f;
  int fd[2];
  make(fd);
  begin(&f, -1, fd[1], own);
  if (queued) {
    add_many(&f, 3000000);
    net_output_flush(f.out);
    assert_false(net_output_broken(f.out));
  }
  close(fd[0]);
  if (!queued) {
    add(&f, "too late");
    net_output_flush(f.out);
  } else {
    DRIVE_UNTIL(&f.d, f.progress > 0);
  }
  assert_true(net_output_broken(f.out));
  assert_int_equal(net_output_unwritten(f.out), 0);
  add(&f, "into the void");
  assert_int_equal(net_output_unwritten(f.out), 0);
  net_output_flush(f.out);
  end(&f);
}

static void test_a_reader_that_leaves_breaks_the_stream(void **state) {
  (void)state;
  for (int i = 0; i < 4; i++) {
    reader_leaves(make_pipe, i & 1, i & 2);
    reader_leaves(make_sockets, i & 1, i & 2);
  }
}

static void test_an_idle_pipe_notices_that_its_reader_left(void **state) {
  (void)state;
  for (int own = 0; own < 2; own++) {
    struct fixture f;
    int fd[2];
    make_pipe(fd);
    begin(&f, -1, fd[1], own);
    close(fd[0]);
    DRIVE_UNTIL(&f.d, f.progress > 0);
    assert_true(net_output_broken(f.out));
    end(&f);
  }
}

static void test_a_socket_that_is_half_closed_is_still_written_to(void **state) {
  (void)state;
  struct fixture f;
  int fd[2];
  char buf[8];
  make_sockets(fd);
  begin(&f, fd[0], fd[1], true);
  assert_int_equal(shutdown(fd[0], SHUT_WR), 0);
  driven_settle(&f.d);
  assert_int_equal(f.progress, 0);
  add(&f, "still");
  net_output_flush(f.out);
  assert_int_equal(read(fd[0], buf, sizeof buf), 5);
  end(&f);
}

static void test_a_file_is_written_at_once(void **state) {
  (void)state;
  struct fixture f;
  char path[] = "/tmp/senso-output-XXXXXX", buf[16];
  int fd = mkstemp(path);
  unlink(path);
  begin(&f, -1, fd, false);
  add(&f, "to a file");
  net_output_flush(f.out);
  assert_int_equal(net_output_unwritten(f.out), 0);
  assert_int_equal(pread(fd, buf, sizeof buf, 0), 9);
  assert_memory_equal(buf, "to a file", 9);
  end(&f);
}

static void test_a_frame_without_memory_is_taken_back(void **state) {
  (void)state;
  struct fixture f;
  int fd[2];
  char buf[64];
  make_pipe(fd);
  begin(&f, fd[0], fd[1], true);
  add(&f, "kept ");
  struct text *t = net_output_begin(f.out);
  text_add(t, "lost");
  fail_alloc_at(0);
  assert_null(text_reserve(t, 100000));
  fail_alloc_never();
  assert_int_equal(net_output_end(f.out), -ENOMEM);
  add(&f, "too");
  net_output_flush(f.out);
  assert_int_equal(read(fd[0], buf, sizeof buf), 8);
  assert_memory_equal(buf, "kept too", 8);
  end(&f);
}

static int ignore_sigpipe(void **state) {
  (void)state;
  return signal(SIGPIPE, SIG_IGN) == SIG_ERR;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames_queue_up_and_leave_in_one_write),
      cmocka_unit_test(test_a_slow_reader_gets_everything_in_order),
      cmocka_unit_test(test_a_reader_that_leaves_breaks_the_stream),
      cmocka_unit_test(test_an_idle_pipe_notices_that_its_reader_left),
      cmocka_unit_test(test_a_socket_that_is_half_closed_is_still_written_to),
      cmocka_unit_test(test_a_file_is_written_at_once),
      cmocka_unit_test(test_a_frame_without_memory_is_taken_back),
  };
  return cmocka_run_group_tests(tests, ignore_sigpipe, NULL);
}
