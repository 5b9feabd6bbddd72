/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/readers.h"

#include <stdatomic.h>
#include <string.h>

#include "apdu/agent_link.h"
#include "apdu/local.h"
#include "base/log.h"
#include "pkcs11/module/program.h"

#define PROGRAM_MAX 64

/* One that the environment names is the only source, whatever the order says. */
static bool asks_agent(const struct conf *conf)
{
	return conf->agent.socket && (conf->agent.only || local_has_agent(conf));
}

static struct agent_at agent_at(const struct conf *conf, char program[PROGRAM_MAX])
{
	return (struct agent_at){
		.socket = conf->agent.socket,
		.own_only = conf->agent.only,
		.program = p11_program_name(program, PROGRAM_MAX),
		.reason = conf->login.reason,
	};
}

/*
 * Said when it changes, as it is asked often. An agent that is not there is no fault; one that is there and cannot be
 * used is one that a person should know of.
 */
static void note(const struct conf *conf, enum err e, const char *why)
{
	static atomic_int last = ERR_OK;
	bool changed = atomic_exchange(&last, (int)e) != (int)e;
	const char *instead = conf->agent.only ? "so there are no cards" : "this machine's cards are used";

	if (!changed || !e)
		return;
	if (e == ERR_NO_SERVICE)
		log_line(LOG_P11, LOG_WARN, "%s; %s", why, instead);
	else
		log_tell("%s; %s", *why ? why : err_text(e), instead);
}

static enum err list_agent(const struct conf *conf, struct apdu_readers *out)
{
	char program[PROGRAM_MAX], why[AGENT_TEXT_MAX];
	const struct agent_at at = agent_at(conf, program);
	enum err e = agent_list(&at, out, why, sizeof(why));

	note(conf, e, why);
	return e;
}

static bool has_reader(const struct apdu_readers *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->v[i].name, name) == 0)
			return true;
	return false;
}

static enum err add_local(const struct conf *conf, struct apdu_readers *out)
{
	struct apdu_readers more;
	enum err e = local_list(conf, &more);

	for (size_t i = 0; !e && i < more.n && out->n < APDU_READERS_MAX; i++)
		if (!has_reader(out, more.v[i].name))
			out->v[out->n++] = more.v[i];
	return e;
}

enum err p11_readers_list(const struct conf *conf, struct apdu_readers *out)
{
	enum err e, other;

	if (!asks_agent(conf))
		return local_list(conf, out);
	e = list_agent(conf, out);
	if (e == ERR_NOMEM)
		return e;
	if (conf->agent.only)
		return ERR_OK;
	other = add_local(conf, out);
	return other == ERR_NO_SERVICE && !e ? ERR_OK : other;
}

enum err p11_readers_wait(const struct conf *conf, struct apdu_readers *last, struct deadline *dl)
{
	struct apdu_readers now;
	struct deadline slice;
	enum err e;

	if (!asks_agent(conf))
		return local_wait(conf, last, dl);
	for (;;) {
		e = p11_readers_list(conf, &now);
		/* Both may come again. */
		if (e == ERR_NO_SERVICE) {
			now.n = 0;
			e = ERR_OK;
		}
		if (!e && !apdu_readers_is_same(&now, last)) {
			*last = now;
			return ERR_OK;
		}
		if (!e)
			e = deadline_check(dl);
		if (e)
			return e;
		slice = deadline_within(dl, P11_READERS_SLICE_MS);
		e = deadline_wait(&slice, -1);
		if (e != ERR_TIMEOUT)
			return e;
	}
}

/* May the card be had otherwise, where the agent did not give it? */
static bool is_elsewhere(enum err e)
{
	return e == ERR_NO_SERVICE || e == ERR_NO_READER || e == ERR_REFUSED || e == ERR_PROTOCOL || e == ERR_CONFIG;
}

enum err p11_readers_open(const struct conf *conf, const char *reader, struct apdu_link **out)
{
	char program[PROGRAM_MAX], why[AGENT_TEXT_MAX];
	struct agent_at at;
	enum err e;

	if (asks_agent(conf)) {
		at = agent_at(conf, program);
		e = agent_open(&at, reader, out, why, sizeof(why));
		if (e)
			log_line(LOG_P11, LOG_INFO, "reader %s: %s", reader, *why ? why : err_text(e));
		if (conf->agent.only || !is_elsewhere(e))
			return e;
	}
	return local_open(conf, reader, PCSC_SHARED, out);
}

enum err p11_readers_hold(const struct conf *conf, const char *reader, struct apdu_link **out)
{
	if (conf->agent.only)
		return ERR_REFUSED;
	return local_open(conf, reader, conf->login.exclusive ? PCSC_EXCLUSIVE : PCSC_SHARED, out);
}
