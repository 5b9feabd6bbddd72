/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of this machine, by PC/SC and by USB, as [transport] says: each reader once, by the way that comes first in
 * the order (that of its token, if it has one) and is not closed to us. A token in a reader of its own is known both
 * ways by its serial number, which stands in pcscd's name for it, too.
 */
#ifndef APDU_LOCAL_H
#define APDU_LOCAL_H

#include "apdu/pcsc.h"
#include "base/conf.h"

/* As pcsc_list. ERR_NO_SERVICE: PC/SC is among the ways, and not there, and there is no other reader. */
MUST enum err local_list(const struct conf *conf, struct apdu_readers *out);
/* As pcsc_wait; what comes by USB is seen within a second. */
MUST enum err local_wait(const struct conf *conf, struct apdu_readers *last, struct deadline *dl);
/* As pcsc_open, or usb_open, which is always exclusive. ERR_NO_READER: by a way that [transport] leaves out. */
MUST enum err local_open(const struct conf *conf, const char *reader, enum pcsc_share share, struct apdu_link **out);
/* Is this a name of the reader? By either: pcscd's or the serial number's, and the port's. */
bool local_is_named(const struct apdu_reader *r, const char *name);
/* Does a setting of names, with * at the end of some, admit it, by either name? An empty one admits all. */
bool local_is_admitted(const struct apdu_reader *r, const struct conf_list *names);
/* Is the agent among the ways? */
bool local_has_agent(const struct conf *conf);
/* May any reader be had this way? */
bool local_wants(const struct conf *conf, enum conf_transport way);
/* Are they one token, by two ways: usb:SERIAL, and what pcscd calls it? */
bool local_is_same(const char *a, const char *b);

#endif
