#ifndef SENSO_CLI_FILES_H
#define SENSO_CLI_FILES_H

#include <stdbool.h>
#include <stddef.h>

/* The whole of a file, NUL-terminated; the caller frees it. NULL with a sentence in why: it cannot
 * be read, is over 4 MiB, holds a NUL, or (data) others than its owner and our own group may write
 * it. */
char *file_read(const char *path, bool data, char *why, size_t cap);

/* Whether file_write will be able to, as far as can be told before. 0, or -1 with a sentence in
 * why. */
int file_check_output(const char *path, char *why, size_t cap);

/* Writes a file, which keeps its mode, in one piece as far as others see; NULL: to the standard
 * output. 0, or -1 with a sentence in why. */
int file_write(const char *path, const char *text, char *why, size_t cap);

#endif
