/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a status word means (reference 2). One table: the first row that fits word and kind of command. The same word
 * means different things after different commands, and a word that is not here is ERR_CARD, never a wrong PIN.
 */
#include "sc-hsm/cmd.h"

#include <stdio.h>

#define ALL      (~0u)
#define FOR(map) (1u << (map))
#define USES     (FOR(SW_SIGN) | FOR(SW_DECIPHER) | FOR(SW_DERIVE))
#define MAKES    (FOR(SW_MAKE) | FOR(SW_MAKE_AES))
#define WORD     0xffff
#define TRIES    0xfff0

static const struct meaning {
	uint16_t sw, mask;
	unsigned maps;
	enum err e;
	const char *text;
} meanings[] = {
	{ APDU_SW_OK, WORD, ALL, ERR_OK, "done" },
	{ HSM_SW_AUTHENTICATED, WORD, FOR(SW_PKA), ERR_OK, "key present and authenticated" },
	{ HSM_SW_END_OF_FILE, WORD, FOR(SW_READ), ERR_OK, "end of file" },
	{ HSM_SW_BEHIND_END, WORD, FOR(SW_READ), ERR_DATA, "offset behind the end of the file" },

	/* The last try is answered with 63C0 or 6983 (3.1); both say that there is no other. */
	{ 0x63C0, WORD, FOR(SW_PIN) | FOR(SW_INIT), ERR_PIN_BLOCKED, "PIN blocked" },
	{ 0x63C0, TRIES, FOR(SW_PIN), ERR_PIN_WRONG, "wrong PIN" },
	{ 0x63C0, TRIES, FOR(SW_INIT), ERR_PIN_WRONG, "wrong SO-PIN" },
	{ 0x6983, WORD, ALL, ERR_PIN_BLOCKED, "PIN blocked" },
	{ 0x6700, WORD, FOR(SW_PIN), ERR_PIN_LENGTH, "wrong PIN length" },
	{ 0x6A80, WORD, FOR(SW_PIN), ERR_PIN_LENGTH, "PIN length out of range" },
	{ 0x6A88, WORD, FOR(SW_PIN), ERR_PIN_UNSET, "no such PIN on this card" },
	{ 0x6984, WORD, FOR(SW_PIN), ERR_PIN_TRANSPORT, "transport PIN must be changed first" },
	{ 0x6300, WORD, FOR(SW_PIN), ERR_AUTH, "waiting for public key authentication" },

	/* Which of these a wrong SO-PIN gives depends on the version (3.4). */
	{ 0x6982, WORD, FOR(SW_INIT), ERR_PIN_WRONG, "wrong SO-PIN" },
	{ 0x6985, WORD, FOR(SW_INIT), ERR_PIN_WRONG, "wrong SO-PIN" },
	{ 0x6986, WORD, FOR(SW_INIT), ERR_PIN_WRONG, "wrong SO-PIN" },

	{ 0x6300, WORD, FOR(SW_AUTH), ERR_SIGNATURE, "signature refused" },
	/* Open firmware: a wrong signature, or no challenge to sign (public-key-authentication 3). */
	{ 0x6985, WORD, FOR(SW_AUTH), ERR_SIGNATURE, "signature refused" },
	{ 0x6984, WORD, FOR(SW_AUTH), ERR_DATA, "malformed certificate" },
	{ 0x6A82, WORD, FOR(SW_PKA) | FOR(SW_AUTH), ERR_UNSUPPORTED, "public key authentication is not set up" },
	{ 0x6A86, WORD, FOR(SW_PKA), ERR_UNSUPPORTED, "public key authentication is not set up" },
	{ 0x6A84, WORD, FOR(SW_PKA), ERR_CARD_MEMORY, "all keys are registered" },

	{ 0x6984, WORD, USES, ERR_USE_COUNTER, "the key's use counter is spent" },
	/* Open firmware: its words for that, and for an algorithm that the key's list has not (reference 12). */
	{ 0x6A84, WORD, FOR(SW_SIGN) | FOR(SW_DECIPHER), ERR_USE_COUNTER, "the key's use counter is spent" },
	{ 0x6985, WORD, FOR(SW_SIGN) | FOR(SW_WRAP), ERR_ALGORITHM, "not an algorithm of this key" },
	/* ... opened by keys alone: the PIN unlocks the key material (public-key-authentication 7). */
	{ 0x6400, WORD, USES | MAKES, ERR_AUTH, "key locked, PIN missing" },

	/* What is asked for is no key that this version makes (3.11); the command may be younger (3.12, 3.16). */
	{ 0x6A81, WORD, MAKES, ERR_UNSUPPORTED, "the card makes no such keys" },
	{ 0x6D00, WORD, FOR(SW_MAKE_AES), ERR_INS, "the card makes no such keys" },
	{ 0x6D00, WORD, FOR(SW_DERIVE), ERR_INS, "the card derives no keys" },

	/* A domain that is not set up, and one that cannot be: reference 6.1. */
	{ 0x6A88, WORD, FOR(SW_DOMAIN), ERR_NOT_FOUND, "no such key domain" },
	{ 0x6A86, WORD, FOR(SW_DOMAIN), ERR_NOT_FOUND, "the card has no such place for a key domain" },
	{ 0x6A89, WORD, FOR(SW_DOMAIN), ERR_CONDITIONS, "keys belong to the domain" },
	{ 0x6D00, WORD, FOR(SW_DOMAIN) | FOR(SW_WRAP) | FOR(SW_UNWRAP), ERR_UNSUPPORTED,
	  "the card was initialised without key domains" },
	{ 0x6A88, WORD, FOR(SW_WRAP), ERR_NOT_FOUND, "no such key, or its domain has no key encryption key" },
	{ 0x6A88, WORD, FOR(SW_UNWRAP), ERR_NOT_FOUND, "no key domain has its key encryption key" },
	/* Open firmware says 6400, reference 3.18. */
	{ 0x6A80, WORD, FOR(SW_UNWRAP), ERR_DATA, "wrapped under another key encryption key, or changed" },
	{ 0x6400, WORD, FOR(SW_UNWRAP), ERR_DATA, "wrapped under another key encryption key, or changed" },

	{ 0x6982, WORD, ALL, ERR_AUTH, "not logged in" },
	{ 0x6985, WORD, ALL, ERR_CONDITIONS, "not possible in this state" },
	{ 0x6986, WORD, ALL, ERR_CONDITIONS, "not allowed in this state" },
	{ 0x6700, WORD, ALL, ERR_DATA, "wrong length" },
	{ 0x6A80, WORD, ALL, ERR_DATA, "data refused" },
	{ 0x6A81, WORD, ALL, ERR_ALGORITHM, "not an algorithm of this key" },
	{ 0x6A82, WORD, ALL, ERR_NOT_FOUND, "no such file or key" },
	{ 0x6A84, WORD, ALL, ERR_CARD_MEMORY, "not enough memory on the card" },
	{ 0x6A86, WORD, ALL, ERR_DATA, "wrong parameters" },
	{ 0x6A88, WORD, ALL, ERR_NOT_FOUND, "no such key or reference" },
	{ 0x6A89, WORD, ALL, ERR_CONDITIONS, "the key domain still has keys" },
	/* Errors that name no cause but the card's own; and a button of open firmware that nobody pressed. */
	{ 0x6400, WORD, ALL, ERR_CARD, "the card could not do it" },
	{ 0x6581, WORD, ALL, ERR_CARD, "the card's memory failed" },
	{ 0x6600, WORD, ALL, ERR_TIMEOUT, "the card's button was not pressed" },
	{ 0x6F00, WORD, ALL, ERR_CARD, "internal error of the card" },
	{ 0x6881, WORD, ALL, ERR_UNSUPPORTED, "no logical channels" },
	{ 0x6882, WORD, ALL, ERR_UNSUPPORTED, "no secure messaging" },
	{ 0x6884, WORD, ALL, ERR_UNSUPPORTED, "no command chaining" },
	{ 0x6987, WORD, ALL, ERR_CARD, "secure messaging is incomplete" },
	{ 0x6988, WORD, ALL, ERR_CARD, "secure messaging is wrong" },
	/* Without the applet it is the card manager that answers (1.3). */
	{ 0x6900, WORD, ALL, ERR_INS, "applet not selected" },
	{ 0x6D00, WORD, ALL, ERR_INS, "unknown command" },
	{ 0x6E00, WORD, ALL, ERR_INS, "applet not selected" },
};

static const struct meaning *find(const struct hsm_cmd *row, uint16_t sw)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(*meanings); i++)
		if ((sw & meanings[i].mask) == meanings[i].sw && meanings[i].maps & FOR(row->sw))
			return &meanings[i];
	return NULL;
}

/* -1: the word does not tell. */
static int tries_of(const struct meaning *m, uint16_t sw)
{
	if (!m)
		return -1;
	if (m->e == ERR_PIN_BLOCKED)
		return 0;
	return m->mask == TRIES ? sw & 0xf : -1;
}

enum err hsm_sw_err(const struct hsm_cmd *row, uint16_t sw, struct err_detail *detail)
{
	const struct meaning *m = find(row, sw);

	if (detail)
		*detail = (struct err_detail){ .sw = sw, .tries = tries_of(m, sw) };
	return m ? m->e : ERR_CARD;
}

const char *hsm_sw_text(const struct hsm_cmd *row, uint16_t sw, char *buf, size_t cap)
{
	const struct meaning *m = find(row, sw);
	int tries = tries_of(m, sw);

	if (!m)
		(void)snprintf(buf, cap, "%04X (not documented)", sw);
	else if (tries > 0)
		(void)snprintf(buf, cap, "%s, %d %s left", m->text, tries, tries == 1 ? "try" : "tries");
	else
		(void)snprintf(buf, cap, "%s", m->text);
	return buf;
}
