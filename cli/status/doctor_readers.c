/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to readers: the smart card service, and the USB without it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "apdu/local.h"
#include "apdu/usb/usb.h"
#include "base/text.h"
#include "cli/line/say.h"
#include "cli/status/doctor.h"

#define PCSCD_PROGRAM "/usr/sbin/pcscd"
#define PCSCD_SOCKET  "/run/pcscd/pcscd.comm"
#define PCSCD_ENV     "PCSCLITE_CSOCK_NAME"     /* what libpcsclite takes in its place */
#define POLKIT        "/usr/share/polkit-1/actions/org.debian.pcsc-lite.policy"

struct ways {
	struct apdu_readers pcsc, had;  /* of pcscd alone; of all ways, as programs get them */
	struct usb_found usb[APDU_READERS_MAX];
	size_t usb_n;
};

/* ---- the smart card service ---- */

static bool has_polkit(void)
{
	return access(POLKIT, F_OK) == 0;
}

/* It does not answer: absent, stopped, or not for you. */
static void find_silence(struct doctor *d, enum doctor_level level)
{
	const char *env = secure_getenv(PCSCD_ENV), *path = env && *env ? env : PCSCD_SOCKET;
	char shown[SHOWN_MAX + 1];

	(void)text_shown(rd_str(path), shown, sizeof(shown));
	if (doctor_connect(path) == 0)
		doctor_find(d, level, "PC/SC",
			    has_polkit() ? "journalctl -u pcscd says why; if it is polkit, a rule for "
					   "org.debian.pcsc-lite.access_pcsc lets you in, see docs/AGENT.md" :
					   "journalctl -u pcscd says why",
			    "the smart card service is there, and refuses you");
	else if (errno == ENOENT && access(PCSCD_PROGRAM, F_OK))
		doctor_find(d, level, "PC/SC", "install pcscd, or have tokens by USB without it (docs/HARDWARE.md)",
			    "no smart card service: pcscd is not installed");
	else if (errno == ENOENT)
		doctor_find(d, level, "PC/SC", "systemctl enable --now pcscd.socket; in a container pass /run/pcscd",
			    "no smart card service: there is no %s", shown);
	else if (errno == ECONNREFUSED)
		doctor_find(d, level, "PC/SC", "systemctl restart pcscd.socket pcscd",
			    "the smart card service has ended, and left %s behind", shown);
	else
		doctor_find(d, level, "PC/SC", "systemctl restart pcscd.socket gives it its rights back", "%s: %s",
			    shown, strerror(errno));
}

static void find_service(struct doctor *d, struct ways *w)
{
	/* Without the service tokens on the USB can be had all the same. */
	enum doctor_level level = w->had.n ? DOCTOR_NOTE : DOCTOR_PROBLEM;
	enum err e = pcsc_list(&w->pcsc);

	if (e == ERR_NO_SERVICE)
		find_silence(d, level);
	else if (e)
		doctor_find(d, level, "PC/SC", "journalctl -u pcscd", "the smart card service does not answer: %s",
			    err_text(e));
	else if (!w->pcsc.n)
		doctor_find(d, DOCTOR_NOTE, "PC/SC", w->usb_n ? NULL : "is its driver installed (libccid)?",
			    "the service answers, and has no reader");
	else
		doctor_find(d, DOCTOR_OK, "PC/SC", NULL, "the service answers%s; %zu %s",
			    has_polkit() ? ", and polkit lets you" : "", w->pcsc.n,
			    w->pcsc.n == 1 ? "reader" : "readers");
}

/* ---- the USB ---- */

/* Of the USB; another program's is told by the survey, with the program's name. */
static bool is_held_by_others(const struct apdu_reader *r)
{
	return usb_is_name(r->name) && r->exclusive && !r->ours;
}

/* Under which name it can be had; NULL: it cannot. */
static const char *name_of(const struct ways *w, const struct usb_found *f)
{
	for (size_t i = 0; i < w->had.n; i++) {
		const struct apdu_reader *r = &w->had.v[i];

		if (local_is_same(f->name, r->name))
			return r->name;
		if (strcmp(f->name, r->name) == 0 && !is_held_by_others(r))
			return r->name;
	}
	return NULL;
}

static void find_token(struct doctor *d, const struct ways *w, const struct usb_found *f)
{
	const char *as = name_of(w, f);
	/* Without a serial number nobody can tell whether one of the service's readers is this one. */
	bool unsure = strcmp(f->name, f->place) == 0 && w->pcsc.n;
	char name[SHOWN_MAX + 1], shown[SHOWN_MAX + 1];

	(void)text_shown(rd_str(f->name), name, sizeof(name));
	if (as)
		doctor_find(d, DOCTOR_OK, name, NULL, "%s at %s; used %s%s", f->what, f->place,
			    usb_is_name(as) ? "by USB, without pcscd" : "through pcscd, as ",
			    usb_is_name(as) ? "" : text_shown(rd_str(as), shown, sizeof(shown)));
	else if (*f->why)
		doctor_find(d, unsure || d->has_agent ? DOCTOR_NOTE : DOCTOR_PROBLEM, name, NULL, "%s at %s: %s",
			    f->what, f->place, f->why);
	else if (!local_wants(d->cli->conf, CONF_USB))
		doctor_find(d, DOCTOR_PROBLEM, name, "add usb to [transport] order, or have pcscd take it",
			    "%s at %s: nobody has it, and [transport] order leaves usb out", f->what, f->place);
	else
		doctor_find(d, DOCTOR_NOTE, name, "look again: pcscd gets a moment for what was plugged in just now",
			    "%s at %s: free, and not in use yet", f->what, f->place);
}

void doctor_readers(struct doctor *d)
{
	const struct conf *conf = d->cli->conf;
	struct ways *w = calloc(1, sizeof(*w));
	enum err e;

	if (!w) {
		doctor_find(d, DOCTOR_PROBLEM, "readers", NULL, "%s", err_text(ERR_NOMEM));
		return;
	}
	e = usb_survey(w->usb, APDU_READERS_MAX, &w->usb_n);
	if (e)
		doctor_find(d, DOCTOR_NOTE, "USB", NULL, "it cannot be looked at: %s", err_text(e));
	if (local_list(conf, &w->had))
		w->had.n = 0;   /* said below: without the service it is all that is there */
	if (local_wants(conf, CONF_PCSC))
		find_service(d, w);
	else
		doctor_find(d, DOCTOR_NOTE, "PC/SC", NULL, "not asked: [transport] order leaves it out");
	for (size_t i = 0; i < w->usb_n; i++)
		find_token(d, w, &w->usb[i]);
	if (!w->had.n && !w->usb_n)
		doctor_find(d, DOCTOR_PROBLEM, "readers", "plug one in; in a container pass it on (docs/HARDWARE.md)",
			    "no reader, and no token on the USB");
	for (size_t i = 0; i < w->had.n; i++)
		if (!is_held_by_others(&w->had.v[i]))
			doctor_card(d, &w->had.v[i]);
	free(w);
}
