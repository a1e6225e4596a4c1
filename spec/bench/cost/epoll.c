/* The floor: one thread around epoll, with nothing else, as a server process; see server.ts. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include "../checked.h"

enum { BACKLOG = 511, EVENTS = 256 };

static long served;

static void watch(int queue, int descriptor) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = descriptor};
  checked(epoll_ctl(queue, EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

static int listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  int listener = checked(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
  checked(bind(listener, (struct sockaddr *)&address, length), "bind");
  checked(listen(listener, BACKLOG), "listen");
  checked(getsockname(listener, (struct sockaddr *)&address, &length), "getsockname");
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return listener;
}

static void accept_all(int queue, int listener) {
  for (;;) {
    int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    if (connection < 0 && errno == EAGAIN) return;
    checked(connection, "accept4");
    served += 1;
    checked(write(connection, "hello", 5), "write");
    checked(shutdown(connection, SHUT_WR), "shutdown");
    watch(queue, connection);
  }
}

/* Until the client has ended its side. */
static void hear_out(int connection) {
  char input[16];
  if (checked(read(connection, input, sizeof input), "read") == 0) close(connection);
}

static long microseconds(struct timeval time) { return time.tv_sec * 1000000L + time.tv_usec; }

static void answer_line(void) {
  char line[64];
  struct rusage usage;
  if (checked(read(STDIN_FILENO, line, sizeof line), "read") == 0) exit(0);
  checked(getrusage(RUSAGE_SELF, &usage), "getrusage");
  long cpu = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
  printf("{\"cpu\":%ld,\"served\":%ld}\n", cpu, served);
  fflush(stdout);
}

int main(void) {
  struct epoll_event events[EVENTS];
  int queue = checked(epoll_create1(0), "epoll_create1");
  int listener = listen_on_loopback();
  watch(queue, listener);
  watch(queue, STDIN_FILENO);
  for (;;) {
    int count = checked(epoll_wait(queue, events, EVENTS, -1), "epoll_wait");
    for (int index = 0; index < count; index += 1) {
      int descriptor = events[index].data.fd;
      if (descriptor == listener) accept_all(queue, listener);
      else if (descriptor == STDIN_FILENO) answer_line();
      else hear_out(descriptor);
    }
  }
}
