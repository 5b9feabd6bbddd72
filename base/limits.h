/* SPDX-License-Identifier: Apache-2.0 */
/* Every ceiling has a name, and all names stand here. Sizes in bytes. */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#define CVC_MAX              4096      /* one CVC or authenticated request */
#define CHR_MIN              8         /* holder reference, TR-03110 part 3 */
#define CHR_MAX              20        /* measured on a card; the standard says 16 */

#define APDU_DATA_MAX        4096      /* command data */
#define APDU_CMD_MAX         (4 + 3 + APDU_DATA_MAX + 2)
#define APDU_RSP_MAX         (65536 + 2)
#define ATR_MAX              33

#define PIN_MIN              6         /* user PIN */
#define PIN_MAX              16
#define SO_PIN_SIZE          8

#define FILE_SIZE_MAX        65536     /* one EF */
#define OBJECTS_MAX          1024      /* FIDs on a card */
#define KEYS_MAX             255

#define PKA_CUSTODIANS_MAX   90        /* m; the card's own limit */
#define PKA_MESSAGE_MAX      (CHR_MAX + 8)
#define PKA_READ_MAX         8192      /* what a ceremony reads of one EF: certificates and descriptions are shorter */
#define PKA_CHALLENGE_SIZE   8
#define STATEMENT_MIN        65        /* never to be taken for a message to sign */
#define STATEMENT_MAX        900

#define RAM_BODY_MAX         65535
#define RAM_READ_MAX         70000     /* what the client reads of one response */
#define RAM_EXCHANGES_MAX    10000     /* in one login */
#define RAM_MESSAGE_MAX      200

#define REQUEST_JSON_MAX     3072      /* X-Quorum11-Request before base64url */
#define LOGIN_ID_SIZE        16
#define LIMITS_TEXT_MAX      400       /* limits of an approval as text; a statement must hold them */
#define LIMITS_KEYS_MAX      16        /* keys named in them */
#define LIMITS_NAME_MAX      64        /* one of these names */
#define RECEIPT_LINE_MAX     32768
#define RECEIPT_HEAD_MAX     (8 << 20) /* 90 custodians and 255 keys */
#define RECEIPT_FILE_MAX     (256 << 20) /* what an auditor reads */
#define HTTP_BODY_MAX        (1 << 20) /* JSON API */
#define SHOWN_MAX            200       /* a foreign text field when shown */

#define AGENT_CLIENTS_MAX    1024      /* connections at once */
#define AGENT_CACHE_MAX      (4 << 20) /* public answers of one card */
#define AGENT_DIGESTS_MAX    (1 << 20) /* distinct digests in one approval */
#define AGENT_PROGRESS_MAX   512       /* a line for people */
#define MANIFEST_MAX         (16 << 20)

#define SRV_POST_MAX         (128 * 1024) /* body of a RAMOverHTTP POST */
#define SRV_REPLY_MAX        (32 << 20)
#define SRV_STREAM_MAX       (64 * 1024) /* of an answer that goes on, not yet taken by its reader */
#define SRV_TEMPLATES_MAX    100000    /* in one session */
#define SRV_SESSIONS_MAX     20000     /* at once, of what can be configured */
#define SRV_PER_ADDRESS_MAX  16        /* of them from one address that have not asked people yet */
#define SRV_WHO_MAX          64        /* the name of an identity */
#define SRV_CONNECTION_MEMORY 8192     /* of one connection: headers and what is read of the body at a time */
#define SRV_PER_ADDRESS_CONNECTIONS_MAX 512

#endif
