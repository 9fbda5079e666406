#ifndef SENSO_DTLS_MACHINE_H
#define SENSO_DTLS_MACHINE_H

#include "dtls/handshake.h"
#include "dtls/inbox.h"

/* The association's parts, shared by dtls.c, intake.c and schedule.c. */

#define DTLS_TEXT_MAX 512

struct dtls_timers {
  mono_us interval;  /* of the next retransmission */
  mono_us sent_at;   /* the flight was last sent */
  mono_us resend_at; /* all three MONO_NEVER while not running */
  mono_us fail_at;
  mono_us alert_at; /* an alert nobody authenticated is believed then */
};

struct dtls {
  struct dtls_identity *identity;
  size_t mtu;
  enum dtls_role role;
  enum dtls_state state, announced;
  enum dtls_failure failure;
  bool writable;
  bool peer_is_client; /* though we are, too */
  uint8_t alert_code;  /* what alert_at is about */
  mono_us rtt;
  struct dtls_timers timers;
  struct dtls_handshake *handshake; /* while DTLS_CONNECTING */
  struct dtls_keys *keys;           /* from DTLS_CONNECTED on */
  struct dtls_flight flight;        /* the server's last one is kept */
  struct dtls_inbox inbox;
  struct dtls_alert alert; /* to be sent */
  const char *cipher;
  uint8_t *remote_der;
  size_t remote_der_n;
  uint64_t bad_records, retransmissions;
  char text[DTLS_TEXT_MAX];
};

/* Begins or goes on with the handshake: with a record, or with none. */
void dtls_advance(struct dtls *d, mono_us now, const struct dtls_record *record);

/* One record that came while connecting. */
void dtls_intake(struct dtls *d, mono_us now, const struct dtls_record *record);

/* Ends the association; the text must be set already. */
void dtls_fail(struct dtls *d, enum dtls_failure failure);

/* A fatal alert of the peer ended it. */
void dtls_fail_alert(struct dtls *d, uint8_t code);

/* close_notify goes out, the state becomes DTLS_CLOSED. */
void dtls_shut(struct dtls *d);

/* Frees the handshake, keeping what outlives it. */
void dtls_drop_handshake(struct dtls *d);

/* The timers: a new flight is to be sent; nothing is to be waited for; those that are due act. */
void dtls_timers_flight(struct dtls *d, mono_us now);
void dtls_timers_stop(struct dtls *d);
void dtls_timers_run(struct dtls *d, mono_us now);

/* An alert that nothing authenticates came: it is believed unless the handshake goes on. */
void dtls_timers_doubt(struct dtls *d, mono_us now, uint8_t code);

#endif
