/* Idle connections: each has had one answer. Their clients leave when the server ends them. */
enum { HELD_AT_ONCE = 200, LEFT_AT_ONCE = 4, MOST_HELD = 65536 };

static int held[MOST_HELD]; /* Their sockets; -1 of those that have left. */
static int held_count;
static int held_open;

static struct watched idle_queue;

/* Ends those that the server has ended: few at a time, for other clients must not wait for that. */
static void leave_some(struct watched *watched) {
  struct epoll_event events[LEFT_AT_ONCE];
  int ready = checked(epoll_wait(watched->descriptor, events, LEFT_AT_ONCE, 0), "epoll_wait");
  if (ready > 0 && !is_stopped) fail("A server has ended an idle connection");
  for (int index = 0; index < ready; index += 1) {
    int *socket = &held[events[index].data.u32];
    close(*socket);
    *socket = -1;
  }
  held_open -= ready;
}

static void read_answer(int socket) {
  char text[1024];
  int length = 0;
  do {
    int more = checked(recv(socket, text + length, sizeof text - 1 - length, 0), "recv");
    if (more == 0) fail("Closed before it was served");
    length += more;
  } while (!is_whole(text, length));
}

static void hold(int port, int count) {
  if (count > MOST_HELD) fail("Too many to hold");
  idle_queue = (struct watched){checked(epoll_create1(0), "epoll_create1"), leave_some};
  watch(&idle_queue);
  held_count = held_open = count;
  for (int from = 0; from < count; from += HELD_AT_ONCE) {
    int to = from + HELD_AT_ONCE < count ? from + HELD_AT_ONCE : count;
    for (int index = from; index < to; index += 1) {
      held[index] = connected(port);
      checked(send(held[index], request, sizeof request - 1, MSG_NOSIGNAL), "send");
    }
    for (int index = from; index < to; index += 1) {
      read_answer(held[index]);
      struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
      checked(epoll_ctl(idle_queue.descriptor, EPOLL_CTL_ADD, held[index], &event), "epoll_ctl");
    }
  }
}

/* Lets go of all. Gives the number of those that the server has not ended. */
static int release(void) {
  int open = held_open;
  for (int index = 0; index < held_count; index += 1) {
    if (held[index] >= 0) close(held[index]);
  }
  close(idle_queue.descriptor);
  held_count = held_open = 0;
  return open;
}
