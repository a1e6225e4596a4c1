/* Clients of a server and of its neighbour, which they tell to stop. See measure.ts, which tells them:
 *
 *   hold <port> <count>
 *   run <port> <clients> <µs> <neighbour's port> <clients> <µs> <its process, or 0> <ms> <ms>
 *
 * `hold` opens idle connections to the neighbour. `run` lets clients ask for the first milliseconds, then
 * sends SIGTERM, and measures for the others. Each line is answered by one; that of a run is JSON. */
#define _GNU_SOURCE
#include <math.h>
#include <signal.h>
#include <sys/resource.h>
#include "loop.h"
#include "group.h"
#include "idle.h"

enum { EVENTS = 64, SERVER = 0, NEIGHBOUR = 1 };

static void turn(int patience) {
  struct epoll_event events[EVENTS];
  int ready = checked(epoll_wait(queue, events, EVENTS, patience), "epoll_wait");
  for (int index = 0; index < ready; index += 1) {
    struct watched *watched = events[index].data.ptr;
    watched->act(watched);
  }
}

/* A request that is under way, or an idle connection that the neighbour has yet to end. */
static int is_any_left(const struct group groups[2], int process) {
  return groups[SERVER].waiting + groups[NEIGHBOUR].waiting > 0 || (process > 0 && held_open > 0);
}

static void run(struct group groups[2], const int ports[2], int process, int lead, int window) {
  double stop_time = now() + lead / 1e3;
  end_time = INFINITY;
  is_stopped = 0;
  for (int index = 0; index < 2; index += 1) begin(&groups[index], ports[index]);
  while (now() < stop_time) turn(1);
  end_time = now() + window / 1e3;
  is_stopped = 1;
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  if (process > 0) checked(kill(process, SIGTERM), "kill");
  while (now() < end_time) turn(1);
  while (is_any_left(groups, process) && now() < end_time + PATIENCE_S) turn(1);
  for (int index = 0; index < 2; index += 1) end(&groups[index]);
  printf("{\"stopped\":%.0f,\"idle\":%d,\"server\":", time.tv_sec * 1e3 + time.tv_nsec / 1e6,
         release());
  print(&groups[SERVER]);
  printf(",\"neighbour\":");
  print(&groups[NEIGHBOUR]);
  printf("}\n");
}

int main(void) {
  char line[256];
  struct rlimit files;
  checked(getrlimit(RLIMIT_NOFILE, &files), "getrlimit");
  files.rlim_cur = files.rlim_max;
  checked(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
  queue = checked(epoll_create1(0), "epoll_create1");
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    int ports[2], count, process, lead, window;
    struct group groups[2] = {0};
    if (sscanf(line, "hold %d %d", &ports[NEIGHBOUR], &count) == 2) {
      hold(ports[NEIGHBOUR], count);
      printf("%d\n", held_open);
    } else if (sscanf(line, "run %d %d %d %d %d %d %d %d %d", &ports[SERVER], &groups[SERVER].count,
                      &groups[SERVER].interval, &ports[NEIGHBOUR], &groups[NEIGHBOUR].count,
                      &groups[NEIGHBOUR].interval, &process, &lead, &window) == 9) {
      run(groups, ports, process, lead, window);
    } else {
      fail("Neither to hold nor to run");
    }
    fflush(stdout);
  }
}
