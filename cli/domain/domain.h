/* SPDX-License-Identifier: Apache-2.0 */
/* The key domains of a card, for people. */
#ifndef CLI_DOMAIN_DOMAIN_H
#define CLI_DOMAIN_DOMAIN_H

#include "cli/key/preview.h"
#include "sc-hsm/domain.h"

struct cli_domains {
	size_t n;
	struct hsm_domain v[HSM_DOMAINS_MAX];
};
/* The card is held. None: ERR_UNSUPPORTED. Said. */
MUST enum err cli_domains_read(struct cli *cli, struct cli_card *c, struct cli_domains *out);

/* The same before a login, with all else that is on the card; p ends with cli_preview_end, also on failure. Said. */
MUST enum err cli_domains_preview(struct cli *cli, struct cli_preview *p, struct cli_domains *out);

/* The one that --domain names, or the first empty one. ERR_REFUSED, said. */
MUST enum err cli_domain_choose_empty(const struct cli *cli, const struct cli_domains *d, uint8_t *domain);
/* A line for people: what domain i is, and what it waits for. */
void cli_domain_print(size_t i, const struct hsm_domain *d);

#define CLI_KCV_TEXT (2 * HSM_KCV_SIZE + 1)
/* In capitals, as sc-hsm-tool shows it. Returns text. */
const char *cli_kcv_text(const uint8_t kcv[HSM_KCV_SIZE], char text[CLI_KCV_TEXT]);

#endif
