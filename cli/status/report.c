/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/status/report.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/text.h"
#include "sc-hsm/auth.h"

const struct cli_option_word cli_option_words[] = {
	{ HSM_OPT_RESET_RETRY, "reset-retry" },
	{ HSM_OPT_TRANSPORT_PIN, "transport-pin" },
	{ HSM_OPT_SESSION_PIN, "session-pin" },
	{ HSM_OPT_REPLACE_PKA, "replace-pka" },
	{ HSM_OPT_COMBINED, "pka-and-pin" },
	{ HSM_OPT_RESET_ONLY, "reset-only" },
	{ 0, NULL },
};

static enum err read_names(struct cli *cli, struct cli_report *r)
{
	const struct hsm_status *s = &r->card.status;
	enum err e = ERR_OK;

	for (unsigned i = 0; s->has_pka && i < s->pka.total && i < PKA_CUSTODIANS_MAX && !e; i++) {
		struct cli_name *n = &r->names[r->names_n];
		uint8_t buf[CHR_MAX + 1];
		struct wr chr;

		WR_ARR(&chr, buf);
		e = hsm_pka_key(r->card.hsm, (uint8_t)i, &chr, &n->authenticated, &cli->dl);
		if (e == ERR_NOT_FOUND) {
			e = ERR_OK;
		} else if (!e) {
			(void)text_shown(wr_view(&chr), n->chr, sizeof(n->chr));
			r->names_n++;
		}
	}
	/* Not every card answers this query (public-key-authentication 3): then the names are just not shown. */
	return e == ERR_UNSUPPORTED || e == ERR_INS ? ERR_OK
						    : cli_card_fail(&r->card, e, "reading the registered keys");
}

bool cli_report_is_attested(const struct cli_report *r, const struct cli_key *k, char *why, size_t cap)
{
	struct att_verdict v = { .n = 0 };
	struct att_key key;
	const char *text = "no attestation on the card";

	*why = 0;
	if (k->kind == CE_CERTIFICATE)
		text = "a certificate has replaced the attestation: see its archived file";
	if (k->kind == CE_REQUEST && !r->chain.is_genuine && !r->waived)
		text = "the card is not proved genuine";
	if (k->kind == CE_REQUEST && (r->chain.is_genuine || r->waived)) {
		if (att_key_check(&r->chain, k->attestation, RD_NONE, &key, &v) == ERR_OK)
			return true;
		text = att_verdict_first_failure(&v).text;
		text = text ? text : "not verified";
	}
	(void)snprintf(why, cap, "%s", text);
	return false;
}

bool cli_report_cert(const struct cli_cert *c, struct cli_cert_text *out)
{
	char subject[SHOWN_MAX];
	struct x509 x;
	struct wr w;
	enum err e = x509_parse(c->der, &x);

	*out = (struct cli_cert_text){ .day = "" };
	WR_ARR(&w, subject);
	if (e || x509_text(&x, &w, out->day))
		return false;
	(void)text_shown(wr_view(&w), out->subject, sizeof(out->subject));
	return true;
}

/* Not every card tells; then it is just not shown. */
static void read_memory(struct cli *cli, struct cli_report *r)
{
	struct hsm_about about;

	r->has_memory = hsm_card_about(r->card.hsm, &about, &cli->dl) == ERR_OK;
	if (r->has_memory)
		r->memory = about.free;
}

enum err cli_report_read(struct cli *cli, struct cli_report *r)
{
	struct att_anchors *anchors = NULL;
	enum err e;

	e = cli_trust_load(cli, &anchors);
	if (!e && wr_view(&r->card.devaut).n)
		e = att_chain_check(anchors, wr_view(&r->card.devaut), clock_wall_s(), &r->chain, &r->verdict);
	if (e == ERR_FORMAT)
		e = ERR_OK;     /* the verdict says so */
	r->waived = !r->chain.has_issuer && *r->chain.id && cli_trust_is_waived(cli, r->chain.id);
	att_anchors_free(&anchors);
	if (!e)
		e = cli_card_hold(cli, &r->card);
	if (e)
		return e;
	read_memory(cli, r);
	e = read_names(cli, r);
	if (!e)
		e = cli_keys_read(cli, &r->card, &r->keys);
	if (!e)
		e = cli_certs_read(cli, &r->card, r->keys, &r->certs);
	cli_card_release(&r->card);
	return e;
}

void cli_report_end(struct cli *cli, struct cli_report *r)
{
	cli_certs_free(&r->certs);
	cli_keys_free(&r->keys);
	cli_card_close(cli, &r->card, false);
}
