/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public files of a card, kept for other processes of the same user: a file for each device in
 * $XDG_CACHE_HOME/quorum11, mode 0600. Nothing in it is secret, as the card tells it to everybody; and nothing of it is
 * believed for long: it counts only while the card lists the same files, and what is used of it is compared with the
 * card before (p11_token_confirm). A file that is damaged, of another version or not ours alone is as good as none.
 */
#ifndef PKCS11_OBJECT_CACHE_H
#define PKCS11_OBJECT_CACHE_H

#include "pkcs11/object/files.h"

/* What is kept of the device with this EF.C_DevAut, into f, which has the card's list of files and nothing else. */
void p11_cache_read(struct rd devaut, struct p11_files *f);
/* Failures are said in the log: the next process reads the card. */
void p11_cache_write(struct rd devaut, const struct p11_files *f);
void p11_cache_forget(struct rd devaut);

#endif
