/* A group of clients with a connection each. Those that keep time send each request when it is due, or as
 * soon as the answer before it has come, and its latency counts from when it was due. The others ask
 * again at once. */
#include <stdint.h>
#include <sys/timerfd.h>

struct client {
  struct watched socket;
  struct group *group;
  int length;
  char text[1024];
  double asked; /* When the request under way was due; 0 if there is none. */
  int late;     /* Requests that are due, and wait for that. */
  double next;  /* When the first of these was due. */
};

struct group {
  struct watched timer;
  struct client *clients;
  int count;
  int interval; /* Between two requests of the group, in µs; 0 for no time to keep. */
  double begun;
  long ticks;
  int waiting; /* Requests that are under way. */
  int failed;
  double *latencies;
  int answered, room;
};

static void forget(struct client *client) {
  close(client->socket.descriptor);
  client->socket.descriptor = -1;
}

/* The connection is gone. A request that was under way has failed. */
static void lose(struct client *client) {
  if (!is_stopped) fail("A server has closed a connection before it was told to stop");
  if (client->asked > 0) {
    client->group->failed += 1;
    client->group->waiting -= 1;
  }
  forget(client);
}

static void ask(struct client *client, double due) {
  client->asked = due;
  client->length = 0;
  client->group->waiting += 1;
  if (send(client->socket.descriptor, request, sizeof request - 1, MSG_NOSIGNAL) < 0) lose(client);
}

static void record(struct group *group, double latency) {
  if (group->answered == group->room) {
    group->room = 2 * group->room + 1024;
    group->latencies = realloc(group->latencies, group->room * sizeof *group->latencies);
    if (group->latencies == NULL) fail("No memory");
  }
  group->latencies[group->answered] = latency;
  group->answered += 1;
}

static void take_answer(struct client *client) {
  struct group *group = client->group;
  double time = now();
  if (is_stopped && client->asked < end_time) record(group, time - client->asked);
  client->asked = 0;
  group->waiting -= 1;
  if (strcasestr(client->text, "\r\nconnection: close\r\n") != NULL) {
    forget(client);
  } else if (group->interval == 0) {
    if (time < end_time) ask(client, time);
  } else if (client->late > 0) {
    client->late -= 1;
    double due = client->next;
    client->next += group->count * (group->interval / 1e6);
    ask(client, due);
  }
}

static void hear(struct watched *watched) {
  struct client *client = (struct client *)watched;
  if (watched->descriptor < 0) return;
  int room = sizeof client->text - 1 - client->length;
  int length = recv(watched->descriptor, client->text + client->length, room, MSG_DONTWAIT);
  if (length < 0 && errno == EAGAIN) return;
  if (length <= 0) {
    lose(client);
    return;
  }
  client->length += length;
  if (is_whole(client->text, client->length)) take_answer(client);
}

/* Some requests have come due: one of each client in turn. */
static void tick(struct watched *watched) {
  struct group *group = (struct group *)watched;
  uint64_t ticks;
  checked(read(watched->descriptor, &ticks, sizeof ticks), "read");
  for (; ticks > 0; ticks -= 1) {
    struct client *client = &group->clients[group->ticks % group->count];
    group->ticks += 1;
    double due = group->begun + group->ticks * (group->interval / 1e6);
    if (client->socket.descriptor < 0 || due >= end_time) continue;
    if (client->asked == 0) {
      ask(client, due);
    } else {
      if (client->late == 0) client->next = due;
      client->late += 1;
    }
  }
}

static void begin(struct group *group, int port) {
  group->clients = calloc(group->count, sizeof *group->clients);
  if (group->clients == NULL) fail("No memory");
  for (int index = 0; index < group->count; index += 1) {
    struct client *client = &group->clients[index];
    *client = (struct client){.socket = {connected(port), hear}, .group = group};
    watch(&client->socket);
  }
  int timer = checked(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK), "timerfd_create");
  group->timer = (struct watched){timer, tick};
  group->begun = now();
  if (group->interval == 0) {
    for (int index = 0; index < group->count; index += 1) ask(&group->clients[index], now());
  } else {
    struct timespec interval = {.tv_nsec = group->interval * 1000};
    struct itimerspec times = {.it_interval = interval, .it_value = interval};
    checked(timerfd_settime(timer, 0, &times, NULL), "timerfd_settime");
    watch(&group->timer);
  }
}

/* What is still under way has failed. */
static void end(struct group *group) {
  group->failed += group->waiting;
  for (int index = 0; index < group->count; index += 1) {
    if (group->clients[index].socket.descriptor >= 0) forget(&group->clients[index]);
  }
  close(group->timer.descriptor);
}

static void print(struct group *group) {
  printf("{\"failed\":%d,\"latencies\":[", group->failed);
  for (int index = 0; index < group->answered; index += 1) {
    printf("%s%.0f", index > 0 ? "," : "", group->latencies[index] * 1e6);
  }
  printf("]}");
  free(group->clients);
  free(group->latencies);
}
