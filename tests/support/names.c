/* Names of a test (LD_PRELOAD): *.test is 127.0.0.1, *.hangs.test is asked for and never answers. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

static int ends(const char *name, const char *with) {
  size_t n = strlen(name), m = strlen(with);
  return n >= m && strcmp(name + n - m, with) == 0;
}

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
  __typeof__(&getaddrinfo) real = (__typeof__(&getaddrinfo))dlsym(RTLD_NEXT, "getaddrinfo");
  while (name && ends(name, ".hangs.test"))
    pause();
  return real(name && ends(name, ".test") ? "127.0.0.1" : name, service, hints, out);
}
