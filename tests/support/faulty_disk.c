/* A disk that fails when it is told to (LD_PRELOAD): as long as the file FAULTY_DISK names is there, what it lists fails for
   every file whose name holds ".db". Its words: write, sync, read; then the errno as a number. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static int fails(int fd, const char *what) {
  const char *order = getenv("FAULTY_DISK");
  char link[64], name[4096];
  ssize_t n;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  if (!order || access(order, F_OK) != 0 || (n = readlink(link, name, sizeof name - 1)) < 0)
    return 0;
  name[n] = 0;
  if (!strstr(name, ".db"))
    return 0;
  FILE *f = fopen(order, "r");
  if (!f)
    return 0;
  char word[16];
  int found = 0, number = EIO;
  while (fscanf(f, "%15s", word) == 1) {
    if (strcmp(word, what) == 0)
      found = 1;
    else if (atoi(word))
      number = atoi(word);
  }
  fclose(f);
  if (found)
    errno = number;
  return found;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int fd, const void *b, size_t n, off64_t at) { return fails(fd, "write") ? -1 : REAL(pwrite64)(fd, b, n, at); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t at) { return fails(fd, "write") ? -1 : REAL(pwrite)(fd, b, n, at); }
int ftruncate64(int fd, off64_t n) { return fails(fd, "write") ? -1 : REAL(ftruncate64)(fd, n); }
int ftruncate(int fd, off_t n) { return fails(fd, "write") ? -1 : REAL(ftruncate)(fd, n); }
int fsync(int fd) { return fails(fd, "sync") ? -1 : REAL(fsync)(fd); }
int fdatasync(int fd) { return fails(fd, "sync") ? -1 : REAL(fdatasync)(fd); }
ssize_t pread64(int fd, void *b, size_t n, off64_t at) { return fails(fd, "read") ? -1 : REAL(pread64)(fd, b, n, at); }
ssize_t pread(int fd, void *b, size_t n, off_t at) { return fails(fd, "read") ? -1 : REAL(pread)(fd, b, n, at); }
