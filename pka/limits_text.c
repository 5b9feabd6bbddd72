/* SPDX-License-Identifier: Apache-2.0 */
/* Limits in words, for custodians and operators. What is not limited is said, too. */
#include "base/text.h"
#include "pka/limits_int.h"

#define LINE_MAX_COLUMNS 110    /* a list goes on in the next line */

static void write_keys(const struct pka_limits *l, const char *indent, struct wr *w)
{
	size_t start = w->n;

	wr_printf(w, "%s%s", indent, l->all_keys ? "with every key" : l->keys_n ? "with the keys" : "with no key");
	for (size_t i = 0; i < l->keys_n && !l->all_keys; i++) {
		const char *name = l->keys[i].text;

		wr_text(w, i ? "," : "");
		if (w->n - start + strlen(name) + sizeof(" id 0x,") > LINE_MAX_COLUMNS) {
			wr_text(w, "\n");
			start = w->n;
			wr_printf(w, "%s  ", indent);
		}
		wr_text(w, " ");
		if (limits_is_id(name))
			wr_printf(w, "id %s", name);
		else
			wr_quoted(w, rd_str(name), SIZE_MAX);
	}
	wr_text(w, "\n");
}

static void write_mechs(const struct pka_limits *l, const char *indent, struct wr *w)
{
	const char *between = " ";

	if (l->mechs == PKA_MECHS_ALL)
		return;
	wr_printf(w, "%sby", indent);
	for (unsigned m = 0; m < PKA_MECHS; m++)
		if (l->mechs >> m & 1) {
			wr_printf(w, "%s%s", between, limits_mechs[m]);
			between = ", ";
		}
	wr_text(w, l->mechs ? " only\n" : " no mechanism\n");
}

static void write_time(const struct pka_limits *l, const char *indent, struct wr *w)
{
	if (l->seconds == PKA_UNLIMITED) {
		wr_printf(w, "%sfor any time\n", indent);
		return;
	}
	wr_printf(w, "%sfor ", indent);
	wr_duration(w, l->seconds);
	wr_text(w, " from the moment at which the card opens\n");
}

static void write_count(const char *indent, uint32_t n, const char *what, const char *more, struct wr *w)
{
	if (n == PKA_UNLIMITED)
		wr_printf(w, "%sany number of %ss%s\n", indent, what, more);
	else
		wr_printf(w, "%sat most %u %s%s%s\n", indent, (unsigned)n, what, n == 1 ? "" : "s", more);
}

void pka_limits_text(const struct pka_limits *l, const char *indent, struct wr *out)
{
	const struct { uint32_t n; const char *what, *more; } others[] = {
		{ l->decipher, "decryption", ", and every use of an AES key is one" },
		{ l->derive, "key derivation", "" }, { l->wrap, "key export", "" },
	};

	write_count(indent, l->sign, "signature",
		    l->sign == PKA_UNLIMITED ? "" : l->repeats_counted ? ", a digest that is signed again counts again"
								       : ", a digest that is signed again is free",
		    out);
	write_time(l, indent, out);
	write_keys(l, indent, out);
	write_mechs(l, indent, out);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].n)
			write_count(indent, others[i].n, others[i].what, others[i].more, out);
	if (l->has_uid)
		wr_printf(out, "%sfor processes of user id %u only\n", indent, (unsigned)l->uid);
	if (l->has_gid)
		wr_printf(out, "%sfor processes of group id %u only\n", indent, (unsigned)l->gid);
	if (l->has_manifest) {
		wr_printf(out, "%sonly what the manifest lists, SHA-256 ", indent);
		wr_hex(out, RD_ARR(l->manifest));
		wr_text(out, "\n");
	}
}
