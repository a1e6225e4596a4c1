/* What spec/clients/cost.ts does, told and telling the same, at less cost than that of any server. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "../checked.h"
#include "http2.h"

enum { TOGETHER = 64, PATIENCE_MS = 10000 };

struct client {
  int socket;
  int length;
  char text[1024];
  struct session session; /* Of HTTP/2. */
};

struct load {
  const char *name;
  const char *request;
  const char *beginning; /* Of the answer. */
  const char *end;
  int is_kept;
  int is_http2;
};

static const struct load loads[] = {
    {"tcp", "", "hello", "hello", 0, 0},
    {"kept", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK\r\n", "\r\n\r\nhello", 1,
     0},
    {"new", "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "HTTP/1.1 200 OK\r\n",
     "\r\n\r\nhello", 0, 0},
    {"streams", "", "", "", 1, 1},
};

static const struct load *load;
static struct sockaddr_in server;
static int queue;
static int left;
static int active;

static void ask_stream(struct client *client) {
  char request[ROOM_FOR_REQUEST];
  int length = put_request(&client->session, request);
  checked(write(client->socket, request, length), "write");
}

static void ask(struct client *client) {
  if (load->is_http2) {
    ask_stream(client);
    return;
  }
  client->length = 0;
  int length = strlen(load->request);
  if (length > 0) checked(write(client->socket, load->request, length), "write");
}

/* Makes the next connection, if one is left to be made. */
static void begin(struct client *client) {
  if (left == 0) return;
  left -= 1;
  active += 1;
  client->socket = checked(socket(AF_INET, SOCK_STREAM, 0), "socket");
  /* Does not wait for the server: the kernel has room for all. */
  checked(connect(client->socket, (struct sockaddr *)&server, sizeof server), "connect");
  client->length = 0;
  client->session = (struct session){0};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = client};
  checked(epoll_ctl(queue, EPOLL_CTL_ADD, client->socket, &event), "epoll_ctl");
  ask(client);
}

static void end(struct client *client) {
  close(client->socket);
  active -= 1;
  begin(client);
}

static int is_whole(const struct client *client) {
  int from = client->length - (int)strlen(load->end);
  return from >= 0 && memcmp(client->text + from, load->end, strlen(load->end)) == 0;
}

static void check(const struct client *client) {
  int length = strlen(load->beginning);
  int is_begun = client->length >= length && memcmp(client->text, load->beginning, length) == 0;
  if (!is_begun || !is_whole(client)) fail("Not the right answer");
}

/* Says whether the answer on a kept connection has come. */
static int is_answered(struct client *client) {
  if (load->is_http2) {
    enum outcome outcome = take_frames(&client->session, client->text, &client->length);
    if (outcome == WRONG) fail("Not the right frame");
    return outcome == ANSWERED;
  }
  if (!is_whole(client)) return 0;
  check(client);
  return 1;
}

static void hear(struct client *client) {
  int room = sizeof client->text - client->length;
  int length = checked(read(client->socket, client->text + client->length, room), "read");
  client->length += length;
  if (length == 0) {
    if (load->is_http2) fail("No answer");
    check(client);
    end(client);
  } else if (load->is_kept && is_answered(client)) {
    if (left == 0) {
      end(client);
    } else {
      left -= 1;
      ask(client);
    }
  }
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static double run(int count) {
  static struct client clients[TOGETHER];
  struct epoll_event events[TOGETHER];
  double begun = now();
  left = count;
  for (int index = 0; index < TOGETHER; index += 1) begin(&clients[index]);
  while (active > 0) {
    int ready = checked(epoll_wait(queue, events, TOGETHER, PATIENCE_MS), "epoll_wait");
    if (ready == 0) fail("No answer");
    for (int index = 0; index < ready; index += 1) hear(events[index].data.ptr);
  }
  return now() - begun;
}

static const struct load *load_named(const char *name) {
  for (unsigned index = 0; index < sizeof loads / sizeof *loads; index += 1) {
    if (strcmp(loads[index].name, name) == 0) return &loads[index];
  }
  fail("No such load");
  return NULL;
}

int main(void) {
  char line[64], name[16];
  int port, count;
  queue = checked(epoll_create1(0), "epoll_create1");
  puts("ready");
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "%15s %d %d", name, &port, &count) != 3) fail("Not a load");
    load = load_named(name);
    server = (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    printf("%f\n", run(count));
    fflush(stdout);
  }
}
