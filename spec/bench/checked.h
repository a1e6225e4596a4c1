/* How the programs of the benchmarks end when something fails. */
#include <stdio.h>
#include <stdlib.h>

static inline void fail(const char *text) {
  fprintf(stderr, "%s\n", text);
  exit(1);
}

/* Returns what a system call has returned, unless that is an error. */
static inline int checked(int result, const char *call) {
  if (result >= 0) return result;
  perror(call);
  exit(1);
}
