/* SPDX-License-Identifier: Apache-2.0 */
/* A verb of the command: a row of the table in cli/verb.c, and a function in a file of its own. */
#ifndef CLI_LINE_VERB_H
#define CLI_LINE_VERB_H

#include "base/conf.h"
#include "base/deadline.h"
#include "base/limits.h"
#include "cli/line/args.h"

struct cli {                            /* what every verb gets; lives as long as the program */
	const struct cli_args *args;
	struct conf *conf;
	struct deadline dl;             /* never ends by itself: each exchange has its own limit */
	bool has_status;                /* the exit status is that of another program, which a verb ran */
	int status;
};

struct cli_verb {
	const char *name;               /* one or two words */
	const char *operands;           /* for the usage line */
	const char *summary;            /* one sentence without full stop */
	const unsigned char *options;   /* enum cli_opt of those it takes; OPTS ends the list */
	size_t min, max;                /* operands */
	bool runs;                      /* they are another program's command line, see cli_args_parse */
	/* Its result decides the exit status (cli/line/say.h); a failure has been said. */
	enum err (*run)(struct cli *cli);
};

enum err verb_list(struct cli *cli);
enum err verb_status(struct cli *cli);
enum err verb_doctor(struct cli *cli);
enum err verb_init(struct cli *cli);
enum err verb_keygen(struct cli *cli);
enum err verb_delete(struct cli *cli);
enum err verb_cert_import(struct cli *cli);
enum err verb_cert_export(struct cli *cli);
enum err verb_cert_delete(struct cli *cli);
enum err verb_attest_export(struct cli *cli);
enum err verb_attest_verify(struct cli *cli);
enum err verb_custodian_keygen(struct cli *cli);
enum err verb_custodian_export(struct cli *cli);
enum err verb_custodian_replace(struct cli *cli);
enum err verb_custodian_watch(struct cli *cli);
enum err verb_register(struct cli *cli);
enum err verb_enrol(struct cli *cli);
enum err verb_policy_show(struct cli *cli);
enum err verb_policy_set(struct cli *cli);
enum err verb_ask(struct cli *cli);
enum err verb_cancel(struct cli *cli);
enum err verb_approve(struct cli *cli);
enum err verb_end(struct cli *cli);
enum err verb_devices_list(struct cli *cli);
enum err verb_devices_add(struct cli *cli);
enum err verb_devices_remove(struct cli *cli);
enum err verb_devices_rename(struct cli *cli);
enum err verb_people_list(struct cli *cli);
enum err verb_people_add(struct cli *cli);
enum err verb_people_remove(struct cli *cli);
enum err verb_people_rename(struct cli *cli);
enum err verb_domain_list(struct cli *cli);
enum err verb_domain_create(struct cli *cli);
enum err verb_domain_delete(struct cli *cli);
enum err verb_domain_forget(struct cli *cli);
enum err verb_domain_ask(struct cli *cli);
enum err verb_domain_admit(struct cli *cli);
enum err verb_domain_join(struct cli *cli);
enum err verb_domain_offer(struct cli *cli);
enum err verb_domain_agree(struct cli *cli);
enum err verb_dkek_create(struct cli *cli);
enum err verb_dkek_import(struct cli *cli);
enum err verb_backup(struct cli *cli);
enum err verb_restore(struct cli *cli);
enum err verb_pin_change(struct cli *cli);
enum err verb_pin_unblock(struct cli *cli);
enum err verb_pin_set(struct cli *cli);
enum err verb_so_pin_change(struct cli *cli);
enum err verb_sign(struct cli *cli);
enum err verb_connect(struct cli *cli);
enum err verb_rehearse(struct cli *cli);
enum err verb_run(struct cli *cli);
enum err verb_agent(struct cli *cli);
enum err verb_agent_status(struct cli *cli);
enum err verb_agent_end(struct cli *cli);
enum err verb_completion(struct cli *cli);
enum err verb_audit_receipt(struct cli *cli);
enum err verb_audit_verify(struct cli *cli);

#endif
