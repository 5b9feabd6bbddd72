/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line. One table holds every option, so a name means the same in every verb; a verb only says which it
 * takes. Nothing secret is an option's value: PINs and tokens come from files, descriptors or the terminal.
 */
#ifndef CLI_LINE_ARGS_H
#define CLI_LINE_ARGS_H

#include "base/err.h"

enum cli_opt {
	OPT_READER, OPT_DEVICE, OPT_JSON, OPT_YES, OPT_FORCE,
	OPT_PIN_FILE, OPT_PIN_FD, OPT_SO_PIN_FILE, OPT_SO_PIN_FD,
	OPT_LABEL, OPT_TOKEN_LABEL, OPT_ID, OPT_TYPE, OPT_ARCHIVE, OPT_COUNTRY, OPT_OUT, OPT_KEY,
	OPT_CUSTODIANS, OPT_REQUIRED, OPT_WITH_PIN, OPT_OR_PIN, OPT_NO_PIN_RESET, OPT_RESET_ONLY, OPT_REPLACEABLE,
	OPT_TRANSPORT_PIN, OPT_SESSION_PIN,
	OPT_UNVERIFIED, OPT_SAME_DEVICE, OPT_PROVE, OPT_CUSTODIAN_PIN_FILE,
	OPT_CA, OPT_TOKEN_FILE, OPT_REPLACE, OPT_NAME, OPT_POLICY,
	OPT_DENY, OPT_EXPECT_CODE, OPT_LIMITS, OPT_WAIT,
	OPT_MECHANISM, OPT_OUT_SUFFIX, OPT_URL, OPT_REASON,
	OPT_READERS, OPT_KEYS,          /* --reader and --key of verbs that take several */
	OPT_SOCKET, OPT_SIGN, OPT_FOR, OPT_BOUNDS, OPT_MANIFEST, OPT_RECEIPT, OPT_RECEIPTS,
	OPT_PIN_OPENED, OPT_AUDIT_KEY,
	OPT_SAVE_REQUEST, OPT_REQUEST_FILE, OPT_SEND, OPT_NOTIFY,
	OPT_CONFIG, OPT_TELL,
	OPT_DOMAIN, OPT_SHARES, OPT_DKEK_SHARES, OPT_DOMAINS,
	OPT_PASSWORD_FILE, OPT_SPLIT, OPT_PARTS_TO, OPT_PART, OPT_PARTS,
	OPT_NEW_PIN_FILE, OPT_NEW_PIN_FD, OPT_NEW_SO_PIN_FILE, OPT_NEW_SO_PIN_FD,
	OPT_DER, OPT_ROOTS, OPT_PUBLIC_KEY,
	OPT_ALGORITHMS, OPT_USE_COUNTER,
	OPT_HELP,
	OPTS
};

#define ARGS_LIST_MAX 96        /* values of one repeatable option: more than the custodians a card takes */

struct cli_list {
	size_t n;
	const char *v[ARGS_LIST_MAX];
};

/* Everything that was on the command line; texts belong to argv. */
struct cli_args {
	const char *reader, *device;
	bool json, yes, force;
	const char *pin_file, *so_pin_file;
	unsigned pin_fd, so_pin_fd;             /* ARGS_NO_FD: not given */
	const char *new_pin_file, *new_so_pin_file;
	unsigned new_pin_fd, new_so_pin_fd;     /* ARGS_NO_FD: not given */
	const char *label, *token_label, *id, *type, *country, *out, *key;
	struct cli_list archive;
	unsigned custodians, required;          /* 0: not given */
	bool with_pin, or_pin, no_pin_reset, reset_only, replaceable, transport_pin, session_pin;
	bool unverified, same_device, prove;
	struct cli_list custodian_pin_file;
	const char *ca, *token_file, *name, *policy;
	bool replace;
	bool deny;
	const char *expect_code, *limits;
	unsigned wait;                          /* seconds */
	const char *mechanism, *out_suffix, *url, *reason;
	struct cli_list readers, keys;
	const char *socket, *duration, *manifest, *receipt, *receipts;
	unsigned sign;                          /* 0: not given */
	bool pin_opened;
	const char *save_request, *request_file, *send;
	bool notify;
	const char *config;
	bool tell;
	const char *audit_key;
	unsigned domain, dkek_shares;           /* ARGS_NO_FD: not given */
	unsigned shares, domains, parts;        /* 0: not given */
	const char *password_file, *split, *parts_to;
	struct cli_list part;
	bool der;
	struct cli_list roots;
	const char *public_key, *algorithms;
	unsigned use_counter;                   /* 0: not given */
	bool help;
	size_t n;                               /* operands */
	char *const *v;
};
#define ARGS_NO_FD UINT32_MAX

struct cli_opt_facts {
	const char *name;               /* without "--" */
	const char *value;              /* what it takes, as the help says: "FILE"; NULL: nothing */
	const char *help;
	bool many;                      /* may be given several times */
};
struct cli_opt_facts cli_opt_facts(enum cli_opt o);
struct cli_verb;
bool cli_verb_takes(const struct cli_verb *verb, enum cli_opt o);
/*
 * argv[0] is the verb's last word. Reorders argv, options may stand after operands; but where the operands are another
 * program's command line, options end at the first of them. ERR_ARG: said, without repeating a value (somebody may
 * have put a PIN there). A shortened option name is refused: a script must not break when a name is added.
 */
MUST enum err cli_args_parse(const struct cli_verb *verb, int argc, char **argv, struct cli_args *out);
/* Usage, options and what they mean, for --help: appended as text. */
struct wr;
void cli_args_help(const struct cli_verb *verb, struct wr *w);

#endif
