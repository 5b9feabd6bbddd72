/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line/args.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "cli/line/verb.h"

enum kind { FLAG, TEXT, NUMBER, LIST };

struct row {
	const char *name;
	enum kind kind;
	size_t offset;          /* in struct cli_args */
	unsigned min, max;      /* NUMBER; of a TEXT max bytes, 0: any */
	const char *value;      /* in the help: FILE */
	const char *help;
};

#define AT(member) offsetof(struct cli_args, member)
#define A_FLAG(member) FLAG, AT(member), 0, 0, NULL
#define A_TEXT(member, value) TEXT, AT(member), 0, 0, value
#define A_LABEL(member, value) TEXT, AT(member), 0, SHOWN_MAX - 1, value
#define A_LIST(member, value) LIST, AT(member), 0, 0, value
#define A_NUMBER(member, min, max, value) NUMBER, AT(member), min, max, value

_Static_assert(OPTS <= UCHAR_MAX, "a verb lists its options in bytes");

static const struct row rows[OPTS] = {
	[OPT_READER] = { "reader", A_TEXT(reader, "NAME"), "the reader to use: its name or a part of it" },
	[OPT_DEVICE] = { "device", A_TEXT(device, "ID"), "the card to use: its device id" },
	[OPT_JSON] = { "json", A_FLAG(json), "answer in JSON, for programs" },
	[OPT_YES] = { "yes", A_FLAG(yes), "do not ask, for scripts" },
	[OPT_FORCE] = { "force", A_FLAG(force), "do what a rule of ours refuses, as the last PIN try" },
	[OPT_PIN_FILE] = { "pin-file", A_TEXT(pin_file, "FILE"), "PIN from a file of mode 0600" },
	[OPT_PIN_FD] = { "pin-fd", A_NUMBER(pin_fd, 0, 1023, "N"), "PIN from an open file descriptor" },
	[OPT_SO_PIN_FILE] = { "so-pin-file", A_TEXT(so_pin_file, "FILE"),
			      "SO-PIN (16 hex digits), file of mode 0600" },
	[OPT_SO_PIN_FD] = { "so-pin-fd", A_NUMBER(so_pin_fd, 0, 1023, "N"), "SO-PIN from an open file descriptor" },
	[OPT_LABEL] = { "label", A_LABEL(label, "TEXT"), "name of the card or key, as programs will show it" },
	[OPT_TOKEN_LABEL] = { "token-label", A_TEXT(token_label, "TEXT"),
			      "new name of the card, written while it is open" },
	[OPT_ID] = { "id", A_TEXT(id, "HEX"), "id of the key (CKA_ID); default: its number on the card" },
	[OPT_TYPE] = { "type", A_TEXT(type, "TYPE"),
		       "rsa:2048 to rsa:4096, ec:CURVE as ec:secp256r1, or aes:128, aes:192, aes:256" },
	[OPT_ARCHIVE] = { "archive", A_LIST(archive, "FILE"), "archived attestation of a key" },
	[OPT_COUNTRY] = { "country", A_TEXT(country, "CC"), "two letters; default: those of the device id" },
	[OPT_OUT] = { "out", A_TEXT(out, "FILE"), "where to write" },
	[OPT_KEY] = { "key", A_TEXT(key, "LABEL|ID"),
		      "the key to use: its label, its id in hex, or its holder reference" },
	[OPT_CUSTODIANS] = { "custodians", A_NUMBER(custodians, 1, 90, "M"),
			     "how many custodians' keys will be registered" },
	[OPT_REQUIRED] = { "required", A_NUMBER(required, 1, 90, "N"), "how many of them open the card" },
	[OPT_WITH_PIN] = { "with-pin", A_FLAG(with_pin), "the card also needs its PIN (PKA and PIN)" },
	[OPT_OR_PIN] = { "or-pin", A_FLAG(or_pin), "the PIN alone opens the card, too; needs --force" },
	[OPT_NO_PIN_RESET] = { "no-pin-reset", A_FLAG(no_pin_reset), "the SO-PIN cannot replace a forgotten PIN" },
	[OPT_RESET_ONLY] = { "reset-only", A_FLAG(reset_only),
			     "the SO-PIN gives the PIN its tries back, and sets none" },
	[OPT_TRANSPORT_PIN] = { "transport-pin", A_FLAG(transport_pin),
				"the PIN is for the way only: it opens nothing until it is changed" },
	[OPT_SESSION_PIN] = { "session-pin", A_FLAG(session_pin),
			      "programs that speak secure messaging may have the card make PINs for a session" },
	[OPT_REPLACEABLE] = { "replaceable", A_FLAG(replaceable),
			      "a quorum may later replace a custodian's key, and so all of them" },
	[OPT_UNVERIFIED] = { "unverified", A_FLAG(unverified),
			     "accept a card without certificate chain (open firmware)" },
	[OPT_SAME_DEVICE] = { "same-device", A_FLAG(same_device), "accept two custodians' keys of one card" },
	[OPT_PROVE] = { "prove", A_FLAG(prove), "show with the custodians' cards that n open it and n - 1 do not" },
	[OPT_CUSTODIAN_PIN_FILE] = { "custodian-pin-file", A_LIST(custodian_pin_file, "[CHR=]FILE"),
				     "PIN of a custodian's card; without CHR: of all of them" },
	[OPT_CA] = { "ca", A_TEXT(ca, "FILE"), "certificates to check the server with; default: [login] ca" },
	[OPT_TOKEN_FILE] = { "token-file", A_TEXT(token_file, "FILE"), "the operator's token" },
	[OPT_REPLACE] = { "replace", A_FLAG(replace), "replace the enrolment that the server has" },
	[OPT_POLICY] = { "policy", A_TEXT(policy, "FILE"), "what is demanded of requests for this card: JSON" },
	[OPT_NAME] = { "name", A_TEXT(name, "TEXT"), "name of the card for people" },
	[OPT_DENY] = { "deny", A_FLAG(deny), "say no, which ends the request for everybody" },
	[OPT_EXPECT_CODE] = { "expect-code", A_TEXT(expect_code, "CODE"), "refuse if the request has another code" },
	[OPT_LIMITS] = { "limits", A_TEXT(limits, "TEXT"), "limits that you set, put into your statement" },
	[OPT_WAIT] = { "wait", A_NUMBER(wait, 0, 86400, "SECONDS"), "wait so long for a request or for your turn" },
	[OPT_MECHANISM] = { "mechanism", A_TEXT(mechanism, "NAME"),
			    "how to sign; default: SHA-256 or what fits the key" },
	[OPT_OUT_SUFFIX] = { "out-suffix", A_TEXT(out_suffix, "TEXT"),
			     "signature of FILE goes to FILE with this; default .sig" },
	[OPT_URL] = { "url", A_TEXT(url, "URL"), "management server; default: [login] url" },
	[OPT_REASON] = { "reason", A_TEXT(reason, "TEXT"), "why you ask; the custodians see it" },
	[OPT_READERS] = { "reader", A_LIST(readers, "NAME"),
			  "hold only the card in this reader; a * at the end matches the rest; may be repeated" },
	[OPT_KEYS] = { "key", A_LIST(keys, "LABEL|ID"),
		       "a key that may be used: its label, or its id in hex; may be repeated" },
	[OPT_SOCKET] = { "socket", A_TEXT(socket, "PATH"),
			 "the agent's socket; default: QUORUM11_AGENT, then [agent] socket" },
	[OPT_SIGN] = { "sign", A_NUMBER(sign, 1, 1000000, "N"), "how many different digests may be signed" },
	[OPT_FOR] = { "for", A_TEXT(duration, "TIME"), "how long: 90, 90s, 30m, 2h" },
	[OPT_BOUNDS] = { "limits", A_TEXT(limits, "TEXT"), "what else is asked for; default: [agent] limits" },
	[OPT_MANIFEST] = { "manifest", A_TEXT(manifest, "FILE"),
			   "the digests that may be signed, in the form of sha256sum" },
	[OPT_RECEIPT] = { "receipt", A_TEXT(receipt, "FILE"),
			  "where the receipt goes: a file that does not exist yet" },
	[OPT_RECEIPTS] = { "receipts", A_TEXT(receipts, "DIR"),
			   "folder of receipts, if no file is named; default: [agent] receipts" },
	[OPT_PIN_OPENED] = { "pin-opened", A_FLAG(pin_opened),
			     "accept a session that a PIN opened and nobody approved" },
	[OPT_SAVE_REQUEST] = { "save-request", A_TEXT(save_request, "FILE"),
			       "write the request to a file, for a custodian without a network; with --key: his" },
	[OPT_REQUEST_FILE] = { "request-file", A_TEXT(request_file, "FILE"),
			       "decide on a request from a file; the decision goes to --out" },
	[OPT_SEND] = { "send", A_TEXT(send, "FILE"), "send a decision that was made without a network" },
	[OPT_NOTIFY] = { "notify", A_FLAG(notify), "show each new request on the desktop, by notify-send" },
	[OPT_CONFIG] = { "config", A_TEXT(config, "FILE"), "the server's settings; the system's quorum11.conf" },
	[OPT_TELL] = { "tell", A_FLAG(tell), "tell those whom [notify] of these settings names" },
	[OPT_AUDIT_KEY] = { "key", A_TEXT(audit_key, "FILE"), "the public key that must have signed its checkpoints" },
	[OPT_DOMAIN] = { "domain", A_NUMBER(domain, 0, 15, "N"), "the key domain, as domain list shows it" },
	[OPT_SHARES] = { "shares", A_NUMBER(shares, 1, 255, "N"),
			 "of how many shares its key encryption key is made; default: 1" },
	[OPT_DKEK_SHARES] = { "dkek-shares", A_NUMBER(dkek_shares, 0, 255, "N"),
			      "keys can leave the card, wrapped under a key of N shares; 0: one that the card makes" },
	[OPT_DOMAINS] = { "domains", A_NUMBER(domains, 1, 16, "N"),
			  "room for N key domains, which domain create fills" },
	[OPT_PASSWORD_FILE] = { "password-file", A_TEXT(password_file, "FILE"),
				"password of the share, from a file of mode 0600" },
	[OPT_SPLIT] = { "split", A_TEXT(split, "T/N"),
			"make a password in N parts, of which any T give it back" },
	[OPT_PARTS_TO] = { "parts-to", A_TEXT(parts_to, "PREFIX"),
			   "write the parts to PREFIX1, PREFIX2, ..., instead of showing them" },
	[OPT_PART] = { "part", A_LIST(part, "FILE"), "a part of the password; may be repeated" },
	[OPT_PARTS] = { "parts", A_NUMBER(parts, 2, 9, "T"), "ask for T parts of the password on the terminal" },
	[OPT_NEW_PIN_FILE] = { "new-pin-file", A_TEXT(new_pin_file, "FILE"), "the new PIN, from a file of mode 0600" },
	[OPT_NEW_PIN_FD] = { "new-pin-fd", A_NUMBER(new_pin_fd, 0, 1023, "N"),
			     "the new PIN, from an open file descriptor" },
	[OPT_NEW_SO_PIN_FILE] = { "new-so-pin-file", A_TEXT(new_so_pin_file, "FILE"),
				  "the new SO-PIN, from a file of mode 0600" },
	[OPT_NEW_SO_PIN_FD] = { "new-so-pin-fd", A_NUMBER(new_so_pin_fd, 0, 1023, "N"),
				"the new SO-PIN, from an open file descriptor" },
	[OPT_DER] = { "der", A_FLAG(der), "write DER; default: PEM" },
	[OPT_ROOTS] = { "root", A_LIST(roots, "FILE"),
			"believe this root certificate (CVC) and no other; may be repeated; default: as [trust] says" },
	[OPT_PUBLIC_KEY] = { "public-key", A_TEXT(public_key, "FILE"),
			     "the public key, or a certificate of it, that the proof must be of: PEM or DER" },
	[OPT_ALGORITHMS] = { "algorithms", A_TEXT(algorithms, "NAME,..."),
			     "all that the key may be used for, as rsa-pss-sha256,rsa-decrypt; default: everything" },
	[OPT_USE_COUNTER] = { "use-counter", A_NUMBER(use_counter, 1, UINT32_MAX - 1, "N"),
			      "how often the key can be used, ever" },
	[OPT_HELP] = { "help", A_FLAG(help), "this text" },
};

struct cli_opt_facts cli_opt_facts(enum cli_opt o)
{
	return (struct cli_opt_facts){ rows[o].name, rows[o].value, rows[o].help, rows[o].kind == LIST };
}

bool cli_verb_takes(const struct cli_verb *verb, enum cli_opt o)
{
	for (const unsigned char *taken = verb->options; *taken != OPTS; taken++)
		if (*taken == o)
			return true;
	return o == OPT_HELP;
}

/* Decimal digits only: strtoul alone would take " -1". */
static bool read_number(const char *text, const struct row *row, unsigned *out)
{
	char *end;
	unsigned long v;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || *end || v < row->min || v > row->max)
		return false;
	*out = (unsigned)v;
	return true;
}

/* A name or a file that is empty is a variable of a script's that was never set, and would mean "any". */
static enum err check_text(const struct row *row, const char *value)
{
	if (!*value && strcmp(row->value, "TEXT") != 0) {
		log_tell("--%s: its value is empty", row->name);
		return ERR_ARG;
	}
	if (row->max && strlen(value) > row->max) {
		log_tell("--%s takes at most %u bytes", row->name, row->max);
		return ERR_ARG;
	}
	return ERR_OK;
}

static enum err store(const struct row *row, const char *value, struct cli_args *out)
{
	void *at = (char *)out + row->offset;
	struct cli_list *list = at;

	if ((row->kind == TEXT || row->kind == LIST) && check_text(row, value))
		return ERR_ARG;
	switch (row->kind) {
	case FLAG:
		*(bool *)at = true;
		return ERR_OK;
	case TEXT:
		*(const char **)at = value;
		return ERR_OK;
	case NUMBER:
		if (read_number(value, row, at))
			return ERR_OK;
		log_tell("--%s takes a number from %u to %u", row->name, row->min, row->max);
		return ERR_ARG;
	case LIST:
		if (list->n == ARGS_LIST_MAX) {
			log_tell("--%s is given more than %d times", row->name, ARGS_LIST_MAX);
			return ERR_ARG;
		}
		list->v[list->n++] = value;
		return ERR_OK;
	}
	return ERR_BUG;
}

/*
 * The name in "--name=value", which getopt has just looked at; shown only up to the '=', what follows may be a
 * secret.
 */
static int name_size(const char *typed)
{
	return (int)strcspn(typed, "=");
}

enum err cli_args_parse(const struct cli_verb *verb, int argc, char **argv, struct cli_args *out)
{
	/* Above the characters, of which one, '?', says that getopt does not know the option. */
	enum { FIRST = UCHAR_MAX + 1 };
	struct option longs[OPTS + 1] = { { 0 } };
	size_t n = 0;
	enum err e;

	*out = (struct cli_args){ .pin_fd = ARGS_NO_FD, .so_pin_fd = ARGS_NO_FD, .new_pin_fd = ARGS_NO_FD,
				  .new_so_pin_fd = ARGS_NO_FD, .domain = ARGS_NO_FD, .dkek_shares = ARGS_NO_FD };
	for (enum cli_opt o = 0; o < OPTS; o++)
		if (cli_verb_takes(verb, o))
			longs[n++] =
				(struct option){ rows[o].name, rows[o].kind == FLAG ? no_argument : required_argument,
						 NULL, FIRST + (int)o };

	optind = 0;     /* GNU: begin anew */
	opterr = 0;
	for (;;) {
		int which = -1, o = getopt_long(argc, argv, verb->runs ? "+" : "", longs, &which);
		const struct row *row;
		const char *typed;

		if (o == -1)
			break;
		/* The option stands just before optind, or before its separate value. */
		typed = argv[optind - (o != '?' && optarg && optarg == argv[optind - 1] ? 2 : 1)];
		if (o == '?') {
			if (strncmp(typed, "--", 2))
				typed = "a short option";
			log_tell("%s: %.*s: unknown here, or its value is missing or not wanted; see quorum11 %s "
				 "--help",
				 verb->name, name_size(typed), typed, verb->name);
			return ERR_ARG;
		}
		row = &rows[o - FIRST];
		if (strncmp(typed, "--", 2) || (size_t)name_size(typed) != 2 + strlen(row->name)) {
			log_tell("%s: write --%s in full", verb->name, row->name);
			return ERR_ARG;
		}
		e = store(row, optarg, out);
		if (e)
			return e;
	}
	out->n = (size_t)(argc - optind);
	out->v = argv + optind;
	if (out->help)
		return ERR_OK;
	if (out->n < verb->min || out->n > verb->max) {
		log_tell("usage: quorum11 %s [OPTION]...%s%s", verb->name, *verb->operands ? " " : "", verb->operands);
		return ERR_ARG;
	}
	return ERR_OK;
}

void cli_args_help(const struct cli_verb *verb, struct wr *w)
{
	wr_printf(w, "usage: quorum11 %s [OPTION]...%s%s\n\n%s.\n\n", verb->name, *verb->operands ? " " : "",
		  verb->operands, verb->summary);
	for (enum cli_opt o = 0; o < OPTS; o++) {
		const struct row *r = &rows[o];
		int width = 27 - (int)strlen(r->name) - (r->value ? 1 + (int)strlen(r->value) : 0);

		if (cli_verb_takes(verb, o))
			wr_printf(w, "  --%s%s%s%*s  %s\n", r->name, r->value ? " " : "", r->value ? r->value : "",
				  width > 0 ? width : 0, "", r->help);
	}
}
