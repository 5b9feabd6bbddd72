/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: /etc/quorum11/quorum11.conf, then $XDG_CONFIG_HOME/quorum11/quorum11.conf (default ~/.config),
 * then the file that QUORUM11_CONF names; later ones override single keys (an empty value unsets), lists grow. INI.
 * An unknown section or key, or a bad value, is ERR_CONFIG, said with file and line by log_tell. A relative path is
 * taken from its file's folder. List values are separated by commas, or the key is repeated. QUORUM11_URL,
 * QUORUM11_REASON, QUORUM11_LOG ([module] log) and QUORUM11_AGENT ([agent] socket) override. The environment is read by
 * secure_getenv only.
 */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/err.h"
#include "base/log.h"

/* Set by the build; these are the defaults of `make`. */
#ifndef QUORUM11_LIBEXECDIR
#define QUORUM11_LIBEXECDIR "/usr/local/libexec/quorum11"
#endif
#ifndef QUORUM11_SYSCONFDIR
#define QUORUM11_SYSCONFDIR "/etc/quorum11"
#endif
#ifndef QUORUM11_MODULE
#define QUORUM11_MODULE "/usr/local/lib/pkcs11/quorum11.so"
#endif
#define CONF_FILE QUORUM11_SYSCONFDIR "/quorum11.conf"

#define CONF_LIST_MAX 32

struct conf_list {
	size_t n;
	char *v[CONF_LIST_MAX];
};

/* Who reads the server's figures: those with a token of a reader's role, programs of the machine, everybody. */
enum conf_metrics { CONF_METRICS_TOKEN, CONF_METRICS_LOOPBACK, CONF_METRICS_OPEN };
enum conf_progress { CONF_PROGRESS_AUTO, CONF_PROGRESS_STDERR, CONF_PROGRESS_LOG };

enum conf_hosts { CONF_HOSTS_OPEN, CONF_HOSTS_NAMED };
enum conf_client_cert { CONF_CLIENT_CERT_DEMANDED, CONF_CLIENT_CERT_ASKED };

struct conf {
	struct {                            /* [module] */
		bool cache;                 /* yes: public objects are kept for other processes */
		char *helper;               /* path of the program connect; default the installed one */
		char *log;                  /* as QUORUM11_LOG */
		char *log_file;
		struct conf_list readers;   /* names (a trailing * matches the rest) to use; empty: all */
	} module;
	struct {                            /* [transport] */
		char *order;                /* where cards are looked for; NULL: CONF_ORDER */
		struct conf_list token;     /* "SERIAL WORD...": another order for the token of this serial number */
		bool no_usb;                /* no setting: usb is left out, whatever they say */
	} transport;
	struct {                            /* [login] */
		char *url;                  /* management server, NULL: no n-of-m login */
		char *ca;                   /* CA file, NULL: the system's */
		char *cert, *key;           /* client certificate and key, PEM */
		char *token;                /* file with the token of the host, mode 0600; NULL: none */
		char *pin;                  /* public key pin as curl takes it: sha256//base64 */
		bool http;                  /* allow plain http to any host, not only loopback */
		char *proxy;                /* http_config.proxy */
		unsigned timeout;           /* whole ceremony, seconds; 900 */
		unsigned cooldown;          /* seconds; 60 */
		bool exclusive;             /* yes */
		bool reuse;                 /* no */
		bool statements;            /* yes */
		bool vendor_sm;             /* no */
		struct conf_list programs;  /* who may ask; empty: all */
		enum conf_progress progress;
		char *reason;
	} login;
	struct {                            /* [agent] */
		char *program;              /* path of the program agent; default the installed one */
		char *socket;               /* path; NULL: no agent */
		bool only;                  /* QUORUM11_AGENT named it: no other source of cards; root's or our own */
		char *group;                /* of the socket; NULL: its owner's */
		char *mode;                 /* of the socket, octal; NULL: 0600, and with a group 0660 */
		struct conf_list readers;   /* of cards that it holds: names, as above; empty: all */
		char *receipts;             /* folder of the receipts */
		char *limits;               /* asked for with each approval: text of pka/limits.h */
		char *manifest;             /* file: digests that may be signed, nothing else */
		struct conf_list admit;     /* further commands that its clients may send: agent/gate.h */
		char *log;                  /* as QUORUM11_LOG */
	} agent;
	struct {                            /* [custodian] */
		struct conf_list url;       /* management servers; empty: [login] url */
		struct conf_list key;       /* holder references of one's own keys, to watch without a card */
	} custodian;
	struct {                            /* [server] */
		char *listen;               /* host:port; 127.0.0.1:8443 */
		char *cert, *key;           /* PEM; without them only loopback and http = yes */
		char *client_ca;            /* ask for and verify client certificates against this */
		enum conf_client_cert client_cert; /* is one a condition, or one way to be known? */
		enum conf_hosts hosts;      /* who may ask for approvals: everybody, or who has the role; open */
		bool http;                  /* serve without TLS (loopback only) */
		char *state;                /* folder: enrolments, token; /var/lib/quorum11 */
		char *url;                  /* the address that people use, for messages */
		unsigned deadline;          /* of a request, seconds; 900 */
		unsigned lease;             /* of a turn in per-key mode, seconds; 300 */
		unsigned poll;              /* longest wait for work of one POST, seconds; 15 */
		unsigned hold;              /* of a card that a client of another maker holds open, seconds; 28800 */
		unsigned keep_days;         /* of requests that have ended; 0: for ever */
		unsigned sessions;          /* logins at once; 4000 */
		bool chip_auth;             /* demand chip authentication; yes */
		bool stock_custodians;      /* approvals by clients of other makers, without a statement; no */
		char *log;
		enum log_format log_format; /* text */
		enum conf_metrics metrics;  /* who may read /metrics; token */
	} server;
	struct {                            /* [notify]: who is told of requests */
		char *program;              /* path of the program tell; default the installed one */
		struct conf_list webhook;   /* "NAME URL [SECRET-FILE]" */
		struct conf_list mail;      /* "NAME ADDRESS" */
		struct conf_list command;   /* "NAME PROGRAM [ARGUMENT]..." */
		struct conf_list about;     /* request, refused, opened, ended; empty: all but refused */
		char *smtp;                 /* smtp://host:port or smtps://host:port */
		char *smtp_from;            /* address */
		char *smtp_user, *smtp_password;        /* the latter a file */
		char *ca;                   /* CA file for webhooks and smtp, NULL: the system's */
		char *proxy;                /* for webhooks: http_config.proxy */
		unsigned retry;             /* seconds until the second try; then twice as long each time; 5 */
		unsigned give_up;           /* seconds after which nothing is tried any more; 3600 */
	} notify;
	struct {                            /* [trust] */
		struct conf_list roots;     /* files with further root CVCs */
		struct conf_list unverified;/* device ids accepted without a chain */
		bool production;            /* the built-in production root; yes */
	} trust;
};

/* The ways to a card, and in which order they are looked at where nothing is said. */
enum conf_transport { CONF_AGENT, CONF_PCSC, CONF_USB, CONF_TRANSPORTS };
#define CONF_ORDER "agent pcsc usb"
/* The words of an order; how many. 0: none, or one that there is not, or one twice. */
size_t conf_transports(const char *text, enum conf_transport out[CONF_TRANSPORTS]);

/* The three places. ERR_CONFIG (said), ERR_NOMEM. */
MUST enum err conf_load(struct conf **out);
/* One file only, for tests and quorum11-server --config. */
MUST enum err conf_load_file(const char *path, struct conf **out);
/* Log as [module] says, from now on. ERR_CONFIG (said). */
MUST enum err conf_log(const struct conf *c);
void conf_free(struct conf **c);

/* Call tell for each setting that differs; the words are literals. */
void conf_differences(const struct conf *a, const struct conf *b,
		      void (*tell)(void *ctx, const char *section, const char *name), void *ctx);
/* Is it one of these names, of which one with a * at its end matches what begins like it? An empty list: yes. */
bool conf_list_admits(const struct conf_list *l, const char *name);
/* Another text for a setting, copied; value NULL or "": as it is. ERR_NOMEM. */
MUST enum err conf_set_text(char **setting, const char *value);

#endif
