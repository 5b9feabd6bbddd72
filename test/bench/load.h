/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Thousands of hosts at one management server, in one process: each has a virtual card of its own in memory and a TLS
 * connection of its own. load_net.c speaks HTTP, load_cards.c makes cards and people, load_host.c is a host's side of
 * a login, load.c says who does what when. One thread; errors end the program with a line on stderr.
 */
#ifndef TEST_BENCH_LOAD_H
#define TEST_BENCH_LOAD_H

#include <netinet/in.h>
#include <openssl/ssl.h>

#include "base/crypto_ec.h"
#include "base/limits.h"
#include "test/bench/bench.h"
#include "test/vcard/card.h"
#include "test/vcard/pki.h"

/* ---- connections ---- */

struct load_net {
	int epoll;
	SSL_CTX *tls;
	struct sockaddr_in server;
};
struct load_reply {
	int status;
	struct rd body;
	const char *cookie;             /* name=value of the first Set-Cookie, NULL: none */
};
typedef void load_take(void *ctx, const struct load_reply *r);
enum load_state { LOAD_CLOSED, LOAD_CONNECTING, LOAD_SHAKING, LOAD_WRITING, LOAD_READING, LOAD_IDLE };
struct load_conn {                      /* kept alive; one request at a time */
	struct load_net *net;
	unsigned source;                /* it comes from 127.1.0.0 plus this */
	load_take *take;
	void *ctx;
	enum load_state state;
	int fd;
	SSL *ssl;
	struct wr out, in;
	size_t sent;
	uint64_t sent_ns;               /* when the last byte of the last request was handed over */
	char cookie[100];
};
void load_net_open(struct load_net *n, const char *url, const char *ca_file);
void load_net_close(struct load_net *n);
/* Do what can be done within ms milliseconds, at least once. */
void load_net_turn(struct load_net *n, int ms);
void load_conn_init(struct load_conn *c, struct load_net *n, unsigned source, load_take *take, void *ctx);
/* headers: whole lines with their ends. The answer goes to take, within load_net_turn. */
void load_conn_send(struct load_conn *c, const char *method, const char *path, const char *headers, struct rd body);
void load_conn_close(struct load_conn *c);
uint64_t load_now_ns(void);

/* ---- cards and people ---- */

#define LOAD_PEOPLE 3
#define LOAD_REQUIRED 2
#define LOAD_KEY_LABEL "release key"
struct load_person {
	char chr[CHR_MAX + 1];
	struct ec_key *key;
	struct wr file;                 /* PKA file */
};
struct load_people {
	struct load_person v[LOAD_PEOPLE];
};
void load_people_make(struct load_people *p, const struct vcard_pki *pki);
void load_people_free(struct load_people *p);
/* A card of two of three with one attested key; enrolment gets the operator's JSON. */
struct vcard *load_card_make(unsigned number, const struct vcard_pki *pki, const struct load_people *p,
			     struct wr *enrolment);
void load_card_free(struct vcard **v);
#define LOAD_ID_SIZE 17
void load_card_id(unsigned number, char out[LOAD_ID_SIZE]);
unsigned load_card_number(const char *id);
/* What this person sends to approve a request: the whole body. */
void load_person_approve(const struct load_person *p, const char *device_id, struct rd challenge, struct rd login_id,
			 struct rd host_json, struct wr *body);

/* ---- hosts ---- */

enum load_login { LOAD_OUT, LOAD_BEGUN, LOAD_WAITING, LOAD_OPEN };
struct load_host {
	struct load_conn conn;
	struct vcard *card;
	enum load_login login;
	char cookie[100];
	char facts[800];
	int32_t note;                   /* id of the last notification */
	uint64_t heard_ns;              /* when the last template came that was not empty */
	struct wr body;
};
void load_host_init(struct load_host *h, struct load_net *n, unsigned number, struct vcard *card);
void load_host_begin(struct load_host *h);
void load_host_free(struct load_host *h);

int bench_load(int argc, char **argv);

#endif
