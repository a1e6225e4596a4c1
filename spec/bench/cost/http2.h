/* As much of HTTP/2 as a client takes that asks for one stream after the other. The frames are those of
 * RFC 9113, the fields those of RFC 7541. */
#include <string.h>

enum { FRAME_HEAD = 9, ROOM_FOR_REQUEST = 128 };
enum { DATA = 0, HEADERS = 1, SETTINGS = 4, WINDOW_UPDATE = 8 };
enum { ACK = 1, END_STREAM = 1, END_HEADERS = 4 };

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/* `GET`, `http` and `/` by the static table, and the authority as a literal that no table keeps. */
static const char request_fields[] = "\x82\x86\x84\x01\x09localhost";

/* Status 200 by the static table: the first field of an answer. */
enum { STATUS_200 = 0x88 };

static const char body[] = "hello";

struct session {
  int stream; /* The last one; 0 before the first. */
  int is_found;
  int is_told;
  int owes_ack; /* Of the server's settings. */
};

enum outcome { MORE, ANSWERED, WRONG };

static int put_frame(char *to, int type, int flags, int stream, const char *payload) {
  int size = strlen(payload);
  const unsigned char head[FRAME_HEAD] = {
      size >> 16, size >> 8, size, type, flags, stream >> 24, stream >> 16, stream >> 8, stream};
  memcpy(to, head, FRAME_HEAD);
  memcpy(to + FRAME_HEAD, payload, size);
  return FRAME_HEAD + size;
}

/* Writes what the client sends to ask for the next stream. Gives the number of bytes. */
static int put_request(struct session *session, char *to) {
  int length = 0;
  if (session->stream == 0) {
    length = strlen(preface);
    memcpy(to, preface, length);
    length += put_frame(to + length, SETTINGS, 0, 0, "");
  }
  if (session->owes_ack) length += put_frame(to + length, SETTINGS, ACK, 0, "");
  int next = session->stream == 0 ? 1 : session->stream + 2;
  *session = (struct session){.stream = next};
  return length + put_frame(to + length, HEADERS, END_HEADERS | END_STREAM, next, request_fields);
}

static enum outcome take_frame(struct session *session, const unsigned char *frame, int size) {
  int type = frame[3], flags = frame[4];
  const unsigned char *payload = frame + FRAME_HEAD;
  if (type == WINDOW_UPDATE) return MORE;
  if (type == SETTINGS) {
    if (!(flags & ACK)) session->owes_ack = 1;
    return MORE;
  }
  if (type == HEADERS) session->is_found = size > 0 && payload[0] == STATUS_200;
  else if (type != DATA) return WRONG;
  else if (size > 0) session->is_told = size == sizeof body - 1 && memcmp(payload, body, size) == 0;
  if (!(flags & END_STREAM)) return MORE;
  return session->is_found && session->is_told ? ANSWERED : WRONG;
}

/* Takes the frames out of a text that have come whole. */
static enum outcome take_frames(struct session *session, char *text, int *length) {
  enum outcome outcome = MORE;
  int taken = 0;
  while (*length - taken >= FRAME_HEAD) {
    const unsigned char *frame = (const unsigned char *)text + taken;
    int size = frame[0] << 16 | frame[1] << 8 | frame[2];
    if (*length - taken < FRAME_HEAD + size) break;
    enum outcome of_frame = take_frame(session, frame, size);
    if (of_frame > outcome) outcome = of_frame;
    taken += FRAME_HEAD + size;
  }
  *length -= taken;
  memmove(text, text + taken, *length);
  return outcome;
}
