/* Runs a fuzz target over every file of the folders and files named on the command line. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path) {
  FILE *f = fopen(path, "rb");
  if (!f) {
    perror(path);
    return 0;
  }
  (void)fseek(f, 0, SEEK_END);
  long size = ftell(f);
  rewind(f);
  /* A block of just the size, so that a read past the end is seen by the sanitizer. */
  uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
  size_t n = data ? fread(data, 1, (size_t)size, f) : 0;
  (void)fclose(f);
  (void)LLVMFuzzerTestOneInput(data, n);
  free(data);
  return 1;
}

static int replay_folder(const char *path) {
  DIR *dir = opendir(path);
  if (!dir) {
    perror(path);
    return 0;
  }
  int count = 0;
  for (struct dirent *e; (e = readdir(dir)) != NULL;) {
    char file[4096];
    if (e->d_name[0] == '.') continue;
    (void)snprintf(file, sizeof file, "%s/%s", path, e->d_name);
    count += replay_file(file);
  }
  (void)closedir(dir);
  return count;
}

int main(int argc, char **argv) {
  int count = 0;
  for (int i = 1; i < argc; i++) {
    struct stat st;
    if (stat(argv[i], &st) != 0) {
      perror(argv[i]);
      return 1;
    }
    count += S_ISDIR(st.st_mode) ? replay_folder(argv[i]) : replay_file(argv[i]);
  }
  (void)printf("replayed %d inputs\n", count);
  return count > 0 ? 0 : 1;
}
