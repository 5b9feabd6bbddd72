/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What went wrong, in one word, for every layer.
 *
 * The codes keep five things apart: their bytes are wrong, our buffer is small, the card says no, the card is gone,
 * and our bug. Each border (PC/SC, SW, CKR, HTTP, exit status) has one table that maps to or from these codes.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST __attribute__((warn_unused_result))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

enum err {
	ERR_OK = 0,

	/* this program and its machine */
	ERR_BUG,            /* an invariant of ours does not hold */
	ERR_NOMEM,          /* no memory */
	ERR_ARG,            /* the caller's argument is out of range */
	ERR_BUFFER,         /* our or the caller's buffer is too small */
	ERR_IO,             /* file, pipe or socket; errno says more */
	ERR_CONFIG,         /* configuration refused; already said where and why */
	ERR_CRYPTO,         /* libcrypto failed at something that should work */
	ERR_UNSUPPORTED,    /* correct, but not something we or the card can do */

	/* bytes from elsewhere */
	ERR_FORMAT,         /* malformed: wrong tag, length, encoding */
	ERR_LIMIT,          /* well formed, but over a named ceiling (base/limits.h) */
	ERR_SIGNATURE,      /* a signature, MAC or point does not verify */

	/* time and will */
	ERR_TIMEOUT,        /* a deadline passed */
	ERR_CANCELLED,      /* the caller gave up */

	/* reader and card, below the applet */
	ERR_NO_SERVICE,     /* no pcscd */
	ERR_NO_READER,      /* no such reader */
	ERR_NO_CARD,        /* reader without card, or a card that is not a SmartCard-HSM */
	ERR_REMOVED,        /* the card or reader went away */
	ERR_RESET,          /* somebody reset the card: every login on it is lost */
	ERR_SHARING,        /* another program is connected */
	ERR_TRANSPORT,      /* transmission failed in another way */

	/* the card's answers */
	ERR_CARD,           /* a status word without a mapping; kept in the detail */
	ERR_AUTH,           /* 6982: not logged in */
	ERR_PIN_WRONG,      /* 63Cx: tries left in the detail */
	ERR_PIN_BLOCKED,    /* 6983 */
	ERR_PIN_LENGTH,     /* 6700 where a PIN was sent, or refused by us before sending */
	ERR_PIN_UNSET,      /* 6A88 on VERIFY: no PIN on this card */
	ERR_PIN_TRANSPORT,  /* 6984 on VERIFY: the transport PIN must be changed first */
	ERR_CONDITIONS,     /* 6985, 6986: not in this state */
	ERR_NOT_FOUND,      /* 6A82, 6A88: no such file, key or reference */
	ERR_ALGORITHM,      /* 6A81: not an algorithm of this key */
	ERR_DATA,           /* 6A80, 6700: the card rejects the data */
	ERR_CARD_MEMORY,    /* 6A84: the card is full */
	ERR_USE_COUNTER,    /* 6984 on a key: its use counter is spent */
	ERR_INS,            /* 6D00, 6E00: the card does not know the command */

	/* rules and people */
	ERR_REFUSED,        /* our filter or a rule of ours refuses it */
	ERR_DENIED,         /* a custodian said no */
	ERR_EXPIRED,        /* nobody said yes in time */
	ERR_NOT_ENROLLED,   /* the server does not know this card */
	ERR_ATTESTATION,    /* the card or a key is not proved genuine */
	ERR_POLICY,         /* the server's policy refuses */
	ERR_ALLOWANCE,      /* more than the approval covers; the agent refuses */
	ERR_READ_ONLY,      /* the agent lets nobody change the card without the operator's leave */

	/* network */
	ERR_CONNECT,        /* no connection to the server */
	ERR_TLS,            /* the server's or our certificate is refused */
	ERR_HTTP,           /* the server answered with an unexpected status */
	ERR_PROTOCOL,       /* the server breaks the protocol */
	ERR_SERVER,         /* the server says that it failed */

	ERR_COUNT
};

/* A short lower-case English phrase without full stop; never NULL. */
const char *err_text(enum err e);
/* One word for programs, as "no-reader": it never changes. Never NULL. */
const char *err_name(enum err e);

/* What a single code cannot hold. Filled by whoever met the error; zero where not known. */
struct err_detail {
	uint16_t sw;        /* status word of the last card answer */
	int tries;          /* PIN tries left, -1 if not known */
};

#endif
