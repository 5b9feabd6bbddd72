/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames between a process that logs in and its helper: length (4 bytes, big endian, of what follows), type (1
 * byte), content. Both ends are ours and of one version; still neither trusts a length.
 *
 * Content of LOGIN_OPEN: elements of enum login_setting. Of the reply to LOGIN_PROOFS: LOGIN_PROOF elements with
 * three LOGIN_PROOF_* each; to LOGIN_WATCH: one.
 */
#ifndef LOGIN_FRAME_H
#define LOGIN_FRAME_H

#include "base/buf.h"
#include "base/deadline.h"

#define LOGIN_FRAME_MAX (1 << 20)   /* bytes; the proofs of 90 custodians fit */

enum login_setting { LOGIN_URL = 0x80, LOGIN_CA, LOGIN_CERT, LOGIN_KEY, LOGIN_PIN, LOGIN_HTTP, LOGIN_HEADER,
	LOGIN_TOKEN, LOGIN_PROXY };
enum { LOGIN_PROOF = 0xA0, LOGIN_PROOF_FILE = 0x80, LOGIN_PROOF_STATEMENT, LOGIN_PROOF_SIG };

/*
 * fd: a non-blocking stream socket. ERR_LIMIT, ERR_CANCELLED (also: the other end is gone), ERR_TIMEOUT, ERR_IO.
 * Never raises SIGPIPE.
 */
MUST enum err login_frame_send(int fd, uint8_t type, struct rd content, const struct deadline *dl);
/* Content appended. ERR_IO: the other end is gone; ERR_PROTOCOL: a length over the limit or none. */
MUST enum err login_frame_receive(int fd, uint8_t *type, struct wr *content, const struct deadline *dl);
/*
 * The same without waiting: what is there is appended to part (wr_init_heap, LOGIN_FRAME_MAX + 4), until it holds a
 * whole frame; then content views it, and the caller empties part. ERR_TIMEOUT: not whole yet.
 */
MUST enum err login_frame_collect(int fd, struct wr *part, uint8_t *type, struct rd *content);

#endif
