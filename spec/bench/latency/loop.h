/* What all of the clients share: connections, the clock, and the moment of the stop. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "../checked.h"

enum { PATIENCE_S = 5 };

static const char request[] =
    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello";
static const char answer_begin[] = "HTTP/1.1 200 OK\r\n";
static const char answer_end[] = "\r\n\r\nhello";

/* What epoll tells of. */
struct watched {
  int descriptor;
  void (*act)(struct watched *);
};

static int queue;
static int is_stopped;  /* The neighbour has been told to stop. */
static double end_time; /* Of the window that is measured. */

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void watch(struct watched *watched) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = watched};
  checked(epoll_ctl(queue, EPOLL_CTL_ADD, watched->descriptor, &event), "epoll_ctl");
}

static int connected(int port) {
  int client = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
  struct sockaddr_in server = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  checked(connect(client, (struct sockaddr *)&server, sizeof server), "connect");
  struct timeval patience = {.tv_sec = PATIENCE_S};
  checked(setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), "setsockopt");
  return client;
}

/* Says whether a text of some length is an answer that has come whole. */
static int is_whole(char *text, int length) {
  int from = length - (int)sizeof answer_end + 1;
  text[length] = '\0';
  if (from < 0 || strcmp(text + from, answer_end) != 0) return 0;
  if (memcmp(text, answer_begin, sizeof answer_begin - 1) != 0) fail(text);
  return 1;
}
