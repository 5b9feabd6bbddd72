/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/audit/audit.h"
#include "cli/line/json.h"
#include "cli/line/say.h"

#define HELP_MAX 16384
#define ANY      SIZE_MAX

#define PICK   OPT_READER, OPT_DEVICE
#define PIN    OPT_PIN_FILE, OPT_PIN_FD, OPT_FORCE
#define SO_PIN OPT_SO_PIN_FILE, OPT_SO_PIN_FD
#define NEW_PIN OPT_NEW_PIN_FILE, OPT_NEW_PIN_FD
#define LOGIN  PICK, PIN, OPT_URL, OPT_CA, OPT_REASON

#define TAKES(...) (const unsigned char[]){ __VA_ARGS__, OPTS }
#define NOTHING    (const unsigned char[]){ OPTS }

static const struct cli_verb verbs[] = {
	{ "list", "", "List readers and the cards in them",
	  TAKES(PICK, OPT_JSON), 0, 0, false, verb_list },
	{ "status", "", "Show a card: version, who may open it, tries, custodians, attested keys, certificates",
	  TAKES(PICK, OPT_JSON), 0, 0, false, verb_status },
	{ "doctor", "", "Look for what keeps cards from working: service, readers, programs, cards, keys; with advice",
	  TAKES(OPT_JSON), 0, 0, false, verb_doctor },
	{ "init", "",
	  "Initialise a card, which erases everything on it: with a PIN, or for n of m custodians, or for both",
	  TAKES(PICK, PIN, SO_PIN, OPT_YES, OPT_LABEL, OPT_CUSTODIANS, OPT_REQUIRED, OPT_WITH_PIN, OPT_OR_PIN,
		OPT_NO_PIN_RESET, OPT_RESET_ONLY, OPT_TRANSPORT_PIN, OPT_SESSION_PIN, OPT_REPLACEABLE,
		OPT_DKEK_SHARES, OPT_DOMAINS), 0, 0, false, verb_init },
	{ "keygen", "", "Generate a key on the card; the card's attestation of a key pair is verified and archived",
	  TAKES(LOGIN, OPT_TYPE, OPT_LABEL, OPT_TOKEN_LABEL, OPT_ID, OPT_ARCHIVE, OPT_ALGORITHMS,
		OPT_USE_COUNTER, OPT_DOMAIN, OPT_UNVERIFIED), 0, 0, false, verb_keygen },
	{ "delete", "", "Delete a key with its description and certificate, for ever",
	  TAKES(LOGIN, OPT_KEY, OPT_YES), 0, 0, false, verb_delete },
	{ "cert import", "FILE",
	  "Write a certificate (PEM or DER) to the card: of a key there, whose attestation is archived, or another one",
	  TAKES(LOGIN, OPT_KEY, OPT_LABEL, OPT_ID, OPT_ARCHIVE), 1, 1, false, verb_cert_import },
	{ "cert export", "", "Write a certificate of the card to a file, or to standard output",
	  TAKES(PICK, OPT_KEY, OPT_OUT, OPT_DER, OPT_FORCE), 0, 0, false, verb_cert_export },
	{ "cert delete", "", "Delete a certificate; --archive puts the attestation back that it has replaced",
	  TAKES(LOGIN, OPT_KEY, OPT_ARCHIVE, OPT_YES), 0, 0, false, verb_cert_delete },
	{ "attest export", "", "Write the proof that a key was made in its card: public, for whoever wants to check it",
	  TAKES(PICK, OPT_KEY, OPT_OUT), 0, 0, false, verb_attest_export },
	{ "attest verify", "FILE", "Verify the proof of a key, without card or network, and list every check",
	  TAKES(OPT_ROOTS, OPT_PUBLIC_KEY, OPT_UNVERIFIED, OPT_JSON), 1, 1, false, verb_attest_verify },
	{ "custodian keygen", "", "Generate a custodian's authentication key on his card",
	  TAKES(PICK, PIN, OPT_LABEL, OPT_COUNTRY), 0, 0, false, verb_custodian_keygen },
	{ "custodian export", "",
	  "Write the PKA file of a custodian's key: public, for the operator of the card that he shall open",
	  TAKES(PICK, OPT_KEY, OPT_OUT, OPT_FORCE), 0, 0, false, verb_custodian_export },
	{ "custodian replace", "OLD FILE",
	  "Put a new custodian's key (PKA file) in the place of a lost or old one; the other custodians agree to that",
	  TAKES(LOGIN, OPT_YES, OPT_UNVERIFIED), 2, 2, false, verb_custodian_replace },
	{ "custodian watch", "[COMMAND [ARGUMENT]...]",
	  "Stay, and tell of each new request: on stdout, on the desktop, or by a command that gets JSON on stdin",
	  TAKES(PIN, OPT_URL, OPT_CA, OPT_KEYS, OPT_NOTIFY), 0, ANY, true, verb_custodian_watch },
	{ "register", "FILE...",
	  "Register the custodians' keys (PKA files) in the card that they shall open; the list is final",
	  TAKES(PICK, PIN, SO_PIN, OPT_YES, OPT_UNVERIFIED, OPT_SAME_DEVICE, OPT_PROVE, OPT_CUSTODIAN_PIN_FILE,
		OPT_TOKEN_LABEL), 1, PKA_CUSTODIANS_MAX, false, verb_register },
	{ "enrol", "[URL] FILE...",
	  "Make a card known to the server, with its custodians (PKA files) and archived attestations",
	  TAKES(PICK, OPT_CA, OPT_TOKEN_FILE, OPT_ARCHIVE, OPT_NAME, OPT_POLICY, OPT_REPLACE, OPT_UNVERIFIED,
		OPT_SAME_DEVICE), 1, PKA_CUSTODIANS_MAX + 1, false, verb_enrol },
	{ "policy show", "[URL] DEVICE", "Show what a card's policy demands of a request before custodians are asked",
	  TAKES(OPT_CA, OPT_TOKEN_FILE), 1, 2, false, verb_policy_show },
	{ "policy set", "[URL] DEVICE FILE", "Give a card a policy: a JSON file as policy show prints it",
	  TAKES(OPT_CA, OPT_TOKEN_FILE), 2, 3, false, verb_policy_set },
	{ "ask", "[URL] DEVICE",
	  "Have the custodians asked to open a card that a client of another maker holds connected to the server",
	  TAKES(OPT_CA, OPT_TOKEN_FILE), 1, 2, false, verb_ask },
	{ "cancel", "[URL] REQUEST", "Cancel a request, as its operator; a card that is held open by it is closed",
	  TAKES(OPT_CA, OPT_TOKEN_FILE), 1, 2, false, verb_cancel },
	{ "approve", "[URL|LINK] [REQUEST]",
	  "Show what waits for the card in the reader, check it, ask, and sign approval or denial with the card",
	  TAKES(PICK, PIN, OPT_CA, OPT_YES, OPT_DENY, OPT_EXPECT_CODE, OPT_LIMITS, OPT_WAIT, OPT_SAVE_REQUEST,
		OPT_KEY, OPT_REQUEST_FILE, OPT_OUT, OPT_SEND), 0, 2, false, verb_approve },
	{ "end", "[URL|LINK] [REQUEST]",
	  "End an approval that has opened a card: sign that with the custodian's card; the host closes its card",
	  TAKES(PICK, PIN, OPT_CA, OPT_YES), 1, 2, false, verb_end },
	{ "devices list", "", "Show the cards in your address book, with their keys' fingerprints",
	  NOTHING, 0, 0, false, verb_devices_list },
	{ "devices add", "NAME [URL] [REQUEST|FILE]",
	  "Check a card and put it into your address book: the one in the reader, of a request, or of an attestation",
	  TAKES(PICK, PIN, OPT_CA, OPT_YES, OPT_UNVERIFIED), 1, 3, false, verb_devices_add },
	{ "devices remove", "NAME", "Take a card out of your address book",
	  NOTHING, 1, 1, false, verb_devices_remove },
	{ "devices rename", "NAME NEW", "Give a card in your address book another name",
	  NOTHING, 2, 2, false, verb_devices_rename },
	{ "people list", "", "Show the custodians in your address book",
	  NOTHING, 0, 0, false, verb_people_list },
	{ "people add", "NAME CHR|FILE",
	  "Put a custodian into your address book: by the name of his key, or by its PKA file, which is checked",
	  TAKES(OPT_UNVERIFIED), 2, 2, false, verb_people_add },
	{ "people remove", "NAME", "Take a custodian out of your address book",
	  NOTHING, 1, 1, false, verb_people_remove },
	{ "people rename", "NAME NEW", "Give a custodian in your address book another name",
	  NOTHING, 2, 2, false, verb_people_rename },
	{ "domain list", "", "Show a card's key domains, and the check values of their key encryption keys",
	  TAKES(PICK, OPT_JSON), 0, 0, false, verb_domain_list },
	{ "domain create", "", "Make a key domain on a card that has room for one",
	  TAKES(LOGIN, OPT_DOMAIN, OPT_SHARES), 0, 0, false, verb_domain_create },
	{ "domain delete", "", "Delete a key domain to which no keys belong",
	  TAKES(LOGIN, OPT_YES, OPT_DOMAIN), 0, 0, false, verb_domain_delete },
	{ "domain forget", "", "Forget the key encryption key of a key domain; its keys stay, and cannot leave",
	  TAKES(LOGIN, OPT_YES, OPT_DOMAIN), 0, 0, false, verb_domain_forget },
	{ "domain ask", "FILE", "Write a card's certificates to a file, for whoever admits cards to a group",
	  TAKES(PICK, OPT_FORCE), 1, 1, false, verb_domain_ask },
	{ "domain admit", "FILE MEMBERSHIP",
	  "Sign, by a group's key, that a card is a member: it may then agree on keys with the other members",
	  TAKES(LOGIN, OPT_KEY, OPT_UNVERIFIED), 2, 2, false, verb_domain_admit },
	{ "domain join", "MEMBERSHIP", "Make a key domain of a group on a card that was admitted",
	  TAKES(LOGIN, OPT_DOMAIN, OPT_UNVERIFIED), 1, 1, false, verb_domain_join },
	{ "domain offer", "FILE", "Begin to agree with another card of the group on a key encryption key",
	  TAKES(LOGIN, OPT_DOMAIN), 1, 1, false, verb_domain_offer },
	{ "domain agree", "FILE", "Agree, by what another card of the group offers, on a key encryption key",
	  TAKES(LOGIN, OPT_DOMAIN, OPT_UNVERIFIED), 1, 1, false, verb_domain_agree },
	{ "dkek create", "FILE", "Make a share of a key encryption key, in a file that a password closes",
	  TAKES(OPT_PASSWORD_FILE, OPT_SPLIT, OPT_PARTS_TO), 1, 1, false, verb_dkek_create },
	{ "dkek import", "FILE", "Import a share of a key encryption key into a card; nobody needs to log in",
	  TAKES(PICK, OPT_DOMAIN, OPT_PASSWORD_FILE, OPT_PART, OPT_PARTS), 1, 1, false, verb_dkek_import },
	{ "backup", "FILE", "Write a key, wrapped by the card, with its description and certificate to a file",
	  TAKES(LOGIN, OPT_KEY), 1, 1, false, verb_backup },
	{ "restore", "FILE", "Put a key from a backup's file onto a card that has the same key encryption key",
	  TAKES(LOGIN), 1, 1, false, verb_restore },
	{ "pin change", "", "Give a card another PIN, by the old one; the way out of a transport PIN",
	  TAKES(PICK, PIN, NEW_PIN), 0, 0, false, verb_pin_change },
	{ "pin unblock", "", "Give a PIN its tries back, by the SO-PIN; the PIN stays as it is",
	  TAKES(PICK, SO_PIN, OPT_FORCE), 0, 0, false, verb_pin_unblock },
	{ "pin set", "", "Set a new PIN by the SO-PIN, when the old one is forgotten or its tries are spent",
	  TAKES(PICK, SO_PIN, NEW_PIN, OPT_FORCE), 0, 0, false, verb_pin_set },
	{ "so-pin change", "", "Give a card another SO-PIN, by the old one",
	  TAKES(PICK, SO_PIN, OPT_NEW_SO_PIN_FILE, OPT_NEW_SO_PIN_FD, OPT_FORCE), 0, 0, false, verb_so_pin_change },
	{ "sign", "FILE...", "Sign files with one login; each signature is verified and written beside its file",
	  TAKES(LOGIN, OPT_KEY, OPT_MECHANISM, OPT_OUT_SUFFIX), 1, ANY, false, verb_sign },
	{ "run", "COMMAND [ARGUMENT]...",
	  "Run a command whose processes share one approval, within limits; end it and keep a receipt when it ends",
	  TAKES(PICK, PIN, OPT_URL, OPT_CA, OPT_REASON, OPT_SIGN, OPT_FOR, OPT_KEYS, OPT_BOUNDS, OPT_MANIFEST,
		OPT_RECEIPT, OPT_RECEIPTS), 1, ANY, true, verb_run },
	{ "agent status", "", "Show the cards that an agent holds, and the approvals in force",
	  TAKES(OPT_SOCKET, OPT_JSON), 0, 0, false, verb_agent_status },
	{ "agent end", "", "End approvals that an agent holds, for all programs: its cards are closed",
	  TAKES(OPT_SOCKET, OPT_READER), 0, 0, false, verb_agent_end },
	/* After those of two words, which begin like it. */
	{ "agent", "", "Hold cards for other programs, which share approvals, within limits and with receipts",
	  TAKES(OPT_SOCKET, OPT_READERS, OPT_CA, OPT_BOUNDS, OPT_MANIFEST, OPT_RECEIPT, OPT_RECEIPTS), 0, 0, false,
		verb_agent },
	{ "connect", "[URL]",
	  "Open a card by one n-of-m login, say how that went, and close it: to try an installation",
	  TAKES(PICK, OPT_CA, OPT_REASON), 0, 1, false, verb_connect },
	{ "rehearse", "",
	  "Train a whole ceremony on virtual cards, with the server's own settings; no real card is touched",
	  TAKES(OPT_CUSTODIANS, OPT_REQUIRED, OPT_CONFIG, OPT_POLICY, OPT_TELL, OPT_REASON, OPT_YES), 0, 0, false,
		verb_rehearse },
	{ "completion", "SHELL", "Print the completion of this command line for a shell: bash, zsh or fish",
	  NOTHING, 1, 1, false, verb_completion },
	{ "audit receipt", "FILE...",
	  "Verify receipts of agent sessions offline, and show who approved what and what was signed",
	  TAKES(OPT_JSON, OPT_UNVERIFIED, OPT_MANIFEST, OPT_PIN_OPENED), 1, AUDIT_RECEIPTS_MAX, false,
		verb_audit_receipt },
	{ "audit verify", "FILE",
	  "Verify the export of a server's audit offline, and name the first entry that is broken",
	  TAKES(OPT_JSON, OPT_AUDIT_KEY), 1, 1, false, verb_audit_verify },
};

const struct cli_verb *cli_verbs(size_t *n)
{
	*n = sizeof(verbs) / sizeof(verbs[0]);
	return verbs;
}

const struct cli_verb *cli_verb_find(int argc, char *const *argv, int *words)
{
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		const char *space = strchr(verbs[i].name, ' ');
		size_t first = space ? (size_t)(space - verbs[i].name) : strlen(verbs[i].name);

		if (argc < 1 || strlen(argv[0]) != first || strncmp(argv[0], verbs[i].name, first))
			continue;
		*words = space ? 2 : 1;
		if (!space || (argc > 1 && strcmp(argv[1], space + 1) == 0))
			return &verbs[i];
	}
	return NULL;
}

static void usage(FILE *to)
{
	fprintf(to, "usage: quorum11 VERB [OPTION]... [OPERAND]...\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(to, "  %-18s %s\n", verbs[i].name, verbs[i].summary);
	fprintf(to, "\nquorum11 VERB --help says more; exit status: 0 done, 1 failed, 2 usage, 3 refused by our own "
		    "checks.\n");
}

static enum err help(const struct cli_verb *verb)
{
	struct wr w;
	enum err e;

	wr_init_heap(&w, HELP_MAX);
	cli_args_help(verb, &w);
	e = wr_done(&w);
	if (!e)
		fputs(wr_cstr(&w), stdout);
	wr_free(&w);
	return e;
}

/* Known before options are read: where one of them is refused, a program is told so, too. */
static bool wants_json(const struct cli_verb *verb, int argc, char *const *argv)
{
	if (!cli_verb_takes(verb, OPT_JSON))
		return false;
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

static int run(const struct cli_verb *verb, int argc, char **argv)
{
	const bool json = wants_json(verb, argc, argv);
	struct cli_args args;
	struct cli cli = { .args = &args, .dl = deadline_never() };
	enum err e;

	if (json)
		cli_json_begin();
	e = cli_args_parse(verb, argc, argv, &args);
	if (!e && args.help)
		return cli_exit_status(cli_flush(help(verb)));
	if (!e)
		e = conf_load(&cli.conf);
	if (!e)
		e = conf_log(cli.conf);
	if (!e)
		e = verb->run(&cli);
	conf_free(&cli.conf);
	if (json)
		e = cli_json_error(e);
	e = cli_flush(e);
	return cli.has_status && (cli.status || !e) ? cli.status : cli_exit_status(e);
}

int cli_run(int argc, char **argv)
{
	const struct cli_verb *verb;
	char shown[SHOWN_MAX + 1];
	int words;

	/* What is printed goes to stdout or nowhere, not to a server. */
	fd_guard();
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return cli_exit_status(cli_flush(ERR_OK));
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("quorum11 " QUORUM11_VERSION);
		return cli_exit_status(cli_flush(ERR_OK));
	}
	verb = cli_verb_find(argc - 1, argv + 1, &words);
	if (!verb) {
		usage(stderr);
		if (argc > 1)
			log_tell("no such verb: %s", text_shown(rd_str(argv[1]), shown, sizeof(shown)));
		return cli_exit_status(ERR_ARG);
	}
	return run(verb, argc - words, argv + words);
}
