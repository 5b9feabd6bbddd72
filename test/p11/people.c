/* SPDX-License-Identifier: Apache-2.0 */
#include "test/p11/people.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/crypto_ec.h"
#include "base/file.h"
#include "base/text.h"
#include "base/tlv.h"
#include "login/frame.h"
#include "login/helper.h"
#include "pka/message.h"
#include "pka/statement.h"
#include "ramoverhttp/ram.h"
#include "test/p11/rig.h"

#define HELPER_NAME "quorum11-connect"
#define HELPER_FD 3
/* Names in the folder of the test, which is its working directory and so the helper's. */
#define ASKED "asked"                   /* a pipe: one byte for each ceremony */
#define HELD "held"                     /* a pipe: "hold" waits until somebody writes to it */
#define WATCHES "watches"               /* the process of each that watches for an end, a line each */
#define CUSTODIANS "custodians"         /* a socket: challenge in, commands out */
#define REQUEST "request"               /* what the host says about itself, of the last ceremony */
#define ENDED "ended"                   /* a pipe: what the server answers to who watches for an end */

static struct deadline never = { .at_ms = UINT64_MAX, .cancel_fd = -1 };

/* ---- the helper process ---- */

static _Noreturn void helper_end(void)
{
	_exit(0);
}

/* Returns its type. */
static uint8_t helper_receive(struct wr *content)
{
	uint8_t type;

	wr_reset(content);
	if (login_frame_receive(HELPER_FD, &type, content, &never))
		helper_end();
	return type;
}

/* Until the other end is gone. */
static _Noreturn void helper_stay(struct wr *content)
{
	for (;;)
		(void)helper_receive(content);
}

static void helper_send(uint8_t type, struct rd content)
{
	if (login_frame_send(HELPER_FD, type, content, &never))
		helper_end();
}

static void helper_reply(unsigned status, struct rd units)
{
	struct wr w;

	wr_init_heap(&w, RAM_BODY_MAX);
	wr_u16(&w, (uint16_t)status);
	if (status == 200)
		ram_write_template(&w, units);
	helper_send(LOGIN_REPLY, wr_view(&w));
	wr_free(&w);
}

static void helper_notify(int32_t id, const char *text)
{
	struct wr w;

	wr_init_heap(&w, 512);
	ram_write_notify(&w, id, rd_str(text));
	helper_reply(200, wr_view(&w));
	wr_free(&w);
}

/* Commands of the custodians for this challenge, from the test's process. */
static void helper_ask_custodians(struct rd challenge, struct wr *units)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = CUSTODIANS };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint8_t buf[4096];
	ssize_t n;

	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    write(fd, challenge.p, challenge.n) != (ssize_t)challenge.n)
		helper_end();
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		wr_put(units, rd_of(buf, (size_t)n));
	(void)close(fd);
}

/* SELECT and GET CHALLENGE in one template, the custodians' commands in the next, 204. */
static void helper_approve(struct wr *content)
{
	uint8_t bytes[64];
	struct ram_result r;
	struct wr units, cmd;
	struct rd results;

	wr_init_heap(&units, RAM_BODY_MAX);
	for (int i = 0; i < 2; i++) {
		WR_ARR(&cmd, bytes);
		if (i == 0)
			hsm_enc_select(&cmd);
		else
			hsm_enc_challenge(&cmd, PKA_CHALLENGE_SIZE);
		ram_write_command(&units, wr_view(&cmd));
	}
	helper_reply(200, wr_view(&units));
	(void)helper_receive(content);
	wr_reset(&units);
	if (ram_open_results(wr_view(content), &results) || ram_next_result(&results, &r) ||
	    ram_next_result(&results, &r) || r.bytes.n != PKA_CHALLENGE_SIZE + 2)
		helper_end();
	helper_ask_custodians(rd_of(r.bytes.p, PKA_CHALLENGE_SIZE), &units);
	helper_reply(200, wr_view(&units));
	(void)helper_receive(content);
	helper_reply(204, RD_NONE);
	wr_free(&units);
}

static const struct {
	const char *what;
	int32_t id;                     /* pka/result.h */
} ends[] = { { "deny", -101 }, { "hold", -101 }, { "expire", -102 }, { "unknown", -110 } };

static _Noreturn void helper_watch(struct wr *content)
{
	int fd = open(WATCHES, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	int ended = open(ENDED, O_RDWR | O_CLOEXEC);
	struct pollfd p[] = { { .fd = HELPER_FD, .events = POLLIN }, { .fd = ended, .events = POLLIN } };
	uint8_t said[4096];
	ssize_t n;

	if (fd < 0 || ended < 0 || dprintf(fd, "%d\n", (int)getpid()) < 0)
		helper_end();
	(void)close(fd);
	while (poll(p, 2, -1) > 0 && !p[0].revents) {
		n = read(ended, said, sizeof(said));
		if (n <= 0)
			helper_end();
		helper_send(LOGIN_REPLY, rd_of(said, (size_t)n));
	}
	helper_stay(content);
}

/* For people_say_end. */
static void helper_note_request(const struct wr *settings)
{
	FILE *f = fopen(REQUEST, "we");
	struct rd header;
	struct wr json;

	wr_init_heap(&json, REQUEST_JSON_MAX);
	if (!f || !rd_tlv_find(wr_view(settings), LOGIN_HEADER, &header) || text_unbase64url(header, &json) ||
	    fwrite(json.p, 1, json.n, f) != json.n || fclose(f))
		helper_end();
	wr_free(&json);
}

/* Progress, which who logs in meanwhile hears too; then until people_let_go. */
static void helper_wait(struct wr *content)
{
	int held;
	char c;

	helper_notify(1, "0 of 2");
	(void)helper_receive(content);
	held = open(HELD, O_RDONLY | O_CLOEXEC);
	if (held < 0 || read(held, &c, 1) != 1)
		helper_end();
	(void)close(held);
}

static void helper_serve(const char *what, struct wr *content)
{
	struct wr settings;
	int asked;

	if (strcmp(what, "die") == 0)
		helper_end();
	wr_init_heap(&settings, LOGIN_FRAME_MAX);
	wr_put(&settings, wr_view(content));
	helper_send(LOGIN_READY, RD_NONE);
	/* The first POST; or whoever keeps the card open asks whether a custodian has ended it. */
	if (helper_receive(content) == LOGIN_WATCH)
		helper_watch(content);
	helper_note_request(&settings);
	wr_free(&settings);
	asked = open(ASKED, O_WRONLY | O_NONBLOCK);
	if (asked < 0 || write(asked, "x", 1) != 1)
		helper_end();
	(void)close(asked);
	if (strcmp(what, "hold") == 0)
		helper_wait(content);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strcmp(what, ends[i].what) == 0) {
			helper_notify(ends[i].id, "so it ends");
			(void)helper_receive(content);
			helper_reply(204, RD_NONE);
		}
	if (strcmp(what, "early") == 0)
		helper_reply(204, RD_NONE);
	if (strcmp(what, "approve") == 0)
		helper_approve(content);
	helper_stay(content);
}

bool people_is_helper(int argc, char **argv)
{
	struct wr content;
	struct rd url;
	char what[32] = "";

	if (argc < 1 || strcmp(argv[0], HELPER_NAME) != 0)
		return false;
	wr_init_heap(&content, LOGIN_FRAME_MAX);
	(void)helper_receive(&content);
	if (rd_tlv_find(wr_view(&content), LOGIN_URL, &url) && url.n > 10 && url.n - 10 < sizeof(what))
		memcpy(what, url.p + 10, url.n - 10);           /* https://x/ */
	helper_serve(what, &content);
	return true;
}

/* ---- the test's process ---- */

struct people {
	struct quorum q;
	char target[128];               /* folder of the card */
	int asked;                      /* the pipe */
	int custodians;                 /* the listening socket */
	pthread_t thread;
};

/* M signed by person i, as the command EXTERNAL AUTHENTICATE. */
static void put_authentication(struct people *p, unsigned i, struct rd challenge, struct wr *out)
{
	uint8_t message[PKA_MESSAGE_MAX], plain[64];
	struct quorum_person *person = &p->q.people[i];
	struct wr m, cmd, rsp, sig;

	WR_ARR(&m, message);
	WR_ARR(&sig, plain);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	if (pka_message(rd_str(p->q.target.id), challenge, &m))
		abort();
	hsm_enc_sign(&cmd, person->key, HSM_ECDSA_SHA256, wr_view(&m));
	quorum_sign(person, wr_view(&cmd), &rsp);
	if (rsp.n < 2 || ec_sig_from_der(rd_of(rsp.p, rsp.n - 2), 32, &sig))
		abort();
	hsm_enc_external_auth(out, wr_view(&sig));
	wr_free(&rsp);
	wr_free(&cmd);
}

static void put_units(struct people *p, struct rd challenge, struct wr *units)
{
	struct wr cmd;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	for (unsigned i = 0; i < p->q.n; i++) {
		wr_reset(&cmd);
		hsm_enc_mse_auth(&cmd, rd_str(p->q.custodians[i].chr));
		ram_write_command(units, wr_view(&cmd));
		wr_reset(&cmd);
		put_authentication(p, i, challenge, &cmd);
		ram_write_command(units, wr_view(&cmd));
	}
	wr_free(&cmd);
}

static void *serve_custodians(void *arg)
{
	struct people *p = arg;
	uint8_t challenge[PKA_CHALLENGE_SIZE];
	struct wr units;
	int fd;

	/* Until the socket is shut down. */
	while ((fd = accept4(p->custodians, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		wr_init_heap(&units, RAM_BODY_MAX);
		if (recv(fd, challenge, sizeof(challenge), MSG_WAITALL) == sizeof(challenge))
			put_units(p, RD_ARR(challenge), &units);
		if (send(fd, units.p, units.n, MSG_NOSIGNAL) < 0)
			fprintf(stderr, "people: the helper is gone\n");
		(void)close(fd);
		wr_free(&units);
	}
	return NULL;
}

struct people *people_new(const char *profile)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX, .sun_path = CUSTODIANS };
	struct people *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_int_equal(chdir(rig_folder), 0);
	assert_int_equal(mkfifo(ASKED, 0600), 0);
	assert_int_equal(mkfifo(HELD, 0600), 0);
	assert_int_equal(mkfifo(ENDED, 0600), 0);
	p->asked = open(ASKED, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	assert_true(p->asked >= 0);
	p->custodians = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(p->custodians >= 0);
	assert_int_equal(bind(p->custodians, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(p->custodians, 4), 0);
	quorum_open(&p->q, profile, 2, 3);
	quorum_keygen(&p->q, 1, "ec");
	hsm_card_free(&p->q.target.card, true);
	vcard_close(&p->q.target.vcard);
	(void)snprintf(p->target, sizeof(p->target), "%s/target", p->q.dir);
	assert_int_equal(fake_card_insert(RIG_READER, p->target), ERR_OK);
	assert_int_equal(pthread_create(&p->thread, NULL, serve_custodians, p), 0);
	return p;
}

void people_free(struct people *p)
{
	(void)shutdown(p->custodians, SHUT_RDWR);
	(void)pthread_join(p->thread, NULL);
	(void)close(p->custodians);
	(void)close(p->asked);
	quorum_close(&p->q);
	free(p);
}

const char *people_target(const struct people *p)
{
	return p->target;
}

const char *people_conf_text(const char *what, const char *more)
{
	static char text[1024];
	char self[256];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	assert_true(n > 0);
	self[n] = 0;
	(void)snprintf(text, sizeof(text), "[module]\nhelper = %s\nlog = p11+info\nlog_file = %s/log\n"
		       "[login]\nurl = https://x/%s\nstatements = no\n%s", self, rig_folder, what, more);
	return text;
}

void people_conf(const char *what, const char *more)
{
	rig_conf(people_conf_text(what, more));
}

unsigned people_asked(struct people *p)
{
	unsigned n = 0;
	char one;

	while (read(p->asked, &one, 1) == 1)
		n++;
	return n;
}

void people_wait_asked(struct people *p)
{
	struct deadline dl = deadline_in(PATIENCE_MS);
	char one;

	assert_int_equal(deadline_wait(&dl, p->asked), ERR_OK);
	assert_int_equal(read(p->asked, &one, 1), 1);
}

pid_t people_watcher(unsigned n)
{
	struct deadline dl = deadline_in(PATIENCE_MS);

	for (;;) {
		struct deadline slice = deadline_within(&dl, 5);
		FILE *f = fopen(WATCHES, "re");
		unsigned lines = 0;
		char line[16];

		while (f && lines < n && fgets(line, sizeof(line), f))
			lines++;
		if (f)
			(void)fclose(f);
		if (lines == n && strchr(line, '\n'))
			return (pid_t)strtol(line, NULL, 10);
		assert_int_equal(deadline_check(&dl), ERR_OK);
		assert_int_equal(deadline_wait(&slice, -1), ERR_TIMEOUT);
	}
}

void people_let_go(void)
{
	int held = open(HELD, O_WRONLY | O_CLOEXEC);

	assert_true(held >= 0);
	assert_int_equal(write(held, "x", 1), 1);
	(void)close(held);
}

/* By person i over his own card: SHA-256 of the text, as a plain signature. */
static void sign_text(struct people *p, unsigned i, struct rd text, struct wr *sig)
{
	struct quorum_person *person = &p->q.people[i];
	struct wr cmd, rsp;

	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	hsm_enc_sign(&cmd, person->key, HSM_ECDSA_SHA256, text);
	quorum_sign(person, wr_view(&cmd), &rsp);
	assert_true(rsp.n > 2);
	assert_int_equal(ec_sig_from_der(rd_of(rsp.p, rsp.n - 2), 32, sig), ERR_OK);
	wr_free(&rsp);
	wr_free(&cmd);
}

/* A view into json: 32 hex digits. */
static void read_login_id(struct wr *json, uint8_t id[LOGIN_ID_SIZE])
{
	static const char member[] = "\"login_id\":\"";
	const char *at = strstr(wr_cstr(json), member);
	struct wr w;

	assert_non_null(at);
	wr_init(&w, id, LOGIN_ID_SIZE);
	assert_int_equal(text_unhex(rd_of(at + strlen(member), 2 * LOGIN_ID_SIZE), &w), ERR_OK);
}

void people_say_end(struct people *p, unsigned i)
{
	struct pka_statement st = { .key = rd_str(p->q.custodians[i].chr), .decision = PKA_END };
	uint8_t text[STATEMENT_MAX], plain[64];
	struct wr json, w, sig, said;
	size_t proof;
	int fd;

	wr_init_heap(&json, REQUEST_JSON_MAX + 1);
	assert_int_equal(file_read(REQUEST, REQUEST_JSON_MAX, &json), ERR_OK);
	read_login_id(&json, st.login_id);
	assert_int_equal(sha256(wr_view(&json), st.request), ERR_OK);
	assert_int_equal(sha256(rd_str(p->q.target.id), st.message), ERR_OK);
	WR_ARR(&w, text);
	WR_ARR(&sig, plain);
	assert_int_equal(pka_statement_write(&st, &w), ERR_OK);
	sign_text(p, i, wr_view(&w), &sig);
	wr_init_heap(&said, LOGIN_FRAME_MAX);
	wr_u16(&said, 200);
	proof = wr_tlv_open(&said, LOGIN_PROOF);
	wr_tlv(&said, LOGIN_PROOF_FILE, wr_view(&p->q.people[i].file));
	wr_tlv(&said, LOGIN_PROOF_STATEMENT, wr_view(&w));
	wr_tlv(&said, LOGIN_PROOF_SIG, wr_view(&sig));
	wr_tlv_close(&said, proof);
	assert_int_equal(wr_done(&said), ERR_OK);
	fd = open(ENDED, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, said.p, said.n), said.n);
	(void)close(fd);
	wr_free(&said);
	wr_free(&json);
}

static void send_as_other(struct fake_other *o, struct wr *cmd, struct wr *rsp)
{
	wr_reset(rsp);
	assert_int_equal(fake_other_send(o, wr_view(cmd), rsp), ERR_OK);
	assert_true(rsp->n >= 2);
	wr_reset(cmd);
}

void people_open_card(struct people *p)
{
	struct fake_other *o = fake_other_connect(RIG_READER, false);
	uint8_t challenge[PKA_CHALLENGE_SIZE];
	struct wr cmd, rsp;

	assert_non_null(o);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	hsm_enc_select(&cmd);
	send_as_other(o, &cmd, &rsp);
	hsm_enc_challenge(&cmd, sizeof(challenge));
	send_as_other(o, &cmd, &rsp);
	assert_int_equal(rsp.n, sizeof(challenge) + 2);
	memcpy(challenge, rsp.p, sizeof(challenge));
	for (unsigned i = 0; i < p->q.n; i++) {
		hsm_enc_mse_auth(&cmd, rd_str(p->q.custodians[i].chr));
		send_as_other(o, &cmd, &rsp);
		put_authentication(p, i, RD_ARR(challenge), &cmd);
		send_as_other(o, &cmd, &rsp);
		assert_bytes_equal(wr_view(&rsp), RD_LIT("\x90\x00"));
	}
	wr_free(&rsp);
	wr_free(&cmd);
	fake_other_disconnect(&o, false);
}

bool people_card_is_open(struct people *p)
{
	struct fake_other *o = fake_other_connect(RIG_READER, false);
	struct wr cmd, rsp;
	bool open;

	(void)p;
	assert_non_null(o);
	wr_init_heap(&cmd, APDU_CMD_MAX);
	wr_init_heap(&rsp, APDU_RSP_MAX);
	hsm_enc_verify_status(&cmd, HSM_REF_USER);
	send_as_other(o, &cmd, &rsp);
	open = rd_eq(wr_view(&rsp), RD_LIT("\x90\x00"));
	wr_free(&rsp);
	wr_free(&cmd);
	fake_other_disconnect(&o, false);
	return open;
}
