/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A management server with its people and a host, all in this process: virtual cards, no sockets, and a clock that
 * the test turns. Requests go in where http.c would hand them over. What must work ends the test if it does not.
 */
#ifndef TEST_UNIT_SCENE_H
#define TEST_UNIT_SCENE_H

#include "test/unit/test.h"

#include <jansson.h>

#include "sc-hsm/card.h"
#include "server/front/front.h"
#include "test/vcard/vcard.h"

#define SCENE_PEOPLE 5
#define SCENE_KEY_LABEL "release key"

struct scene_person {
	struct vcard *v;
	struct hsm_card *card;
	char chr[CHR_MAX + 1];
	struct wr devaut, file;         /* certificates and PKA file */
};
struct scene {
	char dir[64];
	struct conf *conf;
	struct srv *srv;
	struct vcard *v;                /* the target */
	struct hsm_card *card;
	char device_id[CHR_MAX + 1];
	struct wr devaut, attestation;  /* of its key 1 */
	bool is_open_firmware;          /* then it has a PIN, too, and no chain */
	unsigned n, m;
	struct scene_person people[SCENE_PEOPLE];
	uint64_t now_ms;
	char token[80];                 /* "Bearer ..." */
};
/*
 * Cards made and registered, an attested key 1 on the target, which is closed again; the server runs and knows
 * nobody.
 */
void scene_open(struct scene *s, const char *profile, unsigned n, unsigned m);
void scene_close(struct scene *s);
/* Stop the server and start it anew on the same state. */
void scene_restart(struct scene *s);
/* more: further members, each with a comma before it. The status; the answer to *out if it is not NULL. */
int scene_enrol(struct scene *s, const char *more, json_t **out);
/* One request with its answer. as: an Authorization header or NULL. body NULL: none. */
int scene_ask(struct scene *s, const char *method, const char *path, const char *as, const char *body, json_t **out);
/* Let time pass: the server does what is due on the way. */
void scene_wait(struct scene *s, uint64_t ms);

struct scene_host {
	struct scene *s;
	struct vcard *v;                /* the card it shows; the target of the scene at first */
	const char *path;               /* to which it posts; /rt/hsm at first */
	const char *from, *as;          /* its address; an Authorization header or NULL */
	char facts[512];                /* header, "" none */
	char host_json[256];
	char login_id[2 * LOGIN_ID_SIZE + 1];
	char cookie[200];
	struct srv_call call;           /* the POST that is out */
	struct wr body;
	bool is_out;
	unsigned posts, commands, challenges, notes;
	unsigned most;                  /* commands in one template */
	int32_t id;                     /* of the last notification */
	char text[300];
	int hold_ins;                   /* an instruction at which the host stops instead of sending it; -1: none */
};
/* facts: with our header, or as a stock client. */
void scene_host_open(struct scene_host *h, struct scene *s, bool facts);
void scene_host_close(struct scene_host *h);
/* What most tests need: a server with 2 of 3, the target enrolled, and a host with our header; and their end. */
void scene_pair_open(struct scene *s, struct scene_host *h, const char *profile);
void scene_pair_close(struct scene *s, struct scene_host *h);
/* Post the first message, or one made by the test. The status, 0 if the POST is held. */
int scene_host_begin(struct scene_host *h);
int scene_host_post(struct scene_host *h, struct rd body);
/* Do what the server says until it has nothing to say (0: the POST is held) or ends it (the status). */
int scene_host_go(struct scene_host *h);
/* One template's worth of that: false: it holds at hold_ins, and has not posted. */
bool scene_host_step(struct scene_host *h);
/* The templates that came back last, unless held. */
struct rd scene_host_reply(const struct scene_host *h);

/* The id of the only request that waits for this person, or of the last one made. */
void scene_request(struct scene *s, char id[SRV_ID_SIZE]);
/*
 * What this person's own client does: fetch, check, take a turn where the card wants it, sign, send. The status of
 * the last answer.
 */
struct scene_wish {
	bool deny;
	bool end;                       /* of what has opened the card */
	const char *limits;
	struct scene_host *host;        /* goes on meanwhile; NULL: nobody does */
	uint64_t think_ms;              /* time that passes before he sends */
	bool spoil;                     /* a bit of the signature over M falls over */
	bool wrong_endpoint;            /* yes where no is said, or the other way round; an end where no is said */
	const char *login_id;           /* hex, instead of the server's */
	const char *id;                 /* of the request; NULL: scene_request's */
};
int scene_decide(struct scene *s, unsigned person, const struct scene_wish *w, json_t **out);
const char *scene_text(const json_t *o, const char *key);       /* "" for null */
int64_t scene_number(const json_t *o, const char *key);

#endif
