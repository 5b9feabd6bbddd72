/* SPDX-License-Identifier: Apache-2.0 */
#include "pkcs11/module/module.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "apdu/local.h"
#include "base/crypto_digest.h"
#include "base/fd.h"
#include "base/log.h"
#include "pkcs11/ck/rv.h"
#include "pkcs11/module/ceremony.h"
#include "pkcs11/module/slot_find.h"

#define EXIT_WAIT_MS 2000       /* how long the end of the program waits for other threads that are still inside */

struct p11_module p11_module = { .stop_fd = -1 };

/* ---- fork: the child begins anew ---- */

static void after_fork_child(void)
{
	cond_init(&p11_module.idle);
	if (p11_module.ready)
		p11_module.forked = true;
	p11_module.ready = false;
}

static void init_once(void)
{
	cond_init(&p11_module.idle);
	if (pthread_atfork(NULL, NULL, after_fork_child))
		log_line(LOG_P11, LOG_ERROR, "no memory to notice forks");
}

void p11_module_lock(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	(void)pthread_once(&once, init_once);
	process_lock_take(&p11_module.lock);
}

void p11_module_unlock(void)
{
	process_lock_give(&p11_module.lock);
}

/* ---- who is inside ---- */

/*
 * This thread is inside a call. A signal handler that ends the program from there, or calls C_Finalize, would wait for
 * itself.
 */
static _Thread_local unsigned inside;

bool p11_module_enter(void)
{
	bool entered;

	inside++;
	p11_module_lock();
	entered = p11_module.ready && !p11_module.closing;
	if (entered)
		p11_module.calls++;
	return entered;
}

void p11_module_leave(bool entered)
{
	if (entered) {
		p11_module.calls--;
		cond_wake(&p11_module.idle);
		p11_module_unlock();
	}
	inside--;
}

/* ---- life ---- */

static CK_RV check_args(const CK_C_INITIALIZE_ARGS *a)
{
	bool some, all;

	if (!a)
		return CKR_OK;
	some = a->CreateMutex || a->DestroyMutex || a->LockMutex || a->UnlockMutex;
	all = a->CreateMutex && a->DestroyMutex && a->LockMutex && a->UnlockMutex;
	if (a->pReserved || some != all)
		return CKR_ARGUMENTS_BAD;
	return some && !(a->flags & CKF_OS_LOCKING_OK) ? CKR_CANT_LOCK : CKR_OK;
}

/*
 * What the parent of a fork left here, but for the numbers of its slots: libp11 opens a session in a child without
 * having asked for the list again. Where one of its threads was inside a call or C_Finalize, nothing is in a known
 * state: it is left as it is.
 */
static void forget_parent_locked(const struct conf *conf)
{
	bool consistent = p11_module.calls == 0 && !p11_module.closing;

	if (consistent) {
		p11_sessions_free(&p11_module.sessions);
		conf_free(&p11_module.conf);
	}
	/* C_Finalize frees slots without the lock that a fork waits for. */
	if (p11_module.closing)
		memset(&p11_module.slots, 0, sizeof(p11_module.slots));
	else
		p11_slots_abandon(&p11_module.slots, conf, consistent);
	p11_module.forked = false;
	p11_module.closing = false;
	p11_module.calls = 0;
	memset(&p11_module.sessions, 0, sizeof(p11_module.sessions));
	p11_module.conf = NULL;
	/* Our copy; the parent's stays open. */
	if (p11_module.stop_fd >= 0)
		(void)close(p11_module.stop_fd);
	p11_module.stop_fd = -1;
}

/* libusb has a thread of its own that listens for devices: a program that wants none has the other ways to a card. */
static CK_RV make_no_threads(struct conf *conf)
{
	bool by_agent = conf->agent.socket && (conf->agent.only || local_has_agent(conf));

	if (conf->agent.only || !local_wants(conf, CONF_USB))
		return CKR_OK;
	conf->transport.no_usb = true;
	if (!by_agent && !local_wants(conf, CONF_PCSC)) {
		log_tell("this program lets no library make threads, but usb, the only configured way to cards, "
			 "needs one: add pcsc to order in section [transport] of %s", CONF_FILE);
		return CKR_NEED_TO_CREATE_THREADS;
	}
	log_line(LOG_P11, LOG_INFO, "usb is left out: this program lets no library make threads");
	return CKR_OK;
}

CK_RV p11_module_start(const CK_C_INITIALIZE_ARGS *args)
{
	struct conf *conf = NULL;
	CK_RV rv = check_args(args);
	enum err e;
	int fd;

	if (rv)
		return rv;
	e = conf_load(&conf);
	if (!e)
		e = conf_log(conf);
	if (!e && args && args->flags & CKF_LIBRARY_CANT_CREATE_OS_THREADS)
		rv = make_no_threads(conf);
	fd = e ? -1 : fd_event();
	if (!e && fd < 0)
		e = errno == ENOMEM ? ERR_NOMEM : ERR_IO;

	p11_module_lock();
	if (p11_module.ready || (p11_module.closing && !p11_module.forked)) {
		rv = CKR_CRYPTOKI_ALREADY_INITIALIZED;
	} else if (e) {
		rv = e == ERR_NOMEM ? CKR_HOST_MEMORY : CKR_GENERAL_ERROR;
	} else if (!rv) {
		if (p11_module.forked)
			forget_parent_locked(conf);
		p11_module.ready = true;
		p11_module.conf = conf;
		p11_module.stop_fd = fd;
		conf = NULL;
		fd = -1;
	}
	p11_module_unlock();
	if (fd >= 0)
		(void)close(fd);
	conf_free(&conf);
	return rv;
}

static void cancel_logins(void)
{
	struct p11_slot *v[APDU_READERS_MAX];
	size_t n;

	/* A call that is still inside may add slots, but closing is set: it begins no ceremony. */
	p11_module_lock();
	n = p11_slots_copy_locked(&p11_module.slots, v);
	p11_module_unlock();
	for (size_t i = 0; i < n; i++) {
		lock_take(&v[i]->token.lock);
		p11_ceremony_cancel(&v[i]->token);
		lock_give(&v[i]->token.lock);
	}
}

/* Wait until no call is inside; false: gave up. */
static bool drain_locked(uint64_t ms)
{
	while (p11_module.calls)
		if (ms == UINT64_MAX)
			cond_wait(&p11_module.idle, &p11_module.lock.l);
		else if (cond_wait_ms(&p11_module.idle, &p11_module.lock.l, ms) != ERR_OK)
			return false;
	return true;
}

static CK_RV stop(uint64_t wait_ms)
{
	const uint64_t one = 1;
	bool drained;

	if (inside)
		return CKR_FUNCTION_FAILED;
	p11_module_lock();
	if (!p11_module.ready || p11_module.closing) {
		p11_module_unlock();
		return CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	p11_module.closing = true;
	p11_module_unlock();

	if (write(p11_module.stop_fd, &one, sizeof(one)) < 0)
		log_line(LOG_P11, LOG_ERROR, "cannot wake waiting calls");
	cancel_logins();

	p11_module_lock();
	drained = drain_locked(wait_ms);
	p11_module_unlock();
	/*
	 * Without: the state stays, as those threads use it. The process ends, and that resets a card held exclusively.
	 */
	if (!drained)
		return CKR_FUNCTION_FAILED;

	/* Nobody is inside, and closing keeps everybody out. */
	p11_sessions_free(&p11_module.sessions);
	p11_slots_free(&p11_module.slots);
	conf_free(&p11_module.conf);
	p11_module_lock();
	(void)close(p11_module.stop_fd);
	p11_module.stop_fd = -1;
	p11_module.slots.listed = false;
	p11_module.ready = false;
	p11_module.closing = false;
	p11_module_unlock();
	return CKR_OK;
}

CK_RV p11_module_stop(void)
{
	return stop(UINT64_MAX);
}

/* The program ends, or drops the module, without C_Finalize: an opened card must not stay open. */
__attribute__((destructor)) static void at_exit(void)
{
	bool over;

	(void)stop(EXIT_WAIT_MS);
	p11_module_lock();
	over = !p11_module.ready && !p11_module.forked;
	p11_module_unlock();
	/* Otherwise a call may be inside, or have been in the parent's other threads when it was forked. */
	if (over)
		crypto_free();
}
