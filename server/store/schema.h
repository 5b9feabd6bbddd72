/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the database, as the steps that made them. */
#ifndef SERVER_STORE_SCHEMA_H
#define SERVER_STORE_SCHEMA_H

#include "server/store/sqlite.h"

/*
 * srv_db_open, and the database (SRV_DB_LOOK: its copy) is brought to the schema of this program. ERR_CONFIG: the
 * schema is newer than this program. All errors are said.
 */
MUST enum err srv_schema_open(const char *path, enum srv_db_use use, struct srv_db **out);
/* The schema of this program, and one step of it, for tests: version 1..srv_schema_version(). */
unsigned srv_schema_version(void);
MUST enum err srv_schema_step(struct srv_db *db, unsigned version);

#endif
